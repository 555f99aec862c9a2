#include "worker/text/tagline.h"

#include "worker/text/tagline_fit.h"
#include "worker/text/tagline_fonts.h"
#include "worker/text/tagline_paint.h"
#include "worker/text/tagline_text.h"

#include <math.h>
#include <stdlib.h>

#define CANVAS_PX_MIN 16
#define CANVAS_PX_MAX 16384

struct tagline {
    struct tagline_paint_style paint_style;
    struct tagline_plane plane;
    struct tagline_area ink, box;
    double top_px, bottom_px; /* of the lines, by their metrics and by their ink */
    struct tagline_facts facts;
};

/* What is needed only while the text is being set. */
struct typesetting {
    const struct tagline_request *request;
    struct tagline_bounds bounds;
    struct tagline_text text;
    struct tagline_fonts *fonts;
    struct tagline_fit *fit;
};

/* A line on the canvas: characters [start, end), where the pen starts, and the edges of the ink. */
struct place {
    size_t start, end;
    int pen_x, baseline_y;
    int left, right;
    int hang_left, hang_right; /* of these, as much hangs out of the block */
};

static MUST_CHECK bool check_request(const struct tagline_request *request, struct err *err)
{
    int width = request->canvas_width_px, height = request->canvas_height_px;
    if (width < CANVAS_PX_MIN || height < CANVAS_PX_MIN || width > CANVAS_PX_MAX ||
        height > CANVAS_PX_MAX)
        return err_set(err, ERR_LIMIT,
                       "the canvas has %d × %d pixels; %d to %d a side are supported", width,
                       height, CANVAS_PX_MIN, CANVAS_PX_MAX);
    if (request->face_count < 1 || request->face_count > TAGLINE_FACES_MAX)
        return err_set(err, ERR_INPUT, "%d fonts given; 1 to %d are supported", request->face_count,
                       TAGLINE_FACES_MAX);
    double size = request->style->size;
    if (!(size > 0 && size <= 1))
        return err_set(err, ERR_INPUT, "the type size must be above 0 and at most 1, not %g", size);
    return true;
}

static struct place begin_line(const struct typesetting *typesetting, size_t line)
{
    const struct tagline_pieces *pieces = &typesetting->fit->pieces;
    const size_t *ends = typesetting->fit->lines.ends;
    struct place place = {.start = pieces->items[line ? ends[line - 1] : 0].start,
                          .end = pieces->items[ends[line] - 1].end};
    if (typesetting->request->style->hangs)
        tagline_text_hang(&typesetting->text, place.start, place.end, &place.hang_left,
                          &place.hang_right);
    return place;
}

/* How far the block's edges are within the area, for what hangs out of them: all of it within a box,
 * else what does not fit into half of the margin. */
static double inset(const struct tagline_bounds *bounds, int hang)
{
    return bounds->is_box ? hang : fmax(0, hang - bounds->area.x / 2);
}

/* Aligned by the ink, so that “ and 。 leave no notch in the edge. hang_left, hang_right: the most of
 * all lines. */
static void place_line(const struct typesetting *typesetting, struct place *place, int hang_left,
                       int hang_right)
{
    const struct tagline_bounds *bounds = &typesetting->bounds;
    struct tagline_piece whole = tagline_text_measure(&typesetting->text, place->start, place->end);
    double blank_left = (double)whole.lead,
           width = (double)(whole.advance - whole.lead - whole.trail);
    double left = bounds->area.x + inset(bounds, hang_left);
    double right = bounds->area.x + bounds->area.width - inset(bounds, hang_right);
    switch (typesetting->request->style->align) {
    case TEXT_ALIGN_CENTER:
        left = bounds->area.x + (bounds->area.width - width) / 2 +
               (place->hang_right - place->hang_left) / 2.0;
        break;
    case TEXT_ALIGN_END:
        left = right + place->hang_right - width;
        break;
    case TEXT_ALIGN_START:
        left -= place->hang_left;
        break;
    }
    place->left = (int)lround(left);
    place->right = (int)lround(left + width);
    place->pen_x = (int)lround(left - blank_left);
}

static void place_lines(const struct typesetting *typesetting, struct place *places, size_t count)
{
    int left = 0, right = 0;
    for (size_t i = 0; i < count; i++) {
        places[i] = begin_line(typesetting, i);
        left = places[i].hang_left > left ? places[i].hang_left : left;
        right = places[i].hang_right > right ? places[i].hang_right : right;
    }
    for (size_t i = 0; i < count; i++)
        place_line(typesetting, &places[i], left, right);
}

/* Places the baselines. The block's edges are the script's metrics, so that the texts of a loop
 * stand alike; only ink that goes beyond them, like an accent on a capital, moves the block away
 * from the margin. */
