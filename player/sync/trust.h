/* Pinned public keys, and the verification of minisign signatures by them.
 *
 * Only prehashed signatures (algorithm ED: Ed25519 over BLAKE2b-512 of the file) count; legacy ones
 * (Ed) are refused. Formats: minisign(1). A trust is immutable once its keys are pinned, then any
 * thread. */
#ifndef SYNC_TRUST_H
#define SYNC_TRUST_H

#include "core/err.h"
#include "playlist/pointer.h"

#include <stddef.h>
#include <stdint.h>

#define TRUST_KEYS_MAX 16

struct trust;

/* Why a signature file is refused. */
enum trust_refusal {
    TRUST_NOT_REFUSED,
    TRUST_NO_SIGNATURE,        /* something else than a signature file */
    TRUST_MALFORMED_SIGNATURE, /* not as minisign writes them */
    TRUST_LEGACY_SIGNATURE,    /* of the kind that is not over a hash (Ed) */
    TRUST_UNPINNED_KEY,        /* by a key that is not pinned */
    TRUST_BAD_SIGNATURE,       /* by the number of a pinned key, and it does not verify */
};

/* A refusal's name in the log: "no_signature", "unpinned_key". Static. */
const char *trust_refusal_name(enum trust_refusal refusal);

/* A signature file whose trusted comment is authentic: signed by a pinned key. What it signs is
 * still to be checked. */
struct trust_seal {
    int key;                         /* which pinned key, in order */
    uint8_t signature[64];           /* over BLAKE2b-512 of the file */
    char comment[POINTER_BYTES_MAX]; /* the trusted comment, terminated */
};

/* NULL when out of memory. */
struct trust *trust_create(void);
void trust_destroy(struct trust *trust); /* NULL is allowed */

/* Pins a public key: the path of a minisign public key file, or its base64 line itself. The same
 * key twice is no error. Errors: ERR_MISSING, ERR_INPUT (no such key, a secret key, not Ed25519),
 * ERR_LIMIT. */
MUST_CHECK bool trust_pin(struct trust *trust, const char *key, struct err *err);
int trust_count(const struct trust *trust);

/* A key's id as minisign prints it: 16 upper-case hexadecimal digits. */
void trust_key_id(const struct trust *trust, int key, char text[17]);

/* Reads a signature file and verifies the signature over its trusted comment (the "global" one).
 * ERR_TRUST, and *refusal (which may be NULL) says why; or ERR_SYSTEM, where it could not be
 * verified, and *refusal is TRUST_NOT_REFUSED, as it is on success. Strict about form: exactly
 * four lines, LF or CRLF ends, the last end optional; canonical base64; no control characters. */
MUST_CHECK bool trust_open(const struct trust *trust, const char *bytes, size_t size,
                           struct trust_seal *seal, enum trust_refusal *refusal, struct err *err);

/* Whether the seal signs this file. ERR_TRUST ("bad signature"), ERR_SYSTEM. */
MUST_CHECK bool trust_check(const struct trust *trust, const struct trust_seal *seal,
                            const void *data, size_t size, struct err *err);

#endif
