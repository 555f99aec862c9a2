#include "screen/cpu_drawing.h"

#include "screen/compose_text.h"
#include "screen/mix.h"

#include <math.h>
#include <stdlib.h>

#define STRIP_ROWS 16 /* mixed at a time where texts or dimming follow: stays in the cache */

bool cpu_canvas_init(struct canvas *canvas, int width_px, int height_px, struct err *err)
{
    canvas->width_px = width_px;
    canvas->height_px = height_px;
    canvas->stride_bytes = ((size_t)width_px * 4 + 63) / 64 * 64;
    canvas->pixels = aligned_alloc(64, canvas->stride_bytes * (size_t)height_px);
    return canvas->pixels || err_oom(err);
}

static struct cpu_drawing_content content_of_view(const struct picture_view *view)
{
    const struct frame *visual = view->picture->visual;
    struct cpu_drawing_content content = {.picture = view->picture->id};
    if (visual) {
        content.visual = visual->id;
        content.crop = picture_crop(view);
    }
    return content;
}

#define STEP_PX 0.5

static bool differs_visibly(double a, double b, double whole, int place_px)
{
    return fabs(a - b) / whole * place_px >= STEP_PX;
}

/* Whether a motion has come far enough to be drawn again. A film with a motion is drawn with
 * each of its frames, as if a camera moved: between these half a pixel is not seen, and sampling
 * is what costs most. Everything else is drawn at each refresh. */
static bool has_moved(const struct picture *picture, struct layout_rect a, struct layout_rect b)
{
    if (!picture_moves(picture) || !picture->playing)
        return picture_moves(picture);
    const struct layout_box *at = &picture->visual->at;
    return differs_visibly(a.x, b.x, b.width, at->width) ||
           differs_visibly(a.x + a.width, b.x + b.width, b.width, at->width) ||
           differs_visibly(a.y, b.y, b.height, at->height) ||
           differs_visibly(a.y + a.height, b.y + b.height, b.height, at->height);
}

static bool side_shows(const struct cpu_drawing_content *content, const struct picture *picture,
                       const struct cpu_drawing_content *needed)
{
    return content->picture == needed->picture && content->visual == needed->visual &&
           !has_moved(picture, content->crop, needed->crop);
}

/* Without the text, which is a plane of its own. */
static MUST_CHECK bool draw_view_into(const struct canvas *canvas, struct cpu_drawing_side *side,
                                      const struct picture_view *view, struct err *err)
{
    const struct picture bare = picture_without_text(view->picture);
    if (compose_view(canvas, &(struct picture_view){&bare, view->progress}, &side->buffers))
        return true;
    side->content.picture = 0;
    return err_oom(err);
}

static MUST_CHECK bool draw_side(struct cpu_drawing_side *side, const struct cpu_drawing *drawing,
                                 const struct picture_view *view, struct err *err)
{
    if (!side->canvas.pixels &&
        !cpu_canvas_init(&side->canvas, drawing->width_px, drawing->height_px, err))
        return false;
    const struct cpu_drawing_content needed = content_of_view(view);
    if (side_shows(&side->content, view->picture, &needed))
        return true;
    side->content = needed;
    return draw_view_into(&side->canvas, side, view, err);
}

/* The side that has drawn the picture already, else the one that is not taken. */
static struct cpu_drawing_side *find_side(struct cpu_drawing *drawing,
                                          const struct picture *picture,
                                          const struct cpu_drawing_side *taken)
{
    for (int i = 0; i < 2; i++)
        if (drawing->sides[i].content.picture == picture->id && &drawing->sides[i] != taken)
            return &drawing->sides[i];
    return taken == &drawing->sides[0] ? &drawing->sides[1] : &drawing->sides[0];
}

/* What is written into a target: `to`, or a mix of two; above it texts; all dimmed. Canvases are the
 * whole screen. */
