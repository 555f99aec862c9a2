#include "playout/playout.h"

#include "playout/film_fingerprint.h"
#include "playout/film_lengths.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HOUSE_SERIAL UINT64_MAX        /* of playout->house, in the loader's keys */
#define HOUSE_CARD ((uint64_t)1 << 40) /* in the place of a spot's index, in the show's keys */
/* For so long a screen on which nothing has been shown yet stays plain: most first pictures are
 * there by then. */
#define BLANK_MS 1000
#define BRIDGE_MS 1000 /* where the playlist has no transition of its own */
#define BRIDGE_MIN_MS 250
#define LEAN_MS 10000 /* how long before its slot a picture is made where memory is short */
/* The picture of a slot that began less long ago may be missing only because no frame was due. */
#define SHOWN_BY_MS 100
#define QUARTER_TURN 1.57079632679489661923

bool playout_switch(struct playout *playout, struct edition *edition, const int32_t *film_ms,
                    const char *player_zone, struct err *err)
{
    struct zone zone = {0};
    const char *name = edition->playlist->timezone ? edition->playlist->timezone : player_zone;
    bool ok = name ? zone_load(&zone, name, err) : zone_load_system(&zone, err);
    if (!ok) {
        edition_destroy(edition);
        return err_prefix(err, "cannot use the time zone: ");
    }
    struct playout before = *playout;
    /* The programme points to the zone, so the zone must be in its place before the programme is
     * made; without a programme the previous state is put back. */
    *playout = (struct playout){
        .edition = edition,
        .serial = before.serial + 1,
        .jumps = before.jumps,
        .jumped_ms = before.jumped_ms,
        .house = before.house,
        .has_max_volume = before.has_max_volume,
        .max_volume = before.max_volume,
        .is_lean = before.is_lean,
        .fingerprints = film_fingerprint_create(edition),
        .zone = zone,
    };
    playout->programme = programme_create(edition->playlist, &playout->zone.civil, film_ms);
    if (!playout->programme || !playout->fingerprints) {
        playout_finish(playout);
        *playout = before;
        return err_oom(err);
    }
    playout_finish(&before);
    return true;
}

bool playout_open(struct playout *playout, const char *path, const char *player_zone,
                  int64_t limit_ms, struct err *err)
{
    struct playlist_faults faults = {0}, media_faults = {0};
    struct edition *edition = edition_load(path, &faults, err);
    edition_log_faults(&faults);
    playlist_faults_finish(&faults);
    struct film_lengths lengths = {0};
    if (!edition)
        return false;
    bool checked = edition_check_media(edition, &media_faults, err);
    edition_log_media_faults(&media_faults, NULL);
    playlist_faults_finish(&media_faults);
    if (!checked) {
        edition_destroy(edition);
        return false;
    }
    if (!film_lengths_begin(&lengths, edition, limit_ms))
        return err_oom(err);
    film_lengths_wait(&lengths);
    bool ok =
        playout_switch(playout, film_lengths_take(&lengths), lengths.film_ms, player_zone, err);
    film_lengths_finish(&lengths);
    return ok;
}

void playout_finish(struct playout *playout)
{
    programme_destroy(playout->programme);
    zone_finish(&playout->zone);
    edition_destroy(playout->edition);
    free(playout->fingerprints);
    *playout = (struct playout){.serial = playout->serial,
                                .jumps = playout->jumps,
                                .jumped_ms = playout->jumped_ms,
                                .house = playout->house};
}

void playout_jump(struct playout *playout, double by_ms)
{
    playout->jumps++;
    playout->jumped_ms += by_ms;
}

static uint64_t hash_key(uint64_t serial, int64_t start_ms, uint64_t what)
{
    uint64_t key = serial * 0x9e3779b97f4a7c15u ^ (uint64_t)start_ms;
    key = (key ^ key >> 31) * 0xbf58476d1ce4e5b9u ^ what * 0x94d049bb133111ebu;
    return (key ^ key >> 29) | 1; /* 0 is "none" */
}

static uint64_t fingerprint_of_slot(const struct playout *playout,
                                    const struct programme_slot *slot)
{
    return slot->source == PROGRAMME_NOTHING ? 0 : playout->fingerprints[slot->spot];
}

/* When a slot begins, on the clock that is never set. */
static double slot_begin_ms(const struct playout *playout, const struct programme_slot *slot)
{
    return (double)slot->start_ms - playout->jumped_ms;
}

