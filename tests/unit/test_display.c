/* The same pictures on every kind of display: in memory, on the processor in a window, on OpenGL;
 * all held against kept ones, ±2 in each channel; on OpenGL ±3 where it rounds once more, ±4 of
 * films.
 *
 * UPDATE_GOLDEN=1 writes the kept ones anew, from memory. OpenGL is Mesa's llvmpipe through SDL's
 * offscreen driver; where there is none, that test says so. Over 600 lines: each scene is drawn by
 * all kinds, so that a difference shows. */
#include "screen/display.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dlfcn.h>
#include <link.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include <SDL.h>
#include <SDL_image.h>

#include "sample_films.h"

#define WIDTH 192
#define HEIGHT 108
#define FOLDER "tests/golden/stage"
#define TOLERANCE 2
#define SHAPE_TOLERANCE 3 /* of OpenGL: see is_shaped */
#define FILM_TOLERANCE 4  /* of OpenGL, whose matrices, chroma and places are rounded otherwise */

/* ---- the pictures ---- */

static uint32_t hills(int x, int y)
{
    double v = y - 60 - 14 * sin(x * 0.045) - 6 * sin(x * 0.11 + 1);
    double light = 1 / (1 + exp(-v / 4));
    uint32_t r = (uint32_t)(210 - 150 * light), g = (uint32_t)(150 - 40 * light + x * 0.2);
    uint32_t b = (uint32_t)(60 + 60 * light + y * 0.4);
    return 0xff000000u | r << 16 | g << 8 | b;
}

static uint32_t water(int x, int y)
{
    uint32_t r = (uint32_t)(40 + 30 * sin(y * 0.15 + x * 0.02));
    uint32_t g = (uint32_t)(90 + 60 * sin(y * 0.09) * cos(x * 0.03));
    uint32_t b = (uint32_t)(160 + 80 * cos(y * 0.07 + x * 0.05));
    return 0xff000000u | r << 16 | g << 8 | b;
}

/* A soft disc, premultiplied: an edge as text has it, and every alpha. */
static uint32_t disc(int x, int y)
{
    double distance = hypot(x - 40, y - 20);
    double alpha = distance < 12 ? 1 : distance > 20 ? 0 : (20 - distance) / 8;
    uint32_t a = (uint32_t)(alpha * 255 + 0.5);
    return a << 24 | a << 16 | a * 220 / 255 << 8 | a * 90 / 255;
}

static struct frame *drawn_frame(int width, int height, struct layout_box at,
                                 uint32_t (*draw)(int x, int y))
{
    struct frame *frame = sample_frame(width, height, at);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            sample_frame_row(frame, y)[x] = draw(x, y);
    return frame;
}

static const struct layout_box whole = {0, 0, WIDTH, HEIGHT};

static struct picture *solid(void)
{
    return picture_create(0xff6a00, NULL, NULL);
}

static struct picture *contained(void)
{
    struct layout_box at = {60, 0, 72, HEIGHT};
    return picture_create(0x203040, drawn_frame(72, HEIGHT, at, hills), NULL);
}

static struct picture *moving(void)
{
    struct frame *frame = drawn_frame(207, 117, whole, water); /* 1.08 times its place */
    frame->focus_x = 0.3;
    frame->focus_y = 0.8;
    struct picture *picture = picture_create(0, frame, NULL);
    picture->motion = LAYOUT_MOTION_DRIFT_IN;
    return picture;
}

static struct picture *with_text(void)
{
    struct frame *text = drawn_frame(80, 40, (struct layout_box){17, 53, 80, 40}, disc);
    text->opaque = false;
    return picture_create(0, drawn_frame(WIDTH, HEIGHT, whole, hills), text);
}

/* Three lines as of type: bars of several lengths and marks below them, each with a soft shadow that
 * reaches the next. */
static uint32_t lines(int x, int y)
{
    double shade = 0;
    bool is_ink = false;
    for (int i = 0; i < 3; i++) {
        double across = fmax(fmax(8 - x, x - (66 - 9 * i)), 0);
        double down = fmax(fmax(6 + 16 * i - y, y - (13 + 16 * i)), 0);
        shade = fmax(shade, exp(-(across * across + down * down) / 12));
        is_ink |= across == 0 && down == 0 && x % 7 != 3;
    }
    uint32_t a = is_ink ? 255 : (uint32_t)(shade * 130);
    return is_ink ? 0xfffff0e0u : a << 24;
}

