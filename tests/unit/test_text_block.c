/* Tagline, subline and legal line as one picture. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "draw_text.h"
#include "worker/text/text_block.h"

#define WIDTH 640
#define HEIGHT 360
#define MARGIN 20 /* 0.055 of 360 */

static struct text_style styles[TEXT_LEVELS];
static const char *texts[TEXT_LEVELS];
static bool follows;

/* As a playlist has them by itself. */
static int begin(void **state)
{
    (void)state;
    for (enum text_level level = 0; level < TEXT_LEVELS; level++) {
        styles[level] = plain;
        texts[level] = NULL;
    }
    styles[TEXT_LEVEL_SUBLINE].size *= 0.42;
    styles[TEXT_LEVEL_LEGAL].size = 0.03;
    texts[TEXT_LEVEL_TAGLINE] = "HH";
    follows = true;
    return 0;
}

struct drawn {
    struct picture whole, of[TEXT_LEVELS]; /* of all, and of each alone */
    struct tagline_facts facts[TEXT_LEVELS];
};

static struct picture draw_level(const char *language, enum text_level only, struct drawn *drawn)
{
    struct err err = {0};
    struct tagline_request requests[TEXT_LEVELS];
    struct text_block_request request = {.subline_follows = follows, .only = only};
    for (enum text_level level = 0; level < TEXT_LEVELS; level++) {
        if (!texts[level])
            continue;
        requests[level] = request_for(texts[level], language, WIDTH, HEIGHT, &styles[level]);
        request.texts[level] = &requests[level];
    }
    struct text_block *block = text_block_create(&request, &err);
    if (!block)
        fail_msg("%s", err.text);
    struct picture picture = {0};
    text_block_box(block, &picture.x, &picture.y, &picture.width, &picture.height);
    assert_true(picture.x >= 0 && picture.y >= 0 && picture.width >= 1 && picture.height >= 1);
    assert_true(picture.x + picture.width <= WIDTH && picture.y + picture.height <= HEIGHT);
    size_t bytes = (size_t)picture.width * (size_t)picture.height * 4;
    picture.pixels = malloc(bytes);
    assert_non_null(picture.pixels);
    memset(picture.pixels, 0x5a, bytes);
    assert_true(text_block_paint(block, picture.pixels, (size_t)picture.width * 4, &err));
    for (enum text_level level = 0; level < TEXT_LEVELS; level++) {
        int top_px;
        drawn->facts[level] = text_block_facts(block, level, &top_px);
        if (texts[level])
            close(requests[level].faces[0].fd);
    }
    text_block_destroy(block);
    return picture;
}

static struct drawn draw_block(const char *language)
{
    struct drawn drawn = {0};
    drawn.whole = draw_level(language, TEXT_LEVELS, &drawn);
    for (enum text_level level = 0; level < TEXT_LEVELS; level++)
        if (texts[level])
            drawn.of[level] = draw_level(language, level, &drawn);
    return drawn;
}

static void release(struct drawn *drawn)
{
    free(drawn->whole.pixels);
    for (enum text_level level = 0; level < TEXT_LEVELS; level++)
        free(drawn->of[level].pixels);
}

static uint32_t pixel_at(const struct picture *picture, int x, int y)
{
    x -= picture->x;
    y -= picture->y;
    if (!picture->pixels || x < 0 || y < 0 || x >= picture->width || y >= picture->height)
        return 0;
    return picture->pixels[y * picture->width + x];
}

/* Texts that do not overlap: the whole is each of them, and nothing else. */
static void expect_sum(const struct drawn *drawn)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            uint32_t sum = 0;
            for (enum text_level level = 0; level < TEXT_LEVELS; level++)
                sum += pixel_at(&drawn->of[level], x, y);
            assert_int_equal(pixel_at(&drawn->whole, x, y), sum);
        }
}

static int bottom_of(const struct picture *picture)
{
    return picture->y + picture->height;
}

