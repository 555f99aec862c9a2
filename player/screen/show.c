#include "screen/show.h"

/* A transition that the programme began this long ago is still joined where it stands; later ones
 * are bridged. */
#define JOIN_MIX_MAX 0.2
/* An instant of the show clock is good to a quarter of a microsecond, and frames are not told apart
 * by so little: a mix so near its end is there. */
#define WHOLE_MIX (1 - 1e-5)

static void keep(struct show_target *place, const struct show_target *target)
{
    picture_hold(target->picture);
    picture_release(place->picture);
    *place = *target;
}

static void drop(struct show_target *place)
{
    picture_release(place->picture);
    *place = (struct show_target){0};
}

static void settle(struct show *show)
{
    picture_release(show->settled.picture);
    show->settled = show->coming;
    show->coming = (struct show_target){0};
    show->bridging = show->from_frozen = false;
}

static void begin_bridge(struct show *show, const struct show_wish *wish, bool from_frozen)
{
    show->bridging = true;
    show->from_frozen = from_frozen;
    show->bridge_start_ms = wish->now_ms;
    show->bridge_ms = wish->bridge_ms;
    show->type = TRANSITION_CROSSFADE;
    show->mix = 0;
}

/* A new target: join the programme's own transition where what it starts from is what is on screen,
 * else bridge. */
static void begin(struct show *show, const struct show_wish *wish)
{
    bool interrupted = show->coming.key != 0;
    show->retired = picture_hold(show->coming.picture);
    keep(&show->coming, &wish->to);
    /* Where the picture before can't be shown, what is held in its place fades out instead. */
    bool from_is_on = wish->from.key == show->settled.key || !wish->from.picture;
    if (!interrupted && wish->has_from && from_is_on && wish->mix <= JOIN_MIX_MAX) {
        show->bridging = show->from_frozen = false;
        show->type = wish->type;
        show->mix = wish->mix;
        return;
    }
    bool cut_on_time =
        wish->type == TRANSITION_CUT && !interrupted && wish->now_ms - wish->to.start_ms < 100;
    begin_bridge(show, wish, interrupted);
    if (cut_on_time)
        show->bridge_ms = 0;
}

/* From here on by our own time, from where the transition stands. */
static void go_on_alone(struct show *show, const struct show_wish *wish)
{
    if (!show->bridging)
        show->bridge_ms = wish->bridge_ms;
    show->bridging = true;
    show->bridge_start_ms = wish->now_ms - show->mix * show->bridge_ms;
}

static void advance(struct show *show, const struct show_wish *wish)
{
    /* The programme went elsewhere (a swap) and what it wants there is not ready, or it went back
     * (the clock was set): finish. */
    if (!show->bridging && (wish->to.key != show->coming.key || wish->mix < show->mix))
        go_on_alone(show, wish);
    if (show->bridging) {
        /* The clock was set back: don't fade for hours. */
        if (wish->now_ms - show->bridge_start_ms < show->mix * show->bridge_ms)
            go_on_alone(show, wish);
        double passed = wish->now_ms - show->bridge_start_ms;
        show->mix = show->bridge_ms > 0 ? passed / show->bridge_ms : 1;
    } else {
        show->mix = wish->has_from ? wish->mix : 1;
    }
    if (show->mix >= WHOLE_MIX)
        settle(show);
}

static struct picture_view view_at(const struct show_target *target, double now_ms)
{
    return (struct picture_view){target->picture, (now_ms - target->start_ms) / target->motion_ms};
}

static bool moving(const struct show_target *target, double now_ms)
{
    double passed = now_ms - target->start_ms;
    return target->picture && picture_moves(target->picture) && passed < target->motion_ms;
}

static bool playing(const struct show_target *target)
{
    return target->picture && target->picture->playing;
}

/* Gentle at both ends; exact at 0, 1/2 and 1. */
static double ease(double mix)
{
    return mix * mix * (3 - 2 * mix);
}

struct show_frame show_step(struct show *show, const struct show_wish *wish)
{
    const struct show_target *current = show->coming.key ? &show->coming : &show->settled;
    bool interrupts = show->coming.key != 0;
    picture_release(show->retired);
    show->retired = NULL;
    /* A picture that was made anew in the middle of its slot fades in too. */
    bool fresh =
        wish->to.picture && (wish->to.key != current->key || wish->to.picture != current->picture);
    if (fresh)
        begin(show, wish);
    if (show->coming.key)
        advance(show, wish);
    struct show_frame frame = {.mix = {.mix = 1, .dim = 1}, .linear_mix = 1};
    if (!show->settled.picture && !show->coming.key) {
        frame.nothing = true;
        return frame;
    }
    frame.to_key = show->settled.key;
    frame.mix.to = view_at(&show->settled, wish->now_ms);
    frame.animating = moving(&show->settled, wish->now_ms);
    frame.playing = playing(&show->settled);
    if (!show->coming.key)
        return frame;
    frame.needs_freeze = fresh && interrupts && show->from_frozen;
    frame.mix.has_from = true;
    frame.mix.from_frozen = show->from_frozen;
    frame.mix.from = frame.mix.to;
    frame.mix.to = view_at(&show->coming, wish->now_ms);
    frame.mix.mix = ease(show->mix);
    frame.mix.linear = show->type == TRANSITION_DISSOLVE;
    frame.linear_mix = show->mix;
    frame.from_key = show->from_frozen ? 0 : show->settled.key;
    frame.to_key = show->coming.key;
    frame.animating = true;
    frame.playing = playing(&show->coming) || (!show->from_frozen && frame.playing);
    return frame;
}

void show_start(struct show *show, struct picture *picture, double now_ms)
{
    drop(&show->coming);
    struct show_target target = {
        .key = UINT64_MAX, .picture = picture, .start_ms = now_ms, .motion_ms = 1};
    keep(&show->settled, &target);
    show->bridging = show->from_frozen = false;
}

void show_finish(struct show *show)
{
    drop(&show->settled);
    drop(&show->coming);
    picture_release(show->retired);
    show->retired = NULL;
}
