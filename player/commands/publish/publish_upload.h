/* Uploads in an order that is safe to interrupt: media, the playlist, its signature, and last of
 * all, when everything else is confirmed, the pointer. Until then no player sees anything. Main
 * thread. */
#ifndef COMMANDS_PUBLISH_PUBLISH_UPLOAD_H
#define COMMANDS_PUBLISH_PUBLISH_UPLOAD_H

#include "commands/publish/publish_channel.h"
#include "commands/publish/publish_media.h"
#include "commands/publish/publish_minisign.h"

struct publish_upload {
    const struct publish_channel *channel;
    const struct publish_version *version;
    int64_t before_version; /* of the pointer that will be replaced; 0: none */
    const struct publish_signature *signature;
    struct publish_media *media; /* whose targets' `there` is set */
};

/* Uploads everything, then reads pointer and playlist back. ERR_TRUST: another operator has
 * published meanwhile. */
MUST_CHECK bool publish_upload_all(const struct publish_upload *upload, struct err *err);

#endif
