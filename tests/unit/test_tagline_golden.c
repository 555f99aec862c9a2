/* Taglines as pictures, held against kept ones, ±2 in each channel.
 *
 * UPDATE_GOLDEN=1 writes the kept ones anew. PREVIEW=FOLDER writes a large sheet for people to look
 * at, and compares nothing. The versions of Debian 12 and 13 draw the same pixels; others of the font
 * library or the fonts may not: then the test says so and compares nothing. */
#include "base/file.h"
#include "decode/system_fonts.h"
#include "worker/text/tagline.h"

#include "sample_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>
#include <cmocka.h>

#include <SDL_image.h>
#include <SDL_ttf.h>

#define FOLDER "tests/golden/tagline"
#define TOLERANCE 2
#define CJK_BOLD "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc"

struct sample {
    const char *name, *language, *text;
    int width, height;
    struct text_style style;
    bool is_shipped_font; /* else the system's */
    bool is_white;        /* background; else the gradient */
    uint32_t ground;      /* not 0: a plain background of this color */
};

#define STYLE(across, down, with_scrim, rgb)                                                       \
    {                                                                                              \
        .size = 0.08, .color = (rgb), .align = TEXT_ALIGN_##across, .valign = TEXT_ALIGN_##down,   \
        .opacity = 1, .shadow = {.kind = TEXT_SHADOW_BUILT_IN},                                    \
        .scrim = (with_scrim) ? TEXT_SCRIM_SOFT : TEXT_SCRIM_NONE                                  \
    }

static const struct sample goldens[] = {
    {"zh", "zh-Hans", "“相信小的伟大。”——他们说，“每一个微小的行动，都能通向伟大……”", 480, 270,
     STYLE(START, END, false, 0xffffff), false, false, 0},
    {"ko", "ko", "작은 것의 위대함을 위하여, 멈출 수 있는 용기를 위하여.", 240, 400,
     STYLE(CENTER, END, false, 0xffffff), false, true, 0},
    {"ja", "ja", "小さな偉大さへ。世界を変える“力”は、ここから始まる。", 400, 225,
     STYLE(END, START, true, 0xffffff), false, false, 0},
    {"en", "en", "“We don’t believe in small acts,” she said. “We believe they lead to greatness.”",
     640, 160, STYLE(START, CENTER, false, 0xffffff), false, false, 0},
    {"dark", "en", "To the greatness of small.", 400, 225, STYLE(CENTER, CENTER, true, 0x101418),
     false, false, 0},
    {"card", "ko", "서버 기다리는 중\n等待中 播放列表\nWaiting for 10.0.0.7", 400, 225,
     STYLE(CENTER, CENTER, false, 0xffffff), true, false, 0},
};

/* A sheet for each member of a style: five languages from top to bottom, four shapes of screens from
 * left to right. */
struct sheet {
    const char *name;
    struct text_style style;
};

#define PLAIN .size = 0.11, .color = 0xffffff, .valign = TEXT_ALIGN_END, .opacity = 1

static const struct sheet sheets[] = {
    {"box", {PLAIN, .has_box = true, .box = {0.3, 0.2, 0.6, 0.5}, .align = TEXT_ALIGN_CENTER}},
    {"align", {.size = 0.11, .color = 0xffffff, .align = TEXT_ALIGN_END, .opacity = 1}},
    {"max-lines", {PLAIN, .lines_max = 1}},
    {"tracking", {PLAIN, .tracking = 0.12}},
    {"leading", {PLAIN, .leading = 1.7}},
    {"autospace", {PLAIN, .autospace = 0.25}},
    {"hang", {PLAIN, .hangs = true}},
    {"figures", {PLAIN, .is_tabular = true}},
    {"opacity",
     {.size = 0.11,
      .color = 0xffffff,
      .valign = TEXT_ALIGN_CENTER,
      .opacity = 0.4,
      .shadow = {.kind = TEXT_SHADOW_BUILT_IN}}},
    {"shadow",
     {PLAIN, .shadow = {.kind = TEXT_SHADOW_OWN,
                        .has_color = true,
                        .color = 0x0c2226,
                        .strength = 0.9,
                        .blur = 0.1,
                        .drop = 0.08}}},
    {"scrim-edge", {PLAIN, .scrim = TEXT_SCRIM_EDGE}},
};
static const int sheet_sizes[][2] = {{256, 144}, {108, 192}, {320, 80}, {144, 144}};
static const struct {
    const char *language, *text;
} sheet_texts[] = {
    {"zh-Hans", "“相信小的伟大”，从1到1000，Duckling。"},
    {"zh-Hant", "「相信小的偉大」，2026年。"},
    {"ko", "“작은 것의 위대함을 위하여”, 2026년 1월."},
    {"ja", "「小さな偉大さ」へ、2026年から。"},
    {"en", "“To the greatness of small,” 1,111 screens."},
};
#define SHEET_GROUND 0xff3a7c84
#define SHEET_GAP 4

