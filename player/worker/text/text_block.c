#include "worker/text/text_block.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SUBLINE_GAP_EM 0.6 /* of the tagline */
#define LEGAL_GAP_EM 1.0   /* of the legal line */
#define DRAFT_PART 0.5     /* of the space; a subline that takes more leaves too little */
#define PASSES 3
#define PART_CLOSE 0.02

struct text_block {
    struct tagline *texts[TEXT_LEVELS];
    enum text_level only;
    struct qr_code *qr;
    int x, y, width, height;
};

static MUST_CHECK bool set_text(struct text_block *block, enum text_level level,
                                const struct tagline_request *request, struct err *err)
{
    tagline_destroy(block->texts[level]);
    block->texts[level] = tagline_create(request, err);
    return block->texts[level] != NULL;
}

static double height_of(const struct tagline *text)
{
    double top, bottom;
    tagline_extent(text, &top, &bottom);
    return bottom - top;
}

/* What a legal line leaves of the space at its edge. */
static void leave_room(const struct text_block *block, const struct text_block_request *request,
                       struct layout_rect *area)
{
    const struct text_style *tagline = request->texts[TEXT_LEVEL_TAGLINE]->style;
    const struct text_style *legal = request->texts[TEXT_LEVEL_LEGAL]->style;
    const struct tagline *text = block->texts[TEXT_LEVEL_LEGAL];
    if (tagline->has_box || legal->has_box || tagline->valign != legal->valign ||
        tagline->valign == TEXT_ALIGN_CENTER)
        return;
    double taken = height_of(text) + LEGAL_GAP_EM * tagline_facts(text).used_px;
    taken = fmin(taken, area->height * DRAFT_PART);
    if (tagline->valign == TEXT_ALIGN_START)
        area->y += taken;
    area->height -= taken;
}

/* Tagline and subline, while they are being set. */
struct pair {
    const struct layout_rect *area;
    struct tagline_request tagline, subline;
    struct text_style style; /* the subline's */
    double size;             /* of the subline's style, as it was asked for */
    double gap_px;
    double asked_px, part; /* of the tagline; what of that it is taken to be set at */
};

/* Sets the subline to learn its height, and the tagline in what is left above it. */
static MUST_CHECK bool set_above(struct text_block *block, struct pair *pair, bool follows,
                                 struct err *err)
{
    struct layout_rect above = *pair->area, draft = *pair->area;
    struct tagline_request tagline = pair->tagline, subline = pair->subline;
    draft.height *= DRAFT_PART;
    pair->style.size = follows ? pair->size * pair->part : pair->size;
    pair->gap_px = SUBLINE_GAP_EM * pair->asked_px * pair->part;
    subline.area = &draft;
    if (!set_text(block, TEXT_LEVEL_SUBLINE, &subline, err))
        return false;
    double height = height_of(block->texts[TEXT_LEVEL_SUBLINE]);
    above.height = fmax(above.height - ceil(height + pair->gap_px) - 1, 1);
    tagline.area = &above;
    return set_text(block, TEXT_LEVEL_TAGLINE, &tagline, err);
}

/* Sets the tagline with space under it for the subline, then the subline there. A tagline that gets
 * smaller needs less space under it: it is tried again with that, and then with half of what that
 * gained. */
static MUST_CHECK bool set_pair(struct text_block *block, const struct text_block_request *request,
                                const struct layout_rect *area, struct err *err)
{
    struct pair pair = {.area = area,
                        .tagline = *request->texts[TEXT_LEVEL_TAGLINE],
                        .subline = *request->texts[TEXT_LEVEL_SUBLINE],
                        .part = 1};
    const struct text_style *upper = pair.tagline.style;
    int width_px = pair.tagline.canvas_width_px, height_px = pair.tagline.canvas_height_px;
    pair.style = *pair.subline.style;
    pair.style.align = upper->align;
    pair.style.valign = TEXT_ALIGN_START;
    pair.style.has_box = upper->has_box;
    pair.style.box = upper->box;
    if (pair.style.scrim == TEXT_SCRIM_EDGE) /* it comes from the tagline's edge */
        pair.style.scrim = TEXT_SCRIM_NONE;
    pair.size = pair.style.size;
    pair.subline.style = &pair.style;
    pair.asked_px = upper->size * (width_px < height_px ? width_px : height_px);
    for (int pass = 0; pass < PASSES; pass++) {
        if (!set_above(block, &pair, request->subline_follows, err))
            return false;
        struct tagline_facts facts = tagline_facts(block->texts[TEXT_LEVEL_TAGLINE]);
        double part = fmin((double)facts.used_px / facts.asked_px, 1);
        if (pass + 1 == PASSES || fabs(part - pair.part) < PART_CLOSE)
            break;
        pair.part = pass == 0 ? part : (pair.part + part) / 2;
    }
    double top, bottom, end = area->y + area->height;
    struct layout_rect below = *area;
    tagline_extent(block->texts[TEXT_LEVEL_TAGLINE], &top, &bottom);
    below.y = fmin(ceil(bottom + pair.gap_px), end - 1);
    below.height = end - below.y;
    pair.subline.area = &below;
    return set_text(block, TEXT_LEVEL_SUBLINE, &pair.subline, err);
}

