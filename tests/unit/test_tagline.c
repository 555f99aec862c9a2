#include "decode/system_fonts.h"
#include "worker/text/tagline.h"
#include "worker/text/tagline_balance.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "draw_text.h"

#define SHIPPED "fonts/duckling-bold.otf"

static void test_ink_stays_in_the_margins(void **state)
{
    (void)state;
    static const struct {
        const char *language, *text;
    } texts[] = {{"zh-Hans", "“相信小的伟大。”——他们说，“每一个行动，都能通向伟大……”"},
                 {"ko", "멈출 수 있는 용기가 결승선보다 아름답다"},
                 {"en", "Why just give up? (Åny day.)"}};
    static const int sizes[][2] = {{640, 360}, {360, 640}, {980, 244}, {64, 64}};
    for (int position = 0; position < 9 * 12; position++) {
        struct text_style style = plain;
        style.align = (enum text_align)(position % 3);
        style.valign = (enum text_align)(position / 3 % 3);
        int i = position / 9 % 3, width = sizes[position / 27][0], height = sizes[position / 27][1];
        struct picture picture = draw_text(texts[i].text, texts[i].language, width, height, &style);
        /* Without shadow and scrim the box is the ink. */
        int margin = (width < height ? width : height) * 55 / 1000, slack = 2;
        int right = width - picture.x - picture.width, left = picture.x;
        assert_true(left >= margin - slack && right >= margin - slack);
        assert_true(picture.y >= margin - slack);
        assert_true(height - picture.y - picture.height >= margin - slack);
        if (position % 3 == 0)
            assert_true(left <= margin + slack);
        if (position % 3 == 1)
            assert_in_range(left - right + 5, 0, 10);
        if (position % 3 == 2)
            assert_true(right <= margin + slack);
        assert_int_equal(picture.facts.missing_glyphs, 0);
        free(picture.pixels);
    }
}

static void test_pixels_are_premultiplied(void **state)
{
    (void)state;
    static const uint32_t colors[] = {0xffffff, 0xff6a00, 0x101418};
    for (size_t i = 0; i < sizeof colors / sizeof *colors; i++) {
        struct text_style style = plain;
        style.shadow.kind = TEXT_SHADOW_BUILT_IN;
        style.scrim = TEXT_SCRIM_SOFT;
        style.color = colors[i];
        struct picture picture = draw_text("小的 Small", "zh", 480, 270, &style);
        size_t count = (size_t)picture.width * (size_t)picture.height, solid = 0;
        for (size_t at = 0; at < count; at++) {
            uint32_t pixel = picture.pixels[at], alpha = pixel >> 24;
            for (int shift = 0; shift < 24; shift += 8)
                assert_true((pixel >> shift & 0xff) <= alpha);
            solid += pixel == (0xff000000 | colors[i]);
        }
        assert_in_range(solid, 100, count / 2);
        free(picture.pixels);
    }
}

/* What is behind the text: dark for light text, light for dark; nothing at the box's edges. */
static void test_shadow(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        struct text_style style = plain;
        style.align = style.valign = TEXT_ALIGN_CENTER;
        style.shadow.kind = i % 3 != 1 ? TEXT_SHADOW_BUILT_IN : TEXT_SHADOW_NONE;
        style.scrim = i % 3 != 0 ? TEXT_SCRIM_SOFT : TEXT_SCRIM_NONE;
        style.color = i < 3 ? 0xffffff : 0x101418;
        struct picture picture = draw_text("작은 것", "ko", 640, 360, &style);
        int width = picture.width, height = picture.height;
        uint32_t shade = i < 3 ? 0 : 1, darkest = 0;
        for (int y = 0; y < height; y++) {
            uint32_t left = picture.pixels[y * width],
                     right = picture.pixels[y * width + width - 1];
            assert_true(left >> 24 <= 1 && right >> 24 <= 1);
            for (int x = 0; x < width; x++) {
                uint32_t pixel = picture.pixels[y * width + x], alpha = pixel >> 24;
                if (pixel == (alpha << 24 | alpha * shade * 0x010101) && alpha < 250 &&
                    alpha > darkest)
                    darkest = alpha;
            }
        }
        for (int x = 0; x < width; x++) {
            assert_true(picture.pixels[x] >> 24 <= 1);
            assert_true(picture.pixels[(height - 1) * width + x] >> 24 <= 1);
        }
        assert_in_range(darkest, 50, 235);
        free(picture.pixels);
    }
}