#define LINES_WIDTH 76
#define LINES_HEIGHT 54

static struct picture *with_lines(int rotation)
{
    int width = LINES_WIDTH, height = LINES_HEIGHT;
    layout_rotate_size(rotation, &width, &height);
    struct frame *text = sample_frame(width, height, (struct layout_box){60, 26, width, height});
    for (int y = 0; y < LINES_HEIGHT; y++)
        for (int x = 0; x < LINES_WIDTH; x++) {
            struct layout_box at = layout_rotate_box((struct layout_box){x, y, 1, 1}, rotation,
                                                     LINES_WIDTH, LINES_HEIGHT);
            sample_frame_row(text, at.y)[at.x] = lines(x, y);
        }
    text->opaque = false;
    text->lines =
        (struct frame_lines){.count = 3, .em_px = 12, .ink = {{6, 14}, {22, 30}, {38, 46}}};
    struct picture *picture = picture_create(0, drawn_frame(WIDTH, HEIGHT, whole, water), text);
    picture->rotation = rotation;
    return picture;
}

static uint8_t lake(int plane, int x, int y)
{
    if (plane == 0)
        return (uint8_t)(125 + 70 * sin(x * 0.04 + y * 0.02) + 35 * cos(y * 0.06));
    return (uint8_t)(128 + 50 * sin(plane * 1.3 + x * 0.05 - y * 0.03));
}

static uint8_t forest(int plane, int x, int y)
{
    if (plane == 0)
        return (uint8_t)(90 + 50 * cos(x * 0.03 - y * 0.05) + 0.4 * y);
    return (uint8_t)(120 + 40 * cos(plane * 2.1 + x * 0.012 + y * 0.035));
}

static struct picture *film(int width, int height, struct layout_box at,
                            uint8_t (*draw)(int plane, int x, int y), struct frame *text)
{
    struct frame *frame = sample_film(width, height, at, 3);
    frame->matrix = FRAME_BT709;
    sample_film_draw(frame, draw);
    struct picture *picture = picture_create(0x102030, frame, text);
    picture->playing = true;
    return picture;
}

static struct picture *film_with_text(void)
{
    struct frame *text = drawn_frame(80, 40, (struct layout_box){90, 30, 80, 40}, disc);
    text->opaque = false;
    return film(WIDTH, HEIGHT, whole, lake, text);
}

/* A standing crop of a larger film, beside its ground. */
static struct picture *film_crop(void)
{
    struct picture *picture = film(300, 160, (struct layout_box){40, 0, 120, 100}, forest, NULL);
    picture->visual->source = (struct layout_rect){0.2, 0.125, 0.64, 1 / 1.2};
    picture->visual->matrix = FRAME_BT601;
    return picture;
}

static struct picture *film_moving(void)
{
    struct picture *picture = film(250, 140, whole, forest, NULL);
    picture->visual->matrix = FRAME_JPEG;
    picture->motion = LAYOUT_MOTION_PAN;
    return picture;
}

/* ---- the scenes ---- */

enum {
    SOLID,
    CONTAINED,
    MOVING,
    TEXT,
    LINES,
    LINES_TURNED,
    LINES_OVER,
    LINES_BACK,
    STILLS,
    FILM = STILLS,
    FILM_CROP,
    FILM_MOVING,
    PICTURES
};

struct scene {
    const char *name;
    int from, to; /* from -1: none */
    double from_progress, progress, mix, dim;
    bool linear, frozen;
    double from_hidden, to_hidden; /* of the texts */
    double age_ms;                 /* of a text that rises; 0: it stands */
    struct transition transition;  /* where it is neither crossfade nor dissolve */
};

/* clang-format off */
#define WIPE(way, edge) {.type = TRANSITION_WIPE, .direction = TRANSITION_##way, .softness = (edge)}
#define IRIS {.type = TRANSITION_IRIS}
#define DIP(through) {.type = TRANSITION_DIP, .color = (through)}
#define PUSH(way) {.type = TRANSITION_PUSH, .direction = TRANSITION_##way}
/* clang-format on */

