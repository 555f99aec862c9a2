#include "sync/verify.h"

#include "core/picture_header.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

bool verify_is_still(const struct playlist *playlist, int asset)
{
    for (size_t i = 0; i < playlist->spot_count; i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        if (spot->has_visual && !spot->is_video &&
            (spot->asset_landscape == asset || spot->asset_portrait == asset))
            return true;
    }
    return false;
}

static bool check_bytes(const void *bytes, size_t size, struct err *err)
{
    struct picture_header header;
    char reason[160];
    bool known = picture_header_read(bytes, size, &header);
    return picture_header_check(known ? &header : NULL, reason, sizeof reason) ||
           err_set(err, ERR_INPUT, "%s", reason);
}

static bool check_open(int fd, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_set_errno(err, ERR_SYSTEM, errno, "can't read");
    if (!S_ISREG(st.st_mode) || st.st_size == 0)
        return err_set(err, ERR_INPUT, "no file, or an empty one");
    /* A copy on the heap would be safe from a file that is cut meanwhile, but costs a gigabyte at
     * worst: the store's files never change, and beside a local playlist a cut costs a start that
     * would have failed anyway. */
    size_t size = (size_t)st.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return err_set_errno(err, ERR_SYSTEM, errno, "can't read");
    bool ok = check_bytes(bytes, size, err);
    munmap(bytes, size);
    return ok;
}

bool verify_still(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_set_errno(err, errno == ENOENT ? ERR_MISSING : ERR_SYSTEM, errno, "can't open");
    bool ok = check_open(fd, err);
    close(fd);
    return ok;
}
