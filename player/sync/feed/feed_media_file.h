/* Private to feed_media: one media file on its way into the store.
 *
 * A try is: begin, then read_on while it is reading, then settle once its transfer has finished,
 * then leave unless it is done, or hold. Meanwhile it may go on at another base: what has arrived
 * stays, as far as the playlist names the whole's hash, which decides whether parts from several
 * origins fit together. Belongs to the feed's thread. */
#ifndef SYNC_FEED_FEED_MEDIA_FILE_H
#define SYNC_FEED_FEED_MEDIA_FILE_H

#include "sync/feed/feed_media.h"

/* What the store has for a file from before: the right one still, or not, which only the server
 * knows. It is shown until there is a newer one. */
struct feed_media_older {
    bool there;
    uint8_t sha256[HASH_BYTES];
    int64_t bytes;
    char *etag, *last_modified; /* "" or NULL: the server can't be asked whether it has changed */
};

struct feed_media_file {
    const struct feed_media_config *config;
    const struct playlist_asset *asset;
    size_t base;       /* which one the next try goes to, or this one */
    size_t base_count; /* 1 where the address is the same whatever the base */
    char *url;         /* at the base that was tried last */
    char part_name[HASH_TEXT_BYTES];
    bool done;  /* it is in the store, and is what the server has */
    bool spare; /* the screen does not need it */
    struct feed_media_older older;
    /* What is at the address now, by its ETag or date, came and cannot be used: why not. The server
     * is asked whether it is another. NULL: nothing such. */
    char *refusal;
    /* Bytes that came whole, and cannot be shown all the same: a worker says so. */
    bool doubted;
    uint8_t doubted_sha256[HASH_BYTES];
    bool fresh;                 /* done: hashed while it arrived */
    struct file_stamp stamp;    /* of the stored file, when fresh */
    uint8_t sha256[HASH_BYTES]; /* when done */
    int64_t bytes;              /* when done; under way: the whole's, or -1 */
    char *etag, *last_modified; /* of what is arriving, refused or done; never NULL */
    /* Of the try that is under way, or was the last. */
    struct fetch_transfer *transfer;
    struct store_part *part;
    bool reading;         /* the part, for its hash, before the server is asked for the rest */
    bool begun;           /* the body has */
    int status;           /* 0: no answer */
    bool store_failed;    /* it was a fault of the store's disk */
    bool taken_elsewhere; /* another transfer has begun with the same file meanwhile */
    bool goes_on;         /* the transfer goes on with a part that was open already */
    bool joined;          /* the part has bytes of several origins */
    bool unjoined;        /* such parts did not fit together: it comes from one origin alone */
    size_t part_base;     /* the one that gave the part its tag; FEED_MEDIA_BASES_MAX: not known */
    int64_t skip_bytes;   /* of the transfer: what the part has already */
    /* For feed_media: how fast the transfer is. */
    int64_t arrived_bytes;           /* by it, what was skipped included */
    int64_t looked_ns, looked_bytes; /* 0: not yet */
    int64_t failed_ns[FEED_MEDIA_BASES_MAX];
    bool wrong[FEED_MEDIA_BASES_MAX]; /* gave other bytes than were signed */
    /* Between tries; for feed_media. */
    size_t tried;    /* bases that failed since the last wait */
    bool progressed; /* one of them got further than any before */
    int64_t reached_bytes;
    unsigned failures;
    bool given_up; /* failed several times by its own fault; tried again, less and less often */
    int64_t due_ns;
    uint64_t causes[FEED_MEDIA_BASES_MAX]; /* of the last failure at each base; 0: none */
};

/* Checks that the address can be used at every base, with trusted_only; else a file whose address
 * cannot be fails at each try. `done` where the store has the file. Call finish in any case. Errors
 * as feed_media_create's. */
MUST_CHECK bool feed_media_file_init(struct feed_media_file *file,
                                     const struct feed_media_config *config,
                                     const struct playlist_asset *asset, struct err *err);
void feed_media_file_finish(struct feed_media_file *file);

/* The store may hold what came from this address once: the server is asked first whether it has
 * changed, as far as the texts allow it. False when out of memory. */
bool feed_media_file_remember(struct feed_media_file *file, const uint8_t sha256[HASH_BYTES],
                              int64_t bytes, const char *etag, const char *last_modified);

/* What it has cannot be shown, although it came whole: not done, and refused until the server has
 * another. False where it has nothing, or is being fetched. */
bool feed_media_file_doubt(struct feed_media_file *file);

/* Whether there is a file to show: the right one, or an older one. */
bool feed_media_file_has(const struct feed_media_file *file);

/* Looks once more whether the store has what it should; what is gone is fetched again. */
void feed_media_file_confirm(struct feed_media_file *file);

/* Finds what the playlist in force has of this file: the right one (done, where the store still has it,
 * and the server was asked about it), or, where the server was not able to say so, what is shown until
 * then. False when out of memory. */
bool feed_media_file_find_kept(struct feed_media_file *file, const struct manifest *known);

/* Whether a failure is the file's own, and not the network's or the server's. */
bool feed_media_file_is_at_fault(const struct feed_media_file *file, const struct err *err);

/* Goes on with the tries for the same file. False when out of memory. */
bool feed_media_file_take_tries(struct feed_media_file *file, const struct feed_media_file *before);

/* Whether another transfer fetches the same file just now. */
bool feed_media_file_is_busy(const struct feed_media_file *file);

/* Starts a transfer from `base`, or is `reading` first what an earlier one has left, or is `done`
 * at once, for the store has the medium by now. */
MUST_CHECK bool feed_media_file_begin(struct feed_media_file *file, struct err *err);

/* Reads a stretch of a few megabytes; then `reading` still, or a transfer has started, or
 * `done`. */
MUST_CHECK bool feed_media_file_read_on(struct feed_media_file *file, struct err *err);

/* Ends the transfer, which has finished; true: done. */
MUST_CHECK bool feed_media_file_settle(struct feed_media_file *file, struct err *err);

/* Ends the try, without a fault; what has arrived is kept, and whoever needs the same file first may
 * go on with it. */
void feed_media_file_hold(struct feed_media_file *file);

/* Goes on with what has arrived, from this base; where that has no answer to give but the whole
 * file, what is there already is skipped. */
MUST_CHECK bool feed_media_file_go_on(struct feed_media_file *file, size_t base, struct err *err);

/* How much of the transfer is still to come; -1: not known. */
int64_t feed_media_file_left(const struct feed_media_file *file);

/* How many bytes have arrived that the next try can go on with. */
int64_t feed_media_file_reached(const struct feed_media_file *file);

/* What a manifest says of it; texts are copied into that. False when out of memory. */
bool feed_media_file_describe(const struct feed_media_file *item, struct manifest *manifest,
                              struct manifest_file *file);

/* Ends a try that has failed; what has arrived is kept for the next one, or not. */
void feed_media_file_leave(struct feed_media_file *file, bool keep_part);

#endif
