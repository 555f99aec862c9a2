/* What minisign's key files and signatures claim to be, for messages: nothing is verified, and no
 * secret is read. Any thread. */
#ifndef COMMANDS_PUBLISH_PUBLISH_KEYFILE_H
#define COMMANDS_PUBLISH_PUBLISH_KEYFILE_H

#include "core/err.h"

#include <stddef.h>

#define PUBLISH_KEYFILE_ID_BYTES 17 /* 16 upper-case hexadecimal digits, as minisign prints them */

/* Checks that a file is a secret key, and whether it has a password. ERR_INPUT: it is a public
 * key, or no key; ERR_MISSING, ... */
MUST_CHECK bool publish_keyfile_read(const char *path, bool *has_password, struct err *err);

/* The id of the key that a signature file (bytes that end with a NUL) names. False: it names
 * none. */
bool publish_keyfile_signer(const char *signature, char id[PUBLISH_KEYFILE_ID_BYTES]);

#endif
