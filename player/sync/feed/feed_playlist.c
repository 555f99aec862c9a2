#include "sync/feed/feed_playlist.h"

#include "base/random.h"

#include <stdlib.h>
#include <string.h>

#define SLOW_BYTES_PER_S 500

struct feed_playlist {
    struct feed_playlist_config config;
    struct pointer pointer;
    struct trust_seal seal;
    size_t base;  /* the origin that is asked now, or next */
    size_t tried; /* origins that have failed in this round */
    unsigned failures;
    int64_t due_ns; /* INT64_MAX: arrived */
    struct fetch_transfer *transfer;
    char *bytes; /* as many as the pointer says, and one more */
    size_t size;
};

struct feed_playlist *feed_playlist_create(const struct feed_playlist_config *config,
                                           const struct pointer *pointer,
                                           const struct trust_seal *seal, size_t first)
{
    struct feed_playlist *download = calloc(1, sizeof *download);
    if (!download)
        return NULL;
    *download = (struct feed_playlist){
        .config = *config, .pointer = *pointer, .seal = *seal, .base = first};
    download->bytes = malloc((size_t)pointer->bytes + 1);
    if (download->bytes)
        return download;
    free(download);
    return NULL;
}

void feed_playlist_destroy(struct feed_playlist *download)
{
    if (!download)
        return;
    fetch_end(download->transfer);
    free(download->bytes);
    free(download);
}

static MUST_CHECK bool take_playlist_bytes(void *context, const struct http_response *head,
                                           const void *data, size_t size, struct err *err)
{
    struct feed_playlist *download = context;
    size_t left = (size_t)download->pointer.bytes - download->size;
    (void)head;
    if (size > left) /* fetch keeps to limit_bytes, but memory must not depend on that */
        return err_set(err, ERR_LIMIT, "it is larger than its pointer says");
    if (size)
        memcpy(download->bytes + download->size, data, size);
    download->size += size;
    return true;
}

/* A server that trickles is given up after a while, for another may be better. Where all have failed
 * so, or there is but one, a slow one gets the time that the file takes it: what is slower than
 * this has stalled. */
static int64_t time_for_answer_ms(const struct feed_playlist *download)
{
    int64_t patience_ms =
        download->failures ? download->pointer.bytes * 1000 / SLOW_BYTES_PER_S : 0;
    return download->config.total_ms + patience_ms;
}

static void ask_next_origin(struct feed_playlist *download, struct err *err)
{
    char name[POINTER_FILE_BYTES];
    pointer_file(&download->pointer, name);
    char *location = fetch_resolve(download->config.bases[download->base], name, true, err);
    const struct http_request request = {
        .url = location,
        .limit_bytes = download->pointer.bytes,
        .total_ms = time_for_answer_ms(download),
        .take = take_playlist_bytes,
        .context = download,
    };
    download->size = 0;
    if (location)
        download->transfer = fetch_get(download->config.fetch, &request, err);
    free(location);
}

static MUST_CHECK bool finish_playlist_transfer(struct feed_playlist *download, struct err *err)
{
    bool ok = fetch_result(download->transfer, NULL, err);
    fetch_end(download->transfer);
    download->transfer = NULL;
    if (!ok && err->code == ERR_LIMIT)
        return err_prefix(err, "does not match its pointer: ");
    if (!ok)
        return false;
    if (download->size != (size_t)download->pointer.bytes)
        return err_set(err, ERR_TRUST, "does not match its pointer: wrong length");
    if (!trust_check(download->config.trust, &download->seal, download->bytes, download->size, err))
        return err_prefix(err, "does not match its pointer: ");
    return true;
}

void feed_playlist_retry(struct feed_playlist *download, int64_t now_ns)
{
    download->base = (download->base + 1) % download->config.base_count;
    download->due_ns = now_ns;
    if (++download->tried < download->config.base_count)
        return;
    download->tried = 0;
    download->failures++;
    download->due_ns =
        retry_due_ns(download->config.policy, download->failures, random_u32(), now_ns);
}

enum feed_playlist_news feed_playlist_step(struct feed_playlist *download, int64_t now_ns,
                                           struct err *err)
{
    if (download->transfer && fetch_finished(download->transfer)) {
        if (finish_playlist_transfer(download, err)) {
            download->due_ns = INT64_MAX;
            return FEED_PLAYLIST_ARRIVED;
        }
    } else if (!download->transfer && now_ns >= download->due_ns) {
        ask_next_origin(download, err);
        if (download->transfer)
            return FEED_PLAYLIST_NONE;
    } else
        return FEED_PLAYLIST_NONE;
    feed_playlist_retry(download, now_ns);
    return FEED_PLAYLIST_FAILED;
}

int64_t feed_playlist_due_ns(const struct feed_playlist *download)
{
    return download->transfer ? INT64_MAX : download->due_ns;
}

const char *feed_playlist_bytes(const struct feed_playlist *download, size_t *size)
{
    *size = download->size;
    return download->bytes;
}

bool feed_playlist_has_failed(const struct feed_playlist *download)
{
    return download->failures > 0 || download->tried > 0;
}
