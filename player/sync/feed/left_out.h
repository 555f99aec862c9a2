/* Playlists that the feed leaves out for a time, since they have crashed the player again
 * and again. Pure; any thread. */
#ifndef SYNC_FEED_LEFT_OUT_H
#define SYNC_FEED_LEFT_OUT_H

#include "base/hash.h"
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEFT_OUT_MAX 16

struct left_out {
    struct {
        uint8_t sha256[HASH_BYTES]; /* of the playlist's bytes */
        int64_t until_ms;           /* CLOCK_BOOTTIME */
    } playlists[LEFT_OUT_MAX];
    size_t count;
};

/* NULL is allowed: nothing is left out. */
bool left_out_has(const struct left_out *left_out, const uint8_t sha256[HASH_BYTES],
                  int64_t boot_ms);

/* False (ERR_SYSTEM: trying again may help) where it is. */
MUST_CHECK bool left_out_check(const struct left_out *left_out, const uint8_t sha256[HASH_BYTES],
                               int64_t boot_ms, struct err *err);

#endif