/* Names a slot. A film that runs on through a new edition or a step of the clock has the same
 * key as before. */
static uint64_t slot_key(const struct playout *playout, const struct programme_slot *slot)
{
    uint64_t fingerprint = fingerprint_of_slot(playout, slot);
    if (fingerprint)
        return hash_key(0, llround(slot_begin_ms(playout, slot)), fingerprint);
    return hash_key(playout->serial + (playout->jumps << 32), slot->start_ms, (uint64_t)slot->spot);
}

static struct loader_key make_loader_key(const struct playout *playout,
                                         const struct programme_slot *slot, double show_ms)
{
    return (struct loader_key){
        .edition = playout->edition,
        .serial = playout->serial,
        .spot = slot->spot,
        .begin_ms = slot_begin_ms(playout, slot),
        .fingerprint = fingerprint_of_slot(playout, slot),
        .offset_ms = show_ms - (double)slot->start_ms,
    };
}

static bool is_left_out(const struct playout *playout, const struct programme_slot *slot)
{
    return playout->left_out && playout->left_out[slot->spot];
}

bool playout_is_left_out(const struct playout *playout, double show_ms)
{
    if (!playout->programme)
        return false;
    struct programme_scene scene = programme_scene_at(playout->programme, (int64_t)floor(show_ms));
    return scene.to.source != PROGRAMME_NOTHING && is_left_out(playout, &scene.to);
}

/* The house card that an operator has given; false where there is none. */
static bool find_house_key(const struct playout *playout, const char *words, struct loader_key *key)
{
    bool own = playout->edition && playout->edition->playlist->has_house;
    const struct edition *edition = own ? playout->edition : playout->house;
    if (!edition || (!own && *words))
        return false;
    *key = (struct loader_key){
        .edition = edition,
        .serial = own ? playout->serial : HOUSE_SERIAL,
        .spot = playlist_house(edition->playlist),
    };
    return true;
}

/* *state: of the operator's card; LOADER_READY where it is the player's own. */
static struct show_target house_card_target(const struct playout *playout, struct loader *loader,
                                            const char *words, double show_ms,
                                            enum loader_state *state)
{
    struct loader_key key;
    struct picture *picture;
    *state = LOADER_READY;
    if (find_house_key(playout, words, &key)) {
        *state = loader_request(loader, &key, &picture);
        if (*state != LOADER_FAILED)
            return (struct show_target){.key = hash_key(key.serial, 0, HOUSE_CARD),
                                        .picture = picture,
                                        .start_ms = show_ms,
                                        .motion_ms = 1};
        *state = LOADER_READY;
    }
    picture = loader_request_house_card(loader, words);
    return (struct show_target){
        .key = hash_key(0, 0, picture ? picture->id : 0),
        .picture = picture,
        .start_ms = show_ms,
        .motion_ms = 1,
    };
}

static double bridge_ms(const struct playout *playout)
{
    int32_t own = playout->edition ? playout->edition->playlist->default_transition.duration_ms : 0;
    return own > 0 ? own : BRIDGE_MS;
}

/* When the lines of a slot's text begin to come up; -INFINITY where the slot before had the same
 * text, which stays. */
static double text_start_ms(const struct playout *playout, const struct programme_slot *slot)
{
    const struct playlist_spot *spots = playout->edition->playlist->spots;
    const struct transition *transition = &slot->transition;
    if (!spots[slot->spot].text_rises)
        return -INFINITY;
    int before = programme_scene_at(playout->programme, slot->start_ms - 1).to.spot;
    if (before >= 0 &&
        playlist_has_same_tagline(playout->edition->playlist, &spots[before], &spots[slot->spot]))
        return -INFINITY;
    return (double)slot->start_ms + (1 - transition->text_in) * transition->duration_ms;
}

/* A slot's picture and its times. A picture moves until it has faded out, which is at the end of
 * the next slot's transition. */
static struct show_target slot_target(struct playout *playout, struct loader *loader,
                                      const struct programme_slot *slot, const char *words,
                                      double show_ms, enum loader_state *state)
{
    if (slot->source == PROGRAMME_NOTHING)
        return house_card_target(playout, loader, words, (double)slot->start_ms, state);
    struct programme_slot next = programme_next_slot(playout->programme, slot);
    struct loader_key key = make_loader_key(playout, slot, show_ms);
    struct show_target target = {
        .key = slot_key(playout, slot),
        .start_ms = (double)slot->start_ms,
        .motion_ms = (double)(slot->end_ms - slot->start_ms + next.transition.duration_ms),
        .text_start_ms = text_start_ms(playout, slot),
        .text_fade_ms = slot->transition.text_in * slot->transition.duration_ms,
    };
    *state = LOADER_FAILED;
    if (!is_left_out(playout, slot))
        *state = loader_request(loader, &key, &target.picture);
    return target;
}