static void test_steps_down(void **state)
{
    (void)state;
    char text[LINEBREAK_TEXT_BYTES_MAX + 1] = "";
    while (strlen(text) + strlen("每一个微小的行动，") <= LINEBREAK_TEXT_BYTES_MAX)
        strcat(text, "每一个微小的行动，");
    static const int sizes[][2] = {{640, 360}, {360, 640},  {1280, 320},
                                   {16, 16},   {16384, 16}, {16, 4096}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct picture picture = draw_text(text, "zh", sizes[i][0], sizes[i][1], &plain);
        assert_true(picture.facts.used_px <= picture.facts.asked_px);
        if (i == 0)
            assert_in_range(picture.facts.used_px, 5, 15);
        free(picture.pixels);
    }
    struct picture picture = draw_text("相信小的伟大", "zh", 1920, 1080, &plain);
    assert_int_equal(picture.facts.asked_px, 86);
    assert_int_equal(picture.facts.used_px, 86);
    assert_int_equal(picture.facts.lines, 1);
    free(picture.pixels);
}

static void test_large_type(void **state)
{
    (void)state;
    struct text_style style = plain;
    style.size = 0.5;
    style.align = TEXT_ALIGN_CENTER;
    style.valign = TEXT_ALIGN_START;
    struct picture picture = draw_text("작은 것의 위대함", "ko", 1280, 720, &style);
    assert_int_equal(picture.facts.asked_px, 360);
    assert_in_range(picture.facts.used_px, 60, 200);
    free(picture.pixels);
    /* A j reaches back behind the pen; its ink still begins at the margin, 40 of 720. */
    style.align = TEXT_ALIGN_START;
    picture = draw_text("jj", "en", 1280, 720, &style);
    assert_in_range(picture.x, 39, 41);
    free(picture.pixels);
}

