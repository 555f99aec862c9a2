/* The order of an upload: media, the playlist, its signature, and last of all, once everything
 * before it is confirmed, the pointer. Whatever breaks off before that is seen by no player. Main
 * thread. */
#ifndef COMMANDS_PUBLISH_PUBLISH_UPLOAD_H
#define COMMANDS_PUBLISH_PUBLISH_UPLOAD_H

#include "commands/publish/publish_channel.h"
#include "commands/publish/publish_media.h"
#include "commands/publish/publish_minisign.h"

struct publish_upload {
    const struct publish_channel *channel;
    const struct publish_version *version;
    int64_t before_version; /* that of the pointer that is to be replaced; 0: none */
    const struct publish_signature *signature;
    struct publish_media *media; /* whose targets have been looked for */
};

/* Puts it all, then reads pointer and playlist back and compares. ERR_TRUST: another operator has
 * published meanwhile. */
MUST_CHECK bool publish_upload_all(const struct publish_upload *upload, struct err *err);

#endif
