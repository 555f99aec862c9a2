/* Writes a film, H.264 in an MP4 file, by a child process (film_encoder.h), so that drawing and
 * encoding have a processor each.
 *
 * The file gets its name when it is whole: until then it is `path`.tmp, which goes when this
 * process does. Main thread. */
#ifndef COMMANDS_PREVIEW_FILM_WRITER_H
#define COMMANDS_PREVIEW_FILM_WRITER_H

#include "core/err.h"
#include "screen/compose.h"

#include <stdint.h>

#define FILM_WRITER_AREA_MAX_PX 36000000 /* 8K is 33 million: what our own player takes */

struct encode;

struct film_writer_config {
    int width_px, height_px; /* even; film_writer_check_size */
    int64_t rate, per;       /* frames for each `per` seconds: 30000 and 1001; both 1 to 1000000 */
};

/* Whether a film can have this size: ERR_INPUT (an odd side: chroma has half the samples both
 * ways), ERR_LIMIT. */
MUST_CHECK bool film_writer_check_size(int width_px, int height_px, struct err *err);

/* Opens `path`.tmp for writing. NULL: ERR_INPUT (the path is no regular file's; no encoder for
 * H.264), ERR_DISK, ERR_SYSTEM. */
struct encode *film_writer_create(const char *path, const struct film_writer_config *config,
                                  struct err *err);

/* Adds a frame, of the size that was configured; each lasts as long as the one before. ERR_DISK,
 * ERR_SYSTEM; nothing can be added after a failure. */
MUST_CHECK bool film_writer_add(struct encode *encode, const struct canvas *canvas,
                                struct err *err);

/* Ends the film and gives the file its name; what had it is replaced. At least one frame. Errors as
 * film_writer_add. */
MUST_CHECK bool film_writer_finish(struct encode *encode, struct err *err);

/* Frees; a film that is not finished is removed. NULL is allowed. */
void film_writer_destroy(struct encode *encode);

#endif
