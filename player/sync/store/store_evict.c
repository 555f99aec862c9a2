/* Which files of the store are deleted, when it is over its quota or the disk is full. */
#include "sync/store/store_internal.h"

#include "base/clock.h"
#include "base/file.h"
#include "core/evict.h"
#include "sync/store/manifest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MANIFEST_BYTES_MAX ((size_t)32 << 20)
#define LEFT_OVER_MS 3600000

/* How a set of manifests is passed on. */
struct keep {
    const struct manifest *const *manifests;
    size_t count;
};

struct digests {
    uint8_t (*items)[HASH_BYTES];
    size_t count, capacity;
};

static bool digests_add(struct digests *set, const uint8_t digest[HASH_BYTES])
{
    if (set->count == set->capacity) {
        size_t capacity = set->capacity ? set->capacity * 2 : 256;
        uint8_t(*items)[HASH_BYTES] = reallocarray(set->items, capacity, sizeof *items);
        if (!items)
            return false;
        set->items = items;
        set->capacity = capacity;
    }
    memcpy(set->items[set->count++], digest, HASH_BYTES);
    return true;
}

static int compare_digests(const void *a, const void *b)
{
    return memcmp(a, b, HASH_BYTES);
}

/* with_spare: also what the screen does not need in its shape. */
static bool add_named(struct digests *set, const struct manifest *manifest, bool with_spare)
{
    bool ok = digests_add(set, manifest->playlist_sha256);
    for (size_t i = 0; ok && i < manifest->file_count; i++)
        if (with_spare || !manifest->files[i].spare)
            ok = digests_add(set, manifest->files[i].sha256);
    return ok;
}

static bool add_manifest(struct digests *set, const char *path, bool with_spare)
{
    struct err err = {0};
    char *data;
    size_t size;
    if (!file_read_own(path, MANIFEST_BYTES_MAX, &data, &size, &err))
        return err.code == ERR_MISSING;
    struct manifest *manifest = manifest_parse(data, size, NULL);
    free(data);
    if (!manifest) /* damaged: its files are not kept, and are fetched again */
        return true;
    bool ok = add_named(set, manifest, with_spare);
    manifest_destroy(manifest);
    return ok;
}

/* False when not all could be read: then nothing may be removed. */
static bool add_manifests(const struct store *store, bool with_previous, struct digests *set)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/feeds", store->folder);
    DIR *folder = opendir(path);
    if (!folder)
        return false;
    bool ok = true;
    for (struct dirent *entry; ok && (entry = readdir(folder));) {
        if (strlen(entry->d_name) != 16)
            continue;
        snprintf(path, sizeof path, "%s/feeds/%.16s/manifest.json", store->folder, entry->d_name);
        ok = add_manifest(set, path, with_previous);
        snprintf(path, sizeof path, "%s/feeds/%.16s/previous.json", store->folder, entry->d_name);
        ok = ok && (!with_previous || add_manifest(set, path, true));
    }
    closedir(folder);
    return ok;
}

/* All that is needed, sorted. False when not all manifests could be read: then nothing may be
 * removed. */
static bool find_needed(const struct store *store, const struct keep *keep, bool with_previous,
                        struct digests *set)
{
    bool ok = !store->read_only[0] && add_manifests(store, with_previous, set);
    for (size_t i = 0; ok && i < keep->count; i++)
        ok = !keep->manifests[i] || add_named(set, keep->manifests[i], with_previous);
    if (ok && set->count)
        qsort(set->items, set->count, HASH_BYTES, compare_digests);
    return ok;
}

static bool is_needed(const struct digests *set, const uint8_t digest[HASH_BYTES])
{
    return set->count && bsearch(digest, set->items, set->count, HASH_BYTES, compare_digests);
}

/* A time in the future, from a clock that was wrong then or is wrong now, says nothing: the file's
 * hour begins now. */
