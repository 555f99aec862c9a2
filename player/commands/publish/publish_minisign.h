/* Signs by the program minisign(1): no secret key and no password is ever in this process.
 *
 * Main thread only, with no other thread that could take a signal. What minisign reads and writes
 * is in a private folder, which goes again on every way out, SIGINT and SIGTERM included. Its
 * prompt goes to standard error, the password is read from the terminal or standard input, its
 * other words go to standard error. */
#ifndef COMMANDS_PUBLISH_PUBLISH_MINISIGN_H
#define COMMANDS_PUBLISH_PUBLISH_MINISIGN_H

#include "core/err.h"
#include "playlist/pointer.h"
#include "sync/trust.h"

/* Pins the public key that belongs to a secret key file: the one beside it (operator.pub for
 * operator.key), else what minisign makes of it, for which it may ask for the password. may_ask
 * false: then that is an error. ERR_MISSING (no key, no minisign), ERR_INPUT, ERR_SYSTEM, and
 * trust_pin's. */
MUST_CHECK bool publish_minisign_pin(const char *secret, bool may_ask, struct trust *trust,
                                     struct err *err);

/* A signature file. */
struct publish_signature {
    char bytes[POINTER_BYTES_MAX];
    size_t size;
};

/* How long the signature file for a pointer is. */
size_t publish_minisign_bytes(const struct pointer *pointer);

/* Signs pointer->bytes bytes under the pointer's trusted comment, and verifies what came of it: by
 * a pinned key, for these bytes and this comment. ERR_MISSING (no minisign), ERR_SYSTEM (it failed,
 * and has said why), ERR_TRUST (by another key than the pinned one). */
MUST_CHECK bool publish_minisign_sign(const char *secret, const struct trust *trust,
                                      const struct pointer *pointer, const void *data,
                                      struct publish_signature *signature, struct err *err);

#endif
