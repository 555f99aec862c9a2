/* One run of publish or takeover: brings content into force on a channel. Main thread. */
#ifndef COMMANDS_PUBLISH_PUBLISH_SESSION_H
#define COMMANDS_PUBLISH_PUBLISH_SESSION_H

#include "commands/publish/publish_channel.h"
#include "commands/publish/publish_media.h"
#include "commands/settings.h"

/* Zeroed: nothing to finish. */
struct publish_session {
    const struct settings *settings; /* borrowed */
    bool dry_run;
    struct publish_channel channel;
    struct trust *trust;
    struct pointer current; /* in force when the session began; version 0: none */
    /* The newest pointer that was signed; for playlists the current one. */
    struct pointer newest;
    /* The highest version on the target (0: none), and --after (-1: not given): the new version
     * must come after both, as players may have seen them. */
    int64_t highest, after;
};

/* What was put, or would be put, on the target. */
struct publish_outcome {
    struct pointer pointer;
    size_t files, uploaded; /* media of the playlist, and those that the target lacked */
    int64_t bytes;          /* of those that the target lacked */
    int64_t content_of;     /* the older version whose content this is; 0: it is new */
    char name[256];         /* the playlist's, which has at most 200 bytes; only with content_of */
};

/* Reads a version number, at least 1. ERR_INPUT. */
MUST_CHECK bool publish_session_version(const char *text, int64_t *version, struct err *err);

/* Checks --to, --channel, --key and --after. ERR_INPUT: usage. */
MUST_CHECK bool publish_session_check(const struct settings *settings, struct err *err);

/* Pins the operator's public key, opens the target and reads the pointer in force. Nothing is
 * written. publish_session_finish in any case. ERR_TRUST: the
 * pointer is not the operator's, or was signed more than a day from now; ERR_SYSTEM: this machine's
 * clock and the server's differ by more than ten minutes. */
MUST_CHECK bool publish_session_begin(struct publish_session *session,
                                      const struct settings *settings, enum pointer_kind kind,
                                      struct err *err);
/* After it is known what to publish, before anything is written: makes the target's folder, and
 * reads the pointer in force again, which another operator may have replaced while media were
 * checked. Errors as before. */
MUST_CHECK bool publish_session_go_on(struct publish_session *session, struct err *err);
void publish_session_finish(struct publish_session *session);

/* Puts content in force until expires_ms (0: it expires at once) under the next version. A
 * playlist takes the version of an interrupted upload of the same content, if that lacks only
 * its pointer; a takeover always has a new version, as the same content may have another end.
 * With --dry-run it only prints what it would do. Sets `there` in media->targets. What the
 * target has received when this fails is used by the next run; nothing of it is in force. */
MUST_CHECK bool publish_session_put(struct publish_session *session,
                                    const struct publish_content *content,
                                    struct publish_media *media, int64_t expires_ms,
                                    struct publish_outcome *outcome, struct err *err);

/* The words of the line about the outcome. */
struct publish_words {
    const char *done, *planned; /* "published", "would publish" */
    bool until;                 /* the line has the expiry time */
};

/* Prints that line. ERR_SYSTEM. */
MUST_CHECK bool publish_session_print(const struct publish_session *session,
                                      const struct publish_words *words,
                                      const struct publish_outcome *outcome, struct err *err);

#endif
