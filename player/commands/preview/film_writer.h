/* Writes a film, H.264 in an MP4 file, through a child process (film_encoder.h), so that drawing
 * and encoding use a processor each.
 *
 * Until the film is complete its file is `path`.tmp, which is removed when this process ends
 * early. Main thread. */
#ifndef COMMANDS_PREVIEW_FILM_WRITER_H
#define COMMANDS_PREVIEW_FILM_WRITER_H

#include "core/err.h"
#include "screen/compose.h"

#include <stdint.h>

#define FILM_WRITER_AREA_MAX_PX 36000000 /* 8K has 33 million: what the player can play */

struct film_writer;

struct film_writer_config {
    int width_px, height_px; /* even; film_writer_check_size */
    int64_t rate, per;       /* frames for each `per` seconds: 30000 and 1001; both 1 to 1000000 */
};

/* Whether a film can have this size. ERR_INPUT (an odd side: chroma has half the resolution),
 * ERR_LIMIT. */
MUST_CHECK bool film_writer_check_size(int width_px, int height_px, struct err *err);

/* Creates `path`.tmp. NULL: ERR_INPUT (the path is not a regular file's; there is no H.264
 * encoder), ERR_DISK, ERR_SYSTEM. */
struct film_writer *film_writer_create(const char *path, const struct film_writer_config *config,
                                       struct err *err);

/* Adds a frame of the configured size. ERR_DISK, ERR_SYSTEM; nothing can be added after a
 * failure. */
MUST_CHECK bool film_writer_add(struct film_writer *writer, const struct canvas *canvas,
                                struct err *err);

/* Completes the film, which has at least one frame, and renames the file to `path`, replacing
 * one that is there. Errors as film_writer_add. */
MUST_CHECK bool film_writer_finish(struct film_writer *writer, struct err *err);

/* Removes a film that is not finished. NULL is allowed. */
void film_writer_destroy(struct film_writer *writer);

#endif