/* Requests the picture of the next slot. If it is a film, not before the present transition is
 * over, which leaves half a slot at least: three films at a time would be too much for a small
 * machine. */
static void request_next_spot(struct playout *playout, struct loader *loader,
                              const struct programme_scene *scene, double show_ms,
                              struct picture **picture)
{
    struct programme_slot next = programme_next_slot(playout->programme, &scene->to);
    struct loader_key key = make_loader_key(playout, &next, (double)next.start_ms);
    if (playout->is_lean && (double)next.start_ms - show_ms > LEAN_MS)
        return;
    if (next.source == PROGRAMME_NOTHING) {
        if (find_house_key(playout, "", &key))
            loader_request(loader, &key, picture);
        return;
    }
    if (is_left_out(playout, &next))
        return;
    if (!scene->has_from || !playout->edition->playlist->spots[next.spot].is_video)
        loader_request(loader, &key, picture);
}

static struct show_request request_of_programme(struct playout *playout, struct loader *loader,
                                                const char *words, bool is_blank, double show_ms,
                                                struct picture **next)
{
    struct show_request request = {.now_ms = show_ms, .mix = 1, .bridge_ms = bridge_ms(playout)};
    struct programme_scene scene = programme_scene_at(playout->programme, (int64_t)floor(show_ms));
    enum loader_state state, from_state;
    request.to = slot_target(playout, loader, &scene.to, words, show_ms, &state);
    /* A crossfade that the programme doesn't have ends, like one that it has, by the middle of
     * the rest of the slot. Where that is too short to look like a fade, the next slot's
     * crossfade interrupts it. */
    double half_ms = ((double)scene.to.end_ms - show_ms) / 2;
    request.bridge_ms = fmin(request.bridge_ms, fmax(half_ms, BRIDGE_MIN_MS));
    request.transition = scene.to.transition;
    if (!scene.to.transition.duration_ms)
        request.transition.type = TRANSITION_CUT;
    if (scene.has_from) {
        request.has_from = true;
        request.from = slot_target(playout, loader, &scene.from, words, show_ms, &from_state);
        /* The scene has whole milliseconds, which would be seen as steps. */
        request.mix = (show_ms - request.to.start_ms) / scene.to.transition.duration_ms;
        request.mix = fmin(fmax(request.mix, 0), 1);
    }
    if (!is_blank || state == LOADER_READY)
        playout->blank_since_ms = 0;
    else if (playout->blank_since_ms == 0)
        playout->blank_since_ms = show_ms;
    bool long_blank =
        playout->blank_since_ms != 0 && fabs(show_ms - playout->blank_since_ms) >= BLANK_MS;
    if (is_blank && (state == LOADER_FAILED || (state == LOADER_LOADING && long_blank)))
        request.to = house_card_target(playout, loader, words, show_ms, &from_state);
    if (state != LOADER_LOADING)
        request_next_spot(playout, loader, &scene, show_ms, next);
    return request;
}

static double slot_dim(const struct playout *playout, const struct programme_slot *slot)
{
    return slot->daypart >= 0 ? playout->edition->playlist->schedule[slot->daypart].dim : 1;
}

double playout_dim(struct playout *playout, double show_ms)
{
    if (!playout->programme)
        return 1;
    const struct programme_scene scene =
        programme_scene_at(playout->programme, (int64_t)floor(show_ms));
    double to = slot_dim(playout, &scene.to),
           from = scene.has_from ? slot_dim(playout, &scene.from) : to;
    double elapsed_ms = show_ms - (double)scene.to.start_ms;
    if (from == to)
        return to;
    return from +
           (to - from) * transition_smoothstep(0, scene.to.transition.duration_ms, elapsed_ms);
}

struct show_request playout_request(struct playout *playout, struct loader *loader,
                                    const char *words, bool is_blank, double show_ms,
                                    struct picture **next)
{
    *next = NULL;
    if (!playout->programme) {
        enum loader_state state;
        struct show_request request = {
            .now_ms = show_ms,
            .to = house_card_target(playout, loader, words, show_ms, &state),
            .mix = 1,
            .transition = {.text_out = TRANSITION_TEXT_OUT, .text_in = TRANSITION_TEXT_IN},
            .bridge_ms = bridge_ms(playout)};
        return request;
    }
    struct show_request request =
        request_of_programme(playout, loader, words, is_blank, show_ms, next);
    loader_continue_films(loader, show_ms - playout->jumped_ms);
    return request;
}

