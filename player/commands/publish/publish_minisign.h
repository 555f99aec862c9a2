/* Signs with the program minisign(1), so that no secret key and no password is ever in this
 * process.
 *
 * Main thread only, while no other thread could take a signal. What minisign reads and writes is
 * in a private folder, which is always removed, also after SIGINT and SIGTERM. It asks for the
 * password at the terminal or on standard input; all that it prints goes to standard error. */
#ifndef COMMANDS_PUBLISH_PUBLISH_MINISIGN_H
#define COMMANDS_PUBLISH_PUBLISH_MINISIGN_H

#include "core/err.h"
#include "playlist/pointer.h"
#include "sync/trust.h"

/* Pins the public key that belongs to a secret key file: the one beside it (operator.pub for
 * operator.key), else the one that minisign derives, for which it may ask for the password; that
 * is an error where may_ask is false. ERR_MISSING (no key, no minisign), ERR_INPUT, ERR_SYSTEM,
 * and trust_pin's. */
MUST_CHECK bool publish_minisign_pin(const char *secret, bool may_ask, struct trust *trust,
                                     struct err *err);

/* A signature file. */
struct publish_signature {
    char bytes[POINTER_BYTES_MAX];
    size_t size;
};

/* The size of the signature file for a pointer. */
size_t publish_minisign_bytes(const struct pointer *pointer);

/* Signs pointer->bytes bytes with the pointer as trusted comment, and verifies the signature
 * with the pinned key. ERR_MISSING (no minisign), ERR_SYSTEM (it failed, and has said why),
 * ERR_TRUST (another key than the pinned one has signed). */
MUST_CHECK bool publish_minisign_sign(const char *secret, const struct trust *trust,
                                      const struct pointer *pointer, const void *data,
                                      struct publish_signature *signature, struct err *err);

#endif
