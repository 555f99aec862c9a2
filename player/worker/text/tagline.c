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

static struct place place_line(const struct typesetting *typesetting, size_t line)
{
    const struct tagline_pieces *pieces = &typesetting->fit->pieces;
    const size_t *ends = typesetting->fit->lines.ends;
    struct place place = {.start = pieces->items[line ? ends[line - 1] : 0].start,
                          .end = pieces->items[ends[line] - 1].end};
    struct tagline_piece whole = tagline_text_measure(&typesetting->text, place.start, place.end);
    double blank_left = (double)whole.lead,
           width = (double)(whole.advance - whole.lead - whole.trail);
    double canvas = typesetting->request->canvas_width_px;
    double left = typesetting->bounds.margin;
    /* Aligned by the ink, so that “ and 。 leave no notch in the edge. */
    switch ((int)typesetting->request->style->position % 3) {
    case 1:
        left = (canvas - width) / 2;
        break;
    case 2:
        left = canvas - typesetting->bounds.margin - width;
        break;
    default:
        break;
    }
    place.left = (int)lround(left);
    place.right = (int)lround(left + width);
    place.pen_x = (int)lround(left - blank_left);
    return place;
}

/* Places the baselines. The block's edges are the script's metrics, so that the texts of a loop
 * stand alike; only ink that goes beyond them, like an accent on a capital, moves the block away
 * from the margin. */
static void place_baselines(const struct typesetting *typesetting, struct place *places,
                            size_t count)
{
    const struct tagline_bounds *bounds = &typesetting->bounds;
    struct tagline_measure measure = tagline_fit_measure(typesetting->text.script);
    double size = typesetting->fit->size_px, leads = (double)(count - 1) * measure.leading * size;
    int above = (int)ceil(measure.ascent * size), below = (int)ceil(measure.descent * size),
        none = 0;
    int row = (int)typesetting->request->style->position / 3;
    double height = typesetting->request->canvas_height_px;
    double baseline = (height - leads + above - below) / 2;
    tagline_text_reach(&typesetting->text, places[0].start, places[0].end, &above, &none);
    tagline_text_reach(&typesetting->text, places[count - 1].start, places[count - 1].end, &none,
                       &below);
    /* A text that overflows its bounds loses its end, not its beginning. */
    if (row == 0 || leads + above + below > bounds->height_max)
        baseline = bounds->margin + above;
    else if (row == 2)
        baseline = height - bounds->margin - below - leads;
    for (size_t i = 0; i < count; i++)
        places[i].baseline_y = (int)lround(baseline + (double)i * measure.leading * size);
}

/* Creates a plane for all lines, with space for what faces draw beyond their metrics, clipped to
 * the canvas. */
static MUST_CHECK bool make_plane(const struct typesetting *typesetting, const struct place *places,
                                  size_t count, struct tagline_plane *plane, struct err *err)
{
    int size = typesetting->fit->size_px, left = places[0].left, right = places[0].right;
    for (size_t i = 1; i < count; i++) {
        left = places[i].left < left ? places[i].left : left;
        right = places[i].right > right ? places[i].right : right;
    }
    int top = places[0].baseline_y - size * 3 / 2, bottom = places[count - 1].baseline_y + size;
    left -= size / 2 + 2;
    right += size / 2 + 2;
    left = left > 0 ? left : 0;
    top = top > 0 ? top : 0;
    if (right > typesetting->request->canvas_width_px)
        right = typesetting->request->canvas_width_px;
    if (bottom > typesetting->request->canvas_height_px)
        bottom = typesetting->request->canvas_height_px;
    *plane =
        (struct tagline_plane){.x = left, .y = top, .width = right - left, .height = bottom - top};
    plane->pixels = calloc((size_t)plane->width, (size_t)plane->height);
    if (!plane->pixels)
        return err_oom(err);
    return true;
}

static struct tagline_area clip_area(const struct tagline_area *area, int width, int height)
{
    int left = area->x > 0 ? area->x : 0;
    int top = area->y > 0 ? area->y : 0;
    int right = area->x + area->width, bottom = area->y + area->height;
    right = right < width ? right : width;
    bottom = bottom < height ? bottom : height;
    return (struct tagline_area){left, top, right - left, bottom - top};
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
    for (size_t i = 0; i < count; i++)
        places[i] = place_line(typesetting, i);
    place_baselines(typesetting, places, count);
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
    const struct playlist_style *style = request->style;
    typesetting->bounds =
        tagline_fit_bounds(request->canvas_width_px, request->canvas_height_px, style);
    if (!tagline_text_init(&typesetting->text, request->text, request->language, request->words,
                           err))
        return false;
    typesetting->fonts =
        tagline_fonts_open(request->faces, request->face_count, typesetting->text.script,
                           typesetting->bounds.floor_px, err);
    if (!typesetting->fonts)
        return false;
    typesetting->text.autospace = request->autospace;
    tagline_text_choose_faces(&typesetting->text, typesetting->fonts);
    if (typesetting->text.missing > 0 && !typesetting->text.is_seen)
        return err_set(err, ERR_INPUT, "no font has any of the text's characters");
    if (!tagline_fit_text(&typesetting->text, &typesetting->bounds, typesetting->fit, err))
        return false;
    tagline->facts = (struct tagline_facts){.asked_px = typesetting->bounds.asked_px,
                                            .used_px = typesetting->fit->size_px,
                                            .lines = (int)typesetting->fit->lines.count,
                                            .copy_lines = (int)typesetting->text.copy_lines};
    tagline_text_fill_facts(&typesetting->text, &tagline->facts);
    tagline->paint_style = (struct tagline_paint_style){.color = style->color,
                                                        .shadow = style->shadow,
                                                        .scrim = style->scrim,
                                                        .size_px = typesetting->fit->size_px};
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
    free(tagline);
}