static void a_subline_stands_under_its_tagline(void **state)
{
    (void)state;
    texts[TEXT_LEVEL_SUBLINE] = "HHHH";
    for (int i = 0; i < 9; i++) {
        styles[TEXT_LEVEL_TAGLINE].align = (enum text_align)(i % 3);
        styles[TEXT_LEVEL_TAGLINE].valign = (enum text_align)(i / 3);
        /* Whatever its own style says. */
        styles[TEXT_LEVEL_SUBLINE].align = (enum text_align)((i + 1) % 3);
        styles[TEXT_LEVEL_SUBLINE].valign = (enum text_align)((i / 3 + 1) % 3);
        struct drawn drawn = draw_block("en");
        const struct picture *tagline = &drawn.of[TEXT_LEVEL_TAGLINE];
        const struct picture *subline = &drawn.of[TEXT_LEVEL_SUBLINE];
        expect_sum(&drawn);
        assert_int_equal(drawn.facts[TEXT_LEVEL_TAGLINE].used_px, 29);
        assert_int_equal(drawn.facts[TEXT_LEVEL_SUBLINE].used_px, 12);
        /* From the tagline's descender to the subline's ascender it is 0.6 of 29; capitals have neither. */
        assert_in_range(subline->y - bottom_of(tagline), 17 + 6, 17 + 6 + 4);
        int left = subline->x - tagline->x;
        int right = subline->x + subline->width - tagline->x - tagline->width;
        assert_in_range(i % 3 == 0 ? left + 1 : i % 3 == 2 ? right + 1 : left + right + 2, 0, 4);
        int top = tagline->y - MARGIN, below = HEIGHT - MARGIN - bottom_of(subline);
        assert_in_range(i / 3 == 0 ? top : i / 3 == 2 ? below : abs(top - below), 0, 4);
        release(&drawn);
    }
}

static void a_subline_gets_smaller_with_its_tagline(void **state)
{
    (void)state;
    texts[TEXT_LEVEL_TAGLINE] =
        "Small acts of kindness, done by many people every day, lead to greatness "
        "in the end, and who would have thought of that at the beginning?";
    texts[TEXT_LEVEL_SUBLINE] = "HHHH";
    styles[TEXT_LEVEL_TAGLINE].size = 0.2;
    styles[TEXT_LEVEL_SUBLINE].size = 0.084;
    struct drawn following = draw_block("en");
    follows = false;
    struct drawn own = draw_block("en");
    const struct tagline_facts *facts = following.facts;
    assert_true(facts[TEXT_LEVEL_TAGLINE].used_px < facts[TEXT_LEVEL_TAGLINE].asked_px);
    assert_in_range(facts[TEXT_LEVEL_SUBLINE].used_px * 100 / facts[TEXT_LEVEL_TAGLINE].used_px, 38,
                    46);
    assert_int_equal(own.facts[TEXT_LEVEL_SUBLINE].used_px, 30);
    expect_sum(&following);
    expect_sum(&own);
    release(&following);
    release(&own);
}

static void a_tagline_stands_above_a_legal_line(void **state)
{
    (void)state;
    texts[TEXT_LEVEL_LEGAL] = "HHHHHHHH";
    for (int i = 0; i < 3; i++) {
        texts[TEXT_LEVEL_SUBLINE] = i == 1 ? "HHHH" : NULL;
        styles[TEXT_LEVEL_TAGLINE].valign = i == 2 ? TEXT_ALIGN_START : TEXT_ALIGN_END;
        styles[TEXT_LEVEL_LEGAL].valign = styles[TEXT_LEVEL_TAGLINE].valign;
        struct drawn drawn = draw_block("en");
        const struct picture *lowest = &drawn.of[i == 1 ? TEXT_LEVEL_SUBLINE : TEXT_LEVEL_TAGLINE];
        const struct picture *legal = &drawn.of[TEXT_LEVEL_LEGAL];
        expect_sum(&drawn);
        if (i == 2) {
            assert_in_range(legal->y - MARGIN, 0, 3);
            assert_true(drawn.of[TEXT_LEVEL_TAGLINE].y > bottom_of(legal) + 8);
        } else {
            assert_in_range(HEIGHT - MARGIN - bottom_of(legal), 0, 4);
            assert_true(legal->y > bottom_of(lowest) + 8);
        }
        release(&drawn);
    }
    /* At another edge neither takes the other's place. */
    begin(NULL);
    struct drawn alone = draw_block("en");
    texts[TEXT_LEVEL_LEGAL] = "HHHH";
    styles[TEXT_LEVEL_LEGAL].valign = TEXT_ALIGN_START;
    struct drawn apart = draw_block("en");
    assert_int_equal(apart.of[TEXT_LEVEL_TAGLINE].y, alone.of[TEXT_LEVEL_TAGLINE].y);
    release(&alone);
    release(&apart);
}

