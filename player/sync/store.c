#include "sync/store.h"

#include "base/clock.h"
#include "base/file.h"
#include "sync/manifest.h"
#include "sync/store_room.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANIFEST_BYTES_MAX ((size_t)32 << 20)
#define LEFT_OVER_S 3600

static const char *const folders[] = {"media", "tmp", "feeds"};

enum err_code store_code(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EIO:
    case EROFS:
    case ENOMEDIUM:
        return ERR_DISK;
    default:
        return ERR_SYSTEM;
    }
}

static bool make_folders(const struct store *store, struct err *err)
{
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", store->folder, folders[i]);
        if (!file_make_folders(path, err))
            return false;
        if (access(path, W_OK | X_OK) < 0)
            return err_set_errno(err, store_code(errno), errno, "%s", path);
    }
    return true;
}

static bool lock(struct store *store, struct err *err)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/lock", store->folder);
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (store->lock_fd < 0 && store->read_only[0])
        store->lock_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (store->lock_fd < 0)
        return err_set_errno(err, store_code(errno), errno, "%s", path);
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno == EWOULDBLOCK)
        return err_set(err, ERR_SYSTEM, "store %s is in use by another player", store->folder);
    return err_set_errno(err, store_code(errno), errno, "%s", path);
}

static void read_boot(char *boot, size_t boot_bytes)
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, boot, boot_bytes - 1);
    boot[length > 0 ? length : 0] = '\0';
    boot[strcspn(boot, "\n")] = '\0';
    if (fd >= 0)
        close(fd);
}

struct store *store_open(const char *folder, struct err *err)
{
    struct err trouble = {0};
    struct store *store = calloc(1, sizeof *store);
    if (!store) {
        err_set(err, ERR_SYSTEM, "out of memory");
        return NULL;
    }
    store->lock_fd = -1;
    int length = snprintf(store->folder, sizeof store->folder, "%s", folder);
    if (length <= 0 || (size_t)length >= sizeof store->folder) {
        err_set(err, ERR_INPUT, "the store's path is empty or too long");
        goto fail;
    }
    read_boot(store->boot, sizeof store->boot);
    if (!make_folders(store, &trouble))
        snprintf(store->read_only, sizeof store->read_only, "%s", trouble.text);
    if (!lock(store, err)) {
        /* What kept the folders from being made says more than that there is no lock file in them.
         */
        if (store->read_only[0] && store->lock_fd < 0)
            err_set(err, trouble.code, "%s", trouble.text);
        goto fail;
    }
    return store;

fail:
    store_close(store);
    return NULL;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store);
}

const char *store_read_only(const struct store *store)
{
    return store->read_only[0] ? store->read_only : NULL;
}

void store_media_path(const struct store *store, const uint8_t digest[HASH_BYTES],
                      char path[PATH_MAX])
{
    char name[HASH_TEXT_BYTES];
    hash_to_text(digest, name);
    snprintf(path, PATH_MAX, "%s/media/%s", store->folder, name);
}

bool store_has(const struct store *store, const uint8_t digest[HASH_BYTES], int64_t size_bytes)
{
    char path[PATH_MAX];
    struct stat st;
    store_media_path(store, digest, path);
    return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == size_bytes;
}

void store_remove(struct store *store, const uint8_t digest[HASH_BYTES])
{
    char path[PATH_MAX];
    store_media_path(store, digest, path);
    unlink(path);
}

bool store_add(struct store *store, const void *data, size_t size, uint8_t digest[HASH_BYTES],
               struct err *err)
{
    char name[HASH_TEXT_BYTES];
    if (!hash_bytes(data, size, digest))
        return err_set(err, ERR_SYSTEM, "out of memory");
    if (store_has(store, digest, (int64_t)size))
        return true;
    hash_to_text(digest, name);
    struct store_part *part = store_part_begin(store, name, "", err);
    if (!part)
        return false;
    if (!store_part_append(part, data, size, err)) {
        store_part_discard(part);
        return false;
    }
    return store_part_commit(part, digest, digest, err);
}

void store_manifest_path(const struct store *store, const char *url, char path[PATH_MAX])
{
    uint8_t digest[HASH_BYTES] = {0};
    char name[HASH_TEXT_BYTES];
    /* A failing hash gives the folder of zeros: a cache that is not found again, nothing worse. */
    if (!hash_bytes(url, strlen(url), digest))
        memset(digest, 0, sizeof digest);
    hash_to_text(digest, name);
    snprintf(path, PATH_MAX, "%s/feeds/%.16s", store->folder, name);
    mkdir(path, 0755);
    size_t used = strlen(path);
    snprintf(path + used, PATH_MAX - used, "/manifest.json");
}

struct digests {
    uint8_t (*items)[HASH_BYTES];
    size_t count, room;
};

static bool digests_add(struct digests *set, const uint8_t digest[HASH_BYTES])
{
    if (set->count == set->room) {
        size_t room = set->room ? set->room * 2 : 256;
        uint8_t(*items)[HASH_BYTES] = reallocarray(set->items, room, sizeof *items);
        if (!items)
            return false;
        set->items = items;
        set->room = room;
    }
    memcpy(set->items[set->count++], digest, HASH_BYTES);
    return true;
}

static int compare_digests(const void *a, const void *b)
{
    return memcmp(a, b, HASH_BYTES);
}

static bool add_named(struct digests *set, const struct manifest *manifest)
{
    bool ok = digests_add(set, manifest->playlist_sha256);
    for (size_t i = 0; ok && i < manifest->file_count; i++)
        ok = digests_add(set, manifest->files[i].sha256);
    return ok;
}

static bool add_manifest(struct digests *set, const char *path)
{
    struct err err = {0};
    char *data;
    size_t size;
    if (!file_read(path, MANIFEST_BYTES_MAX, &data, &size, &err))
        return err.code == ERR_MISSING;
    struct manifest *manifest = manifest_parse(data, size, NULL);
    free(data);
    if (!manifest) /* garbled: it keeps nothing; what it named is fetched again */
        return true;
    bool ok = add_named(set, manifest);
    manifest_destroy(manifest);
    return ok;
}

/* False when not all could be read: then nothing may be removed. */
static bool add_manifests(const struct store *store, struct digests *set)
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
        ok = add_manifest(set, path);
    }
    closedir(folder);
    return ok;
}

static size_t sweep(const struct store *store, const char *name, const struct digests *set)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", store->folder, name);
    DIR *folder = opendir(path);
    if (!folder)
        return 0;
    size_t removed = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        uint8_t digest[HASH_BYTES];
        struct stat st;
        if (set && hash_from_text(entry->d_name, digest) && set->count &&
            bsearch(digest, set->items, set->count, HASH_BYTES, compare_digests))
            continue;
        if (fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            S_ISDIR(st.st_mode))
            continue;
        if (clock_wall_ms() / 1000 - st.st_mtime > LEFT_OVER_S &&
            unlinkat(dirfd(folder), entry->d_name, 0) == 0)
            removed++;
    }
    closedir(folder);
    return removed;
}

size_t store_collect(struct store *store, const struct manifest *keep)
{
    struct digests set = {0};
    size_t removed = 0;
    bool ok =
        !store->read_only[0] && add_manifests(store, &set) && (!keep || add_named(&set, keep));
    if (ok) {
        if (set.count)
            qsort(set.items, set.count, HASH_BYTES, compare_digests);
        removed = sweep(store, "media", &set) + sweep(store, "tmp", NULL);
    }
    free(set.items);
    return removed;
}