static void test_lines(void **state)
{
    (void)state;
    static const struct {
        const char *language, *text;
        int width, height, lines;
    } cases[] = {
        {"en", "To the\ngreatness\n\nof small.", 1920, 1080, 4},
        {"en", "To the greatness of small.", 1920, 1080, 1},
        {"en", "To the greatness of small.", 1080, 1920, 2},
        {"ko", "작은 것의 위대함을 위하여", 1080, 1920, 1},
        /* 30 syllables without a space: broken, not shrunk to nothing. */
        {"ko", "작은것의위대함을위하여멈출수있는용기가결승선보다아름답다고", 540, 960, 3},
        {"zh", "“相信小的伟大。”——他们说，“每一个微小的行动，都能通向伟大……”", 1080, 1920, 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct picture picture =
            draw_text(cases[i].text, cases[i].language, cases[i].width, cases[i].height, &plain);
        assert_int_equal(picture.facts.lines, cases[i].lines);
        assert_int_equal(picture.facts.used_px, picture.facts.asked_px);
        free(picture.pixels);
    }
}

/* A headline is rather a little smaller than five lines long, or broken after "and". */
static void test_headline_keeps_its_form(void **state)
{
    (void)state;
    const char *text =
        "We believe that small acts can lead to greatness, and that a boat which stops "
        "for a few ducklings can still win.";
    struct picture picture = draw_text(text, "en", 1080, 1920, &plain);
    assert_int_equal(picture.facts.lines, 4);
    assert_in_range(picture.facts.used_px, 86 * 62 / 100, 85);
    free(picture.pixels);
    char twice[400];
    snprintf(twice, sizeof twice, "%s %s", text, text);
    picture = draw_text(twice, "en", 1080, 1920, &plain);
    assert_in_range(picture.facts.lines, 5, 9);
    free(picture.pixels);
}

static void test_decomposed_hangul(void **state)
{
    (void)state;
    struct picture composed = draw_text("작은 것", "ko", 640, 360, &plain);
    struct picture decomposed =
        draw_text("\xe1\x84\x8c\xe1\x85\xa1\xe1\x86\xa8\xe1\x84\x8b\xe1\x85\xb3\xe1\x86\xab "
                  "\xe1\x84\x80\xe1\x85\xa5\xe1\x86\xba",
                  "ko", 640, 360, &plain);
    assert_int_equal(composed.width, decomposed.width);
    assert_int_equal(composed.height, decomposed.height);
    assert_memory_equal(composed.pixels, decomposed.pixels,
                        (size_t)composed.width * (size_t)composed.height * 4);
    free(composed.pixels);
    free(decomposed.pixels);
}

static void test_faces_fall_back(void **state)
{
    (void)state;
    /* The shipped font has neither 鸭 nor 雪; 等待 it has. */
    struct tagline_request request = request_for("等待 鸭雪", "zh", 640, 360, &plain);
    struct tagline_face noto = request.faces[0];
    request.faces[0] = (struct tagline_face){open_file(SHIPPED), 0};
    request.faces[1] = (struct tagline_face){dup(noto.fd), noto.index};
    request.face_count = 2;
    struct picture both = draw(&request);
    assert_int_equal(both.facts.missing_glyphs, 0);

    request.faces[0].fd = open_file(SHIPPED);
    request.face_count = 1;
    struct picture one = draw(&request);
    assert_int_equal(one.facts.missing_glyphs, 2);
    assert_true(one.width < both.width);

    struct err err = {0};
    request.text = "鸭 雪";
    request.faces[0].fd = open_file(SHIPPED);
    assert_null(tagline_create(&request, &err));
    assert_int_equal(err.code, ERR_INPUT);
    close(request.faces[0].fd);
    close(noto.fd);
    free(both.pixels);
    free(one.pixels);
}

static void test_broken_font_is_left_out(void **state)
{
    (void)state;
    struct err err = {0};
    struct tagline_request request = request_for("小", "zh", 640, 360, &plain);
    request.faces[1] = request.faces[0];
    request.faces[0] = (struct tagline_face){open_file("LICENSE"), 0};
    assert_null(tagline_create(&(struct tagline_request){.text = "小",
                                                         .language = "zh",
                                                         .canvas_width_px = 64,
                                                         .canvas_height_px = 64,
                                                         .style = &plain,
                                                         .faces = {request.faces[0]},
                                                         .face_count = 1},
                               &err));
    assert_int_equal(err.code, ERR_INPUT);
    request.face_count = 2;
    struct picture picture = draw(&request);
    assert_int_equal(picture.facts.missing_glyphs, 0);
    free(picture.pixels);
}

static void test_offset_is_left_alone(void **state)
{
    (void)state;
    struct tagline_request request = request_for("小", "zh", 640, 360, &plain);
    assert_int_equal(lseek(request.faces[0].fd, 123, SEEK_SET), 123);
    struct tagline *tagline = tagline_create(&request, NULL);
    assert_non_null(tagline);
    assert_int_equal(lseek(request.faces[0].fd, 0, SEEK_CUR), 123);
    tagline_destroy(tagline);
    close(request.faces[0].fd);
}

static void test_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int width, height, faces;
        enum err_code code;
    } cases[] = {
        {"\xff", 640, 360, 1, ERR_INPUT}, {"", 640, 360, 1, ERR_INPUT},
        {"a", 15, 360, 1, ERR_LIMIT},     {"a", 640, 16385, 1, ERR_LIMIT},
        {"a", 640, 360, 0, ERR_INPUT},    {"a", 640, 360, TAGLINE_FACES_MAX + 1, ERR_INPUT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        struct tagline_request request =
            request_for(cases[i].text, "en", cases[i].width, cases[i].height, &plain);
        request.face_count = cases[i].faces;
        assert_null(tagline_create(&request, &err));
        assert_int_equal(err.code, cases[i].code);
        close(request.faces[0].fd);
    }
    tagline_destroy(NULL);
}

