#include "commands/publish/publish_rollback.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "publish_rollback"

/* Versions that were skipped, or were never in force, leave gaps. */
#define GAPS_MAX 100

/* Whether two versions differ in nothing but their number. */
static bool is_content_in_force(const struct publish_session *session,
                                const struct publish_version *one,
                                const struct publish_version *other)
{
    size_t size = 0;
    char *again =
        playlist_compile_again(one->bytes, (size_t)one->pointer.bytes, session->channel.name,
                               other->pointer.version, &size, NULL);
    bool same =
        again && size == (size_t)other->pointer.bytes && memcmp(again, other->bytes, size) == 0;
    free(again);
    return same;
}

/* Reads the newest version before the one in force that can be verified and has other content. */
static MUST_CHECK bool read_version_before(const struct publish_session *session,
                                           const struct publish_version *shown,
                                           struct publish_version *version, struct err *err)
{
    int64_t current = session->current.version;
    for (int64_t number = current - 1; number > 0 && number >= current - GAPS_MAX; number--) {
        bool got = publish_channel_read(&session->channel, number, version, err);
        if (got && !(shown->bytes && is_content_in_force(session, version, shown)))
            return true;
        if (!got && !publish_channel_is_unusable(err))
            return false;
        if (got)
            log_info("skipping version, its content is in force already version=%" PRId64, number);
        else if (err->code != ERR_MISSING)
            log_warn("skipping version, it cannot be used version=%" PRId64 " reason=\"%s\"",
                     number, err->text);
        free(version->bytes);
        version->bytes = NULL;
    }
    return err_set(err, ERR_MISSING, "there is no version before %" PRId64 " with other content",
                   current);
}

static MUST_CHECK bool read_named_version(const struct publish_session *session,
                                          int64_t named_version, struct publish_version *version,
                                          struct err *err)
{
    if (publish_channel_read(&session->channel, named_version, version, err))
        return true;
    if (err->code == ERR_MISSING)
        return err_set(err, ERR_MISSING, "version %" PRId64 " is no longer on the server",
                       named_version);
    return err_prefix(err, "version %" PRId64 ": ", named_version);
}

bool publish_rollback_read(const struct publish_session *session, int64_t named_version,
                           struct publish_version *version, struct err *err)
{
    int64_t current = session->current.version;
    if (current == 0)
        return err_set(err, ERR_INPUT,
                       "nothing is in force on channel %s, so there is nothing to roll back",
                       session->channel.name);
    if (named_version == 0) {
        struct publish_version shown;
        /* The version in force can be rolled back even if its files are damaged. */
        bool ok = publish_channel_read(&session->channel, current, &shown, err) ||
                  publish_channel_is_unusable(err);
        ok = ok && read_version_before(session, &shown, version, err);
        free(shown.bytes);
        return ok;
    }
    if (named_version >= current)
        return err_set(err, ERR_INPUT,
                       "version %" PRId64 " is not older than %" PRId64 ", which is in force",
                       named_version, current);
    return read_named_version(session, named_version, version, err);
}

bool publish_rollback_put(struct publish_session *session, const struct publish_version *version,
                          int64_t expires_ms, struct publish_outcome *outcome, struct err *err)
{
    const struct publish_content content = {.bytes = version->bytes,
                                            .size = (size_t)version->pointer.bytes};
    struct publish_media media = {0};
    struct playlist_faults faults = {0};
    struct playlist *playlist = playlist_parse(content.bytes, content.size, &faults);
    bool ok = playlist != NULL;
    if (ok) {
        ok = publish_media_assume(playlist, &media, err) &&
             publish_session_put(session, &content, &media, expires_ms, outcome, err);
        outcome->content_of = version->pointer.version;
        snprintf(outcome->name, sizeof outcome->name, "%s", playlist->name);
    } else {
        err_set(err, ERR_INPUT, "version %" PRId64 ": %s: %s", version->pointer.version,
                faults.items[0].path, faults.items[0].text);
    }
    publish_media_finish(&media);
    playlist_destroy(playlist);
    playlist_faults_finish(&faults);
    return ok;
}
