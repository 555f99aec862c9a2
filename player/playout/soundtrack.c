#include "playout/soundtrack.h"

#include "base/clock.h"
#include "decode/film_client.h"

#include <math.h>

/* The queue holds so much, for as long as the main thread may be busy. */
#define WAITING_PAIRS (MIXER_HZ * 90 / 1000)
#define TURN_NS 20000000
/* A film that begins is mixed so long before it is heard: the queue and the device's buffer. */
#define LEAD_NS 160000000
/* The device, which may take a second or two to open, is opened so long before a film with sound. A
 * slot is rarely shorter than a second. */
#define AHEAD_MS 10000
#define AHEAD_SLOTS 16
#define SEARCH_NS INT64_C(1000000000)
#define KEEP_NS INT64_C(60000000000) /* without sound before the device is closed */

_Static_assert(MIXER_HZ == SOUND_QUEUE_HZ, "blocks go to the queue as they are");

bool soundtrack_init(struct soundtrack *soundtrack)
{
    *soundtrack = (struct soundtrack){.device = sound_device_create()};
    return soundtrack->device;
}

bool soundtrack_finish(struct soundtrack *soundtrack)
{
    bool clean = sound_device_destroy(soundtrack->device);
    *soundtrack = (struct soundtrack){0};
    return clean;
}

static bool add_film_sound(void *source, int64_t offset, float *mix, int pairs)
{
    return film_client_add_sound(source, offset, mix, pairs, (float[]){1, 1});
}

static double pairs_of_ms(double ms)
{
    return ms * (MIXER_HZ / 1000.0);
}

/* Without a device, gives back the sound that films have decoded meanwhile. */
static void discard_sound(struct playout *playout, struct loader *loader, const struct show *show,
                          double now_ms)
{
    struct playout_sound sounds[2];
    int count = playout_sounds(playout, loader, show, now_ms, now_ms, sounds);
    for (int i = 0; i < count; i++)
        film_client_add_sound(sounds[i].film, llround(pairs_of_ms(sounds[i].offset_ms)), NULL, 0,
                              (float[]){0, 0});
}

static bool has_sound_now(const struct playout *playout, const struct programme_slot *slot)
{
    if (slot->source == PROGRAMME_NOTHING)
        return false;
    const struct playlist_spot *spot = &playout->edition->playlist->spots[slot->spot];
    return spot->is_video && spot->volume > 0;
}

/* Whether a film with sound is on, or comes soon. */
static bool is_sound_near(const struct playout *playout, double now_ms)
{
    if (!playout->programme)
        return false;
    int64_t show_ms = (int64_t)floor(now_ms);
    const struct programme_scene scene = programme_scene_at(playout->programme, show_ms);
    if (scene.has_from && has_sound_now(playout, &scene.from))
        return true;
    struct programme_slot slot = scene.to;
    for (int i = 0; i < AHEAD_SLOTS && slot.start_ms <= show_ms + AHEAD_MS; i++) {
        if (has_sound_now(playout, &slot))
            return true;
        slot = programme_next_slot(playout->programme, &slot);
    }
    return false;
}

/* Searches the programme for sound once a second, and when it is another one. */
static void update_device_need(struct soundtrack *soundtrack, const struct playout *playout,
                               int64_t now_ns, double now_ms)
{
    bool other = playout->serial != soundtrack->serial || playout->jumps != soundtrack->jumps;
    if (!other && now_ns - soundtrack->searched_ns < SEARCH_NS)
        return;
    soundtrack->serial = playout->serial;
    soundtrack->jumps = playout->jumps;
    soundtrack->searched_ns = now_ns;
    if (is_sound_near(playout, now_ms))
        soundtrack->found_ns = now_ns;
    sound_device_set_needed(soundtrack->device,
                            soundtrack->found_ns && now_ns - soundtrack->found_ns < KEEP_NS);
}

void soundtrack_turn(struct soundtrack *soundtrack, struct playout *playout, struct loader *loader,
                     const struct show *show, const struct show_clock *clock)
{
    struct sound_queue *queue = sound_device_queue(soundtrack->device);
    int64_t now_ns = clock_mono_ns();
    double now_ms = show_clock_ms(clock, now_ns);
    update_device_need(soundtrack, playout, now_ns, now_ms);
    loader_set_sound(loader, sound_device_is_available(soundtrack->device));
    if (!sound_device_is_open(soundtrack->device)) {
        soundtrack->running = false;
        discard_sound(playout, loader, show, now_ms);
        return;
    }
    int64_t position;
    bool gap;
    while (sound_queue_has_room(queue, MIXER_BLOCK_PAIRS, WAITING_PAIRS, &position, &gap)) {
        if (gap) /* the last block has been heard, and has faded out */
            soundtrack->mixer = (struct mixer){0};
        /* The whole block is mixed for the moment at which its middle is heard. */
        int64_t heard_ns = sound_queue_heard_ns(queue, position + MIXER_BLOCK_PAIRS / 2);
        struct playout_sound sounds[2];
        struct mixer_side sides[MIXER_SIDES_MAX];
        int count =
            playout_sounds(playout, loader, show, now_ms, show_clock_ms(clock, heard_ns), sounds);
        for (int i = 0; i < count; i++)
            sides[i] = (struct mixer_side){
                .key = sounds[i].key,
                .source = sounds[i].film,
                .offset = pairs_of_ms(sounds[i].offset_ms) - MIXER_BLOCK_PAIRS / 2.0,
                .gain = (float)sounds[i].gain,
            };
        float block[2 * MIXER_BLOCK_PAIRS];
        mixer_mix(&soundtrack->mixer, sides, count, add_film_sound, block);
        sound_queue_put(queue, block, MIXER_BLOCK_PAIRS);
        soundtrack->running = count > 0;
    }
}

int64_t soundtrack_until_ns(const struct soundtrack *soundtrack, int64_t now_ns, int64_t change_ns)
{
    if (soundtrack->running)
        return now_ns + TURN_NS;
    if (!sound_device_is_open(soundtrack->device) || change_ns == INT64_MAX)
        return INT64_MAX;
    return change_ns - LEAD_NS > now_ns ? change_ns - LEAD_NS : now_ns + TURN_NS;
}