static const struct scene scenes[] = {
    {"solid", -1, SOLID, 0, 0, 1, 1, false, false, 0, 0, 0, {0}},
    {"contain", -1, CONTAINED, 0, 0, 1, 1, false, false, 0, 0, 0, {0}},
    {"moving", -1, MOVING, 0, 0.37, 1, 1, false, false, 0, 0, 0, {0}},
    {"text", -1, TEXT, 0, 0, 1, 1, false, false, 0, 0, 0, {0}},
    {"crossfade", TEXT, MOVING, 0, 0.05, 0.5, 1, false, false, 1, 1, 0, {0}},
    {"crossfade-early", MOVING, TEXT, 0.96, 0, 0.125, 1, false, false, 1, 1, 0, {0}},
    {"dissolve", TEXT, MOVING, 0, 0.05, 0.5, 1, true, false, 0.3, 1, 0, {0}},
    {"dissolve-late", MOVING, CONTAINED, 0.9, 0, 0.8, 1, true, false, 0, 0, 0, {0}},
    {"self", MOVING, MOVING, 0.9, 0.04, 0.5, 1, false, false, 0, 0, 0, {0}},
    {"frozen", TEXT, CONTAINED, 0, 0, 0.5, 1, false, true, 0, 0, 0, {0}},
    {"frozen-text", TEXT, CONTAINED, 0, 0, 0.5, 1, false, true, 0.25, 1, 0, {0}},
    {"dim", -1, TEXT, 0, 0, 1, 0.5, false, false, 0, 0, 0, {0}},
    {"dim-crossfade", TEXT, SOLID, 0, 0, 0.25, 0.6, false, false, 0.6, 1, 0, {0}},
    {"text-leaves", TEXT, LINES, 0, 0, 0.25, 1, false, false, 0.6, 1, 0, {0}},
    {"text-comes", MOVING, TEXT, 0.96, 0, 0.9, 1, false, false, 1, 0.2, 0, {0}},
    {"text-stays", TEXT, MOVING, 0, 0.1, 0.4, 1, false, false, 0, 1, 0, {0}},
    {"text-rises", -1, LINES, 0, 0, 1, 1, false, false, 0, 0, 270, {0}},
    {"text-rises-in", TEXT, LINES, 0, 0, 0.8, 0.7, false, false, 1, 0, 190, {0}},
    {"text-rises-turned", -1, LINES_TURNED, 0, 0, 1, 1, false, false, 0, 0, 270, {0}},
    {"text-rises-over", -1, LINES_OVER, 0, 0, 1, 1, false, false, 0, 0, 270, {0}},
    {"text-rises-back", -1, LINES_BACK, 0, 0, 1, 1, false, false, 0, 0, 270, {0}},
    {"film", -1, FILM, 0, 0, 1, 1, false, false, 0, 0, 0, {0}},
    {"film-crop", -1, FILM_CROP, 0, 0, 1, 1, false, false, 0, 0, 0, {0}},
    {"film-moving", -1, FILM_MOVING, 0, 0.3, 1, 1, false, false, 0, 0, 0, {0}},
    {"film-film", FILM, FILM_CROP, 0, 0, 0.5, 1, false, false, 1, 0, 0, {0}},
    {"film-film-moving", FILM_MOVING, FILM, 0.95, 0.02, 0.3, 0.8, false, false, 0, 1, 0, {0}},
    {"film-still", FILM, TEXT, 0, 0, 0.4, 1, false, false, 0.1, 1, 0, {0}},
    {"still-film", MOVING, FILM, 0.9, 0, 0.7, 1, false, false, 0, 0.3, 0, {0}},
    {"film-dissolve", FILM_MOVING, FILM, 0.9, 0, 0.5, 1, true, false, 0, 1, 0, {0}},
    {"film-frozen", TEXT, FILM, 0, 0, 0.5, 1, false, true, 0, 1, 0, {0}},
    {"wipe-left", TEXT, MOVING, 0, 0.05, 0.4, 1, false, false, 0.4, 1, 0, WIPE(LEFT, 0.08)},
    {"wipe-right", MOVING, TEXT, 0, 0.05, 0.9, 1, false, false, 0, 0.3, 0, WIPE(RIGHT, 0.5)},
    {"wipe-up", TEXT, SOLID, 0, 0, 0.3, 0.7, false, false, 0.4, 1, 0, WIPE(UP, 0.2)},
    {"wipe-down", CONTAINED, TEXT, 0, 0, 0.55, 1, false, false, 0, 1, 0, WIPE(DOWN, 0)},
    {"iris", TEXT, MOVING, 0, 0.05, 0.3, 1, false, false, 1, 1, 0, IRIS},
    {"iris-late", MOVING, SOLID, 0, 0, 0.8, 1, false, false, 0, 0, 0, IRIS},
    {"iris-film", FILM_CROP, FILM, 0, 0, 0.45, 0.8, false, false, 0, 1, 0, IRIS},
    {"dip-out", TEXT, MOVING, 0, 0.05, 0.3, 1, false, false, 0.9, 1, 0, DIP(0xffc940)},
    {"dip-in", FILM, TEXT, 0, 0, 0.8, 1, false, false, 1, 0.5, 0, DIP(0x102030)},
    {"push-left", TEXT, MOVING, 0, 0.05, 0.35, 1, false, false, 0.6, 1, 0, PUSH(LEFT)},
    {"push-right", CONTAINED, MOVING, 0, 0.05, 0.7, 1, false, false, 0, 0, 0, PUSH(RIGHT)},
    {"push-up", FILM, TEXT, 0, 0, 0.5, 0.8, false, false, 1, 1, 0, PUSH(UP)},
    {"push-down", MOVING, CONTAINED, 0.9, 0, 0.25, 1, false, false, 0, 0, 0, PUSH(DOWN)},
};
#define SCENES (sizeof scenes / sizeof *scenes)