static void place_baselines(struct tagline *tagline, const struct typesetting *typesetting,
                            struct place *places, size_t count)
{
    const struct layout_rect *area = &typesetting->bounds.area;
    struct tagline_measure measure =
        tagline_fit_measure(typesetting->text.script, typesetting->bounds.leading);
    double size = typesetting->fit->size_px, leads = (double)(count - 1) * measure.leading * size;
    int above = (int)ceil(measure.ascent * size), below = (int)ceil(measure.descent * size),
        none = 0;
    enum text_align valign = typesetting->request->style->valign;
    double baseline = area->y + (area->height - leads + above - below) / 2;
    tagline_text_reach(&typesetting->text, places[0].start, places[0].end, &above, &none);
    tagline_text_reach(&typesetting->text, places[count - 1].start, places[count - 1].end, &none,
                       &below);
    double first = area->y + above, last = area->y + area->height - below - leads;
    /* A text that overflows its bounds loses its end, not its beginning. */
    if (valign == TEXT_ALIGN_START || leads + above + below > area->height)
        baseline = first;
    else if (valign == TEXT_ALIGN_END)
        baseline = last;
    else if (typesetting->bounds.is_box)
        baseline = fmin(fmax(baseline, first), last);
    for (size_t i = 0; i < count; i++)
        places[i].baseline_y = (int)lround(baseline + (double)i * measure.leading * size);
    tagline->top_px = baseline - above;
    tagline->bottom_px = baseline + leads + below;
}

static struct tagline_area common_area(const struct tagline_area *area, int x, int y, int width,
                                       int height)
{
    int left = area->x > x ? area->x : x, top = area->y > y ? area->y : y;
    int right = area->x + area->width, bottom = area->y + area->height;
    right = right < x + width ? right : x + width;
    bottom = bottom < y + height ? bottom : y + height;
    return (struct tagline_area){left, top, right > left ? right - left : 1,
                                 bottom > top ? bottom - top : 1};
}

static struct tagline_area clip_area(const struct tagline_area *area, int width, int height)
{
    return common_area(area, 0, 0, width, height);
}

/* Creates a plane for all lines, with space for what faces draw beyond their metrics, clipped to
 * the canvas. */
static MUST_CHECK bool make_plane(const struct typesetting *typesetting, const struct place *places,
                                  size_t count, struct tagline_plane *plane, struct err *err)
{
    const struct tagline_request *request = typesetting->request;
    int size = typesetting->fit->size_px, left = places[0].left, right = places[0].right;
    for (size_t i = 1; i < count; i++) {
        left = places[i].left < left ? places[i].left : left;
        right = places[i].right > right ? places[i].right : right;
    }
    int top = places[0].baseline_y - size * 3 / 2, bottom = places[count - 1].baseline_y + size;
    left -= size / 2 + 2;
    right += size / 2 + 2;
    const struct tagline_area wanted = {left, top, right - left, bottom - top};
    struct tagline_area area =
        clip_area(&wanted, request->canvas_width_px, request->canvas_height_px);
    if (typesetting->bounds.is_box) { /* ink that is cut, or a pixel more than its measures */
        const struct layout_rect *box = &typesetting->bounds.area;
        area = common_area(&area, (int)box->x, (int)box->y, (int)box->width, (int)box->height);
    }
    *plane = (struct tagline_plane){
        .x = area.x, .y = area.y, .width = area.width, .height = area.height};
    plane->pixels = calloc((size_t)plane->width, (size_t)plane->height);
    if (request->span_count > 0)
        plane->inks = calloc((size_t)plane->width, (size_t)plane->height);
    if (!plane->pixels || (request->span_count > 0 && !plane->inks))
        return err_oom(err);
    return true;
}

/* Where the ink of the first lines lies in the box. */
static void note_lines(struct tagline *tagline, const struct typesetting *typesetting,
                       const struct place *places, size_t count)
{
    const struct tagline_area *box = &tagline->box;
    for (size_t i = 0; i < count && i < TAGLINE_LINES_MAX; i++) {
        int above = 0, below = 0;
        tagline_text_reach(&typesetting->text, places[i].start, places[i].end, &above, &below);
        int top = places[i].baseline_y - above - box->y;
        int end = places[i].baseline_y + below - box->y;
        top = top > 0 ? top : 0;
        end = end < box->height ? end : box->height;
        if (top >= end)
            break;
        tagline->facts.line_top_px[i] = top;
        tagline->facts.line_end_px[i] = end;
    }
}

static MUST_CHECK bool draw_lines(struct tagline *tagline, const struct typesetting *typesetting,
                                  struct err *err)
{
    const struct tagline_request *request = typesetting->request;
    size_t count = typesetting->fit->lines.count;
    struct place *places = calloc(count, sizeof *places);
    if (!places)
        return err_oom(err);
    place_lines(typesetting, places, count);
    place_baselines(tagline, typesetting, places, count);
    bool ok = make_plane(typesetting, places, count, &tagline->plane, err);
    for (size_t i = 0; ok && i < count; i++) {
        const struct place *place = &places[i];
        /* Below the canvas: the overflow of a text that fits at no size. */
        if (place->baseline_y - 2 * typesetting->fit->size_px > request->canvas_height_px)
            break;
        ok = tagline_text_draw(&typesetting->text, place->start, place->end, place->pen_x,
                               place->baseline_y, &tagline->plane, err);
    }
    if (ok) {
        tagline->ink = tagline_paint_ink(&tagline->plane);
        struct tagline_area reach = {tagline->plane.x, tagline->plane.y, 1, 1};
        if (tagline->ink.width > 0)
            reach = tagline_paint_reach(&tagline->paint_style, &tagline->ink);
        tagline->box = clip_area(&reach, request->canvas_width_px, request->canvas_height_px);
        note_lines(tagline, typesetting, places, count);
    }
    free(places);
    return ok;
}

