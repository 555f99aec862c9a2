/* UTF-8 (RFC 3629), character by character, and which characters must not reach a terminal. Pure;
 * any thread. */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length in bytes of the character at the start of `text`, and its code point; 0 where it is
 * invalid or `size` is 0. */
size_t utf8_next(const char *text, size_t size, uint32_t *code);

/* C0, DEL and C1. */
bool utf8_is_control(uint32_t code);

/* Code points that would control a terminal, or make a line look like another one: control
 * characters, those of writing direction, line and paragraph separators, the byte order mark. */
bool utf8_is_deceptive(uint32_t code);

/* Copies what fits into out_bytes - 1 bytes, with '?' for invalid bytes and deceptive characters,
 * and a NUL. Returns the length. */
size_t utf8_copy_clean(const char *text, size_t size, char *out, size_t out_bytes);

#endif
