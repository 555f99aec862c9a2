#include "commands/publish/publish_rollback.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "publish_rollback"

/* Versions that were passed over, or never got in force, leave gaps. */
#define GAPS_MAX 100

/* Whether two versions differ in their number alone. */
static bool is_same(const struct publish_session *session, const struct publish_version *one,
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

/* The first before `current` that can be verified and is not what is shown now. */
static bool read_before(const struct publish_session *session, const struct publish_version *shown,
                        struct publish_version *version, struct err *err)
{
    int64_t current = session->current.version;
    for (int64_t number = current - 1; number > 0 && number >= current - GAPS_MAX; number--) {
        bool got = publish_channel_read(&session->channel, number, version, err);
        if (got && !(shown->bytes && is_same(session, version, shown)))
            return true;
        if (!got && !publish_channel_is_unusable(err))
            return false;
        if (got)
            log_info("passed over version %" PRId64 ": its content is in force", number);
        else if (err->code != ERR_MISSING)
            log_warn("passed over version %" PRId64 " reason=\"%s\"", number, err->text);
        free(version->bytes);
        version->bytes = NULL;
    }
    return err_set(err, ERR_MISSING, "there is no version before %" PRId64 " with other content",
                   current);
}

static bool read_wanted(const struct publish_session *session, int64_t wanted,
                        struct publish_version *version, struct err *err)
{
    if (publish_channel_read(&session->channel, wanted, version, err))
        return true;
    if (err->code == ERR_MISSING)
        return err_set(err, ERR_MISSING, "version %" PRId64 " is no longer on the server", wanted);
    return err_prefix(err, "version %" PRId64 ": ", wanted);
}

bool publish_rollback_read(const struct publish_session *session, int64_t wanted,
                           struct publish_version *version, struct err *err)
{
    int64_t current = session->current.version;
    if (current == 0)
        return err_set(err, ERR_INPUT, "channel %s has nothing in force that could be taken back",
                       session->channel.name);
    if (wanted == 0) {
        struct publish_version shown;
        /* What is in force need not be there whole to be taken back. */
        bool ok = publish_channel_read(&session->channel, current, &shown, err) ||
                  publish_channel_is_unusable(err);
        ok = ok && read_before(session, &shown, version, err);
        free(shown.bytes);
        return ok;
    }
    if (wanted >= current)
        return err_set(err, ERR_INPUT,
                       "version %" PRId64 " is not before %" PRId64 ", which is in force", wanted,
                       current);
    return read_wanted(session, wanted, version, err);
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
