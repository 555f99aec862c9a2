#include "operate/publish_rollback.h"

#include "base/log.h"

#include <inttypes.h>

/* Versions that were passed over, or never got in force, leave gaps. */
#define GAPS_MAX 100

static bool read_before(const struct publish_session *session, struct publish_version *version,
                        struct err *err)
{
    int64_t current = session->current.version;
    for (int64_t number = current - 1; number > 0 && number >= current - GAPS_MAX; number--) {
        if (publish_channel_read(&session->channel, number, version, err))
            return true;
        if (!publish_channel_is_unusable(err))
            return false;
        if (err->code != ERR_MISSING)
            log_warn("publish", "passed over version %" PRId64 ": %s", number, err->text);
    }
    return err_set(err, ERR_MISSING, "there is no version before %" PRId64, current);
}

bool publish_rollback_read(const struct publish_session *session, int64_t wanted,
                           struct publish_version *version, struct err *err)
{
    int64_t current = session->current.version;
    if (current == 0)
        return err_set(err, ERR_INPUT, "channel %s has nothing in force that could be taken back",
                       session->channel.name);
    if (wanted == 0)
        return read_before(session, version, err);
    if (wanted >= current)
        return err_set(err, ERR_INPUT,
                       "version %" PRId64 " is not before %" PRId64 ", which is in force", wanted,
                       current);
    return publish_channel_read(&session->channel, wanted, version, err);
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
    if (ok)
        ok = publish_media_assume(playlist, &media, err) &&
             publish_session_put(session, &content, &media, expires_ms, outcome, err);
    else
        err_set(err, ERR_INPUT, "version %" PRId64 ": %s: %s", version->pointer.version,
                faults.items[0].path, faults.items[0].text);
    publish_media_finish(&media);
    playlist_destroy(playlist);
    playlist_faults_finish(&faults);
    return ok;
}
