#include "playout/playout.h"

#include "playout/film_fingerprint.h"
#include "playout/film_lengths.h"

#include <math.h>
#include <stdlib.h>

#define NAME "Duckling" /* on the house card, where there is nothing to wait for */
/* So long a screen with nothing on it shows its ground alone, which most first pictures need. */
#define BARE_MS 1000
#define BRIDGE_MS 1000 /* where the playlist has no transition of its own */
#define BRIDGE_MIN_MS 250
/* A slot that began less long ago may not have been shown yet, only because no frame was due. */
#define SHOWN_BY_MS 100
#define QUARTER_TURN 1.57079632679489661923

bool playout_switch(struct playout *playing, struct edition *edition, const int32_t *film_ms,
                    const char *own, struct err *err)
{
    struct zone zone = {0};
    const char *name = edition->playlist->timezone ? edition->playlist->timezone : own;
    bool ok = name ? zone_load(&zone, name, err) : zone_load_system(&zone, err);
    if (!ok) {
        edition_destroy(edition);
        return false;
    }
    struct playout before = *playing;
    /* The programme keeps a pointer to the zone, which therefore moves to its place first; and what
     * was there moves back to it where there is no programme. */
    *playing = (struct playout){
        .edition = edition,
        .serial = before.serial + 1,
        .jumps = before.jumps,
        .jumped_ms = before.jumped_ms,
        .looks = film_fingerprint_create(edition),
        .zone = zone,
    };
    playing->programme = programme_create(edition->playlist, &playing->zone.civil, film_ms);
    if (!playing->programme || !playing->looks) {
        playout_finish(playing);
        *playing = before;
        return err_oom(err);
    }
    playout_finish(&before);
    return true;
}

bool playout_open(struct playout *playing, const char *path, const char *own, int64_t limit_ms,
                  struct err *err)
{
    struct playlist_faults faults = {0};
    struct edition *edition = edition_load(path, &faults, err);
    edition_log_faults(&faults);
    playlist_faults_finish(&faults);
    struct film_lengths lengths = {0};
    if (!edition)
        return false;
    if (!film_lengths_begin(&lengths, edition, limit_ms))
        return err_oom(err);
    film_lengths_wait(&lengths);
    bool ok = playout_switch(playing, film_lengths_take(&lengths), lengths.film_ms, own, err);
    film_lengths_finish(&lengths);
    return ok;
}

void playout_finish(struct playout *playing)
{
    programme_destroy(playing->programme);
    zone_finish(&playing->zone);
    edition_destroy(playing->edition);
    free(playing->looks);
    *playing = (struct playout){
        .serial = playing->serial, .jumps = playing->jumps, .jumped_ms = playing->jumped_ms};
}

void playout_jump(struct playout *playing, double by_ms)
{
    playing->jumps++;
    playing->jumped_ms += by_ms;
}

static uint64_t key_of(uint64_t serial, int64_t start_ms, uint64_t what)
{
    uint64_t key = serial * 0x9e3779b97f4a7c15u ^ (uint64_t)start_ms;
    key = (key ^ key >> 31) * 0xbf58476d1ce4e5b9u ^ what * 0x94d049bb133111ebu;
    return (key ^ key >> 29) | 1; /* 0 is "none" */
}

static uint64_t look_of(const struct playout *playing, const struct programme_slot *slot)
{
    return slot->source == PROGRAMME_NOTHING ? 0 : playing->looks[slot->spot];
}

/* When a slot began, on the clock that nobody sets. */
static double begin_ms(const struct playout *playing, const struct programme_slot *slot)
{
    return (double)slot->start_ms - playing->jumped_ms;
}

/* A film that goes on keeps its key. */
static uint64_t slot_key(const struct playout *playing, const struct programme_slot *slot)
{
    uint64_t look = look_of(playing, slot);
    if (look)
        return key_of(0, llround(begin_ms(playing, slot)), look);
    return key_of(playing->serial + (playing->jumps << 32), slot->start_ms, (uint64_t)slot->spot);
}

static struct loader_key loader_key_of(const struct playout *playing,
                                       const struct programme_slot *slot, double show_ms)
{
    return (struct loader_key){
        .edition = playing->edition,
        .serial = playing->serial,
        .spot = slot->spot,
        .begin_ms = begin_ms(playing, slot),
        .look = look_of(playing, slot),
        .offset_ms = show_ms - (double)slot->start_ms,
    };
}

