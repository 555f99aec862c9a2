#include "screen/display_kms.h"

#include "base/clock.h"
#include "base/log.h"
#include "screen/canvas_frame.h"
#include "screen/cec.h"
#include "screen/console.h"
#include "screen/cpu_drawing.h"
#include "screen/display_driver.h"
#include "screen/hotplug.h"
#include "screen/kms_session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "display_kms"

#define FLIP_LIMIT_NS INT64_C(1000000000)
#define MODE_TRIES_MAX 24

/* A flip that was asked for. Its number comes back with its events: those of another process, which
 * ended before they came, are told by it. */
struct flip {
    union {
        uintptr_t number;
        void *context; /* as libdrm has it */
    } id;
    int pending;      /* outputs that have not shown it yet */
    int64_t stamp_ns; /* the last one's */
};

/* What outlives a display. */
static struct {
    bool started;
    struct console console;
    bool leaving;            /* another terminal was asked for, and waits for this display's end */
    struct hotplug *hotplug; /* NULL: it does not work here */
    struct kms_session held;
    struct flip flip;
} session;

struct display_kms {
    struct display display;
    struct cpu_drawing drawing;
    struct display_wish wish;
    struct kms_output outputs[KMS_OUTPUTS_MAX];
    int output_count;
    int width_px, height_px; /* of all outputs together */
    struct kms_buffers buffers;
    int back; /* the buffer that is drawn next */
    bool off; /* the monitors' power */
};

/* ---- modes ---- */

static const struct kms_connector *connector_of(const struct kms_output *output)
{
    return kms_plan_find_connector(&session.held.card, output->name);
}

/* The part of the picture that a buffer shows. */
static struct cpu_target target_in(const struct display_kms *kms, const struct canvas *memory)
{
    return cpu_target_on_wall(memory, &kms->wish.canvas);
}

/* Draws a canvas over all of one of another size. Nothing when out of memory. */
static void draw_scaled(const struct canvas *to, const struct canvas *from)
{
    struct canvas copy;
    if (!cpu_canvas_init(&copy, from->width_px, from->height_px, NULL))
        return;
    compose_copy(&copy, from); /* once: a card's memory is slow to read */
    struct frame *frame = canvas_frame_create_covering(&copy, to->width_px, to->height_px);
    struct picture *picture = frame ? picture_create(0, frame, NULL) : NULL;
    if (picture)
        compose_picture(to, &(struct picture_view){picture, 0});
    picture_release(picture);
}

/* Draws what is on screen now, so that nothing is seen of another framebuffer or mode. */
static void draw_shown(const struct display_kms *kms, const struct canvas *memory)
{
    struct canvas shown = kms->buffers.buffers[0].handle
                              ? kms->buffers.buffers[1 - kms->back].canvas
                              : kms_session_picture(&session.held);
    if (!shown.pixels)
        return;
    struct canvas from = target_in(kms, &shown).canvas, to = target_in(kms, memory).canvas;
    if (from.width_px == to.width_px && from.height_px == to.height_px)
        compose_copy(&to, &from);
    else
        draw_scaled(&to, &from);
}

/* Sets the modes of the first `count` outputs, with new buffers of their size. Modes that are set
 * already stay as they are, without a flicker. */
static MUST_CHECK bool try_modes(struct display_kms *kms, int count, struct err *err)
{
    struct kms_buffers buffers;
    kms_plan_place(kms->outputs, count, &kms->width_px, &kms->height_px);
    if (!kms_buffers_init(&buffers, &session.held.card, kms->width_px, kms->height_px, err))
        return false;
    draw_shown(kms, &buffers.buffers[0].canvas);
    if (!kms_commit_modes(&session.held.card, kms->outputs, count,
                          buffers.buffers[0].framebuffer_id, err)) {
        kms_buffers_finish(&buffers, &session.held.card);
        return false;
    }
    session.held.modes_set = true;
    kms_session_drop_pictures(&session.held);
    kms_buffers_finish(&kms->buffers, &session.held.card);
    kms->buffers = buffers;
    kms->back = 1;
    return true;
}

static bool is_refusal(const struct err *err)
{
    return err->code == ERR_INPUT || err->code == ERR_LIMIT;
}

