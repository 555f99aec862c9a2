/* Draws taglines for tests: with the system's fonts, on a canvas of any size. Include after cmocka.h. */
#ifndef TESTS_UNIT_DRAW_TEXT_H
#define TESTS_UNIT_DRAW_TEXT_H

#include "decode/system_fonts.h"
#include "worker/text/tagline.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>

struct picture {
    int x, y, width, height;
    uint32_t *pixels;
    struct tagline_facts facts;
};

static const struct text_style plain = {
    .size = 0.08, .color = 0xffffff, .valign = TEXT_ALIGN_END, .opacity = 1};

static inline int open_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("%s: not there; tests run in the repository's top folder", path);
    return fd;
}

static inline struct tagline_face system_face(const char *language)
{
    char path[4096];
    struct tagline_face face;
    assert_true(system_fonts_find(language, PLAYLIST_WEIGHT_BOLD, path, sizeof path, &face.index));
    face.fd = open_file(path);
    return face;
}

static inline struct tagline_request request_for(const char *text, const char *language, int width,
                                                 int height, const struct text_style *style)
{
    struct tagline_request request = {.text = text,
                                      .language = language,
                                      .canvas_width_px = width,
                                      .canvas_height_px = height,
                                      .style = style,
                                      .face_count = 1};
    request.faces[0] = system_face(language);
    return request;
}

/* Paints with rows that are longer than the box, and sees that only the box was written, and all of
 * it. */
static inline void paint(const struct tagline *tagline, struct picture *picture)
{
    size_t stride = (size_t)picture->width + 3, rows = (size_t)picture->height;
    uint32_t *wide = malloc(stride * rows * sizeof *wide);
    uint32_t *again = malloc(stride * rows * sizeof *again);
    picture->pixels = malloc((size_t)picture->width * rows * sizeof *picture->pixels);
    assert_true(wide && again && picture->pixels);
    memset(wide, 0x5a, stride * rows * sizeof *wide);
    memset(again, 0xa5, stride * rows * sizeof *again);
    assert_true(tagline_paint(tagline, wide, stride * sizeof *wide, NULL));
    assert_true(tagline_paint(tagline, again, stride * sizeof *again, NULL));
    for (size_t y = 0; y < rows; y++) {
        const uint32_t *row = wide + y * stride;
        size_t bytes = (size_t)picture->width * sizeof *row;
        assert_memory_equal(row, again + y * stride, bytes);
        for (size_t x = (size_t)picture->width; x < stride; x++)
            assert_int_equal(row[x], 0x5a5a5a5a);
        memcpy(picture->pixels + y * (size_t)picture->width, row, bytes);
    }
    free(wide);
    free(again);
}

static inline struct picture draw(const struct tagline_request *request)
{
    struct err err = {0};
    struct tagline *tagline = tagline_create(request, &err);
    if (!tagline)
        fail_msg("%s: %s", request->text, err.text);
    /* A picture needs the descriptors no more. */
    for (int i = 0; i < request->face_count; i++)
        close(request->faces[i].fd);
    struct picture picture = {.facts = tagline_facts(tagline)};
    tagline_box(tagline, &picture.x, &picture.y, &picture.width, &picture.height);
    assert_in_range(picture.width, 1, request->canvas_width_px);
    assert_in_range(picture.height, 1, request->canvas_height_px);
    assert_in_range(picture.x, 0, request->canvas_width_px - picture.width);
    assert_in_range(picture.y, 0, request->canvas_height_px - picture.height);
    paint(tagline, &picture);
    tagline_destroy(tagline);
    return picture;
}

static inline struct picture draw_text(const char *text, const char *language, int width,
                                       int height, const struct text_style *style)
{
    struct tagline_request request = request_for(text, language, width, height, style);
    return draw(&request);
}

#endif