static bool is_old_left_over(DIR *folder, const char *name, int64_t modified_ms)
{
    int64_t age_ms = clock_wall_ms() - modified_ms;
    if (age_ms < -LEFT_OVER_MS)
        utimensat(dirfd(folder), name, NULL, AT_SYMLINK_NOFOLLOW);
    return age_ms > LEFT_OVER_MS;
}

/* The stored files. `names` and `files` belong together. */
struct listing {
    DIR *folder, *used; /* media/, used/ */
    char (*names)[HASH_TEXT_BYTES];
    struct evict_file *files;
    size_t count, capacity;
    int64_t bytes;
    size_t removed;
};

static bool listing_add(struct listing *list, const char *name, const struct evict_file *file)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 256;
        char(*names)[HASH_TEXT_BYTES] = reallocarray(list->names, capacity, sizeof *names);
        if (names)
            list->names = names;
        struct evict_file *files =
            names ? reallocarray(list->files, capacity, sizeof *files) : NULL;
        if (!files)
            return false;
        list->files = files;
        list->capacity = capacity;
    }
    memcpy(list->names[list->count], name, HASH_TEXT_BYTES);
    list->files[list->count++] = *file;
    list->bytes += file->bytes;
    return true;
}

static int64_t modified_ms(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

/* When a stored file was last needed (store_touch), or came. */
static int64_t last_used_ms(const struct listing *list, const char *name, const struct stat *st)
{
    struct stat used;
    int64_t came_ms = modified_ms(st);
    if (!list->used || fstatat(dirfd(list->used), name, &used, AT_SYMLINK_NOFOLLOW) < 0)
        return came_ms;
    int64_t used_ms = modified_ms(&used);
    return used_ms > came_ms ? used_ms : came_ms;
}

/* Forgets when files were needed that are gone. */
static void sweep_used(const struct listing *list)
{
    struct stat st;
    for (struct dirent *entry; list->used && (entry = readdir(list->used));)
        if (entry->d_name[0] != '.' &&
            fstatat(dirfd(list->folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 &&
            errno == ENOENT)
            unlinkat(dirfd(list->used), entry->d_name, 0);
}

/* Lists media/; what is no stored file there goes when it is older than an hour. False when out of
 * memory or when the folder can't be read. */
static bool listing_init(struct listing *list, const struct store *store,
                         const struct digests *needed)
{
    char path[PATH_MAX];
    bool ok = true;
    snprintf(path, sizeof path, "%s/media", store->folder);
    list->folder = opendir(path);
    if (!list->folder)
        return false;
    snprintf(path, sizeof path, "%s/used", store->folder);
    list->used = opendir(path);
    for (struct dirent *entry; ok && (entry = readdir(list->folder));) {
        uint8_t digest[HASH_BYTES];
        struct stat st;
        if (fstatat(dirfd(list->folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            S_ISDIR(st.st_mode))
            continue;
        struct evict_file file = {
            .bytes = st.st_size,
            .used_ms = last_used_ms(list, entry->d_name, &st),
        };
        if (hash_from_text(entry->d_name, digest)) {
            file.needed = is_needed(needed, digest);
            ok = listing_add(list, entry->d_name, &file);
        } else if (is_old_left_over(list->folder, entry->d_name, file.used_ms)) {
            list->removed += unlinkat(dirfd(list->folder), entry->d_name, 0) == 0;
        }
    }
    return ok;
}

static void listing_finish(struct listing *list)
{
    if (list->folder)
        closedir(list->folder);
    if (list->used)
        closedir(list->used);
    free(list->names);
    free(list->files);
}

/* Removes the chosen ones, from the disk and from the list; how many. */
static size_t remove_chosen(struct listing *list)
{
    size_t remaining = 0, removed = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->files[i].chosen && !list->files[i].needed &&
            unlinkat(dirfd(list->folder), list->names[i], 0) == 0) {
            list->bytes -= list->files[i].bytes;
            removed++;
            continue;
        }
        if (remaining != i) {
            memcpy(list->names[remaining], list->names[i], HASH_TEXT_BYTES);
            list->files[remaining] = list->files[i];
        }
        remaining++;
    }
    list->count = remaining;
    list->removed += removed;
    return removed;
}

/* Removes from tmp/ what is not under way: what is older than an hour, or all. */
static size_t sweep_parts(const struct store *store, bool all)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/tmp", store->folder);
    DIR *folder = opendir(path);
    if (!folder)
        return 0;
    size_t removed = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        struct stat st;
        char name[sizeof entry->d_name];
        snprintf(name, sizeof name, "%s", entry->d_name);
        name[strcspn(name, ".")] = '\0'; /* of the part that it belongs to */
        if (store_part_is_busy(store, name) ||
            fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            S_ISDIR(st.st_mode))
            continue;
        if ((all || is_old_left_over(folder, entry->d_name, (int64_t)st.st_mtim.tv_sec * 1000)) &&
            unlinkat(dirfd(folder), entry->d_name, 0) == 0)
            removed++;
    }
    closedir(folder);
    return removed;
}

size_t store_collect(struct store *store, const struct manifest *const keep[], size_t keep_count)
{
    struct digests needed = {0};
    struct listing list = {0};
    size_t removed = 0;
    const struct keep set = {keep, keep_count};
    /* With a quota what was needed until now goes last, as far as there is room. */
    bool with_previous = store->quota_bytes <= 0;
    if (find_needed(store, &set, with_previous, &needed) && listing_init(&list, store, &needed)) {
        if (store->quota_bytes > 0)
            evict_choose(list.files, list.count, store->quota_bytes);
        for (size_t i = 0; store->quota_bytes <= 0 && i < list.count; i++)
            list.files[i].chosen =
                !list.files[i].needed &&
                is_old_left_over(list.folder, list.names[i], list.files[i].used_ms);
        remove_chosen(&list);
        sweep_used(&list);
        removed = list.removed + sweep_parts(store, false);
    }
    listing_finish(&list);
    free(needed.items);
    return removed;
}

int64_t store_free_bytes(const char *folder, bool *is_read_only)
{
    char path[PATH_MAX];
    struct statvfs fs;
    snprintf(path, sizeof path, "%s", folder);
    while (statvfs(path, &fs) < 0) { /* where it would be made */
        char *slash = errno == ENOENT ? strrchr(path, '/') : NULL;
        if (!slash || slash == path)
            return -1;
        *slash = '\0';
    }
    *is_read_only = fs.f_flag & ST_RDONLY;
    uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    return free_bytes < INT64_MAX ? (int64_t)free_bytes : INT64_MAX;
}

/* How many bytes are missing from so many free ones; 0 where that can't be known. */
static int64_t missing_bytes(const struct store *store, int64_t needed_bytes)
{
    bool is_read_only;
    int64_t free_bytes = store_free_bytes(store->folder, &is_read_only);
    return free_bytes < 0 || free_bytes >= needed_bytes ? 0 : needed_bytes - free_bytes;
}

size_t store_free_space(struct store *store, const struct manifest *const keep[], size_t keep_count,
                        int64_t bytes)
{
    struct digests needed = {0};
    struct listing list = {0};
    const struct keep set = {keep, keep_count};
    bool ok = missing_bytes(store, bytes) > 0 && find_needed(store, &set, false, &needed) &&
              listing_init(&list, store, &needed);
    /* Again and again: a file may hold fewer blocks than its length says, or be open somewhere. */
    for (int64_t missing; ok && (missing = missing_bytes(store, bytes)) > 0;) {
        evict_choose(list.files, list.count, missing < list.bytes ? list.bytes - missing : 0);
        ok = remove_chosen(&list) > 0;
    }
    /* The last resort: to remove a part that is not under way only costs its download once more. */
    size_t removed = list.removed;
    if (missing_bytes(store, bytes) > 0)
        removed += sweep_parts(store, true);
    listing_finish(&list);
    free(needed.items);
    return removed;
}