struct stage {
    struct picture *pictures[PICTURES];
    struct display *display; /* of the test that runs */
};

static struct display_mix mix_of(const struct stage *stage, const struct scene *scene)
{
    struct display_mix mix = {
        .has_from = scene->from >= 0,
        .from_frozen = scene->frozen,
        .to = {stage->pictures[scene->to], scene->progress},
        .mix = scene->mix,
        .transition = scene->transition,
        .dim = scene->dim,
    };
    if (scene->from >= 0 && (!scene->frozen || scene->from_hidden > 0))
        mix.from.picture = stage->pictures[scene->from];
    if (scene->linear)
        mix.transition.type = TRANSITION_DISSOLVE;
    mix.from.progress = scene->from_progress;
    mix.from_text.hidden = scene->from_hidden;
    mix.to_text = (struct picture_text_view){.hidden = scene->to_hidden,
                                             .is_rising = scene->age_ms > 0,
                                             .age_ms = scene->age_ms,
                                             .fade_ms = 300};
    return mix;
}

/* What a frozen scene starts from: the middle of a transition. */
static void show_and_freeze(struct stage *stage)
{
    struct err err = {0};
    const struct scene middle = {"", TEXT, MOVING, 0, 0.1, 0.3, 1, false, false, 0.2, 1, 0, {0}};
    struct display_mix mix = mix_of(stage, &middle);
    assert_true(display_show(stage->display, &mix, &err));
    assert_true(display_freeze(stage->display, &err));
}

static struct sample_canvas capture(struct stage *stage, const struct scene *scene)
{
    struct err err = {0};
    struct sample_canvas out = sample_canvas(WIDTH, HEIGHT);
    if (scene->frozen)
        show_and_freeze(stage);
    struct display_mix mix = mix_of(stage, scene);
    if (!display_capture(stage->display, &mix, &out.canvas, &err))
        fail_msg("%s: %s", scene->name, err.text);
    return out;
}

static int set_up(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    if (!stage)
        return -1;
    stage->pictures[SOLID] = solid();
    stage->pictures[CONTAINED] = contained();
    stage->pictures[MOVING] = moving();
    stage->pictures[TEXT] = with_text();
    for (int i = 0; i < 4; i++)
        stage->pictures[LINES + i] = with_lines(i * 90);
    stage->pictures[FILM] = film_with_text();
    stage->pictures[FILM_CROP] = film_crop();
    stage->pictures[FILM_MOVING] = film_moving();
    *state = stage;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;
    display_destroy(stage->display);
    SDL_Quit();
    for (int i = 0; i < PICTURES; i++)
        picture_release(stage->pictures[i]);
    free(stage);
    return 0;
}

