/* What is kept from one run of check to the next: small values under keys, in a folder of the
 * user's own, $XDG_CACHE_HOME/duckling-check, else ~/.cache/duckling-check.
 *
 * Whatever is wrong with the folder costs time and nothing else: a value that is missing, damaged
 * or not the user's own is as if it were not there. Values are written whole or not at all, so any
 * number of runs may use the folder at the same time. When it grows too large, the values that were
 * used least recently are removed, and any that was not used for two months. Main thread. */
#ifndef COMMANDS_CHECK_CHECK_CACHE_H
#define COMMANDS_CHECK_CHECK_CACHE_H

#include "base/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHECK_CACHE_VALUE_BYTES_MAX 8192
#define CHECK_CACHE_VALUES_MAX 16384
#define CHECK_CACHE_AGE_DAYS_MAX 60

/* Hash of all that a value depends on. */
struct check_cache_key {
    uint8_t bytes[HASH_BYTES];
};

struct check_cache;

/* Opens the folder, and makes it where there is none. NULL, with a warning in the log, where it
 * can't be used: it belongs to somebody else, others may look into it, it can't be made. NULL
 * without a warning where the environment names no folder. */
struct check_cache *check_cache_open(void);

/* Reads the value of exactly `size` bytes that was put under a key. False: there is none. */
bool check_cache_get(const struct check_cache *cache, const struct check_cache_key *key,
                     void *value, size_t size);

/* Keeps a value of at most CHECK_CACHE_VALUE_BYTES_MAX, if that is possible. */
void check_cache_put(struct check_cache *cache, const struct check_cache_key *key,
                     const void *value, size_t size);

/* Removes what is too old or too much, if anything was put. In all of these functions NULL stands
 * for a cache that keeps nothing. */
void check_cache_close(struct check_cache *cache);

#endif
