#include "screen/compose_text.h"

#include "screen/blend.h"
#include "screen/text_rise.h"

#include <math.h>
#include <string.h>

#define CHUNK_PX 512 /* drawn at a time: stays in the first cache */
#define TAPS 4       /* two bands of two neighbors each: more never meet */
#define WHOLE 256    /* of weights */

/* Where a pixel of a text that comes up is taken from, along the way of its lines. Weights of 0 have
 * places inside the frame, too. */
struct taps {
    int places[TAPS];
    int weights[TAPS];
};

/* Along which axis of the screen the lines lie, and which way down is, after the screen's rotation. */
struct way {
    bool is_across; /* down is to the left or right of the screen */
    bool is_back;   /* down is to the left, or up */
    int length_px;  /* of the frame, along it */
};

static struct way way_of(const struct picture *picture)
{
    const struct frame *text = picture->text;
    struct way way = {.is_across = picture->rotation % 180 == 90,
                      .is_back = picture->rotation == 90 || picture->rotation == 180};
    way.length_px = way.is_across ? text->width_px : text->height_px;
    return way;
}

static int level_of(const struct picture_text_view *view)
{
    return (int)lround((1 - fmin(fmax(view->hidden, 0), 1)) * BLEND_WHOLE);
}

static bool is_rising(const struct frame *text, const struct picture_text_view *view)
{
    return view->is_rising && !text_rise_is_over(text, view->age_ms, view->fade_ms);
}

/* How far the lines that come up reach below the text. */
static int rise_px(const struct frame *text)
{
    return (int)ceil(TEXT_RISE_EM * text->lines.em_px) + 1;
}

struct layout_box compose_text_box(const struct picture *picture,
                                   const struct picture_text_view *view)
{
    const struct frame *text = picture->text;
    if (!text || level_of(view) == 0)
        return (struct layout_box){0};
    struct layout_box box = text->at;
    if (!is_rising(text, view))
        return box;
    if (view->age_ms < 0)
        return (struct layout_box){0};
    struct way way = way_of(picture);
    int more = rise_px(text);
    if (way.is_across)
        box.width += more;
    else
        box.height += more;
    if (way.is_back && way.is_across)
        box.x -= more;
    else if (way.is_back)
        box.y -= more;
    return box;
}

static const uint32_t *text_pixel(const struct frame *text, int x, int y)
{
    return (const uint32_t *)text->pixels + text->stride_bytes / 4 * (size_t)y + x;
}

static uint32_t *part_pixel(const struct canvas *part, int x, int y)
{
    return (uint32_t *)part->pixels + part->stride_bytes / 4 * (size_t)y + x;
}

/* Draws a text as it stands: `box` is where it lies on the part, and inside it. */
static void draw_standing(const struct canvas *part, int x_px, int y_px, const struct frame *text,
                          const struct layout_box *box, int level)
{
    int left = x_px + box->x - text->at.x, top = y_px + box->y - text->at.y;
    for (int y = 0; y < box->height; y++)
        blend_row(part_pixel(part, box->x, box->y + y), text_pixel(text, left, top + y), box->width,
                  level);
}

static void add_tap(struct taps *taps, int *used, int place, double weight, int length_px)
{
    int whole = (int)lround(weight * WHOLE);
    if (whole <= 0 || place < 0 || place >= length_px || *used == TAPS)
        return;
    taps->places[*used] = place;
    taps->weights[(*used)++] = whole;
}

/* `place`: pixels below the text's top, upright. */
static struct taps taps_at(const struct text_rise_band *bands, int count, int place, int length_px)
{
    struct taps taps = {0};
    int used = 0, sum = 0;
    for (int i = 0; i < count; i++) {
        double from = place - bands[i].offset, first = floor(from);
        double weight = bands[i].level * text_rise_share(&bands[i], from + 0.5);
        if (weight <= 0)
            continue;
        add_tap(&taps, &used, (int)first, weight * (1 - (from - first)), length_px);
        add_tap(&taps, &used, (int)first + 1, weight * (from - first), length_px);
    }
    for (int i = 0; i < TAPS; i++)
        sum += taps.weights[i];
    if (sum > WHOLE) /* rounded up */
        taps.weights[0] -= sum - WHOLE;
    return taps;
}

