/* A font of boxes, written byte by byte, so that the widths of a test's texts are plain numbers on
 * every machine: Chinese characters, kana, Hangul and full-width punctuation are one em wide,
 * letters, digits and narrow quotes half an em, spaces and other narrow punctuation a quarter. Every
 * box leaves a fortieth of an em blank on both sides, and no glyph is kerned. */
#ifndef TESTS_UNIT_SAMPLE_FONT_H
#define TESTS_UNIT_SAMPLE_FONT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { GLYPH_NONE, GLYPH_FULL, GLYPH_HALF, GLYPH_QUARTER, GLYPH_FULL_BLANK, GLYPH_QUARTER_BLANK };

/* Blank glyphs have no outline. */
static const struct sample_glyph {
    uint16_t width;
    bool is_blank;
} sample_glyphs[] = {
    [GLYPH_NONE] = {1000, true},       [GLYPH_FULL] = {1000, false},
    [GLYPH_HALF] = {500, false},       [GLYPH_QUARTER] = {250, false},
    [GLYPH_FULL_BLANK] = {1000, true}, [GLYPH_QUARTER_BLANK] = {250, true},
};
#define SAMPLE_GLYPHS (sizeof sample_glyphs / sizeof *sample_glyphs)

/* Ranges of characters, sorted. Curly quotes, dashes and dots are as wide as the font is asked to
 * make them: full in Chinese and Japanese, half in Korean and English. */
static const struct sample_range {
    uint32_t first, last;
    int glyph; /* -1: GLYPH_FULL or GLYPH_HALF */
} sample_ranges[] = {
    {0x20, 0x20, GLYPH_QUARTER_BLANK},
    {0x21, 0x2f, GLYPH_QUARTER},
    {0x30, 0x39, GLYPH_HALF},
    {0x3a, 0x40, GLYPH_QUARTER},
    {0x41, 0x5a, GLYPH_HALF},
    {0x5b, 0x60, GLYPH_QUARTER},
    {0x61, 0x7a, GLYPH_HALF},
    {0x7b, 0x7e, GLYPH_QUARTER},
    {0xa0, 0xa0, GLYPH_QUARTER_BLANK},
    {0xa1, 0xb6, GLYPH_HALF},
    {0xb7, 0xb7, -1},
    {0xb8, 0x24f, GLYPH_HALF},
    {0x2000, 0x200a, GLYPH_QUARTER_BLANK},
    {0x2010, 0x2027, -1},
    {0x202f, 0x202f, GLYPH_QUARTER_BLANK},
    {0x2030, 0x205e, GLYPH_HALF},
    {0x20a0, 0x22ff, GLYPH_HALF},
    {0x2e80, 0x2fff, GLYPH_FULL},
    {0x3000, 0x3000, GLYPH_FULL_BLANK},
    {0x3001, 0x9fff, GLYPH_FULL},
    {0xac00, 0xd7a3, GLYPH_FULL},
    {0xf900, 0xfaff, GLYPH_FULL},
    {0xff01, 0xff60, GLYPH_FULL},
};
#define SAMPLE_RANGES (sizeof sample_ranges / sizeof *sample_ranges)

struct sample_bytes {
    uint8_t bytes[4096];
    size_t count;
};

static void put_u16(struct sample_bytes *to, uint32_t value)
{
    to->bytes[to->count++] = (uint8_t)(value >> 8);
    to->bytes[to->count++] = (uint8_t)value;
}

static void put_u32(struct sample_bytes *to, uint32_t value)
{
    put_u16(to, value >> 16);
    put_u16(to, value & 0xffff);
}

static void put_u16s(struct sample_bytes *to, const int16_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put_u16(to, (uint16_t)values[i]);
}

/* A box from the baseline to 0.8 em, of four points. */
static void put_outline(struct sample_bytes *to, uint16_t width)
{
    int16_t right = (int16_t)(width - 25), across = (int16_t)(width - 50), back = (int16_t)-across;
    const int16_t head[] = {1, 25, 0, right, 800, 3, 0};
    const int16_t x[] = {25, across, 0, back}, y[] = {0, 0, 800, 0};
    put_u16s(to, head, 7);
    put_u32(to, 0x01010101); /* flags: on the curve, differences of 16 bits */
    put_u16s(to, x, 4);
    put_u16s(to, y, 4);
}

