/* Any bytes: no read outside them, and what comes out keeps every promise of
 * core/still_header.h. */
#include "core/still_header.h"

#include <stdlib.h>
#include <string.h>

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_header(const struct still_header *header, bool known)
{
    PROMISE(header->orientation >= 1 && header->orientation <= 8);
    PROMISE(known == (header->format != STILL_UNKNOWN));
    if (!known) {
        PROMISE(!header->width && !header->height && !header->complete && !header->components);
        return;
    }
    PROMISE(header->format <= STILL_GIF);
    PROMISE(header->width > 0 && header->height > 0);
    PROMISE(header->components >= 0 && header->components <= 255);
    PROMISE(header->format == STILL_JPEG || !header->components);
    PROMISE(header->format != STILL_GIF || header->orientation == 1);
}

/* What is appended to a whole picture does not change what is read of it. */
static void check_longer(const uint8_t *data, size_t size, const struct still_header *header)
{
    uint8_t *longer = malloc(size + 4);
    PROMISE(longer);
    memcpy(longer, data, size);
    memset(longer + size, 0, 4);
    struct still_header again;
    PROMISE(still_header_read(longer, size + 4, &again));
    PROMISE(again.complete && again.format == header->format && again.width == header->width);
    PROMISE(again.height == header->height && again.orientation == header->orientation);
    free(longer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct still_header header;
    bool known = still_header_read(data, size, &header);
    check_header(&header, known);
    if (header.complete)
        check_longer(data, size, &header);
    return 0;
}
