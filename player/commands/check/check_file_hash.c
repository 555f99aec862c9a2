#include "commands/check/check_file_hash.h"

#include "base/file.h"
#include "core/err.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES ((size_t)1 << 20)
/* File systems count time in steps of up to two seconds (FAT). */
#define SETTLED_MS 2000

static bool is_same(const struct stat *a, const struct stat *b)
{
    const struct file_stamp one = file_stamp_of(a), other = file_stamp_of(b);
    return file_stamp_equal(&one, &other);
}

static int64_t ms_of(const struct timespec *time)
{
    return (int64_t)time->tv_sec * 1000 + time->tv_nsec / 1000000;
}

static bool is_settled(const struct stat *st, int64_t now_ms)
{
    return now_ms - ms_of(&st->st_mtim) > SETTLED_MS && now_ms - ms_of(&st->st_ctim) > SETTLED_MS;
}

static bool key_of(const struct stat *st, struct check_cache_key *key)
{
    const int64_t words[] = {
        (int64_t)st->st_dev, (int64_t)st->st_ino, (int64_t)st->st_size, st->st_mtim.tv_sec,
        st->st_mtim.tv_nsec, st->st_ctim.tv_sec,  st->st_ctim.tv_nsec,
    };
    static const char kind[8] = "file";
    uint8_t bytes[sizeof kind + sizeof words];
    memcpy(bytes, kind, sizeof kind);
    memcpy(bytes + sizeof kind, words, sizeof words);
    return hash_bytes(bytes, sizeof bytes, key->bytes);
}

static bool hash_file(int fd, uint8_t sha256[HASH_BYTES])
{
    struct hash *hash = hash_create();
    char *piece = malloc(PIECE_BYTES);
    off_t at = 0;
    ssize_t got = 1;
    bool ok = hash && piece;
    while (ok && got != 0) {
        got = pread(fd, piece, PIECE_BYTES, at);
        if (got < 0 && errno == EINTR)
            continue;
        ok = got >= 0 && hash_add(hash, piece, (size_t)got);
        at += got;
    }
    ok = ok && hash_result(hash, sha256);
    free(piece);
    hash_destroy(hash);
    return ok;
}

bool check_file_hash_read(struct check_cache *cache, int fd, int64_t now_ms,
                          struct check_file_hash *hash)
{
    struct check_cache_key key;
    struct stat after;
    if (fstat(fd, &hash->st) < 0 || !key_of(&hash->st, &key))
        return false;
    hash->settled = is_settled(&hash->st, now_ms);
    if (hash->settled && check_cache_get(cache, &key, hash->sha256, HASH_BYTES))
        return true;
    if (!hash_file(fd, hash->sha256) || fstat(fd, &after) < 0 || !is_same(&hash->st, &after))
        return false;
    if (hash->settled)
        check_cache_put(cache, &key, hash->sha256, HASH_BYTES);
    return true;
}

bool check_file_hash_still_fits(const struct check_file_hash *hash, int fd)
{
    struct stat now;
    uint8_t sha256[HASH_BYTES];
    if (fstat(fd, &now) < 0 || !is_same(&hash->st, &now))
        return false;
    return hash->settled ||
           (hash_file(fd, sha256) && memcmp(sha256, hash->sha256, HASH_BYTES) == 0);
}
