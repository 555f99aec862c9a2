/* What a style says of a text's place and looks, as properties of what is drawn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "draw_text.h"

#define WIDTH 640
#define HEIGHT 360

static const struct {
    const char *language, *text;
} texts[] = {
    {"zh-Hans", "“相信小的伟大。”——他们说，2026年，“每一个行动，都能通向伟大……”"},
    {"zh-Hant", "「相信小的偉大」，2026年。"},
    {"ko", "“멈출 수 있는 용기가” 결승선보다 아름답다, 2026년."},
    {"ja", "「小さな偉大さ」へ。世界を変える力は、いつもここから始まる。"},
    {"en", "“Why just give up?” (Åny day, every day.)"},
};
#define TEXTS (sizeof texts / sizeof *texts)

static uint32_t pixel_at(const struct picture *picture, int x, int y)
{
    x -= picture->x;
    y -= picture->y;
    if (x < 0 || y < 0 || x >= picture->width || y >= picture->height)
        return 0;
    return picture->pixels[y * picture->width + x];
}

static int density_at(const struct picture *picture, int x, int y)
{
    return (int)(pixel_at(picture, x, y) >> 24);
}

/* The plain style has neither shadow nor scrim, so that the picture is the ink. */
static void ink_stays_in_its_box(void **state)
{
    (void)state;
    static const struct layout_rect boxes[] = {
        {0, 0, 1, 1},         {0.31, 0.07, 0.4, 0.3},       {0.9, 0, 0.1, 1},
        {0.5, 0.9, 0.5, 0.1}, {0.123, 0.456, 0.321, 0.111}, {0.99, 0.99, 0.01, 0.01}};
    static const int sizes[][2] = {{640, 360}, {360, 640}, {980, 244}, {300, 300}};
    for (size_t i = 0; i < 9 * 6 * 4 * TEXTS; i++) {
        const struct layout_rect *box = &boxes[i / 9 % 6];
        int width = sizes[i / 54 % 4][0], height = sizes[i / 54 % 4][1];
        size_t text = i / 216;
        struct text_style style = plain;
        style.has_box = true;
        style.box = *box;
        style.align = (enum text_align)(i % 3);
        style.valign = (enum text_align)(i / 3 % 3);
        style.hangs = i % 2;
        style.is_tabular = i / 2 % 2;
        style.tracking = (double)(i % 5) * 0.05 - 0.02;
        style.size = 0.02 + (double)(i % 7) * 0.06;
        struct picture drawn =
            draw_text(texts[text].text, texts[text].language, width, height, &style);
        assert_true(drawn.x >= (int)(box->x * width) && drawn.y >= (int)(box->y * height));
        assert_true(drawn.x + drawn.width <= (box->x + box->width) * width + 1e-6);
        assert_true(drawn.y + drawn.height <= (box->y + box->height) * height + 1e-6);
        free(drawn.pixels);
    }
}

/* Ten letters on one line, of which none is cut at the box's edge: all are as wide as the first. */
static void tracked_words_fit_their_box(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct text_style style = plain;
        style.has_box = true;
        style.box = (struct layout_rect){0.1, 0.1, 0.25 + 0.03 * i, 0.5};
        style.tracking = i % 2 ? 0.2 : -0.02;
        style.lines_max = 1;
        style.size = 0.1;
        struct picture drawn = draw_text("H H H H H H H H H H", "en", WIDTH, HEIGHT, &style);
        int letters = 0, first = 0, last = 0;
        for (int x = drawn.x, run = 0; x <= drawn.x + drawn.width; x++) {
            int ink = 0;
            for (int y = 0; y < drawn.height; y++)
                ink |= density_at(&drawn, x, drawn.y + y);
            run = ink ? run + 1 : 0;
            if (run == 1)
                letters++;
            first = letters == 1 && ink ? run : first;
            last = ink ? run : last;
        }
        assert_int_equal(letters, 10);
        assert_in_range(last - first + 1, 0, 2);
        assert_false(drawn.facts.is_cut);
        free(drawn.pixels);
    }
}