static struct show_target house_target(struct loader *loader, const char *words, double show_ms)
{
    struct picture *picture = loader_want_house(loader, words);
    return (struct show_target){
        .key = key_of(0, 0, picture ? picture->id : 0),
        .picture = picture,
        .start_ms = show_ms,
        .motion_ms = 1,
    };
}

static double bridge_ms(const struct playout *playing)
{
    int32_t own = playing->edition ? playing->edition->playlist->default_transition.duration_ms : 0;
    return own > 0 ? own : BRIDGE_MS;
}

/* Where a slot's picture stands in time. It moves until it has faded out, so the transition after
 * it counts. */
static struct show_target slot_target(struct playout *playing, struct loader *loader,
                                      const struct programme_slot *slot, double show_ms,
                                      enum loader_state *state)
{
    *state = LOADER_READY;
    if (slot->source == PROGRAMME_NOTHING)
        return house_target(loader, NAME, (double)slot->start_ms);
    struct programme_slot next = programme_next_slot(playing->programme, slot);
    struct loader_key key = loader_key_of(playing, slot, show_ms);
    struct show_target target = {
        .key = slot_key(playing, slot),
        .start_ms = (double)slot->start_ms,
        .motion_ms = (double)(slot->end_ms - slot->start_ms + next.transition.duration_ms),
    };
    *state = loader_want(loader, &key, &target.picture);
    return target;
}

/* A film waits until the transition before it is over, which leaves it half a slot at least: three
 * films at a time would be too much for a small machine. */
static void want_next(struct playout *playing, struct loader *loader,
                      const struct programme_scene *scene, struct picture **picture)
{
    struct programme_slot next = programme_next_slot(playing->programme, &scene->to);
    struct loader_key key = loader_key_of(playing, &next, (double)next.start_ms);
    if (next.source == PROGRAMME_NOTHING)
        return;
    if (!scene->has_from || !playing->edition->playlist->spots[next.spot].is_video)
        loader_want(loader, &key, picture);
}

static struct show_wish programme_wish(struct playout *playing, struct loader *loader,
                                       const char *words, bool bare, double show_ms,
                                       struct picture **next)
{
    struct show_wish wish = {.now_ms = show_ms, .mix = 1, .bridge_ms = bridge_ms(playing)};
    struct programme_scene scene = programme_scene_at(playing->programme, (int64_t)floor(show_ms));
    enum loader_state state, from_state;
    wish.to = slot_target(playing, loader, &scene.to, show_ms, &state);
    /* A fade of our own ends, like the programme's, by the middle of what is left of the slot.
     * Where that is too soon to be seen as a fade, the next slot's begins in the midst of it. */
    double half_ms = ((double)scene.to.end_ms - show_ms) / 2;
    wish.bridge_ms = fmin(wish.bridge_ms, fmax(half_ms, BRIDGE_MIN_MS));
    wish.type = scene.to.transition.duration_ms ? scene.to.transition.type : TRANSITION_CUT;
    if (scene.has_from) {
        wish.has_from = true;
        wish.from = slot_target(playing, loader, &scene.from, show_ms, &from_state);
        /* The scene counts whole milliseconds; on screen the fraction matters. */
        wish.mix = (show_ms - wish.to.start_ms) / scene.to.transition.duration_ms;
        wish.mix = wish.mix > 1 ? 1 : wish.mix < 0 ? 0 : wish.mix;
    }
    if (!bare || state == LOADER_READY)
        playing->bare_ms = 0;
    else if (playing->bare_ms == 0)
        playing->bare_ms = show_ms;
    bool long_bare = playing->bare_ms != 0 && fabs(show_ms - playing->bare_ms) >= BARE_MS;
    if (bare && (state == LOADER_FAILED || (state == LOADER_LOADING && long_bare)))
        wish.to = house_target(loader, words, show_ms);
    if (state != LOADER_LOADING)
        want_next(playing, loader, &scene, next);
    return wish;
}

