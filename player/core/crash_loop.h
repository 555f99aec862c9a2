/* Crash loops: given where a player crashed, and when, what it leaves out from now on.
 *
 * Three crashes within a minute in one spot leave out the spot. The same once more in that playlist, or
 * three crashes in different spots of it, leave out the whole playlist; three before anything was on
 * screen leave out all playlists for a while. What is left out is tried again after some hours; a new
 * version of a playlist is another playlist. Pure. */
#ifndef CORE_CRASH_LOOP_H
#define CORE_CRASH_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#define CRASH_LOOP_CRASHES 3
#define CRASH_LOOP_MS INT64_C(60000)
#define CRASH_LOOP_HOURS 6
#define CRASH_LOOP_MINUTES 10 /* for all playlists; and how soon a second loop means the playlist */
#define CRASH_LOOP_PLAYLIST_BYTES 32
#define CRASH_LOOP_SPOT_BYTES 80
#define CRASH_LOOP_LEFT_OUT_MAX 16

/* What was on screen. */
struct crash_loop_place {
    uint8_t playlist[CRASH_LOOP_PLAYLIST_BYTES]; /* the hash of its bytes; zeros: none */
    char spot[CRASH_LOOP_SPOT_BYTES];            /* its name, perhaps cut off; "": none */
};

/* Times are milliseconds since the machine has started (CLOCK_BOOTTIME). */
struct crash_loop_crash {
    struct crash_loop_place place;
    int64_t at_ms;
};

struct crash_loop_left_out {
    struct crash_loop_place place; /* without a spot: the playlist; without that: all playlists */
    int64_t since_ms, until_ms;
};

/* Zeroed: nothing has happened. */
struct crash_loop {
    struct crash_loop_crash crashes[CRASH_LOOP_CRASHES]; /* that may become a loop, oldest first */
    int crash_count;
    struct crash_loop_left_out left_out[CRASH_LOOP_LEFT_OUT_MAX]; /* oldest first */
    int left_out_count;
};

enum crash_loop_measure {
    CRASH_LOOP_NOTHING,
    CRASH_LOOP_SPOT,
    CRASH_LOOP_PLAYLIST,
    CRASH_LOOP_ALL
};

/* Counts a crash that has happened just now, and says what is left out because of it. */
enum crash_loop_measure crash_loop_add(struct crash_loop *loop,
                                       const struct crash_loop_place *place, int64_t now_ms);

/* Forgets what counts no longer, and times that this machine cannot have seen yet. */
void crash_loop_forget(struct crash_loop *loop, int64_t now_ms);

/* Until when a spot, a whole playlist (no spot), or all playlists (zeroed) are left out; 0: they are
 * not. */
int64_t crash_loop_until_ms(const struct crash_loop *loop, const struct crash_loop_place *place,
                            int64_t now_ms);

bool crash_loop_is_same_playlist(const struct crash_loop_place *a,
                                 const struct crash_loop_place *b);

#endif