struct mixture {
    struct canvas from, to; /* from.pixels NULL: `to` alone */
    struct mix mix;
    double dim;
    struct {
        const struct picture *picture; /* NULL: none */
        const struct picture_text_view *view;
    } texts[2];
    int x_px, y_px;     /* where the target is on the screen */
    bool is_write_only; /* the target: never read */
};

/* All pixels of the screen that a text touches; a width of 0: none. */
static struct layout_box text_box(const struct mixture *mixture, int text)
{
    if (!mixture->texts[text].picture)
        return (struct layout_box){0};
    return compose_text_box(mixture->texts[text].picture, mixture->texts[text].view);
}

/* Some rows of the target, of which `row` is the first. */
static void mix_pictures(const struct mixture *mixture, const struct canvas *rows, int row)
{
    int x = mixture->x_px, y = mixture->y_px + row;
    if (rows->width_px < 1 || rows->height_px < 1)
        return;
    if (mixture->from.pixels) {
        mix_draw(&mixture->mix, rows, x, y, &mixture->from, &mixture->to);
        return;
    }
    struct canvas to = canvas_part(&mixture->to, x, y, rows->width_px, rows->height_px);
    compose_copy(rows, &to);
}

static void draw_texts(const struct mixture *mixture, const struct canvas *rows, int row)
{
    for (int i = 0; i < 2; i++)
        if (mixture->texts[i].picture)
            compose_text(rows, mixture->x_px, mixture->y_px + row, mixture->texts[i].picture,
                         mixture->texts[i].view);
}

/* Whether texts touch some rows of the target. */
static bool have_text(const struct mixture *mixture, int first_row, int end_row)
{
    for (int i = 0; i < 2; i++) {
        struct layout_box box = text_box(mixture, i);
        int top = box.y - mixture->y_px;
        if (box.width > 0 && top < end_row && top + box.height > first_row)
            return true;
    }
    return false;
}

/* Mixes a few rows of the target: directly, or in the strip, from where they go to the target. Whole
 * rows, as memory is fastest where it is read and written in order. */
static void mix_strip(const struct mixture *mixture, const struct canvas *rows, int row,
                      const struct canvas *strip)
{
    if (!strip->pixels || (mixture->dim >= 1 && !have_text(mixture, row, row + rows->height_px))) {
        mix_pictures(mixture, rows, row);
        draw_texts(mixture, rows, row);
        return;
    }
    struct canvas mixed = canvas_part(strip, 0, 0, rows->width_px, rows->height_px);
    mix_pictures(mixture, &mixed, row);
    draw_texts(mixture, &mixed, row);
    compose_dim(rows, &mixed, mixture->dim);
}

/* Mixes some rows of the target. With a strip, each pixel is written once and never read. */
static void mix_rows(const struct mixture *mixture, const struct canvas *target, int first_row,
                     int end_row, const struct canvas *strip)
{
    bool is_plain = mixture->dim >= 1 && !have_text(mixture, first_row, end_row);
    int step = is_plain ? end_row - first_row : STRIP_ROWS;
    for (int row = first_row; row < end_row; row += step) {
        int count = row + step < end_row ? step : end_row - row;
        struct canvas rows = canvas_part(target, 0, row, target->width_px, count);
        mix_strip(mixture, &rows, row, strip);
    }
}

static MUST_CHECK bool write_mixture(struct cpu_drawing *drawing, const struct mixture *mixture,
                                     const struct canvas *target, struct err *err)
{
    static const struct canvas no_strip;
    bool has_text = have_text(mixture, 0, target->height_px);
    bool needs_strip = mixture->dim < 1 || (has_text && mixture->is_write_only);
    if (needs_strip && !drawing->strip.pixels &&
        !cpu_canvas_init(&drawing->strip, drawing->width_px, STRIP_ROWS, err))
        return false;
    mix_rows(mixture, target, 0, target->height_px, needs_strip ? &drawing->strip : &no_strip);
    return true;
}

