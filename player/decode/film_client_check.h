/* Checks what a worker reports about its film, before any of it is used. Pure. */
#ifndef DECODE_FILM_CLIENT_CHECK_H
#define DECODE_FILM_CLIENT_CHECK_H

#include "decode/film_client.h"
#include "sandbox/protocol.h"

#include <stdbool.h>

#define FILM_CLIENT_DURATION_US_MAX INT64_C(604800000000) /* a week */

/* Whether the facts are within the ranges that struct film_client_facts promises; then they are
 * copied to *facts. */
bool film_client_check_facts(const struct protocol_film *film, struct film_client_facts *facts);

/* Whether the frames have the film's size, and every plane of every slot lies within memory_bytes
 * of memory. Call film_client_check_facts first. */
bool film_client_check_layout(const struct protocol_film *film, uint64_t memory_bytes);

#endif