/* ---- kept pictures ---- */

static void golden_path(const struct scene *scene, char *path, size_t bytes)
{
    snprintf(path, bytes, FOLDER "/%s.png", scene->name);
}

static void save(const struct canvas *canvas, const char *path)
{
    SDL_Surface *surface =
        SDL_CreateRGBSurfaceWithFormatFrom(canvas->pixels, canvas->width_px, canvas->height_px, 32,
                                           (int)canvas->stride_bytes, SDL_PIXELFORMAT_ARGB8888);
    SDL_Surface *opaque = SDL_ConvertSurfaceFormat(surface, SDL_PIXELFORMAT_RGB24, 0);
    assert_non_null(opaque);
    assert_int_equal(IMG_SavePNG(opaque, path), 0);
    SDL_FreeSurface(opaque);
    SDL_FreeSurface(surface);
}

static int most_apart(const struct canvas *canvas, const SDL_Surface *kept)
{
    int most = 0;
    for (int y = 0; y < canvas->height_px; y++) {
        const uint32_t *row = (const uint32_t *)(const void *)((const uint8_t *)kept->pixels +
                                                               (ptrdiff_t)y * kept->pitch);
        for (int x = 0; x < canvas->width_px; x++) {
            int apart = sample_apart(*sample_pixel(canvas, x, y), row[x]);
            most = apart > most ? apart : most;
        }
    }
    return most;
}

/* Whether OpenGL rounds a color once more: of a text that fades, or in the shapes of a transition. */
static bool is_shaped(const struct scene *scene)
{
    bool fades = fmod(scene->from_hidden, 1) > 0 || fmod(scene->to_hidden, 1) > 0;
    return fades || scene->age_ms > 0 || scene->transition.type > TRANSITION_CUT;
}

/* `kind` names the display, for the picture that is left behind where it differs. */
static void check_golden(const struct canvas *canvas, const struct scene *scene, const char *kind)
{
    char path[128], left[128];
    golden_path(scene, path, sizeof path);
    SDL_Surface *file = IMG_Load(path);
    if (!file)
        fail_msg("%s: %s", path, SDL_GetError());
    SDL_Surface *kept = SDL_ConvertSurfaceFormat(file, SDL_PIXELFORMAT_ARGB8888, 0);
    SDL_FreeSurface(file);
    assert_non_null(kept);
    assert_int_equal(kept->w, canvas->width_px);
    assert_int_equal(kept->h, canvas->height_px);
    int apart = most_apart(canvas, kept);
    SDL_FreeSurface(kept);
    bool has_film = scene->from >= STILLS || scene->to >= STILLS;
    int tolerance = TOLERANCE;
    if (strcmp(kind, "gpu") == 0 && is_shaped(scene))
        tolerance = SHAPE_TOLERANCE;
    if (strcmp(kind, "gpu") == 0 && has_film)
        tolerance = FILM_TOLERANCE;
    if (apart <= tolerance)
        return;
    mkdir("build", 0755);
    mkdir("build/golden", 0755);
    snprintf(left, sizeof left, "build/golden/stage-%s-%s.png", scene->name, kind);
    save(canvas, left);
    fail_msg("%s on %s differs by %d; see %s", path, kind, apart, left);
}

static void check_all_goldens(struct stage *stage, const char *kind)
{
    for (size_t i = 0; i < SCENES; i++) {
        struct sample_canvas out = capture(stage, &scenes[i]);
        check_golden(&out.canvas, &scenes[i], kind);
        sample_canvas_finish(&out);
    }
}

static struct display *open_display(enum display_renderer renderer, const char *driver)
{
    if (driver)
        setenv("SDL_VIDEODRIVER", driver, 1);
    const struct display_config config = {
        .renderer = renderer, .width_px = WIDTH, .height_px = HEIGHT, .title = "test"};
    struct err err = {0};
    struct display *display = display_create(&config, &err);
    if (!display)
        print_message("# %s: %s\n", driver ? driver : "memory", err.text);
    return display;
}

/* ---- tests ---- */