/* Adds the output at `index` to those before it, in the first mode that the driver takes. */
static MUST_CHECK bool add_output(struct display_kms *kms, int index, struct err *err)
{
    struct kms_output *output = &kms->outputs[index];
    const struct kms_connector *connector = connector_of(output);
    const struct display_mode *wish = &kms->wish.mode;
    const drmModeModeInfo *mode;
    for (output->choice = 0; output->choice < MODE_TRIES_MAX; output->choice++) {
        struct err refused = {0};
        mode = kms_plan_mode(connector, wish, output->choice);
        if (!mode)
            break;
        output->mode = *mode;
        if (try_modes(kms, index + 1, &refused))
            return true;
        if (!is_refusal(&refused) || kms_card_is_gone(&session.held.card, &refused)) {
            if (err)
                *err = refused;
            return false;
        }
        log_warn("mode refused, trying the next connector=%s mode=%dx%d refresh_hz=%.2f "
                 "reason=\"%s\"",
                 output->name, mode->hdisplay, mode->vdisplay, kms_mode_hz(mode), refused.text);
    }
    return err_set(err, ERR_SYSTEM, "the driver %s refused all modes of the monitor on %s",
                   session.held.card.driver, output->name);
}

/* Sets the first choice of each output, all of them in one step: where they are set already, as by
 * the process before, no output goes dark for a moment. */
static MUST_CHECK bool set_first_choices(struct display_kms *kms, struct err *err)
{
    for (int i = 0; i < kms->output_count; i++) {
        struct kms_output *output = &kms->outputs[i];
        const drmModeModeInfo *mode = kms_plan_mode(connector_of(output), &kms->wish.mode, 0);
        if (!mode)
            return err_set(err, ERR_INPUT, "%s has no mode", output->name);
        output->mode = *mode;
        output->choice = 0;
    }
    return try_modes(kms, kms->output_count, err);
}

static MUST_CHECK bool set_modes(struct display_kms *kms, struct err *err)
{
    struct err refused = {0};
    bool together = kms->output_count > 1;
    if (together && set_first_choices(kms, &refused))
        return true;
    if (together && !is_refusal(&refused)) {
        if (err)
            *err = refused;
        return false;
    }
    for (int i = 0; i < kms->output_count; i++)
        if (!add_output(kms, i, err))
            return false;
    return true;
}

static void log_missing_modes(const struct display_kms *kms)
{
    const struct display_mode *wish = &kms->wish.mode;
    for (int i = 0; i < kms->output_count; i++)
        if (wish->width_px && !kms_plan_has_mode(connector_of(&kms->outputs[i]), wish))
            log_warn("monitor has no such mode, using its own connector=%s mode=%dx%d "
                     "refresh_hz=%.2f",
                     kms->outputs[i].name, wish->width_px, wish->height_px, wish->hz);
}

static void log_missing_outputs(const struct display_kms *kms)
{
    for (int i = 0; i < kms->wish.connector_count; i++) {
        const char *name = kms->wish.connectors[i];
        bool used = false;
        for (int k = 0; k < kms->output_count; k++)
            used |= strcmp(kms->outputs[k].name, name) == 0;
        if (!used)
            log_warn("output has no monitor, its part of the picture is not shown connector=%s",
                     name);
    }
}

static void describe_outputs(struct display_kms *kms)
{
    struct display *display = &kms->display;
    display->output_count = kms->output_count;
    for (int i = 0; i < kms->output_count; i++) {
        const struct kms_output *output = &kms->outputs[i];
        struct display_output *own = &display->outputs[i];
        *own = (struct display_output){
            .width_px = output->mode.hdisplay,
            .height_px = output->mode.vdisplay,
            .refresh_hz = kms_mode_hz(&output->mode),
            .width_mm = output->width_mm,
            .height_mm = output->height_mm,
        };
        SDL_strlcpy(own->connector, output->name, sizeof own->connector);
        edid_describe(&output->monitor, own->monitor, sizeof own->monitor);
        if (i == 0 || own->refresh_hz < display->refresh_hz) /* all wait for the slowest */
            display->refresh_hz = own->refresh_hz;
    }
}

/* Without a vertical blank, as on virtio-gpu, a flip is done as soon as it is asked for. */
static bool has_vertical_blank(const struct kms_output *output)
{
    uint64_t sequence, stamp_ns;
    return session.held.card.calls->get_sequence(session.held.card.fd, output->crtc_id, &sequence,
                                                 &stamp_ns) == 0;
}

