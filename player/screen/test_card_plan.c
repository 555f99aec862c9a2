#include "screen/test_card_plan.h"

#include <stdio.h>
#include <string.h>

#define SAFE_PART 0.055 /* as the worker that sets type has it (MARGIN_PART of tagline_fit.c) */
/* A screen whose shorter side is less has no place for more than a few lines and the clock. */
#define TINY_PX 400
#define TINY_WIDE_PX 200
#define WIDE_ASPECT 2.4
#define PORTRAIT_ASPECT 0.9
#define SAMPLES 6
#define FACTS_LINES 7
#define SAMPLE_EMS 13.5 /* the longest sample, and the tag before it, in its type size */
#define TAG_EMS 2.9

const double test_card_gammas[TEST_CARD_GAMMAS] = {1.8, 2.0, 2.2, 2.4};

/* The last characters are the same in all languages that write them, and drawn differently in
 * each. */
static const struct sample {
    const char *language, *text;
} samples[SAMPLES] = {
    {"ko", "작은 것의 위대함을 위하여"},  {"zh-Hans", "相信小的伟大 直骨返角"},
    {"zh-Hant", "相信小的偉大 直骨返角"}, {"zh-HK", "相信小的偉大 直骨返角"},
    {"ja", "小さな偉大さへ 直骨返角"},    {"en", "To the greatness of small."},
};

enum caption { CAPTION_SAFE, CAPTION_SHARP, CAPTION_GAMMA, CAPTION_BLACK, CAPTION_WHITE, CAPTIONS };

static const struct {
    const char *language;
    const char *texts[CAPTIONS];
} captions[] = {
    {"en", {"Safe area", "Sharpness: 1 px, 2 px", "Gamma", "Black", "White"}},
    {"ko", {"안전 영역", "선명도: 1 px, 2 px", "감마", "검정", "흰색"}},
    {"zh-Hant", {"安全區", "銳利度：1 px、2 px", "伽瑪", "黑", "白"}},
    {"zh", {"安全区", "清晰度：1 px、2 px", "伽马", "黑", "白"}},
};

