#include "screen/show.h"

/* A transition of the programme that has come no further than this is joined; after that, the
 * picture gets a crossfade of its own (a bridge). */
#define JOIN_MIX_MAX 0.2
/* Instants of the show clock are exact to a quarter of a microsecond; a mix this close to its
 * end has reached it. */
#define WHOLE_MIX (1 - 1e-5)
#define HELD_PROGRESS 0.5

static void set_target(struct show_target *place, const struct show_target *target)
{
    picture_hold(target->picture);
    picture_release(place->picture);
    *place = *target;
}

static void clear_target(struct show_target *place)
{
    picture_release(place->picture);
    *place = (struct show_target){0};
}

static void finish_transition(struct show *show)
{
    picture_release(show->settled.picture);
    show->settled = show->incoming;
    show->incoming = (struct show_target){0};
    show->bridging = show->from_frozen = false;
}

static void begin_bridge(struct show *show, const struct show_request *request, bool from_frozen)
{
    show->bridging = true;
    show->from_frozen = from_frozen;
    show->bridge_start_ms = request->now_ms;
    show->bridge_ms = request->bridge_ms;
    show->type = TRANSITION_CROSSFADE;
    show->mix = 0;
}

/* Starts towards a new target: joins the programme's transition if that starts from what is on
 * screen, else bridges. */
static void begin_transition(struct show *show, const struct show_request *request)
{
    bool interrupted = show->incoming.key != 0;
    show->retired = picture_hold(show->incoming.picture);
    set_target(&show->incoming, &request->to);
    /* Where the picture before can't be shown, what is on screen in its place fades out. */
    bool from_is_on = request->from.key == show->settled.key || !request->from.picture;
    if (!interrupted && request->has_from && from_is_on && request->mix <= JOIN_MIX_MAX) {
        show->bridging = show->from_frozen = false;
        show->type = request->type;
        show->mix = request->mix;
        return;
    }
    bool cut_on_time = request->type == TRANSITION_CUT && !interrupted &&
                       request->now_ms - request->to.start_ms < 100;
    begin_bridge(show, request, interrupted);
    if (cut_on_time)
        show->bridge_ms = 0;
}

/* Lets the transition go on by the show's own time, from where it is. */
static void continue_as_bridge(struct show *show, const struct show_request *request)
{
    if (!show->bridging)
        show->bridge_ms = request->bridge_ms;
    show->bridging = true;
    show->bridge_start_ms = request->now_ms - show->mix * show->bridge_ms;
}

static void advance_transition(struct show *show, const struct show_request *request)
{
    /* The programme has left this transition, as after a swap, and its new picture is not ready;
     * or the clock went back. Finish what has begun. */
    if (!show->bridging && (request->to.key != show->incoming.key || request->mix < show->mix))
        continue_as_bridge(show, request);
    if (show->bridging) {
        /* Where the clock went back, the fade would take hours. */
        if (request->now_ms - show->bridge_start_ms < show->mix * show->bridge_ms)
            continue_as_bridge(show, request);
        double passed = request->now_ms - show->bridge_start_ms;
        show->mix = show->bridge_ms > 0 ? passed / show->bridge_ms : 1;
    } else {
        show->mix = request->has_from ? request->mix : 1;
    }
    if (show->mix >= WHOLE_MIX)
        finish_transition(show);
}

static struct picture_view view_at(const struct show_target *target, double now_ms)
{
    double progress = (now_ms - target->start_ms) / target->motion_ms;
    return (struct picture_view){target->picture,
                                 target->is_held ? target->held_progress : progress};
}

static void hold_motion(struct show_target *target, double now_ms, bool is_new)
{
    if (!target->picture || target->is_held)
        return;
    target->held_progress = is_new ? HELD_PROGRESS : view_at(target, now_ms).progress;
    target->is_held = true;
}

static bool is_moving(const struct show_target *target, double now_ms)
{
    double passed = now_ms - target->start_ms;
    return target->picture && !target->is_held && picture_moves(target->picture) &&
           passed < target->motion_ms;
}

static bool is_playing(const struct show_target *target)
{
    return target->picture && target->picture->playing;
}

/* Starts and ends gently; exact at 0, 1/2 and 1. */
static double ease(double mix)
{
    return mix * mix * (3 - 2 * mix);
}

struct show_frame show_step(struct show *show, const struct show_request *request)
{
    const struct show_target *current = show->incoming.key ? &show->incoming : &show->settled;
    bool interrupts = show->incoming.key != 0;
    picture_release(show->retired);
    show->retired = NULL;
    /* A picture that was replaced in the middle of its slot fades in, too. */
    bool is_new = request->to.picture &&
                  (request->to.key != current->key || request->to.picture != current->picture);
    if (is_new)
        begin_transition(show, request);
    if (show->is_still) {
        hold_motion(&show->settled, request->now_ms, false);
        hold_motion(&show->incoming, request->now_ms, is_new);
    }
    if (show->incoming.key)
        advance_transition(show, request);
    struct show_frame frame = {.mix = {.mix = 1, .dim = 1}, .linear_mix = 1};
    if (!show->settled.picture && !show->incoming.key) {
        frame.nothing = true;
        return frame;
    }
    frame.to_key = show->settled.key;
    frame.mix.to = view_at(&show->settled, request->now_ms);
    frame.animating = is_moving(&show->settled, request->now_ms);
    frame.playing = is_playing(&show->settled);
    if (!show->incoming.key)
        return frame;
    frame.needs_freeze = is_new && interrupts && show->from_frozen;
    frame.mix.has_from = true;
    frame.mix.from_frozen = show->from_frozen;
    frame.mix.from = frame.mix.to;
    frame.mix.to = view_at(&show->incoming, request->now_ms);
    frame.mix.mix = ease(show->mix);
    frame.mix.linear = show->type == TRANSITION_DISSOLVE;
    frame.linear_mix = show->mix;
    frame.from_key = show->from_frozen ? 0 : show->settled.key;
    frame.to_key = show->incoming.key;
    frame.animating = true;
    frame.playing = is_playing(&show->incoming) || (!show->from_frozen && frame.playing);
    return frame;
}

uint64_t show_visuals_key(const struct display_mix *mix)
{
    const struct frame *from =
        mix->has_from && !mix->from_frozen ? mix->from.picture->visual : NULL;
    const struct frame *to = mix->to.picture ? mix->to.picture->visual : NULL;
    uint64_t key = to ? to->id : 0;
    return from ? key ^ from->id * 0x9e3779b97f4a7c15u : key;
}

bool show_needs_refresh(const struct show_frame *frame)
{
    const struct display_mix *mix = &frame->mix;
    return frame->animating || (mix->to.picture && mix->to.picture->playing) ||
           (mix->has_from && !mix->from_frozen && mix->from.picture->playing);
}

void show_start(struct show *show, struct picture *picture, double now_ms)
{
    clear_target(&show->incoming);
    struct show_target target = {
        .key = UINT64_MAX, .picture = picture, .start_ms = now_ms, .motion_ms = 1};
    set_target(&show->settled, &target);
    show->bridging = show->from_frozen = false;
}

void show_finish(struct show *show)
{
    clear_target(&show->settled);
    clear_target(&show->incoming);
    picture_release(show->retired);
    show->retired = NULL;
}
