/* Small films for tests, made by the ffmpeg program: their pictures carry their own numbers, in
 * black and white blocks that survive any codec. Include after cmocka.h and temp_folder.h. */
#ifndef TESTS_MOVIE_FILES_H
#define TESTS_MOVIE_FILES_H

#include "worker/film/film.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILM_FRAMES 75
#define FILM_WIDTH 160
#define FILM_HEIGHT 90
#define FILM_ARGS_MAX 64
#define FILM_PAGE_BYTES 4096

/* Runs ffmpeg with words divided by single spaces; {} stands for the test's folder. */
static inline void film_file_run(const char *words)
{
    char text[4096] = "ffmpeg -nostdin -hide_banner -v error -y ";
    size_t used = strlen(text);
    for (const char *c = words; *c; c++) {
        assert_true(used + strlen(temp_folder) + 1 < sizeof text);
        if (c[0] == '{' && c[1] == '}') {
            used += (size_t)snprintf(text + used, sizeof text - used, "%s", temp_folder);
            c++;
        } else {
            text[used++] = *c;
        }
    }
    text[used] = '\0';
    char *arguments[FILM_ARGS_MAX + 1] = {NULL}, *rest = NULL;
    int count = 0;
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        assert_true(count < FILM_ARGS_MAX);
        arguments[count++] = word;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    /* Some encoders write to standard error of their own accord, where the test's results go. */
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    extern char **environ;
    pid_t pid;
    int status = -1;
    assert_int_equal(posix_spawnp(&pid, "ffmpeg", &actions, NULL, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status != 0)
        fail_msg("ffmpeg failed (%d) with: %s", status, words);
}

/* A whole file in memory, and back; the caller frees it. */
static inline uint8_t *film_file_read(const char *name, size_t *size)
{
    FILE *file = fopen(temp_folder_path(name), "re");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*size);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

static inline void film_file_write(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(temp_folder_path(name), "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Sixteen blocks, four a row: bit N of the number in block N. */
static inline void film_file_draw_number(uint8_t *luma, int width, int height, int number)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            int block = x * 4 / width + y * 4 / height * 4;
            luma[y * width + x] = number >> block & 1 ? 235 : 16;
        }
}

/* A raw film of numbered pictures, I420. */
static inline void film_file_write_counter(const char *name, int width, int height, int frames)
{
    FILE *file = fopen(temp_folder_path(name), "we");
    size_t luma = (size_t)width * (size_t)height;
    size_t chroma = (size_t)((width + 1) / 2) * (size_t)((height + 1) / 2) * 2;
    uint8_t *bytes = malloc(luma + chroma);
    assert_non_null(file);
    assert_non_null(bytes);
    memset(bytes + luma, 128, chroma);
    for (int i = 0; i < frames; i++) {
        film_file_draw_number(bytes, width, height, i);
        assert_int_equal(fwrite(bytes, 1, luma + chroma, file), luma + chroma);
    }
    free(bytes);
    assert_int_equal(fclose(file), 0);
}

/* A box of an MP4 by its type, the first one; its start. */
static inline uint8_t *film_file_box(uint8_t *bytes, size_t size, const char *type)
{
    uint8_t *found = memmem(bytes, size, type, 4);
    assert_non_null(found);
    return found - 4;
}

static inline uint32_t film_file_big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline void film_file_put_big_endian(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

/* Turns an MP4 by 90, 180 or 270 degrees, clockwise, as a phone that is held on its side does: by the
 * matrix of its track's header (ISO/IEC 14496-12, 8.3.2). */
static inline void film_file_turn(const char *name, int degrees)
{
    static const int maps[4][4] = {{1, 0, 0, 1}, {0, 1, -1, 0}, {-1, 0, 0, -1}, {0, -1, 1, 0}};
    static const int places[4] = {0, 4, 12, 16};
    size_t size;
    uint8_t *bytes = film_file_read(name, &size);
    uint8_t *matrix = film_file_box(bytes, size, "tkhd") + 48;
    for (int i = 0; i < 4; i++)
        film_file_put_big_endian(matrix + places[i], (uint32_t)(maps[degrees / 90][i] * 65536));
    film_file_write(name, bytes, size);
    free(bytes);
}

struct film_file {
    int fd;
    struct film *film;
    uint8_t *ring;
    size_t ring_bytes;
    int slots;
};

/* The film's descriptor is closed by film_close, which is to be called whatever comes. */
static inline bool film_file_try(struct film_file *film, int fd, const struct film_request *request,
                                 int slots, struct err *err)
{
    *film = (struct film_file){.fd = fd, .ring = MAP_FAILED};
    film->film = film_open(fd, request, err);
    if (!film->film)
        return false;
    const struct film_layout *layout = &film_facts(film->film)->layout;
    film->slots = slots ? slots : layout->slots;
    film->ring_bytes = layout->slot_bytes * (size_t)film->slots;
    /* A page that nobody may touch follows. */
    film->ring = mmap(NULL, film->ring_bytes + FILM_PAGE_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (film->ring == MAP_FAILED ||
        mprotect(film->ring + film->ring_bytes, FILM_PAGE_BYTES, PROT_NONE) != 0)
        fail_msg("no memory for %zu bytes", film->ring_bytes);
    return film_start(film->film, film->ring, film->slots, err);
}

static inline struct film_file film_file_open(const char *name, const struct film_request *request,
                                              int slots)
{
    struct film_file film = {.ring = MAP_FAILED};
    struct err err = {0};
    int fd = open(temp_folder_path(name), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || !film_file_try(&film, fd, request, slots, &err))
        fail_msg("%s: %s", name, err.text);
    return film;
}

static inline void film_file_close(struct film_file *film)
{
    film_close(film->film);
    if (film->ring != MAP_FAILED)
        munmap(film->ring, film->ring_bytes + FILM_PAGE_BYTES);
    close(film->fd);
}

static inline const uint8_t *film_file_plane(const struct film_file *film, int slot, int plane)
{
    const struct film_layout *layout = &film_facts(film->film)->layout;
    assert_in_range(slot, 0, film->slots - 1);
    return film->ring + layout->slot_bytes * (size_t)slot + layout->offset_bytes[plane];
}

/* The sample of plane Y at fractions of the picture. */
static inline int film_file_luma(const struct film_file *film, int slot, double x, double y)
{
    const struct film_layout *layout = &film_facts(film->film)->layout;
    size_t column = (size_t)(x * layout->width_px), row = (size_t)(y * layout->height_px);
    return film_file_plane(film, slot, 0)[row * layout->stride_bytes[0] + column];
}

/* The number in a frame whose point (x, y), from its middle, went to (a x + c y, b x + d y). */
static inline int film_file_number_mapped(const struct film_file *film, int slot, const int map[4])
{
    int number = 0;
    for (int block = 0; block < 16; block++) {
        double x = (block % 4 + 0.5) / 4 - 0.5, y = (block / 4 + 0.5) / 4 - 0.5;
        double at_x = map[0] * x + map[2] * y + 0.5, at_y = map[1] * x + map[3] * y + 0.5;
        if (film_file_luma(film, slot, at_x, at_y) > 126)
            number |= 1 << block;
    }
    return number;
}

/* The same for one that was turned clockwise. */
static inline int film_file_number(const struct film_file *film, int slot, int turn)
{
    static const int maps[4][4] = {{1, 0, 0, 1}, {0, 1, -1, 0}, {-1, 0, 0, -1}, {0, -1, 1, 0}};
    return film_file_number_mapped(film, slot, maps[turn / 90]);
}

/* xorshift64*: the same cases in each run. */
static inline uint64_t film_file_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 2685821657736338717u;
}

#endif
