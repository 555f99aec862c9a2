/* Crash loops in the play command: notes what is on screen, and leaves out what has crashed the player
 * again and again. */
#include "commands/play_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "core/utf8.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "play_crash"

static struct crash_loop_place make_place(const struct edition *edition, const char *spot)
{
    struct crash_loop_place place = {0};
    if (edition)
        memcpy(place.playlist, edition->digest, sizeof place.playlist);
    utf8_copy_clean(spot, strnlen(spot, sizeof place.spot - 1), place.spot, sizeof place.spot);
    return place;
}

/* Without notes the player plays all the same. */
static void write_note(struct play *play, const struct crash_loop_place *place)
{
    struct err err = {0};
    if (screen_notes_write(&play->crash.notes, place, &err) || play->crash.is_trouble_logged)
        return;
    log_warn("cannot note what is on screen, a crash loop would not be noticed reason=\"%s\"",
             err.text);
    play->crash.is_trouble_logged = true;
}

static void count_crash(struct screen_notes *notes)
{
    const struct crash_loop_place *place = &notes->crashed;
    char hash[HASH_TEXT_BYTES];
    enum crash_loop_measure measure = crash_loop_add(&notes->loop, place, clock_boot_ms());
    hash_to_text(place->playlist, hash);
    log_error("player crashed, started again spot=\"%s\" playlist=%.16s", place->spot, hash);
    switch (measure) {
    case CRASH_LOOP_NOTHING:
        break;
    case CRASH_LOOP_SPOT:
        log_error("spot left out after crashes spot=\"%s\" playlist=%.16s crashes=%d "
                  "retry_after_h=%d",
                  place->spot, hash, CRASH_LOOP_CRASHES, CRASH_LOOP_HOURS);
        break;
    case CRASH_LOOP_PLAYLIST:
        log_error("playlist left out after crashes playlist=%.16s crashes=%d retry_after_h=%d",
                  hash, CRASH_LOOP_CRASHES, CRASH_LOOP_HOURS);
        break;
    case CRASH_LOOP_ALL:
        log_error("all playlists left out after crashes crashes=%d retry_after_min=%d",
                  CRASH_LOOP_CRASHES, CRASH_LOOP_MINUTES);
        break;
    }
}

/* For the feed, which leaves out playlists. */
static void list_playlists(struct play_crash *crash)
{
    const struct crash_loop *loop = &crash->notes.loop;
    static_assert(LEFT_OUT_MAX >= CRASH_LOOP_LEFT_OUT_MAX, "each has a place");
    for (int i = 0; i < loop->left_out_count; i++) {
        const struct crash_loop_left_out *out = &loop->left_out[i];
        if (out->place.spot[0])
            continue;
        crash->playlists.playlists[crash->playlists.count].until_ms = out->until_ms;
        memcpy(crash->playlists.playlists[crash->playlists.count++].sha256, out->place.playlist,
               HASH_BYTES);
    }
}

bool play_crash_allows_playlists(const struct play *play, struct err *err)
{
    const struct crash_loop_place none = {0};
    int64_t until_ms = crash_loop_until_ms(&play->crash.notes.loop, &none, clock_boot_ms());
    return until_ms == 0 || err_set(err, ERR_SYSTEM,
                                    "the player crashed %d times before it showed anything; it "
                                    "plays again within %d minutes",
                                    CRASH_LOOP_CRASHES, CRASH_LOOP_MINUTES);
}

void play_crash_start(struct play *play)
{
    struct screen_notes *notes = &play->crash.notes;
    struct err err = {0};
    if (!screen_notes_start(notes, &err))
        log_warn("cannot use the notes of what was on screen reason=\"%s\"", err.text);
    if (notes->has_crashed)
        count_crash(notes);
    crash_loop_forget(&notes->loop, clock_boot_ms());
    list_playlists(&play->crash);
    write_note(play, &(struct crash_loop_place){0});
}

void play_crash_note_edition(struct play *play, const struct edition *edition)
{
    const struct crash_loop_place place = make_place(edition, "");
    play->crash.noted_key = 0;
    write_note(play, &place);
}

void play_crash_note_frame(struct play *play, const struct show_frame *frame)
{
    if (!play->crash.notes.is_there || frame->nothing || frame->to_key == play->crash.noted_key)
        return;
    play->crash.noted_key = frame->to_key;
    const struct crash_loop_place place =
        make_place(play->playout.edition, frame->mix.to.picture->name);
    write_note(play, &place);
}

void play_crash_leave_out(struct play *play)
{
    struct play_crash *crash = &play->crash;
    const struct edition *edition = play->playout.edition;
    int64_t now_ms = clock_boot_ms();
    play->playout.left_out = NULL;
    crash->until_ms = INT64_MAX;
    free(crash->left_out);
    crash->left_out = NULL;
    if (!crash->notes.loop.left_out_count || !edition)
        return;
    bool *left_out = calloc(edition->playlist->spot_count, sizeof *left_out);
    for (size_t i = 0; left_out && i < edition->playlist->spot_count; i++) {
        const struct crash_loop_place place = make_place(edition, edition->playlist->spots[i].name);
        int64_t until_ms = crash_loop_until_ms(&crash->notes.loop, &place, now_ms);
        left_out[i] = until_ms > 0;
        if (left_out[i] && until_ms < crash->until_ms)
            crash->until_ms = until_ms;
    }
    play->playout.left_out = crash->left_out = left_out;
}

void play_crash_turn(struct play *play)
{
    if (play->crash.left_out && clock_boot_ms() >= play->crash.until_ms) {
        log_info("trying again what was left out after crashes");
        play_crash_leave_out(play);
    }
}

void play_crash_finish(struct play *play)
{
    screen_notes_finish(&play->crash.notes);
    play->playout.left_out = NULL;
    free(play->crash.left_out);
    play->crash.left_out = NULL;
}