static double clamped_fraction(double part, double whole)
{
    double result = whole > 0 ? part / whole : 1;
    return fmin(fmax(result, 0), 1);
}

static double fade_in_gain(double mix)
{
    return sin(mix * QUARTER_TURN);
}

static double fade_out_gain(double mix)
{
    return cos(mix * QUARTER_TURN);
}

static double capped_volume(const struct playout *playout, double volume)
{
    return playout->has_max_volume ? fmin(volume, playout->max_volume) : volume;
}

/* The gain of a slot as the show fades it, given the gain by the programme. */
static double shown_gain(const struct show *show, uint64_t key, bool coming_in, double gain,
                         double show_ms)
{
    if (!show->bridging || (key != show->incoming.key && key != show->settled.key))
        return gain;
    /* The show fades by its own time (show.h). */
    double mix = clamped_fraction(show_ms - show->bridge_start_ms, show->bridge_ms);
    if (key == show->incoming.key)
        return coming_in ? fade_in_gain(mix) : gain * fade_in_gain(mix);
    return show->from_frozen ? 0 : gain * fade_out_gain(mix);
}

/* Whether what is on screen is or was in the present programme, which then says when it ends. */
static bool is_programmed(struct playout *playout, const struct show_target *target)
{
    const struct programme_scene scene =
        programme_scene_at(playout->programme, (int64_t)floor(target->start_ms));
    return slot_key(playout, &scene.to) == target->key;
}

/* Films that are still on screen although a new edition or a step of the clock has ended their
 * slot. */
static int add_outdated_sounds(struct playout *playout, struct loader *loader,
                               const struct show *show, double show_ms,
                               struct playout_sound *sounds)
{
    const struct show_target *targets[] = {&show->settled, &show->incoming};
    int count = 0;
    for (int i = 0; i < 2; i++) {
        double begin_ms, volume;
        struct film_client *film =
            targets[i]->picture && !(show->from_frozen && i == 0)
                ? loader_shown_film(loader, targets[i]->picture, &begin_ms, &volume)
                : NULL;
        if (!film || is_programmed(playout, targets[i]))
            continue;
        double gain =
            capped_volume(playout, volume) * shown_gain(show, targets[i]->key, false, 1, show_ms);
        sounds[count++] = (struct playout_sound){targets[i]->key, film,
                                                 show_ms - playout->jumped_ms - begin_ms, gain};
    }
    return count;
}

int playout_sounds(struct playout *playout, struct loader *loader, const struct show *show,
                   double now_ms, double show_ms, struct playout_sound sounds[2])
{
    if (!playout->programme)
        return 0;
    const struct programme_scene scene =
        programme_scene_at(playout->programme, (int64_t)floor(show_ms));
    double mix = scene.has_from ? clamped_fraction(show_ms - (double)scene.to.start_ms,
                                                   scene.to.transition.duration_ms)
                                : 1;
    int count = add_outdated_sounds(playout, loader, show, show_ms, sounds);
    for (int i = 0; i < (scene.has_from ? 2 : 1) && count < 2; i++) {
        const struct programme_slot *slot = i ? &scene.from : &scene.to;
        const struct loader_key where = make_loader_key(playout, slot, show_ms);
        struct film_client *film =
            slot->source == PROGRAMME_NOTHING ? NULL : loader_audible_film(loader, &where);
        if (!film)
            continue;
        uint64_t key = slot_key(playout, slot);
        bool shown = key == show->settled.key || key == show->incoming.key;
        double gain =
            shown_gain(show, key, i == 0, i ? fade_out_gain(mix) : fade_in_gain(mix), show_ms);
        if (!shown && (double)slot->start_ms < now_ms - SHOWN_BY_MS)
            gain = 0;
        gain *= capped_volume(playout, playout->edition->playlist->spots[slot->spot].volume);
        sounds[count++] = (struct playout_sound){key, film, where.offset_ms, gain};
    }
    return count;
}

int64_t playout_next_change(struct playout *playout, double show_ms)
{
    if (!playout->programme)
        return INT64_MAX;
    return programme_next_change(playout->programme, (int64_t)floor(show_ms));
}