static void set_size(struct display_kms *kms)
{
    const struct display_canvas *canvas = &kms->wish.canvas;
    kms->display.width_px = canvas->width_px ? canvas->width_px : kms->width_px;
    kms->display.height_px = canvas->width_px ? canvas->height_px : kms->height_px;
    cpu_drawing_resize(&kms->drawing, kms->display.width_px, kms->display.height_px);
}

/* The picture of the process before, as it is on screen now. */
static void take_inherited(struct display_kms *kms)
{
    struct canvas *picture = &session.held.inherited.picture;
    if (picture->pixels) {
        const struct canvas *memory = &kms->buffers.buffers[0].canvas;
        struct cpu_target part = target_in(kms, memory);
        struct canvas from = target_in(kms, picture).canvas;
        struct frame *frame =
            canvas_frame_create_covering(&from, part.canvas.width_px, part.canvas.height_px);
        picture->pixels = NULL;
        if (frame) {
            frame->at.x += part.x_px;
            frame->at.y += part.y_px;
            kms->display.inherited = picture_create(0, frame, NULL);
        }
    }
    kms_inherited_finish(&session.held.inherited);
}

static MUST_CHECK bool open_outputs(struct display_kms *kms, struct err *err)
{
    if (!kms_card_become_master(&session.held.card, err) ||
        !kms_commit_prepare(&session.held.card, kms->outputs, kms->output_count, err))
        return false;
    log_missing_modes(kms);
    if (!set_modes(kms, err))
        return false;
    set_size(kms);
    take_inherited(kms);
    describe_outputs(kms);
    log_missing_outputs(kms);
    kms->display.waits = has_vertical_blank(&kms->outputs[0]);
    snprintf(kms->display.name, sizeof kms->display.name, "kms %s %s", session.held.card.driver,
             session.held.card.atomic ? "atomic" : "legacy");
    return true;
}

/* A card whose outputs can't be used is closed: whoever opens it when nobody else has it is its
 * master. One without a monitor is kept. */
static MUST_CHECK bool find_and_open(struct display_kms *kms, struct err *err)
{
    kms->output_count =
        kms_session_find_outputs(&session.held, &kms_calls_libdrm, &kms->wish, kms->outputs, err);
    if (kms->output_count == 0)
        return false;
    if (open_outputs(kms, err))
        return true;
    kms_buffers_finish(&kms->buffers, &session.held.card);
    kms_session_close(&session.held, false);
    return false;
}

/* ---- frames ---- */

static MUST_CHECK bool kms_draw(struct display *display, const struct display_mix *mix,
                                struct err *err)
{
    struct display_kms *kms = (struct display_kms *)display;
    struct cpu_target target = target_in(kms, &kms->buffers.buffers[kms->back].canvas);
    target.write_only = true;
    if (kms->off)
        return err_set(err, ERR_SYSTEM, "the monitor is turned off");
    cpu_drawing_note_shown(&kms->drawing, mix);
    return cpu_drawing_draw(&kms->drawing, mix, &target, err);
}

/* The stamp is when the first line of the new picture left for the monitor. */
static void note_flip(int fd, unsigned sequence, unsigned seconds, unsigned microseconds,
                      unsigned crtc_id, void *context)
{
    struct flip *flip = &session.flip;
    int64_t stamp_ns = (int64_t)seconds * 1000000000 + (int64_t)microseconds * 1000;
    (void)fd;
    (void)sequence;
    (void)crtc_id;
    if (context != flip->id.context)
        return;
    flip->pending--;
    if (stamp_ns > flip->stamp_ns)
        flip->stamp_ns = stamp_ns;
}

static MUST_CHECK bool await_flip(struct flip *flip, int64_t begun_ns, struct err *err)
{
    const struct kms_calls *calls = session.held.card.calls;
    drmEventContext events = {.version = 3, .page_flip_handler2 = note_flip};
    while (flip->pending > 0) {
        int64_t left_ns = begun_ns + FLIP_LIMIT_NS - clock_mono_ns();
        struct pollfd ready = {session.held.card.fd, POLLIN, 0};
        if (left_ns <= 0)
            return err_set(err, ERR_TIMEOUT, "no refresh for a second (driver %s)",
                           session.held.card.driver);
        int count = calls->poll(&ready, 1, (int)(left_ns / 1000000) + 1);
        if (count < 0 && errno != EINTR)
            return err_set_errno(err, ERR_SYSTEM, errno, "cannot wait for the refresh");
        if (count > 0 && !(ready.revents & POLLIN))
            return err_set(err, ERR_SYSTEM, "card%d is gone", session.held.card.index);
        if (count > 0 && calls->handle_event(session.held.card.fd, &events) != 0)
            return err_set(err, ERR_SYSTEM, "card%d is gone", session.held.card.index);
    }
    return true;
}

