/* Any bytes as a film's file: check_container_read comes to an end, and says nothing that is not
 * so. */
#include "commands/check/check_container.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum media_kind kinds[] = {MEDIA_KIND_MP4, MEDIA_KIND_MATROSKA};
    int file = memfd_create("film", MFD_CLOEXEC);
    PROMISE(file >= 0 && write(file, data, size) == (ssize_t)size);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct check_container container;
        memset(&container, 0xa5, sizeof container);
        bool known = check_container_read(file, kinds[i], &container);
        PROMISE(!known || container.has_pictures || container.has_sound);
        PROMISE(memchr(container.codec, '\0', sizeof container.codec));
        PROMISE(container.has_pictures || container.codec[0] == '\0');
    }
    close(file);
    return 0;
}
