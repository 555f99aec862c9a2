/* SHA-256, piece by piece: every stored file is named by it. One thread at a time for each
 * object. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HASH_BYTES 32
#define HASH_TEXT_BYTES 65 /* hexadecimal, with its NUL */

struct hash;

/* Starts a hash. NULL when out of memory. */
struct hash *hash_create(void);

/* NULL is allowed. */
void hash_destroy(struct hash *hash);

/* Adds bytes. False only when the library fails, which makes the result worthless. */
bool hash_add(struct hash *hash, const void *data, size_t size);

/* The hash of everything added so far; the object then only waits to be destroyed. */
bool hash_result(struct hash *hash, uint8_t digest[HASH_BYTES]);

/* All at once. */
bool hash_bytes(const void *data, size_t size, uint8_t digest[HASH_BYTES]);

/* Lower-case hexadecimal, and back: false unless `text` is exactly 64 hexadecimal digits. */
void hash_to_text(const uint8_t digest[HASH_BYTES], char text[HASH_TEXT_BYTES]);
bool hash_from_text(const char *text, uint8_t digest[HASH_BYTES]);

#endif