static int open_face(const struct sample *sample, int *index)
{
    char path[4096] = "fonts/duckling-bold.otf";
    *index = 0;
    if (!sample->is_shipped_font)
        assert_true(
            system_fonts_find(sample->language, PLAYLIST_WEIGHT_BOLD, path, sizeof path, index));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static uint32_t wave(int x, int y, int period)
{
    int a = abs((x * 3 + y) % (2 * period) - period), b = abs((y * 5 - x) % (2 * period) + period);
    return (uint32_t)((a * 90 + b * 50) / period);
}

/* A stand-in for a photo: smooth, of middle brightness, in parts bright. */
static void draw_background(SDL_Surface *surface, const struct sample *sample)
{
    for (int y = 0; y < surface->h; y++) {
        uint32_t *row = (uint32_t *)((char *)surface->pixels + (ptrdiff_t)y * surface->pitch);
        for (int x = 0; x < surface->w; x++) {
            uint32_t up = (uint32_t)(150 * (surface->h - y) / surface->h);
            uint32_t red = 60 + wave(x, y, surface->h / 2) % 120, green = 70 + up / 2 + red / 3;
            uint32_t blue = 60 + up;
            row[x] = sample->is_white ? 0xffffffff : 0xff000000 | red << 16 | green << 8 | blue;
            row[x] = sample->ground ? sample->ground : row[x];
        }
    }
}

static void draw_over(SDL_Surface *surface, const uint32_t *pixels, const int box[4])
{
    for (int y = 0; y < box[3]; y++) {
        uint32_t *row =
            (uint32_t *)((char *)surface->pixels + (ptrdiff_t)(box[1] + y) * surface->pitch) +
            box[0];
        for (int x = 0; x < box[2]; x++) {
            uint32_t over = pixels[y * box[2] + x], clear = 255 - (over >> 24), sum = 0xff000000;
            for (int shift = 0; shift < 24; shift += 8) {
                uint32_t under = (row[x] >> shift & 0xff) * clear;
                sum |= ((over >> shift & 0xff) + (under + 127) / 255) << shift;
            }
            row[x] = sum;
        }
    }
}

static SDL_Surface *draw(const struct sample *sample)
{
    struct err err = {0};
    struct tagline_request request = {.text = sample->text,
                                      .language = sample->language,
                                      .canvas_width_px = sample->width,
                                      .canvas_height_px = sample->height,
                                      .style = &sample->style,
                                      .face_count = 1};
    request.faces[0].fd = open_face(sample, &request.faces[0].index);
    struct linebreak_words *words = sample_words_open();
    assert_non_null(words);
    request.words = words;
    struct tagline *tagline = tagline_create(&request, &err);
    linebreak_words_close(words);
    if (!tagline)
        fail_msg("%s: %s", sample->name, err.text);
    int box[4];
    tagline_box(tagline, &box[0], &box[1], &box[2], &box[3]);
    uint32_t *pixels = malloc((size_t)box[2] * (size_t)box[3] * sizeof *pixels);
    assert_true(tagline_paint(tagline, pixels, (size_t)box[2] * sizeof *pixels, &err));
    tagline_destroy(tagline);
    close(request.faces[0].fd);
    SDL_Surface *surface = SDL_CreateRGBSurfaceWithFormat(0, sample->width, sample->height, 32,
                                                          SDL_PIXELFORMAT_ARGB8888);
    assert_non_null(surface);
    draw_background(surface, sample);
    draw_over(surface, pixels, box);
    free(pixels);
    return surface;
}

static void save(SDL_Surface *surface, const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.png", folder, name);
    SDL_Surface *opaque = SDL_ConvertSurfaceFormat(surface, SDL_PIXELFORMAT_RGB24, 0);
    assert_non_null(opaque);
    assert_int_equal(IMG_SavePNG(opaque, path), 0);
    SDL_FreeSurface(opaque);
}

/* The largest difference in any channel. */
static int difference(const SDL_Surface *a, const SDL_Surface *b)
{
    int most = 0;
    for (int y = 0; y < a->h; y++) {
        const uint8_t *in = (const uint8_t *)a->pixels + (ptrdiff_t)y * a->pitch;
        const uint8_t *kept = (const uint8_t *)b->pixels + (ptrdiff_t)y * b->pitch;
        for (int i = 0; i < a->w * 4; i++) {
            int apart = abs(in[i] - kept[i]);
            most = apart > most ? apart : most;
        }
    }
    return most;
}

/* Frees `drawn`. */
static void compare_with_kept(SDL_Surface *drawn, const char *name)
{
    if (getenv("UPDATE_GOLDEN")) {
        save(drawn, FOLDER, name);
        SDL_FreeSurface(drawn);
        return;
    }
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.png", FOLDER, name);
    SDL_Surface *file = IMG_Load(path);
    if (!file)
        fail_msg("%s: %s", path, IMG_GetError());
    SDL_Surface *kept = SDL_ConvertSurfaceFormat(file, SDL_PIXELFORMAT_ARGB8888, 0);
    assert_non_null(kept);
    assert_int_equal(kept->w, drawn->w);
    assert_int_equal(kept->h, drawn->h);
    int apart = difference(drawn, kept);
    if (apart > TOLERANCE) {
        mkdir("build", 0755);
        mkdir("build/golden", 0755);
        save(drawn, "build/golden", name);
        fail_msg("%s differs by %d; see build/golden/%s.png", path, apart, name);
    }
    SDL_FreeSurface(file);
    SDL_FreeSurface(kept);
    SDL_FreeSurface(drawn);
}

static void compare(void **state)
{
    const struct sample *sample = *state;
    compare_with_kept(draw(sample), sample->name);
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void compare_sheet(void **state)
{
    const struct sheet *sheet = *state;
    int width = 0, height = 0;
    for (size_t i = 0; i < COUNT(sheet_sizes); i++) {
        width += sheet_sizes[i][0] + SHEET_GAP;
        height = sheet_sizes[i][1] > height ? sheet_sizes[i][1] : height;
    }
    SDL_Surface *whole = SDL_CreateRGBSurfaceWithFormat(
        0, width, (int)COUNT(sheet_texts) * (height + SHEET_GAP), 32, SDL_PIXELFORMAT_ARGB8888);
    assert_non_null(whole);
    SDL_FillRect(whole, NULL, 0xff101418);
    for (size_t row = 0; row < COUNT(sheet_texts); row++) {
        SDL_Rect at = {0, (int)row * (height + SHEET_GAP), 0, 0};
        for (size_t i = 0; i < COUNT(sheet_sizes); i++) {
            const struct sample cell = {.name = sheet->name,
                                        .language = sheet_texts[row].language,
                                        .text = sheet_texts[row].text,
                                        .width = sheet_sizes[i][0],
                                        .height = sheet_sizes[i][1],
                                        .style = sheet->style,
                                        .ground = SHEET_GROUND};
            SDL_Surface *drawn = draw(&cell);
            SDL_BlitSurface(drawn, NULL, whole, &at);
            SDL_FreeSurface(drawn);
            at.x += sheet_sizes[i][0] + SHEET_GAP;
        }
    }
    char name[64];
    snprintf(name, sizeof name, "style-%s", sheet->name);
    compare_with_kept(whole, name);
}

/* What decides the pixels, besides us. */
static void describe_versions(char *text, size_t bytes)
{
    int type[3] = {0}, shaper[3] = {0};
    const SDL_version *library = TTF_Linked_Version();
    TTF_Init();
    TTF_GetFreeTypeVersion(&type[0], &type[1], &type[2]);
    TTF_GetHarfBuzzVersion(&shaper[0], &shaper[1], &shaper[2]);
    TTF_Quit();
    struct stat status = {0};
    stat(CJK_BOLD, &status);
    snprintf(text, bytes,
             "SDL_ttf %d.%d.%d\nFreeType %d.%d.%d\nHarfBuzz %d.%d.%d\nNotoSansCJK-Bold.ttc %jd\n",
             library->major, library->minor, library->patch, type[0], type[1], type[2], shaper[0],
             shaper[1], shaper[2], (intmax_t)status.st_size);
}

static bool is_text_of(const char *path, const char *text)
{
    char *kept = NULL;
    size_t size;
    bool same = file_read(path, 4096, &kept, &size, NULL) && strcmp(kept, text) == 0;
    free(kept);
    return same;
}

static bool versions_match(void)
{
    char now[512];
    describe_versions(now, sizeof now);
    if (getenv("UPDATE_GOLDEN"))
        return file_replace(FOLDER "/versions", now, strlen(now), NULL);
    return is_text_of(FOLDER "/versions", now) || is_text_of(FOLDER "/versions-13", now);
}

static const struct {
    const char *language, *text;
} preview_texts[] = {
    {"zh-Hans", "相信小的伟大"},
    {"zh-Hans", "“相信小的伟大。”——他们说，“每一个微小的行动，都能通向伟大……”"},
    {"ko", "작은 것의 위대함을 위하여"},
    {"ko", "멈출 수 있는 용기가 결승선보다 아름답다, 작은 것의 위대함을 위하여."},
    {"ja", "小さな偉大さへ。世界を変える力は、いつもここから始まる。"},
    {"en", "To the greatness of small."},
    {"en",
     "We believe small acts lead to greatness, and a boat that stops for ducklings can still win."},
};

static void write_preview(const char *folder)
{
    static const int sizes[][2] = {{1920, 1080}, {1080, 1920}, {7840, 1952}};
    static const enum text_align aligns[] = {TEXT_ALIGN_START, TEXT_ALIGN_CENTER, TEXT_ALIGN_END};
    static const enum text_align valigns[] = {TEXT_ALIGN_END, TEXT_ALIGN_CENTER, TEXT_ALIGN_START};
    for (size_t i = 0; i < sizeof preview_texts / sizeof *preview_texts; i++)
        for (size_t j = 0; j < 9; j++) {
            char name[64];
            snprintf(name, sizeof name, "tagline-%zu-%d-%zu", i, sizes[j / 3][0], j % 3);
            struct sample sample = {name,
                                    preview_texts[i].language,
                                    preview_texts[i].text,
                                    sizes[j / 3][0],
                                    sizes[j / 3][1],
                                    STYLE(CENTER, CENTER, j % 3 == 2, 0xffffff),
                                    false,
                                    j % 3 == 1,
                                    0};
            sample.style.align = aligns[j % 3];
            sample.style.valign = valigns[j % 3];
            SDL_Surface *surface = draw(&sample);
            save(surface, folder, name);
            SDL_FreeSurface(surface);
        }
}

int main(void)
{
    if (getenv("PREVIEW")) {
        write_preview(getenv("PREVIEW"));
        return 0;
    }
    if (!versions_match()) {
        puts("1..1\nok 1 - golden taglines # SKIP other versions than in " FOLDER "/versions");
        return 0;
    }
    struct CMUnitTest tests[COUNT(goldens) + COUNT(sheets)];
    /* cmocka hands the state on untouched. */
    for (size_t i = 0; i < COUNT(goldens); i++) {
        tests[i] = (struct CMUnitTest)cmocka_unit_test(compare);
        tests[i].name = goldens[i].name;
        tests[i].initial_state = (void *)(uintptr_t)&goldens[i];
    }
    for (size_t i = 0; i < COUNT(sheets); i++) {
        struct CMUnitTest *test = &tests[COUNT(goldens) + i];
        *test = (struct CMUnitTest)cmocka_unit_test(compare_sheet);
        test->name = sheets[i].name;
        test->initial_state = (void *)(uintptr_t)&sheets[i];
    }
    return cmocka_run_group_tests_name("tagline_golden", tests, NULL, NULL);
}