static void narrow_and_tiny_boxes(void **state)
{
    (void)state;
    struct text_style style = plain;
    style.has_box = style.hangs = true;
    style.size = 0.1;
    style.box = (struct layout_rect){0.1, 0.1, 0.06, 0.5}; /* less than what may hang */
    struct picture drawn = draw_text("“Hello, wide world.”", "en", WIDTH, HEIGHT, &style);
    assert_true(drawn.facts.used_px < drawn.facts.asked_px && drawn.facts.lines > 1);
    free(drawn.pixels);
    /* On a wall of few pixels a box may begin at its last row. */
    style.box = (struct layout_rect){0, 0.99, 1, 0.01};
    drawn = draw_text("Small", "en", 192, 64, &style);
    free(drawn.pixels);
    style.box = (struct layout_rect){0.99, 0, 0.01, 1};
    drawn = draw_text("Small", "en", 64, 192, &style);
    free(drawn.pixels);
}

/* In the corners of its box, as near as its measures let it. */
static void a_text_stands_where_its_box_says(void **state)
{
    (void)state;
    for (int i = 0; i < 9; i++) {
        struct text_style style = plain;
        style.has_box = true;
        style.box = (struct layout_rect){0.25, 0.25, 0.5, 0.5};
        style.size = 0.1; /* 36 pixels */
        style.align = (enum text_align)(i % 3);
        style.valign = (enum text_align)(i / 3);
        struct picture drawn = draw_text("国国", "zh", WIDTH, HEIGHT, &style);
        int left = drawn.x - WIDTH / 4, right = WIDTH * 3 / 4 - drawn.x - drawn.width;
        int top = drawn.y - HEIGHT / 4, bottom = HEIGHT * 3 / 4 - drawn.y - drawn.height;
        assert_in_range(i % 3 == 0 ? left : i % 3 == 2 ? right : abs(left - right), 0, 1);
        assert_in_range(i / 3 == 0 ? top : i / 3 == 2 ? bottom : abs(top - bottom), 0, 4);
        free(drawn.pixels);
    }
}

static void lines_are_no_more_than_are_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEXTS; i++) {
        int before_px = 0;
        for (int most = 1; most <= 4; most++) {
            struct text_style style = plain;
            style.size = 0.12;
            style.lines_max = most;
            struct picture drawn =
                draw_text(texts[i].text, texts[i].language, WIDTH, HEIGHT, &style);
            assert_in_range(drawn.facts.lines, 1, most);
            assert_false(drawn.facts.is_cut);
            assert_true(drawn.facts.used_px >= before_px); /* more lines are no smaller */
            before_px = drawn.facts.used_px;
            free(drawn.pixels);
        }
    }
    /* Its own lines are more: it is cut, and says so. */
    struct text_style style = plain;
    style.lines_max = 1;
    struct picture drawn = draw_text("one\ntwo", "en", WIDTH, HEIGHT, &style);
    assert_true(drawn.facts.is_cut);
    free(drawn.pixels);
}

static int width_of(const char *text, const char *language, const struct text_style *style)
{
    struct picture drawn = draw_text(text, language, WIDTH, HEIGHT, style);
    free(drawn.pixels);
    return drawn.width;
}

static void tracking_is_between_characters(void **state)
{
    (void)state;
    static const struct {
        const char *language, *text;
        int gaps;
    } cases[] = {{"zh", "国国国", 2},
                 {"ko", "한 국", 2},
                 {"en", "HHHH", 3},
                 {"en", "H", 0},
                 {"ko",
                  "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"
                  "국",
                  1} /* of letters, NFD */};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text_style style = plain;
        style.size = 0.1;
        int none = width_of(cases[i].text, cases[i].language, &style);
        style.tracking = 0.2;
        int wide = width_of(cases[i].text, cases[i].language, &style);
        /* 0.2 of 36; each character's own width is rounded then. */
        assert_in_range(wide - none, cases[i].gaps * 6, cases[i].gaps * 8);
        style.tracking = -0.02;
        int tight = width_of(cases[i].text, cases[i].language, &style);
        assert_in_range(none - tight, 0, cases[i].gaps * 2);
    }
    /* A pair that the font moves together stays together. */
    struct text_style style = plain;
    style.size = 0.5;
    int apart = width_of("TH", "en", &style) - width_of("H", "en", &style);
    int pair = width_of("To", "en", &style) - width_of("o", "en", &style);
    style.tracking = 0.1;
    int tracked_apart = width_of("TH", "en", &style) - width_of("H", "en", &style);
    int tracked_pair = width_of("To", "en", &style) - width_of("o", "en", &style);
    assert_true(pair < apart - 6);
    assert_in_range(tracked_apart - apart - (tracked_pair - pair) + 1, 0, 2);
}

