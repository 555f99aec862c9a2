/* The plan of the test card: where on a canvas of any size and shape each of its parts lies, and
 * which texts are to be set for it.
 *
 * The test card tells an installer whether a screen shows all of the picture, upright, sharp,
 * with its blacks and whites, and in step with the screen beside it. Pure; any thread. */
#ifndef SCREEN_TEST_CARD_PLAN_H
#define SCREEN_TEST_CARD_PLAN_H

#include "core/layout.h"

#include <stdbool.h>
#include <stdint.h>

#define TEST_CARD_TEXTS_MAX 40
#define TEST_CARD_TEXT_BYTES 512
#define TEST_CARD_GAMMAS 4
#define TEST_CARD_STEPS 8

enum test_card_color {
    TEST_CARD_INK = 0x0a222d, /* the campaign's */
    TEST_CARD_GRID = 0x173642,
    TEST_CARD_LINE = 0x6b8f9b,
    TEST_CARD_QUIET = 0x9db8c0,
    TEST_CARD_FACT = 0xd5e2e6,
    TEST_CARD_WHITE = 0xffffff,
    TEST_CARD_ACCENT = 0xffc42e, /* of the ducklings */
};

enum test_card_align { TEST_CARD_LEFT, TEST_CARD_CENTER, TEST_CARD_RIGHT };

/* A text to be set: it begins at the top of its box, and its lines are no longer than that is
 * wide. Where the box is too low for all of it, it is to be set smaller. */
struct test_card_text {
    char text[TEST_CARD_TEXT_BYTES]; /* UTF-8; '\n' between lines */
    const char *language;            /* BCP 47; static, or of the facts */
    struct layout_box box;
    int size_px;
    enum test_card_align align;
    bool bold;
    uint32_t color; /* 0xRRGGBB */
    bool is_glyphs; /* not drawn where it stands: what the clock's figures are cut from */
};

/* What the card says. */
struct test_card_facts {
    const char *name;     /* the player's; "": none */
    const char *lines;    /* address, resolution and so on: '\n' between them */
    const char *language; /* of the captions */
};

/* The figures and signs of the clock, in the order in which test_card_cut_glyphs finds them. */
#define TEST_CARD_GLYPHS "0 1 2 3 4 5 6 7 8 9 : ."
#define TEST_CARD_GLYPH_COUNT 12

struct test_card_plan {
    int width_px, height_px;
    int shorter_px;
    int line_px;                   /* of all lines but the 1-pixel frame */
    bool is_tiny;                  /* only frame, corners, name and ramp have a place */
    int grid_px;                   /* side of a square; they are centered */
    int safe_px;                   /* the margin that text keeps */
    struct layout_box bars, ramps; /* colors above, gradients below */
    struct layout_box ring;        /* a circle fills it */
    struct layout_box clock;       /* figures, and the track under them */
    int clock_px;                  /* type size of the figures */
    struct layout_box sharp[4];    /* squares: 1 px check, upright lines, level lines, 2 px check */
    struct layout_box gammas[TEST_CARD_GAMMAS];
    struct layout_box blacks, whites; /* TEST_CARD_STEPS steps each */
    struct test_card_text texts[TEST_CARD_TEXTS_MAX];
    int text_count;
};

/* The gammas that the patches compare. */
extern const double test_card_gammas[TEST_CARD_GAMMAS];

/* Plans a card for a canvas, upright, of 16 to 16,384 pixels a side. The facts are copied, but
 * for the language. */
void test_card_plan_make(struct test_card_plan *plan, int width_px, int height_px,
                         const struct test_card_facts *facts);

#endif
