/* Private to feed_media: one medium on its way into the store.
 *
 * A try is: begin, then read_on while it is reading, then settle once its transfer has finished,
 * then leave unless it is done. Belongs to the feed's thread. */
#ifndef SYNC_FEED_FEED_MEDIA_FILE_H
#define SYNC_FEED_FEED_MEDIA_FILE_H

#include "sync/feed/feed_media.h"

/* `kept` is a stored file that the server is asked about first: it may still be the right one. */
struct feed_media_file {
    const struct feed_media_config *config;
    const struct playlist_asset *asset;
    size_t base;       /* which one the next try goes to, or this one */
    size_t base_count; /* 1 where the address is the same whatever the base */
    char *url;         /* at url_base */
    size_t url_base;
    char part_name[HASH_TEXT_BYTES];
    bool done, kept;
    bool fresh;                 /* done: hashed while it arrived */
    uint8_t sha256[HASH_BYTES]; /* when done or kept */
    int64_t bytes;              /* when done or kept; under way: the whole's, or -1 */
    char *etag, *last_modified; /* of what is kept, arriving or done; never NULL */
    /* Of the try that is under way, or was the last. */
    struct fetch_transfer *transfer;
    struct store_part *part;
    bool reading;      /* the part, for its hash, before the server is asked for the rest */
    bool begun;        /* the body has */
    int status;        /* 0: no answer */
    bool store_failed; /* the disk, and it was the store's */
    bool forestalled;  /* somebody else had begun with the same file meanwhile */
    /* Between tries; for feed_media. */
    size_t tried; /* bases that failed since the last wait */
    bool gained;  /* one of them brought it further than ever before */
    int64_t reached_bytes;
    unsigned failures;
    int64_t due_ns;
    uint64_t causes[FEED_MEDIA_BASES_MAX]; /* of the last failure at each base; 0: none */
};

/* Sees to it that the address can be used at every base; `done` where the store has the medium.
 * Finish it in any case. Errors as feed_media_create's. */
MUST_CHECK bool feed_media_file_init(struct feed_media_file *medium,
                                     const struct feed_media_config *config,
                                     const struct playlist_asset *asset, struct err *err);
void feed_media_file_finish(struct feed_media_file *medium);

/* The store may hold what came from this address once: the server is asked about it first. False
 * when out of memory. */
bool feed_media_file_remember(struct feed_media_file *medium, const uint8_t sha256[HASH_BYTES],
                              int64_t bytes, const char *etag, const char *last_modified);

/* Whether somebody else fetches the same file just now. */
bool feed_media_file_is_busy(const struct feed_media_file *medium);

/* Starts a transfer from `base`, or is `reading` first what an earlier one has left, or is `done`
 * at once, for the store has the medium by now. */
MUST_CHECK bool feed_media_file_begin(struct feed_media_file *medium, struct err *err);

/* Reads a stretch of a few megabytes; then `reading` still, or a transfer has started, or
 * `done`. */
MUST_CHECK bool feed_media_file_read_on(struct feed_media_file *medium, struct err *err);

/* Ends the transfer, which has finished; true: done. */
MUST_CHECK bool feed_media_file_settle(struct feed_media_file *medium, struct err *err);

/* How many bytes have arrived that the next try can go on with. */
int64_t feed_media_file_reached(const struct feed_media_file *medium);

/* Ends a try that has failed; what has arrived is kept for the next one, or not. */
void feed_media_file_leave(struct feed_media_file *medium, bool keep_part);

#endif
