#include "sync/feed/left_out.h"

#include <string.h>

bool left_out_has(const struct left_out *left_out, const uint8_t sha256[HASH_BYTES],
                  int64_t boot_ms)
{
    for (size_t i = 0; left_out && i < left_out->count; i++)
        if (boot_ms < left_out->playlists[i].until_ms &&
            memcmp(left_out->playlists[i].sha256, sha256, HASH_BYTES) == 0)
            return true;
    return false;
}

bool left_out_check(const struct left_out *left_out, const uint8_t sha256[HASH_BYTES],
                    int64_t boot_ms, struct err *err)
{
    return !left_out_has(left_out, sha256, boot_ms) ||
           err_set(err, ERR_SYSTEM,
                   "the playlist crashed the player again and again, it is tried again after some "
                   "hours");
}
