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
    struct playlist_style style;
    bool is_shipped_font; /* else the system's */
    bool is_white;        /* background; else the gradient */
};

#define STYLE(at, with_scrim, rgb)                                                                 \
    {                                                                                              \
        .weight = PLAYLIST_WEIGHT_BOLD, .size = 0.08, .color = (rgb),                              \
        .position = PLAYLIST_POSITION_##at, .shadow = true, .scrim = (with_scrim)                  \
    }

static const struct sample goldens[] = {
    {"zh", "zh-Hans", "“相信小的伟大。”——他们说，“每一个微小的行动，都能通向伟大……”", 480, 270,
     STYLE(BOTTOM_LEFT, false, 0xffffff), false, false},
    {"ko", "ko", "작은 것의 위대함을 위하여, 멈출 수 있는 용기를 위하여.", 240, 400,
     STYLE(BOTTOM, false, 0xffffff), false, true},
    {"ja", "ja", "小さな偉大さへ。世界を変える“力”は、ここから始まる。", 400, 225,
     STYLE(TOP_RIGHT, true, 0xffffff), false, false},
    {"en", "en", "“We don’t believe in small acts,” she said. “We believe they lead to greatness.”",
     640, 160, STYLE(LEFT, false, 0xffffff), false, false},
    {"dark", "en", "To the greatness of small.", 400, 225, STYLE(CENTER, true, 0x101418), false,
     false},
    {"card", "ko", "서버 기다리는 중\n等待中 播放列表\nWaiting for 10.0.0.7", 400, 225,
     STYLE(CENTER, false, 0xffffff), true, false},
};

static int open_face(const struct sample *sample, int *index)
{
    char path[4096] = "fonts/duckling-bold.otf";
    *index = 0;
    if (!sample->is_shipped_font)
        assert_true(
            system_fonts_find(sample->language, sample->style.weight, path, sizeof path, index));
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
static void draw_background(SDL_Surface *surface, bool is_white)
{
    for (int y = 0; y < surface->h; y++) {
        uint32_t *row = (uint32_t *)((char *)surface->pixels + (ptrdiff_t)y * surface->pitch);
        for (int x = 0; x < surface->w; x++) {
            uint32_t up = (uint32_t)(150 * (surface->h - y) / surface->h);
            uint32_t red = 60 + wave(x, y, surface->h / 2) % 120, green = 70 + up / 2 + red / 3;
            uint32_t blue = 60 + up;
            row[x] = is_white ? 0xffffffff : 0xff000000 | red << 16 | green << 8 | blue;
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
    draw_background(surface, sample->is_white);
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

static void compare(void **state)
{
    const struct sample *sample = *state;
    SDL_Surface *drawn = draw(sample);
    if (getenv("UPDATE_GOLDEN")) {
        save(drawn, FOLDER, sample->name);
        SDL_FreeSurface(drawn);
        return;
    }
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.png", FOLDER, sample->name);
    SDL_Surface *file = IMG_Load(path);
    assert_non_null(file);
    SDL_Surface *kept = SDL_ConvertSurfaceFormat(file, SDL_PIXELFORMAT_ARGB8888, 0);
    assert_non_null(kept);
    assert_int_equal(kept->w, drawn->w);
    assert_int_equal(kept->h, drawn->h);
    int apart = difference(drawn, kept);
    if (apart > TOLERANCE) {
        mkdir("build", 0755);
        mkdir("build/golden", 0755);
        save(drawn, "build/golden", sample->name);
        fail_msg("%s differs by %d; see build/golden/%s.png", path, apart, sample->name);
    }
    SDL_FreeSurface(file);
    SDL_FreeSurface(kept);
    SDL_FreeSurface(drawn);
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
    static const enum playlist_position positions[] = {
        PLAYLIST_POSITION_BOTTOM_LEFT, PLAYLIST_POSITION_CENTER, PLAYLIST_POSITION_TOP_RIGHT};
    for (size_t i = 0; i < sizeof preview_texts / sizeof *preview_texts; i++)
        for (size_t j = 0; j < 9; j++) {
            char name[64];
            snprintf(name, sizeof name, "tagline-%zu-%d-%zu", i, sizes[j / 3][0], j % 3);
            struct sample sample = {name,
                                    preview_texts[i].language,
                                    preview_texts[i].text,
                                    sizes[j / 3][0],
                                    sizes[j / 3][1],
                                    STYLE(CENTER, j % 3 == 2, 0xffffff),
                                    false,
                                    j % 3 == 1};
            sample.style.position = positions[j % 3];
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
    struct CMUnitTest tests[sizeof goldens / sizeof *goldens];
    for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++) {
        tests[i] = (struct CMUnitTest)cmocka_unit_test(compare);
        tests[i].name = goldens[i].name;
        /* cmocka hands the state on untouched. */
        tests[i].initial_state = (void *)(uintptr_t)&goldens[i];
    }
    return cmocka_run_group_tests_name("tagline_golden", tests, NULL, NULL);
}
