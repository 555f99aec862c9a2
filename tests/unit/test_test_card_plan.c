#include "screen/test_card_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const int sizes[][2] = {{16, 16},     {64, 64},      {200, 120},  {320, 300},
                               {640, 480},   {1000, 1000},  {1920, 360}, {1920, 1080},
                               {1080, 1920}, {1080, 3840},  {3840, 960}, {7840, 1952},
                               {16384, 512}, {16384, 16384}};
#define SIZES (sizeof sizes / sizeof *sizes)

static const struct test_card_facts facts = {
    .name = "duckling-seoul-03",
    .lines = "192.168.10.121\n1920 × 1080, 60.00 Hz\nHDMI-A-1: DEL DELL U2720Q\nturned by 90°\n"
             "Asia/Seoul UTC+09:00, ko\nDuckling 0.1.0",
    .language = "ko",
};

static bool is_inside(const struct test_card_plan *plan, struct layout_box box)
{
    return box.width >= 0 && box.height >= 0 && box.x >= 0 && box.y >= 0 &&
           box.x + box.width <= plan->width_px && box.y + box.height <= plan->height_px;
}

static bool is_overlap(struct layout_box a, struct layout_box b)
{
    return a.width > 0 && b.width > 0 && a.x < b.x + b.width && b.x < a.x + a.width &&
           a.y < b.y + b.height && b.y < a.y + a.height;
}

/* All that is drawn beside texts. */
static int list_boxes(const struct test_card_plan *plan, struct layout_box boxes[16])
{
    int count = 0;
    boxes[count++] = plan->bars;
    boxes[count++] = plan->ramps;
    boxes[count++] = plan->ring;
    boxes[count++] = plan->blacks;
    boxes[count++] = plan->whites;
    for (int i = 0; i < 4; i++)
        boxes[count++] = plan->sharp[i];
    for (int i = 0; i < TEST_CARD_GAMMAS; i++)
        boxes[count++] = plan->gammas[i];
    return count;
}

static void nothing_lies_over_anything_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZES; i++) {
        struct test_card_plan plan;
        struct layout_box boxes[16];
        test_card_plan_make(&plan, sizes[i][0], sizes[i][1], &facts);
        int count = list_boxes(&plan, boxes);
        for (int a = 0; a < count; a++) {
            assert_true(is_inside(&plan, boxes[a]));
            for (int b = 0; b < a; b++)
                assert_false(is_overlap(boxes[a], boxes[b]));
            for (int t = 0; t < plan.text_count; t++)
                assert_false(!plan.texts[t].is_glyphs && is_overlap(boxes[a], plan.texts[t].box));
        }
        for (int t = 0; t < plan.text_count; t++) {
            assert_true(plan.texts[t].is_glyphs || is_inside(&plan, plan.texts[t].box));
            for (int u = 0; u < t; u++)
                assert_false(!plan.texts[t].is_glyphs && !plan.texts[u].is_glyphs &&
                             is_overlap(plan.texts[t].box, plan.texts[u].box));
        }
        assert_true(is_inside(&plan, plan.clock));
        assert_true(plan.clock.width == 0 || plan.clock.x > plan.ring.x);
    }
}

static const struct test_card_text *find_text(const struct test_card_plan *plan, const char *text)
{
    for (int i = 0; i < plan->text_count; i++)
        if (strcmp(plan->texts[i].text, text) == 0)
            return &plan->texts[i];
    return NULL;
}

static void it_says_who_it_is_and_speaks_each_language(void **state)
{
    static const char *const texts[] = {"duckling-seoul-03",
                                        "HDMI-A-1: DEL DELL U2720Q",
                                        "작은 것의 위대함을 위하여",
                                        "To the greatness of small.",
                                        TEST_CARD_GLYPHS,
                                        "2.2",
                                        "안전 영역"};
    static const char *const languages[] = {"ko", "zh-Hans", "zh-Hant", "zh-HK", "ja", "en"};
    struct test_card_plan plan;
    (void)state;
    for (size_t i = 4; i < SIZES; i++) {
        test_card_plan_make(&plan, sizes[i][0], sizes[i][1], &facts);
        for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
            assert_non_null(find_text(&plan, texts[t]));
        for (size_t l = 0; l < sizeof languages / sizeof *languages; l++) {
            bool is_there = false;
            for (int t = 0; t < plan.text_count; t++)
                is_there |= strcmp(plan.texts[t].language, languages[l]) == 0;
            assert_true(is_there);
        }
        assert_true(plan.text_count < TEST_CARD_TEXTS_MAX);
    }
}

static void captions_have_the_players_language(void **state)
{
    static const char *const pairs[][2] = {{"zh-Hans", "清晰度：1 px、2 px"},
                                           {"zh", "清晰度：1 px、2 px"},
                                           {"zh-Hant-HK", "銳利度：1 px、2 px"},
                                           {"ko-KR", "선명도: 1 px, 2 px"},
                                           {"fr", "Sharpness: 1 px, 2 px"}};
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct test_card_plan plan;
        struct test_card_facts own = facts;
        own.language = pairs[i][0];
        test_card_plan_make(&plan, 1920, 1080, &own);
        assert_non_null(find_text(&plan, pairs[i][1]));
    }
}

static void the_smallest_screens_have_name_size_and_clock(void **state)
{
    struct test_card_plan plan;
    (void)state;
    test_card_plan_make(&plan, 384, 192, &facts);
    assert_true(plan.is_tiny);
    assert_string_equal(plan.texts[0].text, facts.name);
    assert_non_null(find_text(&plan, "192.168.10.121"));
    assert_non_null(find_text(&plan, "1920 × 1080, 60.00 Hz"));
    assert_non_null(find_text(&plan, TEST_CARD_GLYPHS));
    test_card_plan_make(&plan, 64, 64, &facts);
    for (int i = 0; i < plan.text_count; i++)
        assert_true(plan.texts[i].size_px >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_lies_over_anything_else),
        cmocka_unit_test(it_says_who_it_is_and_speaks_each_language),
        cmocka_unit_test(captions_have_the_players_language),
        cmocka_unit_test(the_smallest_screens_have_name_size_and_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
