#include "screen/show.h"

#include "screen/text_rise.h"

#include <math.h>

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

static void set_frozen_text(struct show *show, const struct show_text *text)
{
    struct picture *before = show->frozen_text.picture;
    bool is_seen = text && text->picture && text->picture->text && text->text.hidden < 1;
    show->frozen_text = is_seen ? *text : (struct show_text){0};
    picture_hold(show->frozen_text.picture);
    picture_release(before);
}

static void finish_transition(struct show *show)
{
    set_frozen_text(show, NULL);
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
    show->transition = (struct transition){.type = TRANSITION_CROSSFADE,
                                           .text_out = request->transition.text_out,
                                           .text_in = request->transition.text_in};
    show->mix = 0;
}

/* Whether the text of one picture stays where the other's comes. */
static bool is_same_text(struct show *show, const struct picture *a, const struct picture *b)
{
    if (!a || !b)
        return false;
    if (show->compared[0] != a->id || show->compared[1] != b->id)
        show->is_same_text = picture_has_same_text(a, b);
    show->compared[0] = a->id;
    show->compared[1] = b->id;
    return show->is_same_text;
}

/* A text that comes line by line does so by the show's own time, too. */
static void start_text_of_bridge(struct show *show)
{
    double fade_ms = show->transition.text_in * show->bridge_ms;
    show->incoming.text_start_ms = show->bridge_start_ms + show->bridge_ms - fade_ms;
    show->incoming.text_fade_ms = fade_ms;
}

/* Starts towards a new target: joins the programme's transition if that starts from what is on
 * screen, else bridges. */
static void begin_transition(struct show *show, const struct show_request *request)
{
    bool interrupted = show->incoming.key != 0;
    if (interrupted)
        set_frozen_text(show, &show->seen_text);
    show->retired = picture_hold(show->incoming.picture);
    set_target(&show->incoming, &request->to);
    /* Where the picture before can't be shown, what is on screen in its place fades out. */
    bool from_is_on = request->from.key == show->settled.key || !request->from.picture;
    if (!interrupted && request->has_from && from_is_on && request->mix <= JOIN_MIX_MAX) {
        show->bridging = show->from_frozen = false;
        show->transition = request->transition;
        show->mix = request->mix;
        return;
    }
    bool cut_on_time = request->transition.type == TRANSITION_CUT && !interrupted &&
                       request->now_ms - request->to.start_ms < 100;
    begin_bridge(show, request, interrupted);
    if (cut_on_time)
        show->bridge_ms = 0;
    start_text_of_bridge(show);
    if (cut_on_time && is_same_text(show, show->settled.picture, show->incoming.picture))
        show->incoming.text_start_ms = -INFINITY;
}

/* Lets the transition go on by the show's own time, from where it is. */
static void continue_as_bridge(struct show *show, const struct show_request *request)
{
    if (!show->bridging)
        show->bridge_ms = request->bridge_ms;
    show->bridging = true;
    show->bridge_start_ms = request->now_ms - show->mix * show->bridge_ms;
    start_text_of_bridge(show);
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

/* How a text that comes line by line is seen; one that has begun in the future, as after the clock went
 * back, stands in its place. */
static struct picture_text_view rising_text_at(const struct show_target *target, double now_ms,
                                               bool is_coming)
{
    double age_ms = now_ms - target->text_start_ms;
    const struct picture *picture = target->picture;
    if (!picture || !picture->text_rises || !picture->text || (age_ms < 0 && !is_coming) ||
        text_rise_is_over(picture->text, age_ms, target->text_fade_ms))
        return (struct picture_text_view){0};
    return (struct picture_text_view){
        .is_rising = true, .age_ms = age_ms, .fade_ms = target->text_fade_ms};
}

/* How the outgoing text is seen at the start of the transition; *view becomes that of its picture. */
static struct picture_text_view outgoing_text(const struct show *show, struct picture_view *view)
{
    const struct show_text *frozen = &show->frozen_text;
    if (!frozen->picture)
        return (struct picture_text_view){.hidden = show->from_frozen ? 1 : 0};
    /* Where the frozen frame is gone, another picture's text is not what was seen. */
    if (!show->from_frozen && view->picture != frozen->picture)
        return (struct picture_text_view){.hidden = 1};
    *view = (struct picture_view){frozen->picture, frozen->progress};
    return frozen->text;
}

/* Sets how the texts of a transition are seen: one goes before the other comes, whatever the pictures
 * do meanwhile; one that both have stays. */
static void place_texts(struct show *show, struct display_mix *mix, double now_ms)
{
    double leaving = transition_text_leaving(&show->transition, show->mix);
    struct picture_text_view *from = &mix->from_text, *to = &mix->to_text;
    *from = outgoing_text(show, &mix->from);
    double level = 1 - from->hidden;
    if (level > 0 && !from->is_rising && is_same_text(show, mix->from.picture, mix->to.picture)) {
        *from = (struct picture_text_view){.hidden = (1 - level) * leaving};
        *to = (struct picture_text_view){.hidden = 1};
        show->incoming.text_start_ms = -INFINITY;
        return;
    }
    from->hidden = 1 - level * leaving;
    *to = rising_text_at(&show->incoming, now_ms, true);
    if (!to->is_rising)
        to->hidden = 1 - transition_text_coming(&show->transition, show->mix);
}

/* Of the texts in a frame, the one that is seen: what goes on from here where this frame is frozen. */
static struct show_text seen_text_of(const struct show *show, const struct display_mix *mix)
{
    struct show_text seen = {show->incoming.picture, mix->to.progress, mix->to_text};
    if (seen.text.is_rising && seen.text.age_ms < 0)
        seen.text = (struct picture_text_view){.hidden = 1};
    if (mix->from_text.hidden >= seen.text.hidden)
        return seen;
    bool is_settled = mix->from.picture == show->settled.picture;
    return (struct show_text){
        .picture = is_settled ? show->settled.picture : show->frozen_text.picture,
        .progress = mix->from.progress,
        .text = mix->from_text,
    };
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
    frame.mix.to_text = rising_text_at(&show->settled, request->now_ms, false);
    /* One frame more shows it in its place, where it stays, also where the clock goes back. */
    bool is_rising = frame.mix.to_text.is_rising;
    if (!is_rising)
        show->settled.text_start_ms = -INFINITY;
    frame.animating =
        is_moving(&show->settled, request->now_ms) || is_rising || show->text_was_rising;
    show->text_was_rising = is_rising;
    frame.playing = is_playing(&show->settled);
    if (!show->incoming.key)
        return frame;
    frame.needs_freeze = is_new && interrupts && show->from_frozen;
    frame.mix.has_from = true;
    frame.mix.from_frozen = show->from_frozen;
    frame.mix.from = frame.mix.to;
    frame.mix.to = view_at(&show->incoming, request->now_ms);
    frame.mix.mix = transition_kinds[show->transition.type].ease(show->mix);
    frame.mix.transition = show->transition;
    place_texts(show, &frame.mix, request->now_ms);
    show->seen_text = seen_text_of(show, &frame.mix);
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
    set_frozen_text(show, NULL);
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
    set_frozen_text(show, NULL);
}
