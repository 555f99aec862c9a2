#include "worker/text/tagline_fonts.h"

#include "sandbox/sandbox.h"

#include <SDL_ttf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tagline_fonts {
    TTF_Font *faces[TAGLINE_FACES_MAX];
    int places[TAGLINE_FACES_MAX]; /* index among the faces that were given */
    int count, size_px;
    bool library_ready;
    char text[LINEBREAK_TEXT_BYTES_MAX + 1];
};

/* A font file for SDL; hidden.unknown.data1 of the stream points to it. */
struct font_file {
    int fd;
    Sint64 size, position;
};

static struct font_file *font_file_of(const SDL_RWops *stream)
{
    return stream->hidden.unknown.data1;
}

static Sint64 SDLCALL font_file_size(SDL_RWops *stream)
{
    return font_file_of(stream)->size;
}

static Sint64 SDLCALL font_file_seek(SDL_RWops *stream, Sint64 offset, int whence)
{
    struct font_file *font_file = font_file_of(stream);
    Sint64 base = font_file->size;
    if (whence == RW_SEEK_SET)
        base = 0;
    else if (whence == RW_SEEK_CUR)
        base = font_file->position;
    if (offset < -base || offset > font_file->size - base)
        return SDL_SetError("seek outside the font");
    font_file->position = base + offset;
    return font_file->position;
}

static size_t SDLCALL font_file_read(SDL_RWops *stream, void *to, size_t size, size_t count)
{
    struct font_file *font_file = font_file_of(stream);
    size_t bytes_wanted, done = 0;
    if (size == 0 || __builtin_mul_overflow(size, count, &bytes_wanted))
        return 0;
    while (done < bytes_wanted) {
        ssize_t got =
            pread(font_file->fd, (char *)to + done, bytes_wanted - done, font_file->position);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        done += (size_t)got;
        font_file->position += got;
    }
    return done / size;
}

static size_t SDLCALL font_file_write(SDL_RWops *stream, const void *from, size_t size,
                                      size_t count)
{
    (void)stream, (void)from, (void)size, (void)count;
    return 0;
}

static int SDLCALL font_file_close(SDL_RWops *stream)
{
    free(font_file_of(stream));
    SDL_FreeRW(stream);
    return 0;
}

static SDL_RWops *font_file_open(int fd)
{
    struct stat status;
    if (sandbox_fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
        SDL_SetError("not a regular file");
        return NULL;
    }
    struct font_file *font_file = calloc(1, sizeof *font_file);
    SDL_RWops *stream = SDL_AllocRW();
    if (!font_file || !stream) {
        free(font_file);
        if (stream)
            SDL_FreeRW(stream);
        return NULL;
    }
    *font_file = (struct font_file){.fd = fd, .size = status.st_size};
    stream->size = font_file_size;
    stream->seek = font_file_seek;
    stream->read = font_file_read;
    stream->write = font_file_write;
    stream->close = font_file_close;
    stream->type = SDL_RWOPS_UNKNOWN;
    stream->hidden.unknown.data1 = font_file;
    return stream;
}

static const char *script_name(enum linebreak_script script)
{
    switch (script) {
    case LINEBREAK_SCRIPT_HAN:
        return "Hani";
    case LINEBREAK_SCRIPT_KANA:
        return "Kana";
    case LINEBREAK_SCRIPT_HANGUL:
        return "Hang";
    case LINEBREAK_SCRIPT_LATIN:
        break;
    }
    return "Latn";
}

static TTF_Font *open_face(const struct tagline_face *face, enum linebreak_script script,
                           int size_px)
{
    SDL_RWops *stream = font_file_open(face->fd);
    if (!stream)
        return NULL;
    /* SDL_ttf takes points at 72 dots per inch, which are pixels. It closes the stream, even if it
     * fails. */
    TTF_Font *font = TTF_OpenFontIndexRW(stream, 1, size_px, face->index);
    if (!font)
        return NULL;
    /* Glyphs are placed at subpixels, not at whole ones: even letter spacing. */
    TTF_SetFontHinting(font, TTF_HINTING_LIGHT_SUBPIXEL);
    TTF_SetFontKerning(font, 1);
    TTF_SetFontScriptName(font, script_name(script));
    return font;
}

struct tagline_fonts *tagline_fonts_open(const struct tagline_face *faces, int count,
                                         enum linebreak_script script, int size_px, struct err *err)
{
    struct tagline_fonts *fonts = calloc(1, sizeof *fonts);
    if (!fonts) {
        err_oom(err);
        return NULL;
    }
    fonts->size_px = size_px;
    fonts->library_ready = TTF_Init() == 0;
    if (!fonts->library_ready) {
        err_set(err, ERR_SYSTEM, "cannot start the font library: %s", SDL_GetError());
        tagline_fonts_close(fonts);
        return NULL;
    }
    for (int i = 0; i < count && i < TAGLINE_FACES_MAX; i++) {
        TTF_Font *font = open_face(&faces[i], script, size_px);
        if (font) {
            fonts->places[fonts->count] = i;
            fonts->faces[fonts->count++] = font;
        }
    }
    if (fonts->count == 0) {
        err_set(err, ERR_INPUT, "cannot open any font: %s", SDL_GetError());
        tagline_fonts_close(fonts);
        return NULL;
    }
    return fonts;
}