/* One glyph for each range (format 13). */
static void put_map(struct sample_bytes *to, int wide)
{
    const int16_t head[] = {0, 1, 3, 10, 0, 12, 13, 0};
    put_u16s(to, head, 8);
    put_u32(to, (uint32_t)(16 + 12 * SAMPLE_RANGES));
    put_u32(to, 0);
    put_u32(to, (uint32_t)SAMPLE_RANGES);
    for (size_t i = 0; i < SAMPLE_RANGES; i++) {
        put_u32(to, sample_ranges[i].first);
        put_u32(to, sample_ranges[i].last);
        put_u32(to, (uint32_t)(sample_ranges[i].glyph < 0 ? wide : sample_ranges[i].glyph));
    }
}

/* Opens the font; the caller closes it. `is_wide`: curly quotes, dashes and dots take a whole em. */
static int sample_font_open(bool is_wide)
{
    static const char names[] = "cmapglyfheadhheahmtxlocamaxp";
    enum { MAP, OUTLINES, HEAD, LINES, WIDTHS, PLACES, COUNTS, TABLES };
    static struct sample_bytes tables[TABLES], file;
    const int16_t head[] = {1, 0, 0, 0, 0, 0, 0x5f0f, 0x3cf5, 0, 1000, 0, 0, 0, 0,
                            0, 0, 0, 0, 0, 0, 1000,   800,    0, 8,    2, 1, 0};
    const int16_t lines[] = {1, 0, 880, -120, 0, 1000, 0, 0, 1000,
                             1, 0, 0,   0,    0, 0,    0, 0, SAMPLE_GLYPHS};
    const int16_t counts[] = {1, 0, SAMPLE_GLYPHS, 4, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0};
    memset(tables, 0, sizeof tables);
    memset(&file, 0, sizeof file);
    put_map(&tables[MAP], is_wide ? GLYPH_FULL : GLYPH_HALF);
    put_u16s(&tables[HEAD], head, sizeof head / sizeof *head);
    put_u16s(&tables[LINES], lines, sizeof lines / sizeof *lines);
    put_u16s(&tables[COUNTS], counts, sizeof counts / sizeof *counts);
    for (size_t i = 0; i < SAMPLE_GLYPHS; i++) {
        put_u32(&tables[PLACES], (uint32_t)tables[OUTLINES].count);
        if (!sample_glyphs[i].is_blank)
            put_outline(&tables[OUTLINES], sample_glyphs[i].width);
        put_u16(&tables[WIDTHS], sample_glyphs[i].width);
        put_u16(&tables[WIDTHS], sample_glyphs[i].is_blank ? 0 : 25);
    }
    put_u32(&tables[PLACES], (uint32_t)tables[OUTLINES].count);
    put_u32(&file, 0x00010000);
    const int16_t search[] = {TABLES, 64, 2, 48};
    put_u16s(&file, search, 4);
    uint32_t offset = 12 + 16 * TABLES;
    for (int i = 0; i < TABLES; i++) {
        memcpy(file.bytes + file.count, names + 4 * i, 4);
        file.count += 4;
        put_u32(&file, 0);
        put_u32(&file, offset);
        put_u32(&file, (uint32_t)tables[i].count);
        offset += ((uint32_t)tables[i].count + 3) & ~3U;
    }
    for (int i = 0; i < TABLES; i++) {
        memcpy(file.bytes + file.count, tables[i].bytes, tables[i].count);
        file.count += (tables[i].count + 3) & ~(size_t)3;
    }
    int fd = memfd_create("font of boxes", MFD_CLOEXEC);
    if (fd < 0 || write(fd, file.bytes, file.count) != (ssize_t)file.count)
        return -1;
    return fd;
}

#endif
