#include "sync/feed/feed_poll.h"

#include "base/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct feed_poll {
    struct feed_poll_config config;
    struct fetch_transfer *transfer;
    char *bytes; /* arriving, or arrived */
    size_t size, capacity;
    bool again; /* the poll under way may have come too early */
    bool has_seen;
    struct feed_poll_body seen;    /* accepted last; without bytes */
    struct feed_poll_body arrived; /* last; its bytes are `bytes` until the next poll */
    unsigned failures, polls;
    int64_t due_ns;
    int64_t soonest_ns; /* the next poll comes no sooner, even by feed_poll_soon */
    struct err trouble;
    char *final_location; /* of the last good answer; NULL: none */
    struct http_peer peer;
};

struct feed_poll *feed_poll_create(const struct feed_poll_config *config)
{
    struct feed_poll *poll = calloc(1, sizeof *poll);
    if (poll)
        poll->config = *config;
    return poll;
}

void feed_poll_destroy(struct feed_poll *poll)
{
    if (!poll)
        return;
    fetch_end(poll->transfer);
    free(poll->bytes);
    free(poll->final_location);
    free(poll);
}

void feed_poll_set_seen(struct feed_poll *poll, const struct feed_poll_body *body)
{
    poll->seen = *body;
    poll->seen.bytes = NULL;
    poll->has_seen = true;
}

static MUST_CHECK bool take_polled_bytes(void *context, const struct http_response *head,
                                         const void *data, size_t size, struct err *err)
{
    struct feed_poll *poll = context;
    (void)head;
    if (poll->size + size > poll->capacity) { /* fetch keeps to limit_bytes */
        size_t capacity = poll->capacity ? poll->capacity * 2 : 16384;
        while (capacity < poll->size + size)
            capacity *= 2;
        char *bytes = realloc(poll->bytes, capacity);
        if (!bytes)
            return err_oom(err);
        poll->bytes = bytes;
        poll->capacity = capacity;
    }
    if (size)
        memcpy(poll->bytes + poll->size, data, size);
    poll->size += size;
    return true;
}

static void start_poll(struct feed_poll *poll, struct err *err)
{
    struct http_request request = {
        .url = poll->config.location,
        .limit_bytes = poll->config.limit_bytes,
        .total_ms = poll->config.total_ms,
        .take = take_polled_bytes,
        .context = poll,
    };
    unsigned each = poll->config.whole_each;
    bool whole = each && ++poll->polls % each == 0;
    if (poll->has_seen && poll->seen.etag[0] && !whole)
        request.if_none_match = poll->seen.etag;
    else if (poll->has_seen && poll->seen.last_modified[0] && !whole)
        request.if_modified_since = poll->seen.last_modified;
    poll->size = 0;
    poll->arrived.bytes = NULL;
    poll->transfer = fetch_get(poll->config.fetch, &request, err);
}

/* Compares what has arrived with what was seen last. */
static enum feed_poll_news compare_answer(struct feed_poll *poll, const struct http_response *head,
                                          struct err *err)
{
    struct feed_poll_body body = {.bytes = poll->bytes, .size = poll->size};
    if (!hash_bytes(poll->bytes, poll->size, body.sha256)) {
        err_oom(err);
        return FEED_POLL_FAILED;
    }
    memcpy(body.etag, head->etag, sizeof body.etag);
    memcpy(body.last_modified, head->last_modified, sizeof body.last_modified);
    poll->arrived = body;
    if (!poll->has_seen || memcmp(body.sha256, poll->seen.sha256, HASH_BYTES) != 0)
        return FEED_POLL_CHANGED;
    feed_poll_accept(poll); /* the same bytes, but perhaps by another ETag */
    return FEED_POLL_UNCHANGED;
}

/* False when out of memory. */
static bool note_location(struct feed_poll *poll)
{
    char *location = fetch_final_location(poll->transfer);
    if (!location)
        return false;
    free(poll->final_location);
    poll->final_location = location;
    return true;
}

static enum feed_poll_news finish_poll(struct feed_poll *poll, struct err *err)
{
    struct http_response head;
    bool ok = fetch_result(poll->transfer, &head, err);
    if (head.status)
        poll->peer = head.peer;
    if (ok && !note_location(poll))
        ok = err_oom(err);
    fetch_end(poll->transfer);
    poll->transfer = NULL;
    if (!ok && err->code == ERR_MISSING && poll->config.may_be_missing)
        return FEED_POLL_MISSING;
    if (!ok)
        return FEED_POLL_FAILED;
    if (head.status == 304)
        return FEED_POLL_UNCHANGED;
    if (poll->size > 0)
        return compare_answer(poll, &head, err);
    err_set(err, ERR_INPUT, "the file is empty");
    return FEED_POLL_FAILED;
}

static void pull_forward(struct feed_poll *poll)
{
    if (poll->due_ns > poll->soonest_ns)
        poll->due_ns = poll->soonest_ns;
}

enum feed_poll_news feed_poll_step(struct feed_poll *poll, int64_t now_ns)
{
    struct err err = {0};
    enum feed_poll_news news = FEED_POLL_NONE;
    if (poll->transfer && fetch_finished(poll->transfer)) {
        news = finish_poll(poll, &err);
    } else if (!poll->transfer && now_ns >= poll->due_ns) {
        poll->soonest_ns = now_ns + FEED_POLL_SOON_MS * INT64_C(1000000);
        start_poll(poll, &err);
        news = poll->transfer ? FEED_POLL_NONE : FEED_POLL_FAILED;
    }
    if (news == FEED_POLL_NONE)
        return news;
    bool failed = news == FEED_POLL_FAILED;
    poll->failures = failed ? poll->failures + 1 : 0;
    poll->trouble = failed ? err : (struct err){0};
    poll->due_ns = retry_due_ns(poll->config.policy, poll->failures, random_u32(), now_ns);
    if (poll->again)
        pull_forward(poll);
    poll->again = false;
    return news;
}

void feed_poll_soon(struct feed_poll *poll)
{
    poll->again = poll->transfer != NULL;
    pull_forward(poll);
}

int64_t feed_poll_due_ns(const struct feed_poll *poll)
{
    return poll->transfer ? INT64_MAX : poll->due_ns;
}

const struct feed_poll_body *feed_poll_body(const struct feed_poll *poll)
{
    return &poll->arrived;
}

void feed_poll_accept(struct feed_poll *poll)
{
    feed_poll_set_seen(poll, &poll->arrived);
}

const char *feed_poll_location(const struct feed_poll *poll)
{
    return poll->final_location ? poll->final_location : poll->config.location;
}

const struct http_peer *feed_poll_peer(const struct feed_poll *poll)
{
    return &poll->peer;
}

const char *feed_poll_trouble(const struct feed_poll *poll)
{
    return poll->trouble.text;
}
