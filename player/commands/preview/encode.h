/* Films written: H.264 in an MP4 file, by a child process (encoder.h), so that drawing and encoding
 * have a processor each, and nothing else needs FFmpeg.
 *
 * The file gets its name when it is whole: until then it is `path`.tmp, which goes when this
 * process does. Main thread. */
#ifndef COMMANDS_PREVIEW_ENCODE_H
#define COMMANDS_PREVIEW_ENCODE_H

#include "core/err.h"
#include "screen/compose.h"

#include <stdint.h>

#define ENCODE_AREA_MAX_PX 36000000 /* 8K is 33 million: what our own player takes */

struct encode;

struct encode_config {
    int width_px, height_px; /* even; encode_check_size */
    int64_t rate, per;       /* frames for each `per` seconds: 30000 and 1001; both 1 to 1000000 */
};

/* Whether a film can have this size: ERR_INPUT (an odd side: chroma has half the samples both
 * ways), ERR_LIMIT. */
MUST_CHECK bool encode_check_size(int width_px, int height_px, struct err *err);

/* Opens `path`.tmp for writing. NULL: ERR_INPUT (the path is no regular file's; no encoder for
 * H.264), ERR_DISK, ERR_SYSTEM. */
struct encode *encode_create(const char *path, const struct encode_config *config, struct err *err);

/* Adds a frame, of the size that was configured; each lasts as long as the one before. ERR_DISK,
 * ERR_SYSTEM; nothing can be added after a failure. */
MUST_CHECK bool encode_add(struct encode *encode, const struct canvas *canvas, struct err *err);

/* Ends the film and gives the file its name; what had it is replaced. At least one frame. Errors as
 * encode_add. */
MUST_CHECK bool encode_finish(struct encode *encode, struct err *err);

/* Frees; a film that is not finished is removed. NULL is allowed. */
void encode_destroy(struct encode *encode);

#endif
