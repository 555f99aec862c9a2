/* What a worker tells of its film, checked: nothing of it is used before. Pure. */
#ifndef DECODE_FILM_TOLD_H
#define DECODE_FILM_TOLD_H

#include "sandbox/protocol.h"

#include <stdbool.h>

#define FILM_DURATION_US_MAX INT64_C(604800000000) /* a week */

/* Whether the facts are in the ranges that struct film_facts promises. */
bool film_told_facts(const struct protocol_film *told);

/* Whether the frames are of the film's size, and every plane of every slot lies within a memory of
 * so many bytes. After film_told_facts. */
bool film_told_layout(const struct protocol_film *told, uint64_t memory_bytes);

#endif
