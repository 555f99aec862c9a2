#include "sync/feed/feed_screen.h"

#define COMING (-1)

void feed_screen_find_needed(struct feed_screen screen, const struct playlist *playlist,
                             bool *needed)
{
    if (screen.state == FEED_SCREEN_ANY)
        for (size_t i = 0; i < playlist->asset_count; i++)
            needed[i] = true;
    else
        playlist_find_needed(playlist, screen.state == FEED_SCREEN_KNOWN ? &screen.size : NULL,
                             needed);
}

int64_t feed_screen_pack(struct feed_screen screen)
{
    if (screen.state == FEED_SCREEN_KNOWN)
        return (int64_t)screen.size.width_px << 32 | (int64_t)screen.size.height_px;
    return screen.state == FEED_SCREEN_COMING ? COMING : 0;
}

struct feed_screen feed_screen_unpack(int64_t packed)
{
    if (packed <= 0)
        return (struct feed_screen){.state =
                                        packed == COMING ? FEED_SCREEN_COMING : FEED_SCREEN_ANY};
    return (struct feed_screen){.state = FEED_SCREEN_KNOWN,
                                .size = {(int)(packed >> 32), (int)(packed & INT32_MAX)}};
}

bool feed_screen_is_same(struct feed_screen a, struct feed_screen b)
{
    return feed_screen_pack(a) == feed_screen_pack(b);
}
