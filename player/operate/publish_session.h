/* One run of publish or takeover: from a content to a channel that has it in force. Main thread. */
#ifndef OPERATE_PUBLISH_SESSION_H
#define OPERATE_PUBLISH_SESSION_H

#include "operate/publish_channel.h"
#include "operate/publish_media.h"
#include "settings.h"

/* Zeroed, there is nothing to finish. */
struct publish_session {
    const struct settings *settings; /* borrowed */
    bool dry_run;
    struct publish_channel channel;
    struct trust *trust;
    struct pointer current; /* in force when the session began; version 0: none */
    /* What the new version must be after. Of playlists the current one: an upload that broke off
     * just before its pointer is taken up under the same version, which is the same content. Of
     * takeovers the newest that was signed: one with the same content may have another end. */
    struct pointer newest;
};

/* What a session has put, or would put, on the target. */
struct publish_outcome {
    struct pointer pointer;
    size_t files, uploaded; /* media of the playlist; those that the target lacked */
    int64_t bytes;          /* of those */
};

/* Whether --to, --channel and --key are given, and can be meant. ERR_INPUT: usage. */
bool publish_session_check(const struct settings *settings, struct err *err);

/* Pins the operator's public key, opens the target and reads the pointer in force. Nothing is
 * written, apart from the target's folder. publish_session_finish in any case. ERR_TRUST: the
 * pointer is not the operator's, or was signed later than this machine's clock shows. */
bool publish_session_begin(struct publish_session *session, const struct settings *settings,
                           enum pointer_kind kind, struct err *err);
void publish_session_finish(struct publish_session *session);

/* Puts a content in force until expires_ms (0: it is over as it begins), under the next version.
 * With --dry-run only tells, on standard output, what it would do. media->targets are marked with
 * what was there. What the target has got when this fails is taken up by the next session; nothing
 * of it is in force. */
bool publish_session_put(struct publish_session *session, const struct publish_content *content,
                         struct publish_media *media, int64_t expires_ms,
                         struct publish_outcome *outcome, struct err *err);

/* Writes the line that tells the outcome, begun with `words`, to standard output. ERR_SYSTEM. */
bool publish_session_tell(const struct publish_session *session, const char *words,
                          const struct publish_outcome *outcome, struct err *err);

#endif
