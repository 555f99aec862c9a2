/* One run of publish or takeover: from content to a channel on which it is in force. Main thread. */
#ifndef COMMANDS_PUBLISH_PUBLISH_SESSION_H
#define COMMANDS_PUBLISH_PUBLISH_SESSION_H

#include "commands/publish/publish_channel.h"
#include "commands/publish/publish_media.h"
#include "commands/settings.h"

/* Zeroed, there is nothing to finish. */
struct publish_session {
    const struct settings *settings; /* borrowed */
    bool dry_run;
    struct publish_channel channel;
    struct trust *trust;
    struct pointer current; /* in force when the session began; version 0: none */
    /* The newest that was signed; of playlists the current one stands for it. */
    struct pointer newest;
    /* The highest version that is on the target, and --after: what the new one must be after, as
     * players may have seen it. */
    int64_t highest, after;
};

/* What a session has put, or would put, on the target. */
struct publish_outcome {
    struct pointer pointer;
    size_t files, uploaded; /* media of the playlist; those that the target lacked */
    int64_t bytes;          /* of those */
    int64_t content_of;     /* the version whose content this is again; 0: it is new */
    char name[256];         /* the playlist's, which has at most 200 bytes; only with content_of */
};

/* A version as operators write it. ERR_INPUT. */
MUST_CHECK bool publish_session_version(const char *text, int64_t *version, struct err *err);

/* Whether --to, --channel and --key are given, and can be meant, and --after. ERR_INPUT: usage. */
MUST_CHECK bool publish_session_check(const struct settings *settings, struct err *err);

/* Pins the operator's public key, opens the target and reads the pointer in force. Nothing is
 * written, apart from the target's folder. publish_session_finish in any case. ERR_TRUST: the
 * pointer is not the operator's, or was signed more than a day from now; ERR_SYSTEM: this machine's
 * clock and the server's differ by more than ten minutes. */
MUST_CHECK bool publish_session_begin(struct publish_session *session,
                                      const struct settings *settings, enum pointer_kind kind,
                                      struct err *err);
void publish_session_finish(struct publish_session *session);

/* Puts a content in force until expires_ms (0: it is over as it begins), under the next version: of
 * playlists that of an upload which broke off just before its pointer, where this is the same
 * content; a takeover's is always new, as one with the same content may have another end. With
 * --dry-run only tells, on standard output, what it would do. media->targets are marked with what
 * was there. What the target has got when this fails is taken up by the next session; nothing of it
 * is in force. */
MUST_CHECK bool publish_session_put(struct publish_session *session,
                                    const struct publish_content *content,
                                    struct publish_media *media, int64_t expires_ms,
                                    struct publish_outcome *outcome, struct err *err);

/* How the line that tells the outcome begins. */
struct publish_words {
    const char *done, *planned; /* "published", "would publish" */
    bool until;                 /* it says when that ends */
};

/* Writes that line to standard output. ERR_SYSTEM. */
MUST_CHECK bool publish_session_tell(const struct publish_session *session,
                                     const struct publish_words *words,
                                     const struct publish_outcome *outcome, struct err *err);

#endif
