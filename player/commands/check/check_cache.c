#include "commands/check/check_cache.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "core/err.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_MODULE "check_cache"

#define FOLDER_NAME "duckling-check"
#define MAGIC "DKCHECK1"
#define MAGIC_BYTES (sizeof MAGIC - 1)
#define FILE_BYTES_MAX (MAGIC_BYTES + CHECK_CACHE_VALUE_BYTES_MAX + HASH_BYTES)
#define TEMPORARY_START ".tmp-"
#define NAME_BYTES 80
#define DAY_MS INT64_C(86400000)
/* A value's file bears the time of its last use, to within this. */
#define USE_MS DAY_MS
/* A folder with more names than this is cleared in several runs. */
#define NAMES_READ_MAX ((size_t)4 * CHECK_CACHE_VALUES_MAX)

struct check_cache {
    int folder;
    bool changed;
};

static MUST_CHECK bool find_folder(char base[PATH_MAX], char path[PATH_MAX])
{
    const char *own = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int used = 0;
    if (own && own[0] == '/')
        used = snprintf(base, PATH_MAX, "%s", own);
    else if (home && home[0] == '/')
        used = snprintf(base, PATH_MAX, "%s/.cache", home);
    return used > 0 && used < PATH_MAX &&
           snprintf(path, PATH_MAX, "%s/" FOLDER_NAME, base) < PATH_MAX;
}

/* The folder must be the user's alone: what is in it is believed. */
static MUST_CHECK int open_folder(const char *base, const char *path, struct err *err)
{
    struct stat st;
    if ((mkdir(base, 0700) < 0 && errno != EEXIST) || (mkdir(path, 0700) < 0 && errno != EEXIST)) {
        err_set_errno(err, ERR_SYSTEM, errno, "cannot make it");
        return -1;
    }
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) {
        err_set_errno(err, ERR_SYSTEM, errno, "cannot open it");
        return -1;
    }
    if (fstat(folder, &st) < 0)
        err_set_errno(err, ERR_SYSTEM, errno, "cannot read it");
    else if (st.st_uid != geteuid())
        err_set(err, ERR_SYSTEM, "it belongs to another user");
    else if ((st.st_mode & 077) != 0)
        err_set(err, ERR_SYSTEM, "other users may enter it; run chmod 700 on it");
    else
        return folder;
    close(folder);
    return -1;
}

struct check_cache *check_cache_open(void)
{
    char base[PATH_MAX], path[PATH_MAX];
    struct err err = {0};
    if (!find_folder(base, path))
        return NULL;
    int folder = open_folder(base, path, &err);
    struct check_cache *cache = folder >= 0 ? calloc(1, sizeof *cache) : NULL;
    if (!cache) {
        if (folder >= 0)
            close(folder);
        log_warn("cannot remember what was checked, all media are decoded again folder=\"%s\" "
                 "reason=\"%s\"",
                 path, folder >= 0 ? "out of memory" : err.text);
        return NULL;
    }
    cache->folder = folder;
    return cache;
}

/* Of key and value: damage is found, and a file under another's name. */
static bool sum_of(const struct check_cache_key *key, const void *value, size_t size,
                   uint8_t sum[HASH_BYTES])
{
    uint8_t bytes[HASH_BYTES + CHECK_CACHE_VALUE_BYTES_MAX];
    memcpy(bytes, key->bytes, HASH_BYTES);
    memcpy(bytes + HASH_BYTES, value, size);
    return hash_bytes(bytes, HASH_BYTES + size, sum);
}

/* Reads a file of exactly `size` bytes that is the user's own. */
static bool read_own_file(int fd, uint8_t *bytes, size_t size)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        st.st_size != (off_t)size || pread(fd, bytes, size, 0) != (ssize_t)size)
        return false;
    int64_t used_ms = (int64_t)st.st_mtim.tv_sec * 1000;
    if (llabs(clock_wall_ms() - used_ms) > USE_MS)
        futimens(fd, NULL);
    return true;
}

