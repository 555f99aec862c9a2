/* A channel as it is on the target: its pointers, its versions, and which version comes next.
 * Nothing that is read there is believed before its signature is verified: whoever can write to
 * the server must not be able to choose the next version. Main thread. */
#ifndef COMMANDS_PUBLISH_PUBLISH_CHANNEL_H
#define COMMANDS_PUBLISH_PUBLISH_CHANNEL_H

#include "playlist/playlist_compile.h"
#include "playlist/pointer.h"
#include "sync/trust.h"
#include "target/target.h"

#define PUBLISH_NAME_BYTES 128 /* "channels/<channel>/p-43.json.minisig", with its NUL */

/* Borrowed. */
struct publish_channel {
    struct target *target;
    const struct trust *trust;
    const char *name;
    enum pointer_kind kind;
};

/* A version on the target; bytes are malloc'd. */
struct publish_version {
    struct pointer pointer;
    char *bytes; /* pointer.bytes of them, and a NUL */
};

/* Whether an error means that a file on the target is missing or is not what was signed, rather
 * than that it could not be read: then trying again is of no use, and another way may be taken. */
MUST_CHECK bool publish_channel_is_unusable(const struct err *err);

/* The name on the target of the pointer, and of a version's file (ending "") or its signature file
 * (".minisig"). */
void publish_channel_pointer_name(const struct publish_channel *channel,
                                  char name[PUBLISH_NAME_BYTES]);
void publish_channel_file_name(const struct publish_channel *channel, int64_t version,
                               const char *ending, char name[PUBLISH_NAME_BYTES]);

/* The pointer in force, verified; its version is 0 where there is none. ERR_TRUST: it is
 * not signed by the operator, or belongs to another channel; ERR_NETWORK, ... */
MUST_CHECK bool publish_channel_current(const struct publish_channel *channel,
                                        struct pointer *pointer, struct err *err);

/* Reads a version's file, and verifies it by the signature file beside it. The caller frees
 * version->bytes. ERR_MISSING, ERR_TRUST, ... */
MUST_CHECK bool publish_channel_read(const struct publish_channel *channel, int64_t number,
                                     struct publish_version *version, struct err *err);

/* The highest version above `above` whose file is there, whoever put it there and signed it;
 * else `above`. A server can't be trusted to list its files, so some names are tried. Where
 * `above` is 0, nothing is known: then the files that are left must be at least the last ninth
 * of all that ever were, and below a million, to be found. Otherwise a gap ends the search only
 * if it is longer than 15 versions and than the number of versions between `above` and the gap,
 * up to 1,024 of them. ERR_INPUT: the server
 * has ever higher ones, so the search was given up. */
MUST_CHECK bool publish_channel_highest(const struct publish_channel *channel, int64_t above,
                                        int64_t *highest, struct err *err);

/* The same where nothing was found so: a version that was begun within the last half hour, by its
 * time (publish_time_version), as by an upload that broke off; 0: none. */
MUST_CHECK bool publish_channel_lately(const struct publish_channel *channel, int64_t now_ms,
                                       int64_t *highest, struct err *err);

/* The newest version that the operator has signed, searched from the highest that is there down
 * to the pointer in force. It is newer than that pointer only if somebody has removed the
 * pointer or replaced it by an older one. Version 0: none. */
MUST_CHECK bool publish_channel_newest(const struct publish_channel *channel,
                                       const struct pointer *current, int64_t highest,
                                       struct pointer *newest, struct err *err);

/* Whether a version that is there but not in force can be an interrupted upload of this
 * operator: no other key has signed it. */
MUST_CHECK bool publish_channel_is_ours(const struct publish_channel *channel, int64_t number,
                                        bool *is_ours, struct err *err);

/* What to publish: an operator's playlist with the facts about its files, or (files NULL) a
 * compiled playlist. Borrowed. */
struct publish_content {
    const char *bytes;
    size_t size;
    const struct playlist_compile_file *files;
    size_t file_count;
};

/* Whether a version's file can be put: *is_free if the target has no such file, or has it with
 * these very bytes (*there). */
MUST_CHECK bool publish_channel_check_free(const struct publish_channel *channel,
                                           const struct publish_version *version, bool *is_free,
                                           bool *there, struct err *err);

/* The first version after `after` under which the content can be put. No file is ever
 * overwritten, so a version whose file has other bytes, from an interrupted upload or another
 * operator, is passed over, and one whose file has these bytes is used (*there). A caller that
 * gives a number below the highest that is there must know what that version is: players may
 * have seen it. Fills in the pointer except its times; the caller frees version->bytes. */
MUST_CHECK bool publish_channel_next(const struct publish_channel *channel,
                                     const struct publish_content *content, int64_t after,
                                     struct publish_version *version, bool *there, struct err *err);

#endif