struct show_wish playout_wish(struct playout *playing, struct loader *loader, const char *words,
                              bool bare, double show_ms, struct picture **next)
{
    *next = NULL;
    if (!playing->programme)
        return (struct show_wish){.now_ms = show_ms,
                                  .to = house_target(loader, words, show_ms),
                                  .mix = 1,
                                  .bridge_ms = bridge_ms(playing)};
    struct show_wish wish = programme_wish(playing, loader, words, bare, show_ms, next);
    loader_go_on(loader, show_ms - playing->jumped_ms);
    return wish;
}

static double fraction(double part, double whole)
{
    double fraction = whole > 0 ? part / whole : 1;
    return fraction > 1 ? 1 : fraction < 0 ? 0 : fraction;
}

static double fade_in(double mix)
{
    return sin(mix * QUARTER_TURN);
}

static double fade_out(double mix)
{
    return cos(mix * QUARTER_TURN);
}

/* How loud the show has a slot that the programme has so loud. */
static double shown_gain(const struct show *show, uint64_t key, bool coming_in, double gain,
                         double show_ms)
{
    if (!show->bridging || (key != show->coming.key && key != show->settled.key))
        return gain;
    /* It fades by its own time (show.h). */
    double mix = fraction(show_ms - show->bridge_start_ms, show->bridge_ms);
    if (key == show->coming.key)
        return coming_in ? fade_in(mix) : gain * fade_in(mix);
    return show->from_frozen ? 0 : gain * fade_out(mix);
}

/* Whether the programme as it is now has what is on screen, or had it before: then it says when
 * that is over. */
static bool is_programmed(struct playout *playing, const struct show_target *target)
{
    const struct programme_scene scene =
        programme_scene_at(playing->programme, (int64_t)floor(target->start_ms));
    return slot_key(playing, &scene.to) == target->key;
}

/* Films on screen that an edition or the clock left there when it was changed. */
static int left_sounds(struct playout *playing, struct loader *loader, const struct show *show,
                       double show_ms, struct playout_sound *sounds)
{
    const struct show_target *targets[] = {&show->settled, &show->coming};
    int count = 0;
    for (int i = 0; i < 2; i++) {
        double begin_ms, volume;
        struct film_client *film =
            targets[i]->picture && !(show->from_frozen && i == 0)
                ? loader_shown_film(loader, targets[i]->picture, &begin_ms, &volume)
                : NULL;
        if (!film || is_programmed(playing, targets[i]))
            continue;
        double gain = volume * shown_gain(show, targets[i]->key, false, 1, show_ms);
        sounds[count++] = (struct playout_sound){targets[i]->key, film,
                                                 show_ms - playing->jumped_ms - begin_ms, gain};
    }
    return count;
}

int playout_sounds(struct playout *playing, struct loader *loader, const struct show *show,
                   double now_ms, double show_ms, struct playout_sound sounds[2])
{
    if (!playing->programme)
        return 0;
    const struct programme_scene scene =
        programme_scene_at(playing->programme, (int64_t)floor(show_ms));
    double mix = scene.has_from ? fraction(show_ms - (double)scene.to.start_ms,
                                           scene.to.transition.duration_ms)
                                : 1;
    int count = left_sounds(playing, loader, show, show_ms, sounds);
    for (int i = 0; i < (scene.has_from ? 2 : 1) && count < 2; i++) {
        const struct programme_slot *slot = i ? &scene.from : &scene.to;
        const struct loader_key where = loader_key_of(playing, slot, show_ms);
        struct film_client *film =
            slot->source == PROGRAMME_NOTHING ? NULL : loader_heard_film(loader, &where);
        if (!film)
            continue;
        uint64_t key = slot_key(playing, slot);
        bool shown = key == show->settled.key || key == show->coming.key;
        double gain = shown_gain(show, key, i == 0, i ? fade_out(mix) : fade_in(mix), show_ms);
        if (!shown && (double)slot->start_ms < now_ms - SHOWN_BY_MS)
            gain = 0;
        gain *= playing->edition->playlist->spots[slot->spot].volume;
        sounds[count++] = (struct playout_sound){key, film, where.offset_ms, gain};
    }
    return count;
}

int64_t playout_next_change(struct playout *playing, double show_ms)
{
    if (!playing->programme)
        return INT64_MAX;
    return programme_next_change(playing->programme, (int64_t)floor(show_ms));
}