static void all_of_a_pair_stays_in_its_box(void **state)
{
    (void)state;
    static const char *const languages[] = {"zh-Hans", "ko", "ja", "en"};
    static const char *const lines[][2] = {{"“相信小的伟大。”", "五个小小的开始，从1到1000。"},
                                           {"작은 것의 위대함을 위하여", "다섯 개의 작은 시작."},
                                           {"小さな偉大さへ。", "五つの小さな始まり。"},
                                           {"To the greatness of small.", "Five beginnings (Å)."}};
    for (int i = 0; i < 4 * 9 * 4; i++) {
        styles[TEXT_LEVEL_TAGLINE] = plain;
        styles[TEXT_LEVEL_TAGLINE].align = (enum text_align)(i % 3);
        styles[TEXT_LEVEL_TAGLINE].valign = (enum text_align)(i / 3 % 3);
        styles[TEXT_LEVEL_TAGLINE].size = 0.05 * (1 + i / 36);
        styles[TEXT_LEVEL_TAGLINE].has_box = true;
        styles[TEXT_LEVEL_TAGLINE].box = (struct layout_rect){0.2, 0.3, 0.5, 0.3};
        styles[TEXT_LEVEL_SUBLINE] = styles[TEXT_LEVEL_TAGLINE];
        styles[TEXT_LEVEL_SUBLINE].size *= 0.42;
        texts[TEXT_LEVEL_TAGLINE] = lines[i / 9 % 4][0];
        texts[TEXT_LEVEL_SUBLINE] = lines[i / 9 % 4][1];
        struct drawn drawn = draw_block(languages[i / 9 % 4]);
        assert_true(drawn.whole.x >= 128 && drawn.whole.x + drawn.whole.width <= 448);
        assert_true(drawn.whole.y >= 108 && bottom_of(&drawn.whole) <= 216);
        assert_false(drawn.facts[TEXT_LEVEL_SUBLINE].is_cut);
        assert_true(drawn.of[TEXT_LEVEL_SUBLINE].y >= bottom_of(&drawn.of[TEXT_LEVEL_TAGLINE]));
        release(&drawn);
    }
}

/* What a smaller tagline needs less of is the tagline's: the pair fills its box, and ends where it does. */
static void a_pair_fills_a_low_box(void **state)
{
    (void)state;
    texts[TEXT_LEVEL_TAGLINE] = "HH";
    texts[TEXT_LEVEL_SUBLINE] = "HHHH";
    for (int i = 0; i < 6; i++) {
        double height = 0.08 + 0.02 * i;
        styles[TEXT_LEVEL_TAGLINE].has_box = true;
        styles[TEXT_LEVEL_TAGLINE].box = (struct layout_rect){0.2, 0.3, 0.5, height};
        styles[TEXT_LEVEL_SUBLINE].scrim = TEXT_SCRIM_EDGE; /* which would reach over the screen */
        struct drawn drawn = draw_block("en");
        int box_px = (int)(height * HEIGHT);
        assert_in_range(drawn.facts[TEXT_LEVEL_TAGLINE].used_px, box_px * 2 / 5, box_px);
        assert_false(drawn.facts[TEXT_LEVEL_TAGLINE].is_cut);
        assert_in_range(108 + box_px - bottom_of(&drawn.of[TEXT_LEVEL_SUBLINE]), 0, 7);
        assert_true(drawn.whole.y >= 108);
        release(&drawn);
    }
}

/* Where shadows overlap, none is lost, and no pixel has more color than it has density. */
static void shadows_lie_under_both(void **state)
{
    (void)state;
    texts[TEXT_LEVEL_SUBLINE] = "HHHH";
    for (enum text_level level = 0; level < TEXT_LEVELS; level++) {
        styles[level].shadow.kind = TEXT_SHADOW_BUILT_IN;
        styles[level].scrim = TEXT_SCRIM_SOFT;
        styles[level].opacity = 0.8;
    }
    struct drawn drawn = draw_block("en");
    int overlaps = 0;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            uint32_t both = pixel_at(&drawn.whole, x, y), alpha = both >> 24;
            uint32_t one = pixel_at(&drawn.of[TEXT_LEVEL_TAGLINE], x, y) >> 24;
            uint32_t other = pixel_at(&drawn.of[TEXT_LEVEL_SUBLINE], x, y) >> 24;
            for (int shift = 0; shift < 24; shift += 8)
                assert_true((both >> shift & 0xff) <= alpha);
            assert_true(alpha >= one && alpha >= other && alpha <= one + other);
            overlaps += one > 0 && other > 0;
        }
    assert_true(overlaps > 100);
    release(&drawn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_subline_stands_under_its_tagline, begin),
        cmocka_unit_test_setup(a_subline_gets_smaller_with_its_tagline, begin),
        cmocka_unit_test_setup(a_tagline_stands_above_a_legal_line, begin),
        cmocka_unit_test_setup(all_of_a_pair_stays_in_its_box, begin),
        cmocka_unit_test_setup(a_pair_fills_a_low_box, begin),
        cmocka_unit_test_setup(shadows_lie_under_both, begin),
    };
    return cmocka_run_group_tests_name("text_block", tests, NULL, NULL);
}
