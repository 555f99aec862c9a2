#include "commands/preview/png.h"

#include <SDL_image.h>

bool png_write(const char *path, const struct canvas *canvas, struct err *err)
{
    SDL_Surface *words =
        SDL_CreateRGBSurfaceWithFormatFrom(canvas->pixels, canvas->width_px, canvas->height_px, 32,
                                           (int)canvas->stride_bytes, SDL_PIXELFORMAT_XRGB8888);
    SDL_Surface *bytes = words ? SDL_ConvertSurfaceFormat(words, SDL_PIXELFORMAT_RGB24, 0) : NULL;
    bool ok = bytes && IMG_SavePNG(bytes, path) == 0;
    if (!ok)
        err_set(err, ERR_DISK, "cannot write %s: %s", path, SDL_GetError());
    SDL_FreeSurface(bytes);
    SDL_FreeSurface(words);
    return ok;
}