/* All scenes, moved; what is bared is black. */
static void check_shifts(struct stage *stage, int tolerance)
{
    const int shifts[][2] = {{3, 0}, {0, -2}, {-5, 4}};
    for (size_t i = 0; i < 3 * SCENES; i++) {
        struct err err = {0};
        const struct scene *scene = &scenes[i / 3];
        struct sample_canvas plain = capture(stage, scene), out = sample_canvas(WIDTH, HEIGHT);
        struct display_mix mix = mix_of(stage, scene);
        mix.shift_x_px = shifts[i % 3][0];
        mix.shift_y_px = shifts[i % 3][1];
        assert_true(display_show(stage->display, &mix, &err));
        assert_true(display_capture(stage->display, &mix, &out.canvas, &err));
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++) {
                int from_x = x - mix.shift_x_px, from_y = y - mix.shift_y_px;
                bool bared = from_x < 0 || from_x >= WIDTH || from_y < 0 || from_y >= HEIGHT;
                uint32_t right = bared ? 0xff000000 : *sample_pixel(&plain.canvas, from_x, from_y);
                if (sample_apart(*sample_pixel(&out.canvas, x, y), right) > tolerance)
                    fail_msg("%s, shifted by %d, %d: %d, %d is %08x, not %08x", scene->name,
                             mix.shift_x_px, mix.shift_y_px, x, y, *sample_pixel(&out.canvas, x, y),
                             right);
            }
        sample_canvas_finish(&plain);
        sample_canvas_finish(&out);
    }
}

static void in_memory(void **state)
{
    struct stage *stage = *state;
    stage->display = open_display(DISPLAY_MEMORY, NULL);
    assert_non_null(stage->display);
    assert_string_equal(display_name(stage->display), "cpu (memory)");
    assert_false(display_waits(stage->display));
    if (getenv("UPDATE_GOLDEN"))
        for (size_t i = 0; i < SCENES; i++) {
            char path[128];
            golden_path(&scenes[i], path, sizeof path);
            struct sample_canvas out = capture(stage, &scenes[i]);
            save(&out.canvas, path);
            sample_canvas_finish(&out);
        }
    check_all_goldens(stage, "memory");
}

static void on_the_processor(void **state)
{
    struct stage *stage = *state;
    stage->display = open_display(DISPLAY_CPU, "dummy");
    assert_non_null(stage->display);
    assert_string_equal(display_name(stage->display), "cpu (dummy)");
    int width, height;
    display_size(stage->display, &width, &height);
    assert_int_equal(width, WIDTH);
    assert_int_equal(height, HEIGHT);
    check_all_goldens(stage, "cpu");
    check_shifts(stage, 0);
}

static SDL_Window *only_window(void)
{
    for (Uint32 id = 1; id < 100; id++)
        if (SDL_GetWindowFromID(id))
            return SDL_GetWindowFromID(id);
    return NULL;
}

static void a_capture_is_what_is_shown(void **state)
{
    struct stage *stage = *state;
    stage->display = open_display(DISPLAY_CPU, "dummy");
    assert_non_null(stage->display);
    for (size_t i = 0; i < SCENES; i++) {
        struct err err = {0};
        struct sample_canvas out = capture(stage, &scenes[i]);
        struct display_mix mix = mix_of(stage, &scenes[i]);
        assert_true(display_show(stage->display, &mix, &err));
        const SDL_Surface *window = SDL_GetWindowSurface(only_window());
        assert_non_null(window);
        assert_int_equal(most_apart(&out.canvas, window), 0);
        sample_canvas_finish(&out);
    }
}