static MUST_CHECK bool kms_present(struct display *display, struct err *err)
{
    struct display_kms *kms = (struct display_kms *)display;
    int64_t begun_ns = clock_mono_ns();
    if (kms->off)
        return err_set(err, ERR_SYSTEM, "the monitor is turned off");
    session.flip = (struct flip){.id.number = (uintptr_t)begun_ns, .pending = kms->output_count};
    if (!kms_commit_flip(&session.held.card, kms->outputs, kms->output_count,
                         kms->buffers.buffers[kms->back].framebuffer_id, session.flip.id.context,
                         err) ||
        !await_flip(&session.flip, begun_ns, err))
        return false;
    kms->back = (kms->back + 1) % KMS_BUFFERS;
    /* A stamp of another clock, or none. */
    int64_t stamp_ns = session.flip.stamp_ns;
    bool believable = session.held.card.monotonic && stamp_ns > begun_ns - FLIP_LIMIT_NS &&
                      stamp_ns < begun_ns + 2 * FLIP_LIMIT_NS;
    display->presented_ns = believable ? stamp_ns : 0;
    return true;
}

static bool kms_resize(struct display *display)
{
    (void)display;
    return false;
}

static MUST_CHECK bool kms_freeze(struct display *display, struct err *err)
{
    return cpu_drawing_freeze(&((struct display_kms *)display)->drawing, err);
}

static void kms_prepare(struct display *display, const struct picture *picture)
{
    /* The frames are in memory already: nothing to upload. */
    (void)display;
    (void)picture;
}

static MUST_CHECK bool kms_capture(struct display *display, const struct display_mix *mix,
                                   const struct canvas *canvas, struct err *err)
{
    const struct cpu_target target = {.canvas = *canvas};
    return cpu_drawing_draw(&((struct display_kms *)display)->drawing, mix, &target, err);
}

static MUST_CHECK bool kms_set_power(struct display *display, bool on, struct err *err)
{
    struct display_kms *kms = (struct display_kms *)display;
    if (!kms_commit_power(&session.held.card, kms->outputs, kms->output_count, on, err))
        return false;
    kms->off = !on;
    cec_start_telling(on);
    return true;
}

/* ---- from one display to the next ---- */

static void leave_console(void)
{
    kms_session_close(&session.held, false);
    session.leaving = false;
    console_leave(&session.console);
}

static void kms_destroy(struct display *display)
{
    struct display_kms *kms = (struct display_kms *)display;
    cpu_drawing_finish(&kms->drawing);
    if (kms->buffers.buffers[0].handle) {
        kms_buffers_finish(&session.held.left, &session.held.card);
        session.held.left = kms->buffers;
        session.held.left_shown = 1 - kms->back;
    }
    free(kms);
    if (session.leaving)
        leave_console();
}

static void start_session(const struct display_config *config)
{
    struct err err = {0};
    if (session.started)
        return;
    session.started = true;
    if (!console_take(&session.console, config->keyboard, &err))
        log_warn("cannot take the console, its text may show reason=\"%s\"", err.text);
    session.hotplug = hotplug_start(&err);
    if (!session.hotplug)
        log_warn("cannot notice when monitors are plugged in reason=\"%s\"", err.text);
}

struct display *display_kms_create(const struct display_config *config, struct err *err)
{
    static const struct display_driver driver = {.draw = kms_draw,
                                                 .present = kms_present,
                                                 .resize = kms_resize,
                                                 .freeze = kms_freeze,
                                                 .prepare = kms_prepare,
                                                 .capture = kms_capture,
                                                 .set_power = kms_set_power,
                                                 .destroy = kms_destroy};
    start_session(config);
    if (session.console.away) {
        kms_session_close(&session.held, false);
        err_set(err, ERR_SYSTEM, "the console shows another terminal than tty%d, the player's",
                session.console.number);
        return NULL;
    }
    struct display_kms *kms = calloc(1, sizeof *kms);
    if (!kms) {
        err_oom(err);
        return NULL;
    }
    kms->display.driver = &driver;
    kms->display.is_kms = true;
    kms->wish = config->wish;
    if (!find_and_open(kms, err)) {
        kms_destroy(&kms->display);
        return NULL;
    }
    return &kms->display;
}

