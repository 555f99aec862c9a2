#include "sync/media_verify.h"

#include "core/still_header.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool media_verify_is_still(const struct playlist *playlist, int asset)
{
    for (size_t i = 0; i < playlist->spot_count; i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        if (spot->has_visual && !spot->is_video &&
            (spot->asset_landscape == asset || spot->asset_portrait == asset))
            return true;
    }
    return false;
}

/* The part of a file that was read last. */
struct window {
    int fd;
    size_t size, at, count; /* of the file; where the part begins, and its length */
    int error;              /* an errno value; ENODATA where the file has become shorter */
    uint8_t bytes[STILL_READ_BYTES_MAX];
};

static const uint8_t *read_window(void *context, size_t at, size_t count)
{
    struct window *window = context;
    if (at >= window->at && at + count <= window->at + window->count)
        return window->bytes + (at - window->at);
    size_t most = window->size - at, got = 0;
    if (most > sizeof window->bytes)
        most = sizeof window->bytes;
    while (got < count) {
        ssize_t bytes = pread(window->fd, window->bytes + got, most - got, (off_t)(at + got));
        if (bytes < 0 && errno == EINTR)
            continue;
        if (bytes <= 0) {
            window->error = bytes < 0 ? errno : ENODATA;
            window->count = 0;
            return NULL;
        }
        got += (size_t)bytes;
    }
    window->at = at;
    window->count = got;
    return window->bytes;
}

/* The file is read, not mapped: on a disk that fails, or when the file is cut short meanwhile, a
 * read says so, while a mapping ends the player by SIGBUS. */
static MUST_CHECK bool check_header(int fd, size_t size, struct err *err)
{
    struct window *window = calloc(1, sizeof *window);
    if (!window)
        return err_oom(err);
    window->fd = fd;
    window->size = size;
    struct still_header header;
    char reason[160];
    bool known = still_header_read_from(
        &(struct still_bytes){.size = size, .read = read_window, .context = window}, &header);
    int error = window->error;
    free(window);
    if (error == ENODATA)
        return err_set(err, ERR_INPUT, "the file was cut short while it was read");
    if (error)
        return err_set_errno(err, ERR_SYSTEM, error, "cannot read");
    if (!still_header_check(known ? &header : NULL, reason, sizeof reason))
        return err_set(err, ERR_INPUT, "%s", reason);
    return true;
}

static MUST_CHECK bool check_open(int fd, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_set_errno(err, ERR_SYSTEM, errno, "cannot read");
    if (!S_ISREG(st.st_mode) || st.st_size == 0)
        return err_set(err, ERR_INPUT, "it is empty or not a regular file");
    if ((uintmax_t)st.st_size > STILL_FILE_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "the picture has %jd bytes; at most %zu are allowed",
                       (intmax_t)st.st_size, STILL_FILE_BYTES_MAX);
    return check_header(fd, (size_t)st.st_size, err);
}

bool media_verify_still(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_set_errno(err, errno == ENOENT ? ERR_MISSING : ERR_SYSTEM, errno, "cannot open");
    bool ok = check_open(fd, err);
    close(fd);
    return ok;
}
