/* Checks what a worker says about its film: nothing of it is used before. Pure. */
#ifndef DECODE_FILM_CLIENT_CHECK_H
#define DECODE_FILM_CLIENT_CHECK_H

#include "sandbox/protocol.h"

#include <stdbool.h>

#define FILM_CLIENT_DURATION_US_MAX INT64_C(604800000000) /* a week */

/* Whether the facts are in the ranges that struct film_client_facts promises. */
bool film_client_check_facts(const struct protocol_film *film);

/* Whether the frames are of the film's size, and every plane of every slot lies within a memory of
 * so many bytes. After film_client_check_facts. */
bool film_client_check_layout(const struct protocol_film *film, uint64_t memory_bytes);

#endif
