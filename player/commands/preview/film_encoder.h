/* The encoder: the child process that writes a film, H.264 in an MP4 file, through FFmpeg's
 * libraries. BT.709, limited range, 4:2:0, which every player takes; the index stands before the
 * frames, so that the film starts at once over a network.
 *
 * Reads from the stream socket PROGRAM_FD a film_encoder_order; then for each frame the byte
 * FILM_ENCODER_FRAME and width x height pixels (0x00RRGGBB in the machine's byte order, no
 * padding); at the end the byte FILM_ENCODER_END. Answers with a film_encoder_reply when the
 * file is open, and with another when it is complete or has failed. Without an end the file is
 * removed. There is no sandbox, as it needs the disk, and the data are the player's own. One
 * thread, and libx264's. */
#ifndef COMMANDS_PREVIEW_FILM_ENCODER_H
#define COMMANDS_PREVIEW_FILM_ENCODER_H

#include "core/err.h"

#include <stdint.h>

#define FILM_ENCODER_NAME "duckling-encoder" /* argv[0]; argv[1] is the film's path */

enum { FILM_ENCODER_END, FILM_ENCODER_FRAME }; /* one byte before each part */

struct film_encoder_order {
    int32_t width_px, height_px;
    int64_t rate, per; /* frames for each `per` seconds */
};

struct film_encoder_reply {
    int32_t code; /* enum err_code */
    char text[sizeof((struct err *)0)->text];
};

/* The process's exit status. */
int film_encoder_main(const char *path);

#endif
