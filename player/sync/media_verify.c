#include "sync/media_verify.h"

#include "core/film_header.h"
#include "core/font_header.h"
#include "core/still_header.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_shown(const struct playlist *playlist, int asset, bool as_video)
{
    for (size_t i = 0; i < playlist_visual_count(playlist); i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        if (spot->has_visual && spot->is_video == as_video && playlist_spot_uses(spot, asset))
            return true;
    }
    return false;
}

bool media_verify_is_still(const struct playlist *playlist, int asset)
{
    return is_shown(playlist, asset, false);
}

bool media_verify_is_font(const struct playlist *playlist, int asset)
{
    bool is_font = false;
    for (size_t i = 0; i < playlist->style_count; i++)
        for (size_t j = 0; j < playlist->styles[i].font_count; j++)
            is_font = is_font || playlist->styles[i].fonts[j].asset == asset;
    return is_font && !is_shown(playlist, asset, false) && !is_shown(playlist, asset, true);
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

static bool check_still_header(const struct still_bytes *bytes, char *reason, size_t reason_bytes)
{
    struct still_header header;
    bool known = still_header_read_from(bytes, &header);
    return still_header_check(known ? &header : NULL, reason, reason_bytes);
}

/* What an asset is used as. */
struct use {
    bool (*check)(const struct still_bytes *bytes, char *reason, size_t reason_bytes);
    size_t bytes_max; /* 0: any */
};

static const struct use as_still = {.check = check_still_header, .bytes_max = STILL_FILE_BYTES_MAX};
static const struct use as_film = {.check = film_header_check};
static const struct use as_font = {.check = font_header_check};

/* The file is read, not mapped: on a disk that fails, or when the file is cut short meanwhile, a
 * read says so, while a mapping ends the player by SIGBUS. */
static MUST_CHECK bool check_header(int fd, size_t size, const struct use *use, struct err *err)
{
    struct window *window = calloc(1, sizeof *window);
    if (!window)
        return err_oom(err);
    window->fd = fd;
    window->size = size;
    char reason[160] = "";
    const struct still_bytes bytes = {.size = size, .read = read_window, .context = window};
    bool good = use->check(&bytes, reason, sizeof reason);
    int error = window->error;
    free(window);
    if (error == ENODATA)
        return err_set(err, ERR_INPUT, "the file was cut short while it was read");
    if (error)
        return err_set_errno(err, ERR_SYSTEM, error, "cannot read");
    return good || err_set(err, ERR_INPUT, "%s", reason);
}

static MUST_CHECK bool check_open(int fd, const struct use *use, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_set_errno(err, ERR_SYSTEM, errno, "cannot read");
    if (!S_ISREG(st.st_mode) || st.st_size == 0)
        return err_set(err, ERR_INPUT, "it is empty or not a regular file");
    if (use->bytes_max && (uintmax_t)st.st_size > use->bytes_max)
        return err_set(err, ERR_LIMIT, "the picture has %jd bytes; at most %zu are allowed",
                       (intmax_t)st.st_size, use->bytes_max);
    return check_header(fd, (size_t)st.st_size, use, err);
}

static MUST_CHECK bool verify_as(const char *path, const struct use *use, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_set_errno(err, errno == ENOENT ? ERR_MISSING : ERR_SYSTEM, errno, "cannot open");
    bool ok = check_open(fd, use, err);
    close(fd);
    return ok;
}

bool media_verify_still(const char *path, struct err *err)
{
    return verify_as(path, &as_still, err);
}

bool media_verify_font(const char *path, struct err *err)
{
    return verify_as(path, &as_font, err);
}

bool media_verify_asset(const struct playlist *playlist, int asset, const char *path,
                        struct err *err)
{
    if (media_verify_is_font(playlist, asset))
        return verify_as(path, &as_font, err);
    bool still = media_verify_is_still(playlist, asset);
    if (still && verify_as(path, &as_still, err))
        return true;
    if (!is_shown(playlist, asset, true)) /* as a film */
        return !still;
    return verify_as(path, &as_film, still ? NULL : err);
}