static void leading_is_between_baselines(void **state)
{
    (void)state;
    struct text_style style = plain;
    style.size = 0.1;
    style.valign = TEXT_ALIGN_CENTER;
    style.leading = 1;
    struct picture tight = draw_text("H\nH\nH", "en", WIDTH, HEIGHT, &style);
    style.leading = 1.8;
    struct picture wide = draw_text("H\nH\nH", "en", WIDTH, HEIGHT, &style);
    assert_in_range(wide.height - tight.height, 57, 58); /* 2 × 0.8 × 36 = 57.6 */
    free(tight.pixels);
    free(wide.pixels);
}

/* A number does not move as it changes, wherever it stands. */
static void tabular_figures_are_equally_wide(void **state)
{
    (void)state;
    struct text_style style = plain;
    style.size = 0.2;
    style.is_tabular = true;
    for (int align = 0; align < 3; align++) {
        int colon_x = -1;
        for (int second = 0; second < 10; second++) {
            char text[16];
            snprintf(text, sizeof text, "1%d:%d1", second, 9 - second);
            style.align = (enum text_align)align;
            struct picture drawn = draw_text(text, "en", WIDTH, HEIGHT, &style);
            /* The colon is the only ink with nothing in its middle row between two others. */
            int best = 0;
            for (int x = drawn.x; x < drawn.x + drawn.width; x++) {
                bool top = false, middle = false, bottom = false;
                for (int y = 0; y < drawn.height; y++) {
                    bool ink = density_at(&drawn, x, drawn.y + y) > 200;
                    top |= ink && y < drawn.height / 4;
                    middle |= ink && y > drawn.height * 5 / 8 && y < drawn.height * 6 / 8;
                    bottom |= ink && y > drawn.height * 7 / 8;
                }
                best = !top && !middle && bottom && !best ? x : best;
            }
            assert_true(best > 0);
            assert_true(colon_x < 0 || abs(best - colon_x) <= 1);
            colon_x = best;
            free(drawn.pixels);
        }
    }
}