bool check_cache_get(const struct check_cache *cache, const struct check_cache_key *key,
                     void *value, size_t size)
{
    uint8_t bytes[FILE_BYTES_MAX], sum[HASH_BYTES];
    char name[HASH_TEXT_BYTES];
    if (!cache || size > CHECK_CACHE_VALUE_BYTES_MAX)
        return false;
    hash_to_text(key->bytes, name);
    int fd = openat(cache->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = read_own_file(fd, bytes, MAGIC_BYTES + size + HASH_BYTES) &&
              memcmp(bytes, MAGIC, MAGIC_BYTES) == 0 &&
              sum_of(key, bytes + MAGIC_BYTES, size, sum) &&
              memcmp(bytes + MAGIC_BYTES + size, sum, HASH_BYTES) == 0;
    close(fd);
    if (ok)
        memcpy(value, bytes + MAGIC_BYTES, size);
    return ok;
}

void check_cache_put(struct check_cache *cache, const struct check_cache_key *key,
                     const void *value, size_t size)
{
    uint8_t bytes[FILE_BYTES_MAX];
    char name[HASH_TEXT_BYTES], temporary[NAME_BYTES];
    if (!cache || size > CHECK_CACHE_VALUE_BYTES_MAX ||
        !sum_of(key, value, size, bytes + MAGIC_BYTES + size))
        return;
    memcpy(bytes, MAGIC, MAGIC_BYTES);
    memcpy(bytes + MAGIC_BYTES, value, size);
    hash_to_text(key->bytes, name);
    snprintf(temporary, sizeof temporary, TEMPORARY_START "%ld-%08x", (long)getpid(),
             (unsigned)random_u32());
    int fd = openat(cache->folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    0600);
    if (fd < 0)
        return;
    bool ok = file_write_all(fd, bytes, MAGIC_BYTES + size + HASH_BYTES);
    ok = close(fd) == 0 && ok;
    if (!ok || renameat(cache->folder, temporary, cache->folder, name) < 0)
        unlinkat(cache->folder, temporary, 0);
    cache->changed = true;
}

struct kept {
    char name[NAME_BYTES];
    int64_t used_ms;
};

static int compare_use(const void *a, const void *b)
{
    const struct kept *left = a, *right = b;
    if (left->used_ms != right->used_ms)
        return left->used_ms < right->used_ms ? -1 : 1;
    return strcmp(left->name, right->name);
}

/* Whether a name is one of ours: a key, or a temporary that may be left over. */
static bool is_own_name(const char *name)
{
    uint8_t digest[HASH_BYTES];
    return hash_from_text(name, digest) ||
           (strncmp(name, TEMPORARY_START, strlen(TEMPORARY_START)) == 0 &&
            strlen(name) < NAME_BYTES);
}

/* Removes what nobody used for long, and temporaries that are left over; lists the others. A time
 * in the future comes from a clock that was wrong, and would never get old. */
static size_t list_or_remove(DIR *stream, struct kept *list)
{
    int folder = dirfd(stream);
    int64_t now_ms = clock_wall_ms();
    size_t count = 0;
    struct dirent *entry;
    while (count < NAMES_READ_MAX && (entry = readdir(stream))) {
        struct stat st;
        if (!is_own_name(entry->d_name) ||
            fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        bool temporary = entry->d_name[0] == '.';
        int64_t used_ms = (int64_t)st.st_mtim.tv_sec * 1000;
        int64_t age_max_ms = temporary ? DAY_MS : CHECK_CACHE_AGE_DAYS_MAX * DAY_MS;
        if (!S_ISREG(st.st_mode) || st.st_size > (off_t)FILE_BYTES_MAX ||
            llabs(now_ms - used_ms) > age_max_ms) {
            unlinkat(folder, entry->d_name, 0);
        } else if (!temporary) {
            snprintf(list[count].name, sizeof list[count].name, "%s", entry->d_name);
            list[count++].used_ms = used_ms;
        }
    }
    return count;
}

/* Room for a quarter is made at once, so that it is not made at each run. */
static void make_room(DIR *stream, struct kept *list)
{
    size_t count = list_or_remove(stream, list);
    if (count <= CHECK_CACHE_VALUES_MAX)
        return;
    qsort(list, count, sizeof *list, compare_use);
    for (size_t i = 0; i < count - (size_t)CHECK_CACHE_VALUES_MAX * 3 / 4; i++)
        unlinkat(dirfd(stream), list[i].name, 0);
}

void check_cache_close(struct check_cache *cache)
{
    if (!cache)
        return;
    struct kept *list = cache->changed ? calloc(NAMES_READ_MAX, sizeof *list) : NULL;
    DIR *stream = list ? fdopendir(cache->folder) : NULL;
    if (stream)
        make_room(stream, list);
    if (stream)
        closedir(stream);
    else
        close(cache->folder);
    free(list);
    free(cache);
}
