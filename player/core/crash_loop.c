#include "core/crash_loop.h"

#include <string.h>

#define HOUR_MS INT64_C(3600000)
#define MINUTE_MS INT64_C(60000)

bool crash_loop_is_same_playlist(const struct crash_loop_place *a, const struct crash_loop_place *b)
{
    return memcmp(a->playlist, b->playlist, sizeof a->playlist) == 0;
}

static bool is_same_place(const struct crash_loop_place *a, const struct crash_loop_place *b)
{
    return crash_loop_is_same_playlist(a, b) && strncmp(a->spot, b->spot, sizeof a->spot) == 0;
}

static bool has_playlist(const struct crash_loop_place *place)
{
    static const uint8_t none[CRASH_LOOP_PLAYLIST_BYTES];
    return memcmp(place->playlist, none, sizeof none) != 0;
}

static bool counts_still(const struct crash_loop_left_out *out, int64_t now_ms)
{
    return out->since_ms <= now_ms && now_ms < out->until_ms &&
           out->until_ms - out->since_ms <= CRASH_LOOP_HOURS * HOUR_MS;
}

void crash_loop_forget(struct crash_loop *loop, int64_t now_ms)
{
    int kept = 0;
    for (int i = 0; i < loop->crash_count; i++) {
        int64_t at_ms = loop->crashes[i].at_ms;
        if (at_ms <= now_ms && now_ms - at_ms <= CRASH_LOOP_MS)
            loop->crashes[kept++] = loop->crashes[i];
    }
    loop->crash_count = kept;
    kept = 0;
    for (int i = 0; i < loop->left_out_count; i++)
        if (counts_still(&loop->left_out[i], now_ms))
            loop->left_out[kept++] = loop->left_out[i];
    loop->left_out_count = kept;
}

static void leave_out(struct crash_loop *loop, const struct crash_loop_place *place, int64_t now_ms,
                      int64_t for_ms)
{
    if (loop->left_out_count == CRASH_LOOP_LEFT_OUT_MAX) {
        loop->left_out_count--;
        memmove(loop->left_out, loop->left_out + 1,
                (size_t)loop->left_out_count * sizeof *loop->left_out);
    }
    loop->left_out[loop->left_out_count++] = (struct crash_loop_left_out){
        .place = *place, .since_ms = now_ms, .until_ms = now_ms + for_ms};
}

/* Whether leaving out a spot of this playlist has not helped. */
static bool has_left_out_lately(const struct crash_loop *loop, const struct crash_loop_place *place,
                                int64_t now_ms)
{
    for (int i = 0; i < loop->left_out_count; i++)
        if (crash_loop_is_same_playlist(&loop->left_out[i].place, place) &&
            now_ms - loop->left_out[i].since_ms < CRASH_LOOP_MINUTES * MINUTE_MS)
            return true;
    return false;
}

enum crash_loop_measure crash_loop_add(struct crash_loop *loop,
                                       const struct crash_loop_place *place, int64_t now_ms)
{
    bool same_spot = place->spot[0] != '\0', same_playlist = true;
    crash_loop_forget(loop, now_ms);
    if (loop->crash_count == CRASH_LOOP_CRASHES) { /* of different playlists */
        loop->crash_count--;
        memmove(loop->crashes, loop->crashes + 1,
                (size_t)loop->crash_count * sizeof *loop->crashes);
    }
    loop->crashes[loop->crash_count++] = (struct crash_loop_crash){*place, now_ms};
    if (loop->crash_count < CRASH_LOOP_CRASHES)
        return CRASH_LOOP_NOTHING;
    for (int i = 0; i < CRASH_LOOP_CRASHES; i++) {
        same_spot &= is_same_place(&loop->crashes[i].place, place);
        same_playlist &= crash_loop_is_same_playlist(&loop->crashes[i].place, place);
    }
    if (!same_playlist)
        return CRASH_LOOP_NOTHING;
    loop->crash_count = 0;
    struct crash_loop_place whole = *place;
    memset(whole.spot, 0, sizeof whole.spot);
    if (!has_playlist(place)) {
        leave_out(loop, &whole, now_ms, CRASH_LOOP_MINUTES * MINUTE_MS);
        return CRASH_LOOP_ALL;
    }
    if (same_spot && !has_left_out_lately(loop, place, now_ms)) {
        leave_out(loop, place, now_ms, CRASH_LOOP_HOURS * HOUR_MS);
        return CRASH_LOOP_SPOT;
    }
    leave_out(loop, &whole, now_ms, CRASH_LOOP_HOURS * HOUR_MS);
    return CRASH_LOOP_PLAYLIST;
}

int64_t crash_loop_until_ms(const struct crash_loop *loop, const struct crash_loop_place *place,
                            int64_t now_ms)
{
    int64_t until_ms = 0;
    for (int i = 0; i < loop->left_out_count; i++) {
        const struct crash_loop_left_out *out = &loop->left_out[i];
        if (is_same_place(&out->place, place) && counts_still(out, now_ms) &&
            out->until_ms > until_ms)
            until_ms = out->until_ms;
    }
    return until_ms;
}
