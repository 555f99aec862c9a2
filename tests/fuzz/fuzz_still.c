/* Any bytes as a picture, opened and painted as a worker does it, but for the sandbox around it.
 * The picture libraries themselves are watched only where they take and give back memory.
 *
 * An input: eight bytes over how it is to be shown; the picture. */
#include "worker/still.h"

#include "sandbox/sandbox.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEAD_BYTES 8
#define SIDES 4
/* What is made of a small picture may be large; the player refuses more, too. */
#define FRAME_BYTES_MAX ((size_t)64 << 20)

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int sandbox_fstat(int fd, struct stat *status)
{
    return fstat(fd, status);
}

static int side(uint8_t byte)
{
    static const int sides[SIDES] = {1, 16, 97, 320};
    return sides[byte % SIDES];
}

static struct still_request request_of(const uint8_t bytes[HEAD_BYTES])
{
    return (struct still_request){
        .canvas_width_px = side(bytes[0]),
        .canvas_height_px = side(bytes[1]),
        .fit = (enum layout_fit)(bytes[2] % 3),
        .focus_x = bytes[3] / 255.0,
        .focus_y = bytes[4] / 255.0,
        .scale = 1 + bytes[5] / 255.0,
        .background = (uint32_t)bytes[6] << 16 | (uint32_t)bytes[7],
    };
}

/* A frame of exactly its size: a write past it is seen. */
static void paint(struct still *still)
{
    const struct still_shape shape = still_shape(still);
    PROMISE(shape.width_px > 0 && shape.height_px > 0);
    PROMISE(shape.stored_width_px > 0 && shape.stored_height_px > 0);
    PROMISE(shape.orientation >= 1 && shape.orientation <= 8);
    PROMISE(shape.focus_x >= 0 && shape.focus_x <= 1 && shape.focus_y >= 0 && shape.focus_y <= 1);
    size_t stride = (size_t)shape.width_px * 4;
    size_t frame_bytes = stride * (size_t)shape.height_px;
    if (frame_bytes > FRAME_BYTES_MAX)
        return;
    uint8_t *pixels = aligned_alloc(64, (frame_bytes + 63) / 64 * 64);
    PROMISE(pixels);
    struct err err = {0};
    if (still_paint(still, pixels, stride, &err)) {
        for (size_t i = 3; i < frame_bytes; i += 4)
            PROMISE(pixels[i] == 255);
    } else {
        PROMISE(err.text[0]);
    }
    free(pixels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    if (size < HEAD_BYTES)
        return 0;
    if (fd < 0) {
        still_prepare();
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    }
    size_t bytes = size - HEAD_BYTES;
    PROMISE(fd >= 0 && ftruncate(fd, 0) == 0);
    PROMISE(pwrite(fd, data + HEAD_BYTES, bytes, 0) == (ssize_t)bytes);
    const struct still_request request = request_of(data);
    struct err err = {0};
    struct still *still = still_open(fd, &request, &err);
    PROMISE(still || err.text[0]);
    if (still && still_decode(still, &err))
        paint(still);
    else
        PROMISE(err.text[0]);
    still_close(still);
    return 0;
}