/* The captions of a language; English where it has none. */
static size_t captions_of(const char *language)
{
    for (size_t i = 0; i < sizeof captions / sizeof *captions; i++)
        if (strncmp(language, captions[i].language, strlen(captions[i].language)) == 0)
            return i;
    return 0;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int part_of(int px, double part)
{
    return (int)(px * part + 0.5);
}

static struct test_card_text *add_text(struct test_card_plan *plan, const char *text,
                                       const char *language, struct layout_box box, int size_px)
{
    static struct test_card_text none;
    if (plan->text_count == TEST_CARD_TEXTS_MAX || !text[0] || box.width < 8 || size_px < 5)
        return &none;
    struct test_card_text *added = &plan->texts[plan->text_count++];
    *added = (struct test_card_text){
        .language = language, .box = box, .size_px = size_px, .color = TEST_CARD_WHITE};
    snprintf(added->text, sizeof added->text, "%s", text);
    return added;
}

static void add_caption(struct test_card_plan *plan, const char *language, enum caption caption,
                        struct layout_box box, int size_px)
{
    size_t set = captions_of(language);
    struct test_card_text *text =
        add_text(plan, captions[set].texts[caption], set == 0 ? "en" : language, box, size_px);
    text->color = TEST_CARD_QUIET;
}

/* The name and the facts, each line of which has its own size: one that is long becomes smaller.
 * Returns where the next thing below may begin. */
static int plan_identity(struct test_card_plan *plan, struct layout_box box, int type_px,
                         const struct test_card_facts *facts, int lines_max)
{
    int name_px = part_of(type_px, 1.7), facts_px = part_of(type_px, 0.86);
    struct layout_box line = {box.x, box.y, box.width, part_of(name_px, 1.35)};
    add_text(plan, facts->name, "en", line, name_px)->bold = true;
    line.y += line.height + part_of(type_px, 0.2);
    line.height = part_of(facts_px, 1.2);
    const char *at = facts->lines;
    for (int i = 0; i < lines_max && *at; i++) {
        char text[TEST_CARD_TEXT_BYTES];
        size_t length = strcspn(at, "\n");
        snprintf(text, sizeof text, "%.*s", (int)length, at);
        add_text(plan, text, "en", line, facts_px)->color = TEST_CARD_FACT;
        line.y += part_of(facts_px, 1.4);
        at += length + (at[length] == '\n');
    }
    return line.y;
}

/* As large as leaves the longest of them on a line. */
static void plan_samples(struct test_card_plan *plan, struct layout_box box, int type_px)
{
    int pitch = smaller(box.height / SAMPLES, part_of(type_px, 1.6));
    int size_px = smaller(part_of(pitch, 0.62), part_of(box.width, 1 / (SAMPLE_EMS + TAG_EMS)));
    int tag_px = part_of(size_px, 0.56), tag_width = part_of(size_px, TAG_EMS);
    pitch = smaller(pitch, size_px * 2);
    for (int i = 0; i < SAMPLES; i++) {
        struct layout_box line = {box.x + tag_width, box.y + i * pitch, box.width - tag_width,
                                  part_of(size_px, 1.4)};
        struct layout_box tag = {box.x, line.y + part_of(size_px, 0.28), tag_width,
                                 part_of(tag_px, 1.3)};
        add_text(plan, samples[i].language, "en", tag, tag_px)->color = TEST_CARD_QUIET;
        add_text(plan, samples[i].text, samples[i].language, line, size_px);
    }
}

static void add_glyphs(struct test_card_plan *plan)
{
    /* Of one line, whatever the face: its figures are about 0.56 em wide. */
    struct layout_box strip = {0, 0, plan->clock_px * 14, plan->clock_px * 3 / 2};
    struct test_card_text *glyphs = add_text(plan, TEST_CARD_GLYPHS, "en", strip, plan->clock_px);
    glyphs->is_glyphs = true;
    glyphs->bold = true;
}

static void plan_clock(struct test_card_plan *plan, struct layout_box box)
{
    int side = box.width < box.height ? box.width : box.height;
    side -= side & 1;
    plan->ring = (struct layout_box){box.x + (box.width - side) / 2,
                                     box.y + (box.height - side) / 2, side, side};
    plan->clock_px = part_of(side, 0.118);
    int width = part_of(side, 0.84), height = plan->clock_px * 2;
    plan->clock =
        (struct layout_box){plan->ring.x + (side - width) / 2,
                            plan->ring.y + side / 2 - part_of(plan->clock_px, 0.93), width, height};
    add_glyphs(plan);
}

/* A row of squares with a caption over it. Returns its height. */
static int plan_squares(struct test_card_plan *plan, const char *language, enum caption caption,
                        struct layout_box box, int type_px, struct layout_box *squares, int count)
{
    int caption_px = part_of(type_px, 0.62), gap = part_of(box.width, 0.03);
    int top = part_of(caption_px, 1.7), side = (box.width - gap * (count - 1)) / count;
    if (side > box.height - top)
        side = box.height - top;
    side -= side % 4; /* whole periods of all patterns */
    int stretched = (box.width - side * count) / (count - 1);
    if (stretched <= gap + 4) /* to the edge, in spite of that */
        gap = stretched;
    add_caption(plan, language, caption, (struct layout_box){box.x, box.y, box.width, top},
                caption_px);
    for (int i = 0; i < count; i++)
        squares[i] = (struct layout_box){box.x + i * (side + gap), box.y + top, side, side};
    return top + side;
}

static struct layout_box plan_steps(struct test_card_plan *plan, const char *language,
                                    enum caption caption, struct layout_box box, int type_px)
{
    int caption_px = part_of(type_px, 0.62), top = part_of(caption_px, 1.7);
    add_caption(plan, language, caption, (struct layout_box){box.x, box.y, box.width, top},
                caption_px);
    return (struct layout_box){box.x, box.y + top, box.width, box.height - top};
}

static void label_gammas(struct test_card_plan *plan, int type_px)
{
    int size_px = part_of(type_px, 0.55);
    for (int i = 0; i < TEST_CARD_GAMMAS; i++) {
        const struct layout_box *patch = &plan->gammas[i];
        char text[8];
        snprintf(text, sizeof text, "%.1f", test_card_gammas[i]);
        struct layout_box box = {patch->x, patch->y + patch->height + part_of(size_px, 0.3),
                                 patch->width, part_of(size_px, 1.4)};
        struct test_card_text *label = add_text(plan, text, "en", box, size_px);
        label->align = TEST_CARD_CENTER;
        label->color = TEST_CARD_QUIET;
    }
}

/* In two columns side by side: sharpness over black, gamma over white. */
static void plan_patches_in_pairs(struct test_card_plan *plan, const char *language,
                                  struct layout_box box, int type_px)
{
    int gap = part_of(box.width, 0.06), label = part_of(type_px, 1.5);
    struct layout_box cell = {box.x, box.y, (box.width - gap) / 2, box.height * 2 / 3 - label};
    plan_squares(plan, language, CAPTION_SHARP, cell, type_px, plan->sharp, 4);
    cell.x += cell.width + gap;
    int below = plan_squares(plan, language, CAPTION_GAMMA, cell, type_px, plan->gammas, 4);
    label_gammas(plan, type_px);
    cell.y += below + label;
    cell.width = plan->gammas[3].x + plan->gammas[3].width - cell.x;
    cell.height = smaller(box.y + box.height - cell.y, part_of(type_px, 3));
    plan->whites = plan_steps(plan, language, CAPTION_WHITE, cell, type_px);
    cell.x = box.x;
    plan->blacks = plan_steps(plan, language, CAPTION_BLACK, cell, type_px);
}

/* Sharpness, gamma, black and white, one below the other. */
static void plan_patches(struct test_card_plan *plan, const char *language, struct layout_box box,
                         int type_px)
{
    int gap = part_of(type_px, 0.8), label = part_of(type_px, 0.9);
    int squares = (box.height - 3 * gap - label) * 32 / 100;
    struct layout_box row = {box.x, box.y, box.width, squares};
    row.y += plan_squares(plan, language, CAPTION_SHARP, row, type_px, plan->sharp, 4) + gap;
    row.y += plan_squares(plan, language, CAPTION_GAMMA, row, type_px, plan->gammas, 4);
    label_gammas(plan, type_px);
    row.y += label + gap;
    /* As wide as the squares are together. */
    row.width = plan->gammas[3].x + plan->gammas[3].width - box.x;
    row.height = smaller((box.y + box.height - row.y - gap) / 2, part_of(type_px, 2.6));
    plan->blacks = plan_steps(plan, language, CAPTION_BLACK, row, type_px);
    row.y += row.height + gap;
    plan->whites = plan_steps(plan, language, CAPTION_WHITE, row, type_px);
}

/* Three columns: what it is, the clock, the patches. */
static void plan_columns(struct test_card_plan *plan, struct layout_box middle,
                         const struct test_card_facts *facts)
{
    int gap = part_of(plan->shorter_px, 0.04);
    int side = smaller(middle.height, part_of(middle.width, 0.32));
    int column = (middle.width - side) / 2 - gap;
    int type_px = smaller(part_of(plan->shorter_px, 0.034), column / 16);
    struct layout_box left = {middle.x, middle.y, column, middle.height};
    struct layout_box right = {middle.x + middle.width - column, middle.y, column, middle.height};
    int below = plan_identity(plan, left, type_px, facts, FACTS_LINES) + gap;
    left.height -= below - left.y;
    left.y = below;
    plan_samples(plan, left, type_px);
    plan_clock(plan, (struct layout_box){middle.x + column + gap, middle.y, side, middle.height});
    plan_patches(plan, facts->language, right, type_px);
}

/* On a wall that is four times as wide as high: name and samples side by side, and the patches
 * in two blocks. */
static void plan_wide(struct test_card_plan *plan, struct layout_box middle,
                      const struct test_card_facts *facts)
{
    int gap = part_of(plan->shorter_px, 0.07), side = middle.height;
    int half = (middle.width - side) / 2 - gap, column = (half - gap) / 2;
    int type_px = smaller(part_of(plan->shorter_px, 0.052), column / 15);
    struct layout_box box = {middle.x, middle.y, column, middle.height};
    plan_identity(plan, box, type_px, facts, FACTS_LINES);
    box.x += column + gap;
    plan_samples(plan, box, type_px);
    plan_clock(plan, (struct layout_box){middle.x + half + gap, middle.y, side, side});
    box.x = middle.x + middle.width - half;
    box.width = half;
    plan_patches_in_pairs(plan, facts->language, box, type_px);
}

static void plan_rows(struct test_card_plan *plan, struct layout_box middle,
                      const struct test_card_facts *facts)
{
    int gap = part_of(plan->shorter_px, 0.04);
    int side = smaller(part_of(middle.width, 0.58), part_of(middle.height, 0.36));
    int row = (middle.height - side) / 2 - gap;
    int type_px = smaller(smaller(part_of(plan->shorter_px, 0.036), middle.width / 20), row / 16);
    struct layout_box top = {middle.x, middle.y, middle.width, row};
    struct layout_box bottom = {middle.x, middle.y + middle.height - row, middle.width, row};
    int below = plan_identity(plan, top, type_px, facts, FACTS_LINES) + gap / 2;
    top.height -= below - top.y;
    top.y = below;
    plan_samples(plan, top, type_px);
    plan_clock(plan, (struct layout_box){middle.x, middle.y + row + gap, middle.width, side});
    plan_patches_in_pairs(plan, facts->language, bottom, type_px);
}

/* Name, address and size above, the clock below. */
static void plan_tiny(struct test_card_plan *plan, struct layout_box middle,
                      const struct test_card_facts *facts)
{
    int type_px = smaller(middle.height / 8, middle.width / 16);
    struct layout_box top = {middle.x, middle.y, middle.width, middle.height * 3 / 5};
    plan->is_tiny = true;
    plan_identity(plan, top, type_px, facts, 2);
    plan->clock_px = smaller(middle.height / 5, middle.width / 8);
    int height = plan->clock_px * 2;
    plan->clock =
        (struct layout_box){middle.x, middle.y + middle.height - height, middle.width, height};
    add_glyphs(plan);
}

void test_card_plan_make(struct test_card_plan *plan, int width_px, int height_px,
                         const struct test_card_facts *facts)
{
    *plan = (struct test_card_plan){.width_px = width_px, .height_px = height_px};
    int shorter = plan->shorter_px = smaller(width_px, height_px);
    double aspect = (double)width_px / height_px;
    plan->line_px = shorter < 2160 ? 1 : shorter / 1080;
    plan->grid_px = shorter < 96 ? 8 : shorter / 12;
    plan->safe_px = part_of(shorter, SAFE_PART);
    int inner = plan->safe_px + part_of(shorter, 0.03) + 2, gap = part_of(shorter, 0.045);
    int content = width_px - 2 * inner;
    plan->bars = (struct layout_box){inner, inner, content, part_of(shorter, 0.055)};
    plan->ramps = (struct layout_box){inner, 0, content, part_of(shorter, 0.11)};
    plan->ramps.y = height_px - inner - plan->ramps.height;
    struct layout_box middle = {inner, inner + plan->bars.height + gap, content, 0};
    middle.height = plan->ramps.y - gap - middle.y;
    if (shorter < (aspect >= WIDE_ASPECT ? TINY_WIDE_PX : TINY_PX)) {
        plan_tiny(plan, middle, facts);
        return;
    }
    int caption_px = part_of(shorter, 0.017);
    struct layout_box safe = {inner, (plan->safe_px - part_of(caption_px, 1.2)) / 2,
                              part_of(content, 0.3), caption_px * 2};
    add_caption(plan, facts->language, CAPTION_SAFE, safe, caption_px);
    if (aspect >= WIDE_ASPECT)
        plan_wide(plan, middle, facts);
    else if (aspect >= PORTRAIT_ASPECT)
        plan_columns(plan, middle, facts);
    else
        plan_rows(plan, middle, facts);
}
