#include "commands/publish/publish_upload.h"

#include "commands/publish/publish_terminal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MEANWHILE "another operator published at the same time"

static MUST_CHECK bool upload_media(const struct publish_upload *upload, struct err *err)
{
    struct publish_terminal_bar bar;
    const struct target_progress report = {publish_terminal_bar_move, &bar};
    struct target *target = upload->channel->target;
    size_t sent_count = 0;
    struct target_file *sent = calloc(upload->media->target_count + 1, sizeof *sent);
    if (!sent)
        return err_oom(err);
    for (size_t i = 0; i < upload->media->target_count; i++)
        if (!upload->media->targets[i].there)
            sent[sent_count++] = upload->media->targets[i];
    publish_terminal_bar_begin(&bar, "uploading");
    bool ok =
        target_put_files(target, upload->media->targets, upload->media->target_count, &report, err);
    publish_terminal_bar_end(&bar);
    /* A server may say that it has stored what it has not: no pointer may name that. */
    ok = ok && target_confirm(target, sent, sent_count, err);
    free(sent);
    return ok;
}

/* Checks that the pointer is still the one that this run began with: entering the password and
 * uploading the media may have taken hours, in which another operator may have published. */
static MUST_CHECK bool is_unchanged(const struct publish_upload *upload, struct err *err)
{
    struct pointer now;
    if (!publish_channel_current(upload->channel, &now, err))
        return false;
    return now.version == upload->before_version ||
           err_set(err, ERR_TRUST,
                   MEANWHILE ": version %" PRId64 " is in force, not %" PRId64
                             "; run the command again",
                   now.version, upload->before_version);
}

static MUST_CHECK bool upload_version(const struct publish_upload *upload, struct err *err)
{
    char name[PUBLISH_NAME_BYTES];
    bool is_free = false, there = false;
    struct target *target = upload->channel->target;
    const struct publish_version *version = upload->version;
    int64_t number = version->pointer.version;
    if (!publish_channel_check_free(upload->channel, version, &is_free, &there, err))
        return false;
    if (!is_free)
        return err_set(err, ERR_TRUST,
                       MEANWHILE ": version %" PRId64 " is taken; run the command again", number);
    publish_channel_file_name(upload->channel, number, "", name);
    if (!there &&
        !target_put(target, name, version->bytes, (size_t)version->pointer.bytes, true, err))
        return false;
    /* After an interrupted upload this replaces an older signature of the same bytes, which is
     * still good for a player that has it cached. */
    publish_channel_file_name(upload->channel, number, ".minisig", name);
    return target_put(target, name, upload->signature->bytes, upload->signature->size, true, err);
}

/* Reads a file back, and checks that the target has exactly these bytes. */
static MUST_CHECK bool check_uploaded(const struct publish_upload *upload, const char *name,
                                      const char *bytes, size_t size, struct err *err)
{
    char *found = NULL;
    size_t found_size = 0;
    if (!target_get(upload->channel->target, name, PLAYLIST_BYTES_MAX, &found, &found_size, err))
        return err_prefix(err, "cannot read back what was uploaded: ");
    bool same = found_size == size && memcmp(found, bytes, size) == 0;
    free(found);
    return same || err_set(err, ERR_TRUST,
                           MEANWHILE ", or the server still returns an older file: %s is not "
                                     "what was uploaded; check it, and run the command again",
                           name);
}

bool publish_upload_all(const struct publish_upload *upload, struct err *err)
{
    char pointer_name[PUBLISH_NAME_BYTES], file_name[PUBLISH_NAME_BYTES];
    const struct publish_version *version = upload->version;
    const struct publish_signature *signature = upload->signature;
    publish_channel_pointer_name(upload->channel, pointer_name);
    publish_channel_file_name(upload->channel, version->pointer.version, "", file_name);
    /* Two operators who find the same version free write the same file. The first must not point
     * at the other's file; what is left of this race is noticed by the checks afterwards. */
    if (!upload_media(upload, err) || !is_unchanged(upload, err) || !upload_version(upload, err) ||
        !is_unchanged(upload, err) ||
        !check_uploaded(upload, file_name, version->bytes, (size_t)version->pointer.bytes, err))
        return false;
    publish_terminal_set_phase(PUBLISH_TERMINAL_SWITCHING);
    bool ok =
        target_put(upload->channel->target, pointer_name, signature->bytes, signature->size, false,
                   err) &&
        check_uploaded(upload, pointer_name, signature->bytes, signature->size, err) &&
        check_uploaded(upload, file_name, version->bytes, (size_t)version->pointer.bytes, err);
    if (ok)
        publish_terminal_set_phase(PUBLISH_TERMINAL_DONE);
    return ok;
}