static void turn_taps(struct taps *taps, const struct way *way)
{
    for (int i = 0; way->is_back && i < TAPS; i++)
        taps->places[i] = way->length_px - 1 - taps->places[i];
}

static void mix_rows(uint8_t *out, const uint8_t *const rows[TAPS], const int weights[TAPS],
                     int count)
{
    const uint8_t *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3];
    uint16_t wa = (uint16_t)weights[0], wb = (uint16_t)weights[1], wc = (uint16_t)weights[2],
             wd = (uint16_t)weights[3];
    for (int i = 0; i < count * 4; i++)
        out[i] = (uint8_t)((uint16_t)(a[i] * wa + b[i] * wb + c[i] * wc + d[i] * wd + 128) >> 8);
}

/* A row that lies along the lines: its pixels all come from the same rows of the text. */
static void draw_row(uint32_t *target, const struct frame *text, const struct taps *taps, int left,
                     int width)
{
    uint32_t moved[CHUNK_PX];
    for (int x = 0; x < width; x += CHUNK_PX) {
        int count = width - x < CHUNK_PX ? width - x : CHUNK_PX;
        const uint8_t *rows[TAPS];
        for (int i = 0; i < TAPS; i++)
            rows[i] = (const uint8_t *)text_pixel(text, left + x, taps->places[i]);
        mix_rows((uint8_t *)moved, rows, taps->weights, count);
        blend_row(target + x, moved, count, BLEND_WHOLE);
    }
}

/* Pixels of a row that lies across the lines: each has taps of its own. */
static void draw_across(const struct canvas *part, const struct layout_box *box,
                        const struct frame *text, const struct taps *taps, int top, int x,
                        int count)
{
    uint32_t moved[CHUNK_PX];
    for (int y = 0; y < box->height; y++) {
        const uint8_t *row = (const uint8_t *)text_pixel(text, 0, top + y);
        uint8_t *channels = (uint8_t *)moved;
        for (int i = 0; i < count; i++)
            for (int channel = 0; channel < 4; channel++) {
                int sum = 128;
                for (int k = 0; k < TAPS; k++)
                    sum += row[taps[i].places[k] * 4 + channel] * taps[i].weights[k];
                channels[i * 4 + channel] = (uint8_t)(sum >> 8);
            }
        blend_row(part_pixel(part, box->x + x, box->y + y), moved, count, BLEND_WHOLE);
    }
}

static void draw_rising(const struct canvas *part, int x_px, int y_px,
                        const struct picture *picture, const struct picture_text_view *view,
                        const struct layout_box *box)
{
    const struct frame *text = picture->text;
    struct way way = way_of(picture);
    struct text_rise_band bands[FRAME_LINES_MAX];
    int count = text_rise_bands(text, view, way.length_px, bands);
    int left = x_px + box->x - text->at.x, top = y_px + box->y - text->at.y;
    for (int y = 0; !way.is_across && y < box->height; y++) {
        int place = way.is_back ? way.length_px - 1 - (top + y) : top + y;
        struct taps taps = taps_at(bands, count, place, way.length_px);
        turn_taps(&taps, &way);
        draw_row(part_pixel(part, box->x, box->y + y), text, &taps, left, box->width);
    }
    for (int x = 0; way.is_across && x < box->width; x += CHUNK_PX) {
        struct taps taps[CHUNK_PX];
        int columns = box->width - x < CHUNK_PX ? box->width - x : CHUNK_PX;
        for (int i = 0; i < columns; i++) {
            int place = left + x + i;
            place = way.is_back ? way.length_px - 1 - place : place;
            taps[i] = taps_at(bands, count, place, way.length_px);
            turn_taps(&taps[i], &way);
        }
        draw_across(part, box, text, taps, top, x, columns);
    }
}

void compose_text(const struct canvas *part, int x_px, int y_px, const struct picture *picture,
                  const struct picture_text_view *view)
{
    struct layout_box inside =
        layout_common_box(compose_text_box(picture, view),
                          (struct layout_box){x_px, y_px, part->width_px, part->height_px});
    if (inside.width < 1 || inside.height < 1)
        return;
    inside.x -= x_px;
    inside.y -= y_px;
    if (is_rising(picture->text, view))
        draw_rising(part, x_px, y_px, picture, view, &inside);
    else
        draw_standing(part, x_px, y_px, picture->text, &inside, level_of(view));
}
