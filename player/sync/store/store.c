#include "sync/store/store.h"

#include "base/file.h"
#include "base/log.h"
#include "sync/store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_MODULE "store"

static const char *const folders[] = {"media", "tmp", "feeds", "used"};

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

static MUST_CHECK bool make_store_folders(const struct store *store, struct err *err)
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

/* What somebody else can replace is not safe once it has been verified. A folder that is not there
 * is. */
static MUST_CHECK bool check_owner(const char *path, bool is_inside, uid_t owner, struct err *err)
{
    struct stat st;
    if ((is_inside ? lstat(path, &st) : stat(path, &st)) < 0)
        return true;
    if (S_ISLNK(st.st_mode))
        return err_set(
            err, ERR_SYSTEM,
            "%s is a link, which the store does not follow: give the folder that it leads "
            "to with --store",
            path);
    if (st.st_uid != owner)
        return err_set(err, ERR_SYSTEM,
                       "%s belongs to another user (uid %ju, the player runs as uid %ju): give a "
                       "folder of the player's own with --store",
                       path, (uintmax_t)st.st_uid, (uintmax_t)owner);
    if (st.st_mode & S_IWOTH &&
        !(st.st_mode & S_ISVTX)) /* sticky: others can't replace what is ours */
        return err_set(
            err, ERR_SYSTEM,
            "anybody can write to %s: remove that permission (chmod o-w), or give another "
            "folder with --store",
            path);
    return true;
}

bool store_check_owners(const char *folder, uid_t owner, struct err *err)
{
    bool ok = check_owner(folder, false, owner, err);
    for (size_t i = 0; ok && i < sizeof folders / sizeof *folders; i++) {
        char path[PATH_MAX];
        int length = snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
        ok = length >= (int)sizeof path || check_owner(path, true, owner, err);
    }
    return ok;
}

static MUST_CHECK bool check_owners(const struct store *store, struct err *err)
{
    return store_check_owners(store->folder, geteuid(), err);
}

/* On failure *fd is open where only the lock itself failed. */
static MUST_CHECK bool lock_store(const struct store *store, int *fd, struct err *err)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/lock", store->folder);
    /* For this user alone: whoever can open the file can lock it. */
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0 && store->read_only[0])
        *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (*fd < 0)
        return err_set_errno(err, store_code(errno), errno, "%s", path);
    struct stat st;
    if (fstat(*fd, &st) == 0 && st.st_mode & 077) /* as older players made it */
        (void)!fchmod(*fd, 0600);
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (errno == EWOULDBLOCK)
        return err_set(err, ERR_SYSTEM, "the store %s is in use by another player", store->folder);
    return err_set_errno(err, store_code(errno), errno, "%s", path);
}

/* Whether the lock that is held is the one that other players would find. */
static bool lock_is_in_place(const struct store *store)
{
    char path[PATH_MAX];
    struct stat locked, found;
    snprintf(path, sizeof path, "%s/lock", store->folder);
    return fstat(store->lock_fd, &locked) == 0 && lstat(path, &found) == 0 &&
           locked.st_dev == found.st_dev && locked.st_ino == found.st_ino;
}

bool store_restore(struct store *store, struct err *err)
{
    int fd;
    if (!check_owners(store, err) || !make_store_folders(store, err))
        return false;
    if (!lock_is_in_place(store)) {
        if (!lock_store(store, &fd, err)) {
            if (fd >= 0)
                close(fd);
            return false;
        }
        close(store->lock_fd);
        store->lock_fd = fd;
    }
    log_warn("store folders were missing, created again path=\"%s\"", store->folder);
    return true;
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
        err_oom(err);
        return NULL;
    }
    store->lock_fd = -1;
    int length = snprintf(store->folder, sizeof store->folder, "%s", folder);
    if (length <= 0 || (size_t)length >= sizeof store->folder) {
        err_set(err, ERR_INPUT, "the path of the store is empty or too long");
        goto fail;
    }
    read_boot(store->boot, sizeof store->boot);
    if (!check_owners(store, err))
        goto fail;
    if (!make_store_folders(store, &trouble))
        snprintf(store->read_only, sizeof store->read_only, "%s", trouble.text);
    if (!lock_store(store, &store->lock_fd, err)) {
        /* Why the folders could not be created says more than that they have no lock file. */
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

/* Length alone would not do: a damaged file must not stand in the way of its own repair. */
static bool has_these_bytes(const struct store *store, const uint8_t digest[HASH_BYTES],
                            const void *data, size_t size)
{
    char path[PATH_MAX], *found;
    size_t found_size;
    if (!store_has(store, digest, (int64_t)size))
        return false;
    store_media_path(store, digest, path);
    if (!file_read_own(path, size, &found, &found_size, NULL))
        return false;
    bool same = found_size == size && memcmp(found, data, size) == 0;
    free(found);
    return same;
}

bool store_add(struct store *store, const void *data, size_t size, uint8_t digest[HASH_BYTES],
               struct err *err)
{
    char name[HASH_TEXT_BYTES];
    if (!hash_bytes(data, size, digest))
        return err_oom(err);
    if (has_these_bytes(store, digest, data, size))
        return true;
    hash_to_text(digest, name);
    struct store_part *part = store_part_begin(store, name, "", err);
    if (!part)
        return false;
    if (!store_part_append(part, data, size, err)) {
        store_part_discard(part);
        return false;
    }
    return store_part_commit(part, digest, digest, NULL, err);
}

static void print_feed_path(const struct store *store, const char *url, const char *file,
                            char path[PATH_MAX])
{
    uint8_t digest[HASH_BYTES] = {0};
    char name[HASH_TEXT_BYTES];
    /* Where hashing fails it is the folder of zeros: a cache that is not found again, nothing
     * worse. */
    if (!hash_bytes(url, strlen(url), digest))
        memset(digest, 0, sizeof digest);
    hash_to_text(digest, name);
    snprintf(path, PATH_MAX, "%s/feeds/%.16s", store->folder, name);
    if (mkdir(path, 0755) < 0 && errno == ENOENT)
        (void)!file_make_folders(path, NULL); /* who writes there gets the error */
    size_t used = strlen(path);
    snprintf(path + used, PATH_MAX - used, "/%s", file);
}

void store_manifest_path(const struct store *store, const char *url, char path[PATH_MAX])
{
    print_feed_path(store, url, "manifest.json", path);
}

void store_previous_path(const struct store *store, const char *url, char path[PATH_MAX])
{
    print_feed_path(store, url, "previous.json", path);
}

void store_set_quota(struct store *store, int64_t bytes)
{
    store->quota_bytes = bytes;
}

void store_touch(const struct store *store, const uint8_t digest[HASH_BYTES])
{
    char name[HASH_TEXT_BYTES], path[PATH_MAX];
    if (store->quota_bytes <= 0)
        return;
    hash_to_text(digest, name);
    snprintf(path, sizeof path, "%s/used/%s", store->folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0) /* it goes a little too soon then */
        return;
    futimens(fd, NULL);
    close(fd);
}