/* ---- news ---- */

int display_kms_poll_fds(struct pollfd *fds)
{
    int count = console_poll_fds(&session.console, fds);
    if (session.hotplug)
        fds[count++] = (struct pollfd){hotplug_fd(session.hotplug), POLLIN, 0};
    return count;
}

static bool is_same_mode(const drmModeModeInfo *a, const drmModeModeInfo *b)
{
    return a->hdisplay == b->hdisplay && a->vdisplay == b->vdisplay && a->clock == b->clock &&
           a->htotal == b->htotal && a->vtotal == b->vtotal && a->flags == b->flags;
}

/* What is not as it was when the output was opened; NULL: all is. */
static const char *output_change(const struct display_kms *kms, const struct kms_output *output)
{
    const struct kms_connector *connector = connector_of(output);
    if (!connector || (!connector->connected && !connector->unsure))
        return "was unplugged";
    if (connector->monitor_hash != output->monitor_hash)
        return "has another monitor";
    const drmModeModeInfo *mode = kms_plan_mode(connector, &kms->wish.mode, output->choice);
    if (!mode || !is_same_mode(mode, &output->mode))
        return "has other modes";
    return connector->link_bad ? "has a cable that does not carry the mode" : NULL;
}

static bool have_outputs_changed(const struct display_kms *kms, struct err *why)
{
    if (!kms_card_read_connectors(&session.held.card, why))
        return true;
    for (int i = 0; i < kms->output_count; i++) {
        const char *change = output_change(kms, &kms->outputs[i]);
        if (change) {
            err_set(why, ERR_SYSTEM, "%s %s", kms->outputs[i].name, change);
            return true;
        }
    }
    struct kms_output outputs[KMS_OUTPUTS_MAX];
    if (kms_plan_outputs(&session.held.card, &kms->wish, outputs, NULL) > kms->output_count) {
        err_set(why, ERR_SYSTEM, "an output that had no monitor has one");
        return true;
    }
    return false;
}

static enum display_news leave(struct display *display, struct err *why)
{
    session.leaving = true;
    if (!display) {
        leave_console();
        return DISPLAY_NO_NEWS;
    }
    err_set(why, ERR_SYSTEM, "somebody switched to another terminal");
    return DISPLAY_CHANGED;
}

enum display_news display_kms_read_news(struct display *display, struct err *why)
{
    switch (console_read(&session.console)) {
    case CONSOLE_LEAVES:
        return leave(display, why);
    case CONSOLE_IS_BACK:
        return DISPLAY_LOOK_AGAIN;
    case CONSOLE_END:
        return DISPLAY_END;
    case CONSOLE_NOTHING:
        break;
    }
    if (!session.hotplug || !hotplug_read(session.hotplug))
        return DISPLAY_NO_NEWS;
    if (!display)
        return DISPLAY_LOOK_AGAIN;
    return have_outputs_changed((const struct display_kms *)display, why) ? DISPLAY_CHANGED
                                                                          : DISPLAY_NO_NEWS;
}

void display_kms_keep_card(const struct card_keeper *keeper, int inherited)
{
    session.held.keeper = keeper;
    if (inherited >= 0)
        kms_session_inherit(&session.held, &kms_calls_libdrm, inherited);
}

bool display_kms_has_picture(void)
{
    return session.held.has_card && session.held.inherited.picture.pixels;
}

void display_kms_close_card(void)
{
    kms_session_close(&session.held, true);
}

/* The console of a picture that stays is left alone: text would be seen at once. */
void display_kms_quit(void)
{
    cec_finish();
    bool stays = kms_session_end(&session.held);
    if (!session.started)
        return;
    if (stays)
        console_abandon(&session.console);
    else
        console_give_back(&session.console);
    hotplug_stop(session.hotplug);
    session.hotplug = NULL;
    session.started = false;
}
