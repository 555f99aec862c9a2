#include "base/random.h"

#include <sys/random.h>

uint32_t random_u32(void)
{
    uint32_t random;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        return UINT32_MAX / 2;
    return random;
}
