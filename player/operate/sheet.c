#include "operate/sheet.h"

#include "base/clock.h"
#include "decode/scale.h"
#include "operate/png.h"

#include <stdlib.h>

#define CELL_LONGER_PX 480
#define GAP_PX 16
#define GROUND 0xff0c1216u
#define SHEET_BYTES_MAX ((size_t)1 << 30)

struct sheet {
    struct canvas canvas;
    int cell_width_px, cell_height_px;
    const struct playlist *playlist;
    int columns;
};

static int languages_of(const struct playlist_spot *spot)
{
    return spot->text_count ? (int)spot->text_count : 1;
}

static bool sheet_init(struct sheet *sheet, const struct playlist *playlist,
                       const struct canvas *screen, struct err *err)
{
    bool landscape = screen->width_px >= screen->height_px;
    int longer = landscape ? screen->width_px : screen->height_px;
    int shorter = landscape ? screen->height_px : screen->width_px;
    int cell_shorter = CELL_LONGER_PX * shorter / longer;
    cell_shorter = cell_shorter < 1 ? 1 : cell_shorter;
    sheet->playlist = playlist;
    sheet->cell_width_px = landscape ? CELL_LONGER_PX : cell_shorter;
    sheet->cell_height_px = landscape ? cell_shorter : CELL_LONGER_PX;
    sheet->columns = 1;
    for (size_t i = 0; i < playlist->spot_count; i++)
        if (languages_of(&playlist->spots[i]) > sheet->columns)
            sheet->columns = languages_of(&playlist->spots[i]);
    struct canvas *canvas = &sheet->canvas;
    canvas->width_px = GAP_PX + sheet->columns * (sheet->cell_width_px + GAP_PX);
    size_t height = GAP_PX + playlist->spot_count * (size_t)(sheet->cell_height_px + GAP_PX);
    canvas->stride_bytes = (size_t)canvas->width_px * 4;
    if (height > SHEET_BYTES_MAX / canvas->stride_bytes)
        return err_set(err, ERR_LIMIT, "too many spots for one sheet");
    canvas->height_px = (int)height;
    canvas->pixels = malloc(canvas->stride_bytes * height);
    if (!canvas->pixels)
        return err_set(err, ERR_SYSTEM, "out of memory");
    uint32_t *pixels = canvas->pixels;
    for (size_t i = 0; i < (size_t)canvas->width_px * height; i++)
        pixels[i] = GROUND;
    return true;
}

static struct picture *wait_for(struct loader *loader, const struct loader_key *key)
{
    for (;;) {
        struct picture *picture;
        loader_poll(loader);
        enum loader_state state = loader_want(loader, key, &picture);
        loader_end_round(loader);
        if (state != LOADER_LOADING)
            return picture;
        struct pollfd fds[LOADER_JOBS_MAX];
        int64_t deadline_ns = INT64_MAX;
        int count = loader_poll_fds(loader, fds, &deadline_ns);
        int64_t left_ms = (deadline_ns - clock_mono_ns()) / 1000000 + 1;
        poll(fds, (nfds_t)count, left_ms > 0 ? (int)left_ms : 0);
    }
}

static bool draw_cell(struct sheet *sheet, const struct canvas *screen,
                      const struct picture *picture, int row, int column, struct err *err)
{
    struct picture_view view = {picture, 0};
    compose_picture(screen, &view);
    struct scale_source source = {
        .pixels = screen->pixels,
        .stride_bytes = screen->stride_bytes,
        .width_px = screen->width_px,
        .height_px = screen->height_px,
        .format = SCALE_ARGB8888,
        .part = {0, 0, screen->width_px, screen->height_px},
    };
    int x = GAP_PX + column * (sheet->cell_width_px + GAP_PX);
    int y = GAP_PX + row * (sheet->cell_height_px + GAP_PX);
    uint8_t *corner =
        (uint8_t *)sheet->canvas.pixels + sheet->canvas.stride_bytes * (size_t)y + (size_t)x * 4;
    struct scale_target target = {corner, sheet->canvas.stride_bytes, sheet->cell_width_px,
                                  sheet->cell_height_px};
    return scale_picture(&source, &target, err);
}

static bool draw_row(struct sheet *sheet, const struct edition *edition, struct loader *loader,
                     const struct canvas *screen, int row, struct err *err)
{
    const struct playlist_spot *spot = &sheet->playlist->spots[row];
    for (int column = 0; column < languages_of(spot); column++) {
        const char *language = spot->text_count ? spot->texts[column].language : NULL;
        struct loader_key key = {edition, 1, row, language && *language ? language : NULL};
        const struct picture *picture = wait_for(loader, &key);
        if (!picture)
            return err_set(err, ERR_INPUT, "spot \"%s\" can't be shown", spot->name);
        if (!draw_cell(sheet, screen, picture, row, column, err))
            return false;
    }
    return true;
}

bool sheet_write(const char *path, const struct edition *edition, struct loader *loader,
                 const struct canvas *canvas, struct err *err)
{
    struct sheet sheet = {0};
    bool ok = sheet_init(&sheet, edition->playlist, canvas, err);
    for (size_t row = 0; ok && row < edition->playlist->spot_count; row++)
        ok = draw_row(&sheet, edition, loader, canvas, (int)row, err);
    ok = ok && png_write(path, &sheet.canvas, err);
    free(sheet.canvas.pixels);
    return ok;
}
