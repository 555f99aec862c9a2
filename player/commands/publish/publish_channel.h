/* A channel as it is on the target: its pointers, its versions, and which comes next. Nothing
 * that is read there is believed before its signature is verified: who can write to a server must
 * not be able to say which version comes next. Main thread. */
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

/* What stands on the target for a version: bytes are malloc'd. */
struct publish_version {
    struct pointer pointer;
    char *bytes; /* pointer.bytes of them, and a NUL */
};

/* Whether an error says that what stands on the target is not what was signed, or nothing, rather
 * than that it could not be read: then there is no use in trying again, and a way around it may be
 * taken. */
MUST_CHECK bool publish_channel_is_unusable(const struct err *err);

/* The name on the target of the pointer, of a version's file, of that file's signature. */
void publish_channel_pointer_name(const struct publish_channel *channel,
                                  char name[PUBLISH_NAME_BYTES]);
void publish_channel_file_name(const struct publish_channel *channel, int64_t version,
                               const char *ending, char name[PUBLISH_NAME_BYTES]);

/* The pointer in force, verified; its version is 0 where there is none. ERR_TRUST: what is there is
 * not signed by the operator, or is another channel's; ERR_NETWORK, ... */
MUST_CHECK bool publish_channel_current(const struct publish_channel *channel,
                                        struct pointer *pointer, struct err *err);

/* An earlier version, whole and verified by the signature that is kept beside it. The caller frees
 * version->bytes. ERR_MISSING, ERR_TRUST, ... */
MUST_CHECK bool publish_channel_read(const struct publish_channel *channel, int64_t number,
                                     struct publish_version *version, struct err *err);

/* The highest version above `above` whose file is there, whoever put it there and signed it; else
 * `above`. A server can't be trusted to list its files, so some names are tried. Where `above` is 0,
 * nothing is known: then the files that are left must be at least the last ninth of all that ever
 * were, and below a million, to be found. Otherwise a gap ends the search only if it is longer than
 * 15 versions and than the number of versions between `above` and the gap, up to 1,024 of them. */
MUST_CHECK bool publish_channel_highest(const struct publish_channel *channel, int64_t above,
                                        int64_t *highest, struct err *err);

/* The newest version that the operator has signed, found by going down from the highest that is
 * there to the pointer in force: it is that pointer's own, unless somebody has taken the pointer
 * away or put an older one in its place. Version 0: none. */
MUST_CHECK bool publish_channel_newest(const struct publish_channel *channel,
                                       const struct pointer *current, int64_t highest,
                                       struct pointer *newest, struct err *err);

/* Whether a version that is there but not in force can be an upload of this operator's that broke
 * off: no other key has signed it. */
MUST_CHECK bool publish_channel_is_ours(const struct publish_channel *channel, int64_t number,
                                        bool *is_ours, struct err *err);

/* What is to be published: an operator's playlist with the facts of its files, or (files NULL) one
 * that is compiled already. Borrowed. */
struct publish_content {
    const char *bytes;
    size_t size;
    const struct playlist_compile_file *files;
    size_t file_count;
};

/* Whether a version's file can be put: it is not on the target, or is there with these very bytes
 * (*there). */
MUST_CHECK bool publish_channel_look(const struct publish_channel *channel,
                                     const struct publish_version *version, bool *is_free,
                                     bool *there, struct err *err);

/* The first version after `after` under which the content can be put: names are written once, so
 * one whose file is there with other bytes is passed over (an upload that broke off, or was another
 * operator's), and one whose file is there with these is taken up again (*there). Whoever gives a
 * number below the highest that is there has to know what that one is: players may have seen it.
 * Fills in the pointer but for its times; the caller frees version->bytes. */
MUST_CHECK bool publish_channel_next(const struct publish_channel *channel,
                                     const struct publish_content *content, int64_t after,
                                     struct publish_version *version, bool *there, struct err *err);

#endif