bool tagline_fonts_resize(struct tagline_fonts *fonts, int size_px, struct err *err)
{
    if (size_px == fonts->size_px)
        return true;
    for (int i = 0; i < fonts->count; i++)
        if (TTF_SetFontSize(fonts->faces[i], size_px) < 0)
            return err_set(err, ERR_INPUT, "cannot set the font's size to %d pixels: %s", size_px,
                           SDL_GetError());
    fonts->size_px = size_px;
    return true;
}

int tagline_fonts_size(const struct tagline_fonts *fonts)
{
    return fonts->size_px;
}

int tagline_fonts_count(const struct tagline_fonts *fonts)
{
    return fonts->count;
}

int tagline_fonts_place(const struct tagline_fonts *fonts, int face)
{
    return fonts->places[face];
}

bool tagline_fonts_has(const struct tagline_fonts *fonts, int face, unsigned character)
{
    return TTF_GlyphIsProvided32(fonts->faces[face], character) != 0;
}

struct tagline_glyph tagline_fonts_glyph(struct tagline_fonts *fonts, int face, unsigned character)
{
    struct tagline_glyph glyph = {0};
    if (TTF_GlyphMetrics32(fonts->faces[face], character, &glyph.left, &glyph.right, &glyph.bottom,
                           &glyph.top, &glyph.advance) < 0)
        return (struct tagline_glyph){0};
    return glyph;
}

/* SDL_ttf needs a NUL at the end. */
static const char *terminate_run(struct tagline_fonts *fonts, const struct tagline_run *run)
{
    memcpy(fonts->text, run->text, run->bytes);
    fonts->text[run->bytes] = '\0';
    return fonts->text;
}

int tagline_fonts_width(struct tagline_fonts *fonts, const struct tagline_run *run)
{
    int width = 0;
    if (run->bytes == 0 ||
        TTF_SizeUTF8(fonts->faces[run->face], terminate_run(fonts, run), &width, NULL))
        return 0;
    return width;
}

/* Overlapping glyphs take the maximum of their coverage. */
static void copy_coverage(const SDL_Surface *from, int x, int y, uint8_t ink,
                          const struct tagline_plane *plane)
{
    int first_x = x < plane->x ? plane->x - x : 0;
    int first_y = y < plane->y ? plane->y - y : 0;
    int last_x = SDL_min(from->w, plane->x + plane->width - x);
    int last_y = SDL_min(from->h, plane->y + plane->height - y);
    for (int row = first_y; row < last_y; row++) {
        const uint8_t *in = (const uint8_t *)from->pixels + (ptrdiff_t)row * from->pitch;
        ptrdiff_t at = (ptrdiff_t)(y + row - plane->y) * plane->width + x - plane->x;
        uint8_t *out = plane->pixels + at;
        for (int column = first_x; column < last_x; column++)
            if (in[column] > out[column]) {
                out[column] = in[column];
                if (plane->inks)
                    plane->inks[at + column] = ink;
            }
    }
}

bool tagline_fonts_draw(struct tagline_fonts *fonts, const struct tagline_run *run, int x, int y,
                        const struct tagline_plane *plane, struct err *err)
{
    if (run->bytes == 0)
        return true;
    TTF_Font *font = fonts->faces[run->face];
    /* The palette index is the coverage: a quarter of the memory of a blended picture. */
    SDL_Surface *surface =
        TTF_RenderUTF8_Shaded(font, terminate_run(fonts, run), (SDL_Color){255, 255, 255, 255},
                              (SDL_Color){0, 0, 0, 255});
    if (!surface)
        return err_set(err, ERR_SYSTEM, "cannot draw the text: %s", SDL_GetError());
    /* A run's picture starts at the pen and the ascent, or where ink goes beyond them. */
    int ascent = TTF_FontAscent(font), left = 0;
    size_t length;
    for (size_t at = 0; at < run->bytes; at += length) {
        struct tagline_glyph glyph =
            tagline_fonts_glyph(fonts, run->face, linebreak_character(run->text, at, &length));
        if (at == 0 && glyph.left < 0)
            left = glyph.left;
        ascent = SDL_max(ascent, glyph.top);
    }
    copy_coverage(surface, x + left, y - ascent, run->ink, plane);
    SDL_FreeSurface(surface);
    return true;
}

void tagline_fonts_close(struct tagline_fonts *fonts)
{
    if (!fonts)
        return;
    for (int i = 0; i < fonts->count; i++)
        TTF_CloseFont(fonts->faces[i]);
    if (fonts->library_ready)
        TTF_Quit();
    free(fonts);
}