static MUST_CHECK bool set_texts(struct text_block *block, const struct text_block_request *request,
                                 struct err *err)
{
    const struct tagline_request *tagline = request->texts[TEXT_LEVEL_TAGLINE];
    const struct tagline_request *legal = request->texts[TEXT_LEVEL_LEGAL];
    if (legal && !set_text(block, TEXT_LEVEL_LEGAL, legal, err))
        return false;
    if (!tagline)
        return true;
    struct layout_rect area = tagline_area(tagline);
    struct tagline_request placed = *tagline;
    if (legal)
        leave_room(block, request, &area);
    if (request->texts[TEXT_LEVEL_SUBLINE])
        return set_pair(block, request, &area, err);
    if (legal)
        placed.area = &area;
    return set_text(block, TEXT_LEVEL_TAGLINE, &placed, err);
}

static bool is_drawn(const struct text_block *block, enum text_level level)
{
    return block->texts[level] && (block->only == TEXT_LEVELS || block->only == level);
}

static bool is_qr_drawn(const struct text_block *block)
{
    struct layout_box box;
    int modules;
    return block->qr && block->only == TEXT_LEVELS && qr_code_place(block->qr, &box, &modules) > 0;
}

static void find_box(struct text_block *block)
{
    int right = 0, bottom = 0, modules;
    bool any = is_qr_drawn(block);
    if (any) {
        struct layout_box box;
        (void)!qr_code_place(block->qr, &box, &modules);
        block->x = box.x;
        block->y = box.y;
        right = box.x + box.width;
        bottom = box.y + box.height;
    }
    for (enum text_level level = 0; level < TEXT_LEVELS; level++) {
        int x, y, width, height;
        if (!is_drawn(block, level))
            continue;
        tagline_box(block->texts[level], &x, &y, &width, &height);
        block->x = any && block->x < x ? block->x : x;
        block->y = any && block->y < y ? block->y : y;
        right = x + width > right ? x + width : right;
        bottom = y + height > bottom ? y + height : bottom;
        any = true;
    }
    block->width = any ? right - block->x : 1;
    block->height = any ? bottom - block->y : 1;
}

struct text_block *text_block_create(const struct text_block_request *request, struct err *err)
{
    struct text_block *block = calloc(1, sizeof *block);
    if (!block) {
        err_oom(err);
        return NULL;
    }
    block->only = request->only;
    if (request->qr)
        block->qr = qr_code_create(request->qr, err);
    if ((request->qr && !block->qr) || !set_texts(block, request, err)) {
        text_block_destroy(block);
        return NULL;
    }
    find_box(block);
    return block;
}

void text_block_box(const struct text_block *block, int *x_px, int *y_px, int *width_px,
                    int *height_px)
{
    *x_px = block->x;
    *y_px = block->y;
    *width_px = block->width;
    *height_px = block->height;
}

struct tagline_facts text_block_facts(const struct text_block *block, enum text_level level,
                                      int *top_px)
{
    int x, y, width, height;
    *top_px = 0;
    if (!block->texts[level])
        return (struct tagline_facts){0};
    tagline_box(block->texts[level], &x, &y, &width, &height);
    *top_px = y - block->y;
    return tagline_facts(block->texts[level]);
}

/* value × part ÷ 255, rounded. */
static uint32_t scale(uint32_t value, uint32_t part)
{
    uint32_t product = value * part + 127;
    return (product + 1 + (product >> 8)) >> 8;
}

/* Premultiplied both. */
static void blend_over(const uint32_t *over, uint32_t *under, int count)
{
    for (int i = 0; i < count; i++) {
        uint32_t clear = 255 - (over[i] >> 24), sum = 0;
        for (int shift = 0; shift < 32; shift += 8)
            sum |= ((over[i] >> shift & 0xff) + scale(under[i] >> shift & 0xff, clear)) << shift;
        under[i] = sum;
    }
}

static MUST_CHECK bool paint_text(const struct text_block *block, const struct tagline *text,
                                  char *pixels, size_t stride_bytes, struct err *err)
{
    int x, y, width, height;
    tagline_box(text, &x, &y, &width, &height);
    uint32_t *own = malloc((size_t)width * (size_t)height * sizeof *own);
    if (!own)
        return err_oom(err);
    bool ok = tagline_paint(text, own, (size_t)width * sizeof *own, err);
    for (int row = 0; ok && row < height; row++) {
        char *line = pixels + (size_t)(y - block->y + row) * stride_bytes;
        blend_over(own + (size_t)row * (size_t)width, (uint32_t *)(void *)line + (x - block->x),
                   width);
    }
    free(own);
    return ok;
}

bool text_block_paint(const struct text_block *block, void *pixels, size_t stride_bytes,
                      struct err *err)
{
    int drawn = 0;
    for (enum text_level level = 0; level < TEXT_LEVELS; level++)
        drawn += is_drawn(block, level);
    bool alone = drawn == 1 && !is_qr_drawn(block);
    for (enum text_level level = 0; alone && level < TEXT_LEVELS; level++)
        if (is_drawn(block, level))
            return tagline_paint(block->texts[level], pixels, stride_bytes, err);
    for (int row = 0; row < block->height; row++)
        memset((char *)pixels + (size_t)row * stride_bytes, 0, (size_t)block->width * 4);
    for (enum text_level level = 0; level < TEXT_LEVELS; level++)
        if (is_drawn(block, level) &&
            !paint_text(block, block->texts[level], pixels, stride_bytes, err))
            return false;
    if (is_qr_drawn(block))
        qr_code_paint(block->qr, pixels, stride_bytes, block->x, block->y);
    return true;
}

const struct qr_code *text_block_qr(const struct text_block *block)
{
    return block->qr;
}

void text_block_destroy(struct text_block *block)
{
    if (!block)
        return;
    for (enum text_level level = 0; level < TEXT_LEVELS; level++)
        tagline_destroy(block->texts[level]);
    qr_code_destroy(block->qr);
    free(block);
}
