/* Random bits, to spread a fleet's requests over time; not for secrets. Any thread. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

/* 32 random bits. Where the kernel has none yet (early at boot) it is UINT32_MAX / 2, the middle:
 * waits are of the right length then, only less spread. Never blocks. */
uint32_t random_u32(void);

#endif