static int pin_library(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    (void)data;
    if (*info->dlpi_name)
        dlopen(info->dlpi_name, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
    return 0;
}

/* Keeps the OpenGL libraries to the end of the process: what they never free can't be told from our
 * own leaks (tests/lsan.supp) once they are gone. */
static void pin_libraries(void)
{
    dl_iterate_phdr(pin_library, NULL);
}

static void check_gpu(struct stage *stage, const char *renderer)
{
    setenv("SDL_RENDER_DRIVER", renderer, 1);
    stage->display = open_display(DISPLAY_GPU, "offscreen");
    if (!stage->display) {
        print_message("# no OpenGL here: nothing was compared\n");
        return;
    }
    pin_libraries();
    print_message("# %s\n", display_name(stage->display));
    assert_memory_equal(display_name(stage->display), "gpu ", 4);
    for (int i = 0; i < PICTURES; i++)
        display_prepare(stage->display, stage->pictures[i]);
    check_all_goldens(stage, "gpu");
    /* Shown and not only captured, in any order, and with what is kept replaced. */
    for (size_t i = 0; i < SCENES; i++) {
        struct err err = {0};
        struct display_mix mix = mix_of(stage, &scenes[SCENES - 1 - i]);
        assert_true(display_show(stage->display, &mix, &err));
        assert_true(display_freeze(stage->display, &err));
    }
    check_all_goldens(stage, "gpu");
    check_shifts(stage, FILM_TOLERANCE);
    check_all_goldens(stage, "gpu");
}

static void on_opengl(void **state)
{
    check_gpu(*state, "opengl");
}

static void on_opengl_es(void **state)
{
    check_gpu(*state, "opengles2");
}

/* More pictures than the GPU keeps: each is brought up again when it is needed. */
static void more_pictures_than_opengl_keeps(void **state)
{
    struct stage *stage = *state;
    stage->display = open_display(DISPLAY_GPU, "offscreen");
    if (!stage->display)
        return;
    struct picture *many[20];
    for (int i = 0; i < 20; i++) {
        many[i] = with_text();
        sample_frame_row(many[i]->visual, 5)[5] = 0xff000000u | (uint32_t)i * 10;
    }
    for (int i = 0; i < 60; i++) {
        struct err err = {0};
        const struct picture *picture = many[i * 7 % 20];
        struct display_mix mix = {.to = {picture, 0}, .mix = 1, .dim = 1};
        struct sample_canvas out = sample_canvas(WIDTH, HEIGHT);
        assert_true(display_capture(stage->display, &mix, &out.canvas, &err));
        assert_int_equal(*sample_pixel(&out.canvas, 5, 5) & 0xffffff, (uint32_t)(i * 7 % 20) * 10);
        sample_canvas_finish(&out);
    }
    for (int i = 0; i < 20; i++)
        picture_release(many[i]);
}

/* A display remembers flattened pictures: never the wrong one. */
static void what_was_shown_before_does_not_matter(void **state)
{
    struct stage *stage = *state;
    struct display *worn = open_display(DISPLAY_MEMORY, NULL);
    assert_non_null(worn);
    /* One that runs may be half a pixel behind: see test_display_film.c. */
    stage->pictures[FILM_MOVING]->playing = false;
    uint64_t seed = 3;
    for (int i = 0; i < 300; i++) {
        struct err err = {0};
        struct scene scene = scenes[sample_random(&seed) % SCENES];
        scene.to = (int)(sample_random(&seed) % PICTURES);
        if (scene.frozen)
            continue;
        struct display_mix mix = mix_of(stage, &scene);
        struct sample_canvas a = sample_canvas(WIDTH, HEIGHT);
        assert_true(display_show(worn, &mix, &err));
        assert_true(display_capture(worn, &mix, &a.canvas, &err));
        stage->display = open_display(DISPLAY_MEMORY, NULL);
        struct sample_canvas b = capture(stage, &scene);
        assert_memory_equal(a.canvas.pixels, b.canvas.pixels, a.canvas.stride_bytes * HEIGHT);
        display_destroy(stage->display);
        stage->display = NULL;
        sample_canvas_finish(&a);
        sample_canvas_finish(&b);
    }
    display_destroy(worn);
}

/* Where there is nothing to start from, the picture is shown alone: never a black frame. */
static void frozen_without_a_freeze_shows_the_picture(void **state)
{
    struct stage *stage = *state;
    stage->display = open_display(DISPLAY_MEMORY, NULL);
    struct err err = {0};
    struct scene scene = scenes[1];
    struct sample_canvas alone = capture(stage, &scene), out = sample_canvas(WIDTH, HEIGHT);
    struct display_mix mix = mix_of(stage, &scene);
    mix.has_from = mix.from_frozen = true;
    mix.mix = 0.1;
    assert_true(display_capture(stage->display, &mix, &out.canvas, &err));
    assert_memory_equal(out.canvas.pixels, alone.canvas.pixels, out.canvas.stride_bytes * HEIGHT);
    sample_canvas_finish(&alone);
    sample_canvas_finish(&out);
}

static void a_window_shows_its_part_of_a_wall(void **state)
{
    struct stage *stage = *state;
    struct err err = {0};
    const struct layout_box at = {60, 30, 96, 54};
    setenv("SDL_VIDEODRIVER", "dummy", 1);
    const struct display_config config = {.renderer = DISPLAY_CPU,
                                          .width_px = at.width,
                                          .height_px = at.height,
                                          .title = "test",
                                          .wish.canvas = {WIDTH, HEIGHT, at.x, at.y}};
    stage->display = display_create(&config, &err);
    assert_non_null(stage->display);
    int width, height;
    display_size(stage->display, &width, &height);
    assert_int_equal(width, WIDTH);
    assert_int_equal(height, HEIGHT);
    check_all_goldens(stage, "wall");
    for (size_t i = 0; i < SCENES; i++) {
        struct sample_canvas out = capture(stage, &scenes[i]);
        struct display_mix mix = mix_of(stage, &scenes[i]);
        assert_true(display_show(stage->display, &mix, &err));
        const SDL_Surface *window = SDL_GetWindowSurface(only_window());
        assert_int_equal(window->w, at.width);
        struct canvas part = canvas_part(&out.canvas, at.x, at.y, at.width, at.height);
        assert_int_equal(most_apart(&part, window), 0);
        sample_canvas_finish(&out);
    }
}

static void plain_memory_has_no_power_to_turn_off(void **state)
{
    struct stage *stage = *state;
    struct err err = {0};
    int count;
    stage->display = open_display(DISPLAY_MEMORY, NULL);
    assert_false(display_set_power(stage->display, false, &err));
    assert_int_equal(err.code, ERR_INPUT);
    display_outputs(stage->display, &count);
    assert_int_equal(count, 0);
    assert_int_equal(display_presented_ns(stage->display), 0);
    assert_int_equal(display_read_news(stage->display, &err), DISPLAY_NO_NEWS);
}

static void displays_that_are_not_there(void **state)
{
    (void)state;
    struct err err = {0};
    const struct display_config gpu = {
        .renderer = DISPLAY_GPU, .width_px = WIDTH, .height_px = HEIGHT, .title = "test"};
    setenv("SDL_VIDEODRIVER", "dummy", 1);
    assert_null(display_create(&gpu, &err)); /* it has no OpenGL */
    assert_int_equal(err.code, ERR_SYSTEM);
    SDL_Quit();
    const struct display_config cpu = {
        .renderer = DISPLAY_CPU, .width_px = WIDTH, .height_px = HEIGHT, .title = "test"};
    setenv("SDL_VIDEODRIVER", "no such driver", 1);
    assert_null(display_create(&cpu, &err));
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_non_null(strstr(err.text, "no display"));
    display_destroy(NULL);
}

static void without_a_gpu_the_processor_draws(void **state)
{
    struct stage *stage = *state;
    stage->display = open_display(DISPLAY_AUTO, "dummy");
    assert_non_null(stage->display);
    assert_string_equal(display_name(stage->display), "cpu (dummy)");
    struct sample_canvas out = capture(stage, &scenes[3]);
    check_golden(&out.canvas, &scenes[3], "auto");
    sample_canvas_finish(&out);
}

#define DISPLAY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DISPLAY_TEST(in_memory),
        DISPLAY_TEST(on_the_processor),
        DISPLAY_TEST(a_capture_is_what_is_shown),
        DISPLAY_TEST(on_opengl),
        DISPLAY_TEST(on_opengl_es),
        DISPLAY_TEST(more_pictures_than_opengl_keeps),
        DISPLAY_TEST(what_was_shown_before_does_not_matter),
        DISPLAY_TEST(frozen_without_a_freeze_shows_the_picture),
        DISPLAY_TEST(a_window_shows_its_part_of_a_wall),
        DISPLAY_TEST(plain_memory_has_no_power_to_turn_off),
        DISPLAY_TEST(displays_that_are_not_there),
        DISPLAY_TEST(without_a_gpu_the_processor_draws),
    };
    return cmocka_run_group_tests_name("display", tests, NULL, NULL);
}