static void test_only_spaces(void **state)
{
    (void)state;
    struct picture picture = draw_text("  \n ", "en", 640, 360, &plain);
    for (int i = 0; i < picture.width * picture.height; i++)
        assert_int_equal(picture.pixels[i], 0);
    free(picture.pixels);
}

/* An apostrophe of the Chinese face is a whole cell; between Latin letters it must not leave a
 * hole. */
static void test_apostrophe_in_chinese(void **state)
{
    (void)state;
    struct picture joined = draw_text("大dont大", "zh", 640, 360, &plain);
    struct picture parted = draw_text("大don’t大", "zh", 640, 360, &plain);
    assert_in_range(parted.width - joined.width, 1, joined.facts.used_px * 4 / 10);
    free(joined.pixels);
    free(parted.pixels);
    /* 。” share one blank half: narrower by half an em than 。 and ” beside other characters. */
    struct picture pair = draw_text("大。”大", "zh", 640, 360, &plain);
    struct picture apart = draw_text("大。大”大", "zh", 640, 360, &plain);
    int saved = apart.width - pair.width - apart.facts.used_px;
    assert_in_range(saved, pair.facts.used_px / 2 - 2, pair.facts.used_px / 2 + 2);
    free(pair.pixels);
    free(apart.pixels);
}

/* A quote of the Chinese face is a whole cell, blank on its outer side: beside a character it takes
 * half an em and an eighth. */
static void test_quotes_leave_no_hole(void **state)
{
    (void)state;
    static const char *const quoted[] = {"大“大", "大”大", "大‘大", "大’大", "大——“大"};
    static const char *const bare[] = {"大大", "大大", "大大", "大大", "大——大"};
    for (size_t i = 0; i < sizeof quoted / sizeof *quoted; i++) {
        struct picture with = draw_text(quoted[i], "zh", 640, 360, &plain);
        struct picture without = draw_text(bare[i], "zh", 640, 360, &plain);
        int size = with.facts.used_px, taken = with.width - without.width;
        assert_in_range(taken, size * 5 / 8 - 2, size * 5 / 8 + 2);
        free(with.pixels);
        free(without.pixels);
    }
}

static int width_with_autospace(const char *text, const char *language, double autospace)
{
    struct tagline_request request = request_for(text, language, 640, 360, &plain);
    struct text_style style = plain;
    style.autospace = autospace;
    request.style = &style;
    struct picture picture = draw(&request);
    free(picture.pixels);
    return picture.width;
}

static void test_autospace(void **state)
{
    (void)state;
    static const struct {
        const char *language, *text;
        int places;
    } cases[] = {
        {"zh", "大a大", 2},   {"zh", "大5大", 2}, {"ja", "あKひ", 2},   {"zh", "大a", 1},
        {"zh", "大 a 大", 0}, {"zh", "大，a", 0}, {"zh", "大（a）", 0}, {"ko", "작a작5", 0},
        {"zh", "大大", 0},    {"en", "ab 5", 0},  {"zh", "大ａ大", 0},
    };
    int size = 29; /* 0.08 of 360 */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int none = width_with_autospace(cases[i].text, cases[i].language, 0);
        int some = width_with_autospace(cases[i].text, cases[i].language, 0.125);
        int expected = cases[i].places * (int)(0.125 * size + 0.5);
        assert_in_range(some - none + 1, expected, expected + 2);
    }
}

/* What says where lines end is not drawn, and counts as no missing character. */
static void test_marks_for_lines_are_not_drawn(void **state)
{
    (void)state;
    static const char *const marked[] = {"大\u2060小", "大\u200b小", "大\ufeff小", "大小\u200b"};
    for (size_t i = 0; i < sizeof marked / sizeof *marked; i++) {
        struct picture with = draw_text(marked[i], "zh", 640, 360, &plain);
        struct picture without = draw_text("大小", "zh", 640, 360, &plain);
        assert_int_equal(with.facts.missing_glyphs, 0);
        /* The parts around one are placed on whole pixels. */
        assert_in_range(with.width - without.width + 1, 0, 2);
        free(with.pixels);
        free(without.pixels);
    }
}