struct cpu_target cpu_target_on_wall(const struct canvas *memory, const struct display_canvas *wall)
{
    struct cpu_target target = {.canvas = *memory};
    if (!wall->width_px)
        return target;
    target.x_px = wall->x_px;
    target.y_px = wall->y_px;
    if (memory->width_px > wall->width_px - wall->x_px)
        target.canvas.width_px = wall->width_px - wall->x_px;
    if (memory->height_px > wall->height_px - wall->y_px)
        target.canvas.height_px = wall->height_px - wall->y_px;
    return target;
}

static MUST_CHECK bool draw_mixed(struct cpu_drawing *drawing, const struct display_mix *mix,
                                  const struct cpu_target *target, struct err *err)
{
    struct mixture mixture = {
        .mix = mix_of_frame(mix, drawing->width_px, drawing->height_px),
        .dim = mix->dim,
        .texts = {{mix->from.picture, &mix->from_text}, {mix->to.picture, &mix->to_text}},
        .x_px = target->x_px,
        .y_px = target->y_px,
        .is_write_only = target->write_only,
    };
    struct cpu_drawing_side *from_side = NULL;
    const struct canvas *from = &drawing->frozen;
    if (!mix->from_frozen) {
        from_side = find_side(drawing, mix->from.picture, NULL);
        /* Two views of one picture (a loop of one spot): the incoming side must not take the
         * outgoing one's canvas. */
        if (!draw_side(from_side, drawing, &mix->from, err))
            return false;
        from = &from_side->canvas;
    }
    struct cpu_drawing_side *to_side = find_side(drawing, mix->to.picture, from_side);
    if (!draw_side(to_side, drawing, &mix->to, err))
        return false;
    mixture.from = *from;
    mixture.to = to_side->canvas;
    return write_mixture(drawing, &mixture, &target->canvas, err);
}

/* Whether one picture alone can be drawn without a canvas between. Not where the same pixels will
 * most likely be needed for the next refresh, too; nor where the target would be read: under text,
 * and to dim it. */
static bool goes_straight(const struct cpu_drawing *drawing, const struct display_mix *mix,
                          const struct cpu_target *target)
{
    const struct picture *picture = mix->to.picture;
    if (target->canvas.width_px != drawing->width_px ||
        target->canvas.height_px != drawing->height_px)
        return false;
    if (picture->playing && picture_moves(picture))
        return false;
    bool has_text = compose_text_box(picture, &mix->to_text).width > 0;
    return !target->write_only || (!has_text && mix->dim >= 1);
}

static MUST_CHECK bool draw_alone(struct cpu_drawing *drawing, const struct display_mix *mix,
                                  const struct cpu_target *target, struct err *err)
{
    struct cpu_drawing_side *side = find_side(drawing, mix->to.picture, NULL);
    if (goes_straight(drawing, mix, target)) {
        if (!draw_view_into(&target->canvas, side, &mix->to, err))
            return false;
        compose_text(&target->canvas, target->x_px, target->y_px, mix->to.picture, &mix->to_text);
        if (mix->dim < 1)
            compose_dim(&target->canvas, &target->canvas, mix->dim);
        return true;
    }
    if (!draw_side(side, drawing, &mix->to, err))
        return false;
    struct mixture mixture = {
        .to = side->canvas,
        .dim = mix->dim,
        .texts = {{mix->to.picture, &mix->to_text}},
        .x_px = target->x_px,
        .y_px = target->y_px,
        .is_write_only = target->write_only,
    };
    return write_mixture(drawing, &mixture, &target->canvas, err);
}

