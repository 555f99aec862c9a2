/* A local file that is sent to a target: opened, hashed as it is sent, and its progress. */
#include "target/target_internal.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REPORT_NS INT64_C(100000000)

static MUST_CHECK bool set_changed(const struct target_local_file *source, struct err *err)
{
    return err_set(err, ERR_INPUT, "%s has changed since it was hashed", source->file->path);
}

bool target_local_file_open(struct target_local_file *source, const struct target_file *file,
                            struct err *err)
{
    struct stat st;
    *source = (struct target_local_file){.file = file};
    /* O_NONBLOCK: a FIFO in the place of a file must not hang. */
    source->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (source->fd < 0)
        return err_set_errno(err, errno == ENOENT ? ERR_INPUT : ERR_SYSTEM, errno, "%s",
                             file->path);
    bool ok;
    if (fstat(source->fd, &st) < 0)
        ok = err_set_errno(err, ERR_SYSTEM, errno, "%s", file->path);
    else if (!S_ISREG(st.st_mode) || st.st_size != file->bytes)
        ok = set_changed(source, err);
    else /* of an empty file no piece will pass */
        ok = file->bytes > 0 || target_local_file_pass(source, 0, "", 0, err);
    if (ok)
        return true;
    target_local_file_close(source);
    return false;
}

void target_local_file_close(struct target_local_file *source)
{
    if (source->file)
        close(source->fd);
    hash_destroy(source->hash);
    *source = (struct target_local_file){0};
}

bool target_local_file_pass(void *context, int64_t offset, const void *data, size_t size,
                            struct err *err)
{
    struct target_local_file *source = context;
    uint8_t digest[HASH_BYTES];
    if (offset == 0) {
        hash_destroy(source->hash);
        source->hash = hash_create();
    }
    if (!source->hash || !hash_add(source->hash, data, size))
        return err_set(err, ERR_SYSTEM, "cannot hash %s", source->file->path);
    if (offset + (int64_t)size < source->file->bytes)
        return true;
    if (!hash_result(source->hash, digest))
        return err_set(err, ERR_SYSTEM, "cannot hash %s", source->file->path);
    if (memcmp(digest, source->file->sha256, sizeof digest) != 0)
        return set_changed(source, err);
    return true;
}

void target_meter_begin(struct target_meter *meter, const struct target_progress *progress,
                        const struct target_file *files, size_t count)
{
    *meter = (struct target_meter){.progress = progress};
    for (size_t i = 0; i < count; i++)
        if (!files[i].there)
            meter->total_bytes += files[i].bytes;
    target_meter_move(meter, 0);
}

void target_meter_move(struct target_meter *meter, int64_t done_bytes)
{
    if (!meter->progress)
        return;
    int64_t now_ns = clock_mono_ns();
    if (meter->last_ns && now_ns - meter->last_ns < REPORT_NS && done_bytes < meter->total_bytes)
        return;
    meter->last_ns = now_ns;
    meter->progress->report(meter->progress->context, done_bytes, meter->total_bytes);
}
