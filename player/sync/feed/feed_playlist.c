#include "sync/feed/feed_playlist.h"

#include "base/feed_retry.h"

#include <stdlib.h>
#include <string.h>

struct feed_wanted {
    struct feed_playlist_config config;
    struct pointer pointer;
    struct trust_seal seal;
    size_t base;  /* the origin that is asked now, or next */
    size_t tried; /* origins that have failed in this round */
    unsigned failures;
    int64_t due_ns; /* INT64_MAX: arrived */
    struct fetch_transfer *transfer;
    char *bytes; /* room for as many as the pointer says */
    size_t size;
};

struct feed_wanted *feed_playlist_create(const struct feed_playlist_config *config,
                                         const struct pointer *pointer,
                                         const struct trust_seal *seal, size_t first)
{
    struct feed_wanted *wanted = calloc(1, sizeof *wanted);
    if (!wanted)
        return NULL;
    *wanted =
        (struct feed_wanted){.config = *config, .pointer = *pointer, .seal = *seal, .base = first};
    wanted->bytes = malloc((size_t)pointer->bytes + 1);
    if (wanted->bytes)
        return wanted;
    free(wanted);
    return NULL;
}

void feed_playlist_destroy(struct feed_wanted *wanted)
{
    if (!wanted)
        return;
    fetch_end(wanted->transfer);
    free(wanted->bytes);
    free(wanted);
}

static bool take(void *context, const struct http_response *head, const void *data, size_t size,
                 struct err *err)
{
    struct feed_wanted *wanted = context;
    size_t room = (size_t)wanted->pointer.bytes - wanted->size;
    (void)head;
    if (size > room) /* the transfer keeps to the limit; never trust that with memory */
        return err_set(err, ERR_LIMIT, "larger than its pointer says");
    if (size)
        memcpy(wanted->bytes + wanted->size, data, size);
    wanted->size += size;
    return true;
}

static void begin(struct feed_wanted *wanted, struct err *err)
{
    char name[POINTER_FILE_BYTES];
    pointer_file(&wanted->pointer, name);
    char *location = fetch_resolve(wanted->config.bases[wanted->base], name, true, err);
    const struct http_request request = {
        .url = location,
        .limit_bytes = wanted->pointer.bytes,
        .total_ms = wanted->config.total_ms,
        .take = take,
        .context = wanted,
    };
    wanted->size = 0;
    if (location)
        wanted->transfer = fetch_get(wanted->config.fetch, &request, err);
    free(location);
}

static bool settle(struct feed_wanted *wanted, struct err *err)
{
    bool ok = fetch_result(wanted->transfer, NULL, err);
    fetch_end(wanted->transfer);
    wanted->transfer = NULL;
    if (!ok)
        return err->code == ERR_LIMIT ? err_prefix(err, "does not match its pointer: too large: ")
                                      : false;
    if (wanted->size != (size_t)wanted->pointer.bytes)
        return err_set(err, ERR_TRUST, "does not match its pointer: wrong length");
    return trust_check(wanted->config.trust, &wanted->seal, wanted->bytes, wanted->size, err) ||
           err_prefix(err, "does not match its pointer: ");
}

void feed_playlist_again(struct feed_wanted *wanted, int64_t now_ns)
{
    wanted->base = (wanted->base + 1) % wanted->config.base_count;
    wanted->due_ns = now_ns;
    if (++wanted->tried < wanted->config.base_count)
        return;
    wanted->tried = 0;
    wanted->failures++;
    wanted->due_ns = feed_retry_ns(wanted->config.policy, wanted->failures, now_ns);
}

enum feed_playlist_news feed_playlist_step(struct feed_wanted *wanted, int64_t now_ns,
                                           struct err *err)
{
    if (wanted->transfer && fetch_finished(wanted->transfer)) {
        if (settle(wanted, err)) {
            wanted->due_ns = INT64_MAX;
            return FEED_PLAYLIST_ARRIVED;
        }
    } else if (!wanted->transfer && now_ns >= wanted->due_ns) {
        begin(wanted, err);
        if (wanted->transfer)
            return FEED_PLAYLIST_NONE;
    } else
        return FEED_PLAYLIST_NONE;
    feed_playlist_again(wanted, now_ns);
    return FEED_PLAYLIST_FAILED;
}

int64_t feed_playlist_due_ns(const struct feed_wanted *wanted)
{
    return wanted->transfer ? INT64_MAX : wanted->due_ns;
}

const char *feed_playlist_bytes(const struct feed_wanted *wanted, size_t *size)
{
    *size = wanted->size;
    return wanted->bytes;
}

bool feed_playlist_has_failed(const struct feed_wanted *wanted)
{
    return wanted->failures > 0 || wanted->tried > 0;
}
