#include "playout/soundtrack.h"

#include "base/clock.h"
#include "decode/film_client.h"

#include <math.h>

/* The main thread may be busy for so long before there is a gap. */
#define WAITING_PAIRS (MIXER_HZ * 90 / 1000)
#define TURN_NS 20000000
/* A film that begins is mixed so long before: what waits, and the device's own buffer. */
#define LEAD_NS 160000000
/* So long before a film that is to be heard the device is opened, which may take a second or two; a
 * slot is rarely shorter than a second. */
#define AHEAD_MS 10000
#define AHEAD_SLOTS 16
#define LOOK_NS INT64_C(1000000000)
#define KEEP_NS INT64_C(60000000000) /* of silence before it is closed */

_Static_assert(MIXER_HZ == SOUND_QUEUE_HZ, "blocks go to the queue as they are");

bool soundtrack_init(struct soundtrack *hearing)
{
    *hearing = (struct soundtrack){.sound = sound_device_create()};
    return hearing->sound;
}

bool soundtrack_finish(struct soundtrack *hearing)
{
    bool clean = sound_device_destroy(hearing->sound);
    *hearing = (struct soundtrack){0};
    return clean;
}

static bool add_film(void *source, int64_t offset, float *mix, int pairs)
{
    return film_client_add_sound(source, offset, mix, pairs, (float[]){1, 1});
}

static double pairs_of_ms(double ms)
{
    return ms * (MIXER_HZ / 1000.0);
}

/* Films go on without a device: what they have decoded meanwhile is given back. */
static void pass_over(struct playout *playing, struct loader *loader, const struct show *show,
                      double now_ms)
{
    struct playout_sound sounds[2];
    int count = playout_sounds(playing, loader, show, now_ms, now_ms, sounds);
    for (int i = 0; i < count; i++)
        film_client_add_sound(sounds[i].film, llround(pairs_of_ms(sounds[i].offset_ms)), NULL, 0,
                              (float[]){0, 0});
}

static bool is_heard(const struct playout *playing, const struct programme_slot *slot)
{
    if (slot->source == PROGRAMME_NOTHING)
        return false;
    const struct playlist_spot *spot = &playing->edition->playlist->spots[slot->spot];
    return spot->is_video && spot->volume > 0;
}

/* Whether a film that is to be heard is on, or comes soon. */
static bool is_sound_near(const struct playout *playing, double now_ms)
{
    if (!playing->programme)
        return false;
    int64_t show_ms = (int64_t)floor(now_ms);
    const struct programme_scene scene = programme_scene_at(playing->programme, show_ms);
    if (scene.has_from && is_heard(playing, &scene.from))
        return true;
    struct programme_slot slot = scene.to;
    for (int i = 0; i < AHEAD_SLOTS && slot.start_ms <= show_ms + AHEAD_MS; i++) {
        if (is_heard(playing, &slot))
            return true;
        slot = programme_next_slot(playing->programme, &slot);
    }
    return false;
}

/* The programme is looked through now and then, and when it is another. */
static void want_device(struct soundtrack *hearing, const struct playout *playing, int64_t now_ns,
                        double now_ms)
{
    bool other = playing->serial != hearing->serial || playing->jumps != hearing->jumps;
    if (!other && now_ns - hearing->looked_ns < LOOK_NS)
        return;
    hearing->serial = playing->serial;
    hearing->jumps = playing->jumps;
    hearing->looked_ns = now_ns;
    if (is_sound_near(playing, now_ms))
        hearing->wanted_ns = now_ns;
    sound_device_want(hearing->sound, hearing->wanted_ns && now_ns - hearing->wanted_ns < KEEP_NS);
}

void soundtrack_turn(struct soundtrack *hearing, struct playout *playing, struct loader *loader,
                     const struct show *show, const struct show_clock *clock)
{
    struct sound_queue *queue = sound_device_queue(hearing->sound);
    int64_t now_ns = clock_mono_ns();
    double now_ms = show_clock_ms(clock, now_ns);
    want_device(hearing, playing, now_ns, now_ms);
    loader_set_sound(loader, sound_device_is_possible(hearing->sound));
    if (!sound_device_is_open(hearing->sound)) {
        hearing->running = false;
        pass_over(playing, loader, show, now_ms);
        return;
    }
    int64_t position;
    bool gap;
    while (sound_queue_has_room(queue, MIXER_BLOCK_PAIRS, WAITING_PAIRS, &position, &gap)) {
        if (gap) /* what was mixed last was heard long ago, and has faded out */
            hearing->mixer = (struct mixer){0};
        /* The block as a whole is heard as its middle should be. */
        int64_t heard_ns = sound_queue_heard_ns(queue, position + MIXER_BLOCK_PAIRS / 2);
        struct playout_sound sounds[2];
        struct mixer_side sides[MIXER_SIDES_MAX];
        int count =
            playout_sounds(playing, loader, show, now_ms, show_clock_ms(clock, heard_ns), sounds);
        for (int i = 0; i < count; i++)
            sides[i] = (struct mixer_side){
                .key = sounds[i].key,
                .source = sounds[i].film,
                .offset = pairs_of_ms(sounds[i].offset_ms) - MIXER_BLOCK_PAIRS / 2.0,
                .gain = (float)sounds[i].gain,
            };
        float block[2 * MIXER_BLOCK_PAIRS];
        mixer_mix(&hearing->mixer, sides, count, add_film, block);
        sound_queue_put(queue, block, MIXER_BLOCK_PAIRS);
        hearing->running = count > 0;
    }
}

int64_t soundtrack_until_ns(const struct soundtrack *hearing, int64_t now_ns, int64_t change_ns)
{
    if (hearing->running)
        return now_ns + TURN_NS;
    if (!sound_device_is_open(hearing->sound) || change_ns == INT64_MAX)
        return INT64_MAX;
    return change_ns - LEAD_NS > now_ns ? change_ns - LEAD_NS : now_ns + TURN_NS;
}