static void blacken(const struct canvas *target, int x_px, int y_px, int width_px, int height_px)
{
    for (int y = y_px; y < y_px + height_px; y++) {
        uint32_t *row = (uint32_t *)target->pixels + (size_t)y * (target->stride_bytes / 4) + x_px;
        for (int x = 0; x < width_px; x++)
            row[x] = 0xff000000;
    }
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Where the shifted picture goes; the rest of the target is made black. */
static struct cpu_target shift_target(const struct cpu_drawing *drawing,
                                      const struct display_mix *mix,
                                      const struct cpu_target *target)
{
    const struct canvas *all = &target->canvas;
    int left = larger(0, mix->shift_x_px - target->x_px);
    int top = larger(0, mix->shift_y_px - target->y_px);
    int right = smaller(all->width_px, drawing->width_px + mix->shift_x_px - target->x_px);
    int bottom = smaller(all->height_px, drawing->height_px + mix->shift_y_px - target->y_px);
    blacken(all, 0, 0, all->width_px, top);
    blacken(all, 0, bottom, all->width_px, all->height_px - bottom);
    blacken(all, 0, top, left, bottom - top);
    blacken(all, right, top, all->width_px - right, bottom - top);
    return (struct cpu_target){
        .canvas = canvas_part(all, left, top, right - left, bottom - top),
        .x_px = target->x_px + left - mix->shift_x_px,
        .y_px = target->y_px + top - mix->shift_y_px,
        .write_only = target->write_only,
    };
}

bool cpu_drawing_draw(struct cpu_drawing *drawing, const struct display_mix *mix,
                      const struct cpu_target *whole, struct err *err)
{
    struct cpu_target shifted;
    const struct cpu_target *target = whole;
    if (mix->shift_x_px || mix->shift_y_px) {
        shifted = shift_target(drawing, mix, whole);
        target = &shifted;
    }
    bool frozen = mix->from_frozen && drawing->frozen.pixels;
    if (mix->has_from && mix->mix < 1 && (frozen || !mix->from_frozen))
        return draw_mixed(drawing, mix, target, err);
    return draw_alone(drawing, mix, target, err);
}

void cpu_drawing_note_shown(struct cpu_drawing *drawing, const struct display_mix *mix)
{
    drawing->last = *mix;
    drawing->last.shift_x_px = drawing->last.shift_y_px =
        0; /* it is shifted when it is shown again */
}

/* Where what is shown began with the frozen frame, that is mixed in place. */
bool cpu_drawing_freeze(struct cpu_drawing *drawing, struct err *err)
{
    if (!drawing->last.to.picture)
        return err_set(err, ERR_SYSTEM, "cannot copy the picture on screen: there is none");
    struct cpu_target target = {.canvas = drawing->frozen};
    bool is_new = !target.canvas.pixels;
    if (is_new && !cpu_canvas_init(&target.canvas, drawing->width_px, drawing->height_px, err))
        return false;
    struct display_mix pictures_alone = drawing->last;
    pictures_alone.from_text.hidden = pictures_alone.to_text.hidden = 1;
    bool ok = cpu_drawing_draw(drawing, &pictures_alone, &target, err);
    if (!ok && is_new)
        free(target.canvas.pixels);
    else
        drawing->frozen = target.canvas;
    return ok;
}

static void drop_canvas(struct canvas *canvas)
{
    free(canvas->pixels);
    *canvas = (struct canvas){0};
}

void cpu_drawing_resize(struct cpu_drawing *drawing, int width_px, int height_px)
{
    for (int i = 0; i < 2; i++) {
        drop_canvas(&drawing->sides[i].canvas);
        drawing->sides[i].content.picture = 0;
    }
    drop_canvas(&drawing->frozen);
    drop_canvas(&drawing->strip);
    drawing->last = (struct display_mix){0};
    drawing->width_px = width_px;
    drawing->height_px = height_px;
}

void cpu_drawing_finish(struct cpu_drawing *drawing)
{
    for (int i = 0; i < 2; i++)
        compose_buffers_finish(&drawing->sides[i].buffers);
    cpu_drawing_resize(drawing, 0, 0);
}
