/* Makes the compiled form of a playlist (duckling-playlist(5), COMPILED FORM): an operator's JSON
 * with version, channel and the facts of its files added.
 *
 * The author's text stays as it is, byte for byte: members are added at its end, or one number in
 * it is replaced. Pure; any thread. */
#ifndef PLAYLIST_PLAYLIST_COMPILE_H
#define PLAYLIST_PLAYLIST_COMPILE_H

#include "core/err.h"
#include "playlist/playlist.h"

#define PLAYLIST_COMPILE_EXTENSION_MAX 5
/* "media/", 64 digits, a dot, an extension, the NUL. */
#define PLAYLIST_COMPILE_NAME_BYTES (6 + 64 + 1 + PLAYLIST_COMPILE_EXTENSION_MAX + 1)

struct playlist_compile_file {
    const char *path; /* as the playlist has it */
    uint8_t sha256[32];
    int64_t bytes;
    int32_t width, height; /* of a still or a film, as shown; 0: not known */
    /* of a film */
    int32_t duration_ms; /* 0: not known, as of what is none */
    double fps;          /* 0.001 to 1000; 0: not known */
    char codec[16];      /* letters, digits, '.', '_' and '-'; "": not known */
};

struct playlist_compile {
    const char *channel;
    int64_t version;
    const struct playlist_compile_file *files; /* each asset of the playlist, once */
    size_t file_count;
};

/* The name of a file on a server: "media/<sha256>.jpg". The extension is that of the path if it
 * has 1 to PLAYLIST_COMPILE_EXTENSION_MAX letters and digits (in lower case), else there is
 * none. */
void playlist_compile_name(const uint8_t sha256[32], const char *path,
                           char name[PLAYLIST_COMPILE_NAME_BYTES]);

/* The same of an asset of a compiled playlist, read from its url. False where that leads
 * elsewhere. */
bool playlist_compile_name_of(const struct playlist_asset *asset,
                              char name[PLAYLIST_COMPILE_NAME_BYTES]);

/* Compiles a playlist without faults. The result is parsed again, so it has none either. The
 * caller frees it; a NUL is added. NULL: ERR_INPUT (compiled already, or the first fault),
 * ERR_LIMIT (over PLAYLIST_BYTES_MAX with the added members), ERR_SYSTEM. */
char *playlist_compile(const char *bytes, size_t size, const struct playlist_compile *compile,
                       size_t *compiled_size, struct err *err);

/* A compiled playlist of this channel again under another version; nothing else changes. As
 * above. */
char *playlist_compile_again(const char *bytes, size_t size, const char *channel, int64_t version,
                             size_t *compiled_size, struct err *err);

#endif
