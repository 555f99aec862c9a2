/* Private to feed_media: how fast media arrive from each origin, and whether another one would have
 * a medium minutes sooner.
 *
 * A transfer is measured over ten seconds at a time. Where it and what waits behind it need longer
 * than two minutes more, an origin that is at least twice as fast and two minutes sooner takes over, or one whose speed is
 * not known is tried; a speed is forgotten after ten minutes. Belongs to the feed's thread. */
#ifndef SYNC_FEED_FEED_MEDIA_PACE_H
#define SYNC_FEED_FEED_MEDIA_PACE_H

#include "sync/feed/feed_media_file.h"

/* Zeroed: nothing is known. */
struct feed_media_pace {
    struct feed_media_pace_origin {
        int64_t bytes_per_s; /* of one transfer; at least 1; 0: not known */
        int64_t measured_ns;
        int64_t short_bytes,
            short_ns;    /* of transfers that were through before they were measured */
        int64_t told_ns; /* when the log said last that it is slow; 0: never */
    } origins[FEED_MEDIA_BASES_MAX];
};

/* What falls to each transfer that is under way. */
struct feed_media_load {
    int64_t share_bytes_per_s; /* of the player's own limit; 0: there is none */
    int64_t queued_bytes;      /* of the files that wait; 0 or more */
};

/* Measures the transfer, where it is time to, and says in the log that it is slow, once an hour for
 * each origin. Returns the base to go on at: mostly the one where it is. */
size_t feed_media_pace_choose(struct feed_media_pace *pace, struct feed_media_file *file,
                              const struct feed_media_load *load, int64_t now_ns);

/* The same for a transfer that is through: many small files are measured together. Returns the base
 * for those that wait. */
size_t feed_media_pace_finish(struct feed_media_pace *pace, const struct feed_media_file *file,
                              const struct feed_media_load *load, int64_t now_ns);

/* When to call feed_media_pace_choose next. */
int64_t feed_media_pace_due_ns(const struct feed_media_file *file);

/* A try has failed at the file's base, which is not asked for it for a while; or, where what it
 * gave is wrong, never. */
void feed_media_pace_failed(struct feed_media_file *file, bool wrong, int64_t now_ns);

#endif