static MUST_CHECK bool set_text(struct tagline *tagline, struct typesetting *typesetting,
                                struct err *err)
{
    const struct tagline_request *request = typesetting->request;
    const struct text_style *style = request->style;
    typesetting->bounds =
        tagline_fit_bounds(request->canvas_width_px, request->canvas_height_px, style);
    if (request->area) {
        typesetting->bounds.area = *request->area;
        typesetting->bounds.width = fmin(typesetting->bounds.width, request->area->width);
        typesetting->bounds.height = fmin(typesetting->bounds.height, request->area->height);
    }
    if (!tagline_text_init(&typesetting->text, request->text, request->language, request->words,
                           err) ||
        !tagline_text_color(&typesetting->text, request->text, request->spans, request->span_count,
                            err))
        return false;
    typesetting->fonts =
        tagline_fonts_open(request->faces, request->face_count, typesetting->text.script,
                           typesetting->bounds.floor_px, err);
    if (!typesetting->fonts)
        return false;
    typesetting->text.autospace = style->autospace;
    typesetting->text.tracking = style->tracking;
    typesetting->text.is_tabular = style->is_tabular;
    tagline_text_choose_faces(&typesetting->text, typesetting->fonts);
    if (typesetting->text.missing > 0 && !typesetting->text.is_seen)
        return err_set(err, ERR_INPUT, "no font has any of the text's characters");
    if (!tagline_fit_text(&typesetting->text, &typesetting->bounds, typesetting->fit, err))
        return false;
    tagline->facts = (struct tagline_facts){.asked_px = typesetting->bounds.asked_px,
                                            .used_px = typesetting->fit->size_px,
                                            .lines = (int)typesetting->fit->lines.count,
                                            .copy_lines = (int)typesetting->text.copy_lines,
                                            .is_cut = typesetting->fit->is_cut};
    tagline_text_fill_facts(&typesetting->text, &tagline->facts);
    tagline->paint_style =
        (struct tagline_paint_style){.style = *style,
                                     .size_px = typesetting->fit->size_px,
                                     .canvas_width_px = request->canvas_width_px,
                                     .canvas_height_px = request->canvas_height_px,
                                     .inks = {style->color}};
    for (size_t i = 0; i < request->span_count && i < TEXT_SPANS_MAX; i++)
        tagline->paint_style.inks[i + 1] = request->spans[i].color;
    return draw_lines(tagline, typesetting, err);
}

struct tagline *tagline_create(const struct tagline_request *request, struct err *err)
{
    struct typesetting typesetting = {.request = request};
    if (!check_request(request, err))
        return NULL;
    struct tagline *tagline = calloc(1, sizeof *tagline);
    typesetting.fit = calloc(1, sizeof *typesetting.fit);
    bool ok = tagline && typesetting.fit;
    if (!ok)
        err_oom(err);
    ok = ok && set_text(tagline, &typesetting, err);
    tagline_fonts_close(typesetting.fonts);
    tagline_text_finish(&typesetting.text);
    free(typesetting.fit);
    if (ok)
        return tagline;
    tagline_destroy(tagline);
    return NULL;
}

void tagline_box(const struct tagline *tagline, int *x_px, int *y_px, int *width_px, int *height_px)
{
    *x_px = tagline->box.x;
    *y_px = tagline->box.y;
    *width_px = tagline->box.width;
    *height_px = tagline->box.height;
}

struct layout_rect tagline_area(const struct tagline_request *request)
{
    return tagline_fit_bounds(request->canvas_width_px, request->canvas_height_px, request->style)
        .area;
}

void tagline_extent(const struct tagline *tagline, double *top_px, double *bottom_px)
{
    *top_px = tagline->top_px;
    *bottom_px = tagline->bottom_px;
}

struct tagline_facts tagline_facts(const struct tagline *tagline)
{
    return tagline->facts;
}

bool tagline_paint(const struct tagline *tagline, void *pixels, size_t stride_bytes,
                   struct err *err)
{
    return tagline_paint_box(&tagline->paint_style, &tagline->plane, &tagline->box, pixels,
                             stride_bytes, err);
}

void tagline_destroy(struct tagline *tagline)
{
    if (!tagline)
        return;
    free(tagline->plane.pixels);
    free(tagline->plane.inks);
    free(tagline);
}