static void add_piece(struct tagline_pieces *pieces, float width, enum linebreak_rank rank)
{
    size_t at = pieces->count++;
    pieces->items[at] =
        (struct tagline_piece){.start = at, .end = at + 1, .advance = width, .rank = rank};
}

static void test_lines_are_even(void **state)
{
    (void)state;
    struct tagline_pieces *pieces = calloc(1, sizeof *pieces);
    struct tagline_lines *lines = calloc(1, sizeof *lines);
    assert_true(pieces && lines);
    /* Eleven of one width in lines of ten: 6 and 5, or 5 and 6, not 10 and 1. */
    for (int i = 0; i < 11; i++)
        add_piece(pieces, 1, LINEBREAK_FAIR);
    assert_true(tagline_balance_break(pieces, 1, 10, false, lines));
    assert_int_equal(lines->count, 2);
    assert_in_range(lines->ends[0], 5, 6);
    assert_int_equal(lines->ends[1], 11);
    /* A comma near the middle takes the break; one at the start doesn't. */
    pieces->items[3].rank = LINEBREAK_BEST;
    assert_true(tagline_balance_break(pieces, 1, 10, false, lines));
    assert_int_equal(lines->ends[0], 4);
    pieces->items[3].rank = LINEBREAK_FAIR;
    pieces->items[0].rank = LINEBREAK_BEST;
    assert_true(tagline_balance_break(pieces, 1, 10, false, lines));
    assert_in_range(lines->ends[0], 5, 6);
    /* A poor place gives way to its neighbour. */
    pieces->items[0].rank = LINEBREAK_FAIR;
    pieces->items[4].rank = pieces->items[5].rank = LINEBREAK_POOR;
    assert_true(tagline_balance_break(pieces, 1, 10, false, lines));
    assert_true(lines->ends[0] == 4 || lines->ends[0] == 7);
    /* Blank at a line's end takes no room. */
    pieces->count = 0;
    add_piece(pieces, 6, LINEBREAK_FAIR);
    pieces->items[0].trail = 1;
    add_piece(pieces, 4, LINEBREAK_MUST);
    assert_true(tagline_balance_break(pieces, 1, 10, false, lines));
    assert_int_equal(lines->count, 1);
    assert_true(tagline_balance_break(pieces, 1, 5, false, lines));
    assert_int_equal(lines->count, 2);
    assert_false(tagline_balance_break(pieces, 2, 5, false, lines));
    assert_true(tagline_balance_break(pieces, 2, 5, true, lines));
    assert_int_equal(lines->count, 2);
    /* A line end in the text is kept. */
    pieces->items[0].rank = LINEBREAK_MUST;
    assert_true(tagline_balance_break(pieces, 1, 100, false, lines));
    assert_int_equal(lines->count, 2);
    free(pieces);
    free(lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ink_stays_in_the_margins),
        cmocka_unit_test(test_pixels_are_premultiplied),
        cmocka_unit_test(test_shadow),
        cmocka_unit_test(test_steps_down),
        cmocka_unit_test(test_large_type),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_headline_keeps_its_form),
        cmocka_unit_test(test_decomposed_hangul),
        cmocka_unit_test(test_faces_fall_back),
        cmocka_unit_test(test_broken_font_is_left_out),
        cmocka_unit_test(test_offset_is_left_alone),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_only_spaces),
        cmocka_unit_test(test_apostrophe_in_chinese),
        cmocka_unit_test(test_quotes_leave_no_hole),
        cmocka_unit_test(test_autospace),
        cmocka_unit_test(test_marks_for_lines_are_not_drawn),
        cmocka_unit_test(test_lines_are_even),
    };
    return cmocka_run_group_tests_name("tagline", tests, NULL, NULL);
}
