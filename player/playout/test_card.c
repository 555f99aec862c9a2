#include "playout/test_card.h"

#include "base/clock.h"
#include "base/log.h"
#include "playout/worker_jobs.h"
#include "screen/canvas_frame.h"
#include "screen/test_card_clock.h"
#include "screen/test_card_paint.h"

#include <math.h>
#include <stdlib.h>

#define LOG_MODULE "test_card"

#define TEXT_MARGIN_PART 0.055 /* of a worker's canvas: tagline_fit.c */
#define TEXT_HEIGHT_PART 0.45  /* of it that a text at its top may fill */

/* A text that is being set, or was. */
struct card_text {
    struct picture_client *client;
    struct frame *frame;
    bool is_done;
    int origin_x, origin_y; /* where its worker's canvas lies on the card */
};

struct test_card {
    struct test_card_plan plan;
    int rotation, screen_width_px, screen_height_px;
    int64_t limit_ms;
    struct card_text texts[TEST_CARD_TEXTS_MAX];
    struct test_card_glyphs glyphs;
    bool has_glyphs;
    struct frame *ground;    /* all but the clock */
    struct picture *picture; /* handed out last */
};

static struct canvas create_canvas(int width_px, int height_px)
{
    struct canvas canvas = {NULL, (size_t)width_px * 4, width_px, height_px};
    canvas.pixels = malloc(canvas.stride_bytes * (size_t)height_px);
    return canvas;
}

/* A frame of a drawing that was made upright: turned for the screen. Takes over the pixels. */
static struct frame *create_turned_frame(const struct test_card *card, struct canvas *upright,
                                         struct layout_box box, bool opaque)
{
    struct layout_box at =
        layout_rotate_box(box, card->rotation, card->plan.width_px, card->plan.height_px);
    if (card->rotation == 0 || !upright->pixels)
        return canvas_frame_create(upright, at, opaque);
    struct canvas turned = create_canvas(at.width, at.height);
    if (turned.pixels)
        test_card_turn(&turned, upright, card->rotation);
    free(upright->pixels);
    return canvas_frame_create(&turned, at, opaque);
}

/* Draws the card with the texts that are there. What there was stays where there is no memory. */
static void draw_ground(struct test_card *card)
{
    const struct test_card_plan *plan = &card->plan;
    struct canvas canvas = create_canvas(plan->width_px, plan->height_px);
    if (!canvas.pixels)
        return;
    test_card_paint(plan, &canvas);
    for (int i = 0; i < plan->text_count; i++) {
        const struct card_text *text = &card->texts[i];
        if (text->frame && !plan->texts[i].is_glyphs)
            test_card_paint_text(&canvas, text->frame, text->origin_x + text->frame->at.x,
                                 text->origin_y + text->frame->at.y);
    }
    struct layout_box whole = {0, 0, plan->width_px, plan->height_px};
    struct frame *ground = create_turned_frame(card, &canvas, whole, true);
    if (!ground)
        return;
    frame_release(card->ground);
    card->ground = ground;
}

struct test_card *test_card_create(const struct test_card_config *config, struct err *err)
{
    struct test_card *card = calloc(1, sizeof *card);
    int width_px = config->screen_width_px, height_px = config->screen_height_px;
    if (!card) {
        err_oom(err);
        return NULL;
    }
    card->rotation = config->rotation;
    card->limit_ms = config->limit_ms;
    card->screen_width_px = width_px;
    card->screen_height_px = height_px;
    layout_rotate_size(config->rotation, &width_px, &height_px);
    test_card_plan_make(&card->plan, width_px, height_px, &config->facts);
    draw_ground(card);
    if (card->ground)
        return card;
    test_card_destroy(card);
    err_oom(err);
    return NULL;
}

void test_card_destroy(struct test_card *card)
{
    if (!card)
        return;
    for (int i = 0; i < TEST_CARD_TEXTS_MAX; i++) {
        picture_client_stop(card->texts[i].client);
        frame_release(card->texts[i].frame);
    }
    picture_release(card->picture);
    frame_release(card->ground);
    free(card);
}