/* The letters of a line with a quote begin where those of one without do. */
static void quotes_hang(void **state)
{
    (void)state;
    static const struct {
        const char *language, *with, *without;
    } cases[] = {{"en", "“H", "H"}, {"zh", "“国", "国"}, {"zh", "「国", "国"}, {"ko", "“한", "한"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int align = 0; align < 3; align += 2) {
            char mirrored[32];
            struct text_style style = plain;
            style.size = 0.04;
            style.align = (enum text_align)align;
            const char *with = cases[i].with;
            if (align == TEXT_ALIGN_END) { /* the closing one, behind it */
                const char *closing = strstr(with, "「") ? "」" : "”";
                snprintf(mirrored, sizeof mirrored, "%s%s", cases[i].without, closing);
                with = mirrored;
            }
            struct picture plainly =
                draw_text(cases[i].without, cases[i].language, WIDTH, HEIGHT, &style);
            struct picture aligned = draw_text(with, cases[i].language, WIDTH, HEIGHT, &style);
            style.hangs = true;
            struct picture hung = draw_text(with, cases[i].language, WIDTH, HEIGHT, &style);
            int letter =
                align ? hung.x - plainly.x : hung.x + hung.width - (plainly.x + plainly.width);
            assert_in_range(letter + 1, 0, 2);
            if (align)
                assert_true(hung.x + hung.width > plainly.x + plainly.width + 3);
            else
                assert_true(hung.x < plainly.x - 3);
            assert_int_equal(aligned.width, hung.width);
            free(plainly.pixels);
            free(aligned.pixels);
            free(hung.pixels);
        }
}

static void opacity_thins_all_of_it(void **state)
{
    (void)state;
    struct text_style style = plain;
    style.size = 0.2;
    style.shadow.kind = TEXT_SHADOW_BUILT_IN;
    struct picture whole = draw_text("国", "zh", WIDTH, HEIGHT, &style);
    style.opacity = 0.4;
    struct picture thin = draw_text("国", "zh", WIDTH, HEIGHT, &style);
    assert_int_equal(whole.width, thin.width);
    assert_int_equal(whole.height, thin.height);
    for (int i = 0; i < whole.width * whole.height; i++)
        for (int shift = 0; shift < 32; shift += 8) {
            int of = (int)(whole.pixels[i] >> shift & 0xff);
            assert_int_equal(thin.pixels[i] >> shift & 0xff, (of * 102 + 127) / 255);
        }
    free(whole.pixels);
    free(thin.pixels);
}

static void a_shadow_has_its_color_and_its_drop(void **state)
{
    (void)state;
    struct text_style style = plain;
    style.size = 0.2; /* 72 pixels */
    style.valign = TEXT_ALIGN_CENTER;
    style.shadow = (struct text_shadow){.kind = TEXT_SHADOW_OWN,
                                        .has_color = true,
                                        .color = 0x00a0ff,
                                        .strength = 0.8,
                                        .blur = 0.1};
    struct picture around = draw_text("国", "zh", WIDTH, HEIGHT, &style);
    style.shadow.drop = 0.5;
    struct picture dropped = draw_text("国", "zh", WIDTH, HEIGHT, &style);
    style.shadow.strength = 0;
    struct picture none = draw_text("国", "zh", WIDTH, HEIGHT, &style);
    int beside = 0;
    for (int i = 0; i < around.width * around.height; i++) {
        uint32_t pixel = around.pixels[i], alpha = pixel >> 24;
        if (alpha == 0 || pixel >> 16 & 0xff) /* the text is white: it has red */
            continue;
        beside++;
        assert_true((pixel & 0xff) == alpha);
        assert_in_range((pixel >> 8 & 0xff) + 1, alpha * 160 / 255, alpha * 160 / 255 + 2);
    }
    assert_true(beside > 1000);
    assert_int_equal(dropped.y, around.y);
    assert_in_range(dropped.height - around.height, 35, 37);
    assert_true(none.width < around.width - 20);
    free(around.pixels);
    free(dropped.pixels);
    free(none.pixels);
}

/* From the edge that the text stands at, over the whole screen's width or height, and denser towards
 * the edge; neighbours differ by one level at most, with no band wider than a few pixels. */
static void a_scrim_comes_from_the_edge(void **state)
{
    (void)state;
    static const struct {
        enum text_align align, valign;
        int edge_x, edge_y, far_x, far_y;
    } cases[] = {
        {TEXT_ALIGN_START, TEXT_ALIGN_END, WIDTH - 1, HEIGHT - 1, WIDTH - 1, HEIGHT / 2},
        {TEXT_ALIGN_START, TEXT_ALIGN_START, WIDTH - 1, 0, WIDTH - 1, HEIGHT / 2},
        {TEXT_ALIGN_START, TEXT_ALIGN_CENTER, 0, 0, WIDTH / 2, 0},
        {TEXT_ALIGN_END, TEXT_ALIGN_CENTER, WIDTH - 1, 0, WIDTH / 2, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text_style style = plain;
        style.scrim = TEXT_SCRIM_EDGE;
        style.align = cases[i].align;
        style.valign = cases[i].valign;
        struct picture drawn = draw_text("国", "zh", WIDTH, HEIGHT, &style);
        int edge_x = cases[i].edge_x, edge_y = cases[i].edge_y;
        assert_in_range(density_at(&drawn, edge_x, edge_y), 138, 142); /* 0.55 of 255 */
        assert_int_equal(density_at(&drawn, cases[i].far_x, cases[i].far_y), 0);
        int steps_x = (cases[i].far_x > edge_x) - (cases[i].far_x < edge_x);
        int steps_y = (cases[i].far_y > edge_y) - (cases[i].far_y < edge_y);
        int before = density_at(&drawn, edge_x, edge_y);
        for (int x = edge_x, y = edge_y; x != cases[i].far_x || y != cases[i].far_y;
             x += steps_x, y += steps_y) {
            int density = density_at(&drawn, x, y);
            assert_true(density <= before + 1 && density >= before - 4);
            before = density;
        }
        free(drawn.pixels);
    }
    /* In the middle there is no edge: as a soft one. */
    struct text_style style = plain;
    style.align = style.valign = TEXT_ALIGN_CENTER;
    style.scrim = TEXT_SCRIM_EDGE;
    struct picture edge = draw_text("国", "zh", WIDTH, HEIGHT, &style);
    style.scrim = TEXT_SCRIM_SOFT;
    struct picture soft = draw_text("国", "zh", WIDTH, HEIGHT, &style);
    assert_int_equal(edge.width, soft.width);
    assert_int_equal(edge.height, soft.height);
    assert_memory_equal(edge.pixels, soft.pixels,
                        (size_t)edge.width * (size_t)edge.height * sizeof *edge.pixels);
    free(edge.pixels);
    free(soft.pixels);
}

static struct picture draw_spans(const char *text, const char *language,
                                 const struct text_style *style, const struct text_span *spans,
                                 size_t count)
{
    struct tagline_request request = request_for(text, language, WIDTH, HEIGHT, style);
    request.spans = spans;
    request.span_count = count;
    return draw(&request);
}

/* From left to right each span has its color; lines and letters stand as they would without. */
static void spans_have_their_colors(void **state)
{
    (void)state;
    static const struct {
        const char *language, *text;
        uint32_t first, second;
    } cases[] = {
        {"en", "Tom sails", 1, 4},
        {"zh", "“小的”伟大", 3, 9},
        /* Letters that are put together: 한국 with the first syllable in three parts. */
        {"ko",
         "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"
         "국 작은",
         9, 13},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text_style style = plain;
        style.size = 0.12;
        style.color = 0xffffff;
        const struct text_span spans[] = {
            {cases[i].first, true, 0xff0000},
            {cases[i].second, false, 0},
            {(uint32_t)strlen(cases[i].text), true, 0x0000ff},
        };
        struct picture of_one = draw_text(cases[i].text, cases[i].language, WIDTH, HEIGHT, &style);
        struct picture colored = draw_spans(cases[i].text, cases[i].language, &style, spans, 3);
        assert_in_range(colored.width - of_one.width + 2, 0, 4);
        assert_int_equal(colored.height, of_one.height);
        int first[3] = {WIDTH, WIDTH, WIDTH}, last[3] = {-1, -1, -1};
        for (int at = 0; at < colored.width * colored.height; at++) {
            uint32_t pixel = colored.pixels[at];
            int ink = pixel == 0xffff0000 ? 0 : pixel == 0xffffffff ? 1 : 2;
            if (ink == 2 && pixel != 0xff0000ff)
                continue;
            int x = at % colored.width;
            first[ink] = x < first[ink] ? x : first[ink];
            last[ink] = x > last[ink] ? x : last[ink];
        }
        assert_true(last[0] >= 0 && first[1] > last[0] - 2);
        assert_true(last[1] >= 0 && first[2] > last[1] - 2 && last[2] >= 0);
        free(of_one.pixels);
        free(colored.pixels);
    }
}

/* A pair that the font moves together stays together, though a new color begins between them. */
static void spans_keep_pairs_together(void **state)
{
    (void)state;
    struct text_style style = plain;
    style.size = 0.5;
    const struct text_span spans[] = {{1, true, 0xff0000}, {2, true, 0x0000ff}};
    struct picture colored = draw_spans("To", "en", &style, spans, 2);
    assert_in_range(colored.width - width_of("To", "en", &style) + 1, 0, 2);
    free(colored.pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ink_stays_in_its_box),
        cmocka_unit_test(tracked_words_fit_their_box),
        cmocka_unit_test(narrow_and_tiny_boxes),
        cmocka_unit_test(a_text_stands_where_its_box_says),
        cmocka_unit_test(lines_are_no_more_than_are_allowed),
        cmocka_unit_test(tracking_is_between_characters),
        cmocka_unit_test(leading_is_between_baselines),
        cmocka_unit_test(tabular_figures_are_equally_wide),
        cmocka_unit_test(quotes_hang),
        cmocka_unit_test(opacity_thins_all_of_it),
        cmocka_unit_test(a_shadow_has_its_color_and_its_drop),
        cmocka_unit_test(a_scrim_comes_from_the_edge),
        cmocka_unit_test(spans_have_their_colors),
        cmocka_unit_test(spans_keep_pairs_together),
    };
    return cmocka_run_group_tests_name("text_style", tests, NULL, NULL);
}
