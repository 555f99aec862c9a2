/* Any bytes as a signature file: no read outside them, and the only trusted comment that is ever
 * accepted is the one that the key's owner once signed (the seed whole.minisig). */
#include "sync/trust.h"

#include <stdlib.h>
#include <string.h>

#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

/* The public half of a key that was thrown away. */
#define PUBLIC "RWS98E39A6WK+Jcme3By+UvLxxLTKt6Tp5YCkaHmXtoyqbMxk0OOw0nr"
#define DATA "{\"format\":\"duckling/1\"}\n"
#define COMMENT                                                                                    \
    "channel=seoul version=43 file=p-43.json bytes=24 signed=2026-11-23T09:00:00Z "                \
    "expires=2026-12-23T09:00:00Z"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    struct trust_seal seal;
    enum trust_refusal refusal;
    struct trust *trust = trust_create();
    PROMISE(trust && trust_pin(trust, PUBLIC, &err));
    const char *bytes = (const char *)data;
    if (trust_open(trust, bytes, size, &seal, &refusal, &err)) {
        PROMISE(refusal == TRUST_NOT_REFUSED && size <= POINTER_BYTES_MAX && seal.key == 0);
        PROMISE(strcmp(seal.comment, COMMENT) == 0);
        PROMISE(trust_check(trust, &seal, DATA, strlen(DATA), &err));
        PROMISE(!trust_check(trust, &seal, data, size, &err));
    } else {
        PROMISE(err.code == ERR_TRUST && refusal != TRUST_NOT_REFUSED);
    }
    trust_destroy(trust);
    return 0;
}