/* The worker's canvas is as large as makes its own margins and limits those of the box. */
static struct picture_client *start_text(struct test_card *card, int index, struct err *err)
{
    static const enum text_align aligns[] = {
        [TEST_CARD_LEFT] = TEXT_ALIGN_START,
        [TEST_CARD_CENTER] = TEXT_ALIGN_CENTER,
        [TEST_CARD_RIGHT] = TEXT_ALIGN_END,
    };
    const struct test_card_text *text = &card->plan.texts[index];
    struct worker_jobs_canvas canvas = {
        .width_px = (int)ceil(text->box.width / (1 - 2 * TEXT_MARGIN_PART)) + 2,
        .height_px = (int)ceil(text->box.height / TEXT_HEIGHT_PART) + 2,
        .limit_ms = card->limit_ms,
    };
    if (canvas.width_px < text->size_px + 16)
        canvas.width_px = text->size_px + 16;
    if (canvas.height_px < canvas.width_px)
        canvas.height_px = canvas.width_px;
    const struct playlist_style style = {
        .name = "",
        .weight = text->bold ? PLAYLIST_WEIGHT_BOLD : PLAYLIST_WEIGHT_REGULAR,
        .text = {.size = (double)text->size_px / canvas.width_px,
                 .color = text->color,
                 .align = aligns[text->align],
                 .opacity = 1},
    };
    const struct playlist_text words = {.language = text->language, .text = text->text};
    int margin = (int)ceil(TEXT_MARGIN_PART * canvas.width_px);
    card->texts[index].origin_x = text->box.x - (canvas.width_px - text->box.width) / 2;
    if (text->align == TEST_CARD_LEFT)
        card->texts[index].origin_x = text->box.x - margin;
    card->texts[index].origin_y = text->box.y - margin;
    return worker_jobs_start_words(&canvas, &style, &words, false, err);
}

static void take_frame(struct test_card *card, int index)
{
    struct card_text *text = &card->texts[index];
    text->frame = picture_client_take(text->client);
    if (card->plan.texts[index].is_glyphs && text->frame)
        card->has_glyphs = test_card_cut_glyphs(&card->glyphs, text->frame);
}

/* True while it is being set. */
static bool poll_text(struct test_card *card, int index)
{
    struct err err = {0};
    struct card_text *text = &card->texts[index];
    enum picture_client_state state = picture_client_poll(text->client, clock_mono_ns(), &err);
    if (state == PICTURE_CLIENT_PENDING)
        return true;
    if (state == PICTURE_CLIENT_READY)
        take_frame(card, index);
    else
        log_warn("cannot set a text of the test card language=%s reason=\"%s\"",
                 card->plan.texts[index].language, err.text);
    picture_client_stop(text->client);
    text->client = NULL;
    text->is_done = true;
    return false;
}

bool test_card_poll(struct test_card *card)
{
    struct err err = {0};
    int running = 0, left = 0;
    bool has_changed = false;
    for (int i = 0; i < card->plan.text_count; i++)
        if (card->texts[i].client) {
            bool runs = poll_text(card, i);
            running += runs;
            has_changed |= !runs;
        }
    for (int i = 0; i < card->plan.text_count; i++) {
        struct card_text *text = &card->texts[i];
        if (!text->is_done && !text->client && running < TEST_CARD_FDS_MAX) {
            text->client = start_text(card, i, &err);
            text->is_done = !text->client;
            running += !text->is_done;
            if (text->is_done)
                log_warn("cannot set a text of the test card language=%s reason=\"%s\"",
                         card->plan.texts[i].language, err.text);
        }
        left += !text->is_done;
    }
    if (left == 0 && has_changed)
        draw_ground(card);
    return left > 0;
}

int test_card_poll_fds(const struct test_card *card, struct pollfd *fds, int64_t *deadline_ns)
{
    int count = 0;
    for (int i = 0; i < card->plan.text_count; i++) {
        const struct picture_client *client = card->texts[i].client;
        if (!client)
            continue;
        fds[count++] = (struct pollfd){.fd = picture_client_fd(client), .events = POLLIN};
        *deadline_ns = clock_earlier_ns(*deadline_ns, picture_client_deadline_ns(client));
    }
    return count;
}

struct picture *test_card_picture(struct test_card *card, int64_t local_ms)
{
    const struct test_card_plan *plan = &card->plan;
    struct frame *clock = NULL;
    if (plan->clock.width > 0) {
        struct canvas canvas = create_canvas(plan->clock.width, plan->clock.height);
        if (canvas.pixels)
            test_card_paint_clock(plan, card->has_glyphs ? &card->glyphs : NULL, &canvas, local_ms);
        clock = create_turned_frame(card, &canvas, plan->clock, false);
    }
    struct picture *picture = picture_create(TEST_CARD_INK, frame_hold(card->ground), clock);
    if (!picture)
        return NULL;
    picture_release(card->picture);
    card->picture = picture;
    return picture;
}
