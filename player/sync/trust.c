#include "sync/trust.h"

#include "base/file.h"

#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALGORITHM_BYTES 2
#define ID_BYTES 8
#define KEY_BYTES 32
#define SIGNATURE_BYTES 64
#define DIGEST_BYTES 64 /* BLAKE2b-512 */
/* What the base64 lines hold, and how long they are. */
#define PUBLIC_BYTES (ALGORITHM_BYTES + ID_BYTES + KEY_BYTES)
#define SIGNED_BYTES (ALGORITHM_BYTES + ID_BYTES + SIGNATURE_BYTES)
#define TEXT_BYTES(bytes) (((size_t)(bytes) + 2) / 3 * 4)

#define KEY_FILE_BYTES_MAX 4096
#define KEY_ID_TEXT_BYTES 17
#define KEYS_SHOWN_MAX 4 /* in a message */
#define UNTRUSTED "untrusted comment: "
#define TRUSTED "trusted comment: "
/* What minisign writes where it is given no comment; then come a tab and the file's name. */
#define DEFAULT_TRUSTED TRUSTED "timestamp:"

_Static_assert(sizeof((struct trust_seal *)0)->signature == SIGNATURE_BYTES, "Ed25519");

struct key {
    uint8_t id[ID_BYTES];
    uint8_t bytes[KEY_BYTES];
};

struct trust {
    struct key keys[TRUST_KEYS_MAX];
    int count;
};

struct trust *trust_create(void)
{
    return calloc(1, sizeof(struct trust));
}

void trust_destroy(struct trust *trust)
{
    free(trust);
}

int trust_count(const struct trust *trust)
{
    return trust->count;
}

static void print_key_id(const uint8_t bytes[ID_BYTES], char text[KEY_ID_TEXT_BYTES])
{
    uint64_t id = 0;
    for (size_t i = ID_BYTES; i-- > 0;) /* little-endian */
        id = id << 8 | bytes[i];
    snprintf(text, KEY_ID_TEXT_BYTES, "%016" PRIX64, id);
}

void trust_key_id(const struct trust *trust, int key, char text[KEY_ID_TEXT_BYTES])
{
    print_key_id(trust->keys[key].id, text);
}

static int base64_digit_value(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* Reads exactly `size` bytes from exactly as much base64 as they take. Only the one canonical form:
 * padding where it belongs, and the bits that no byte needs are zero (else many texts would be one
 * signature). */
static bool read_base64(const char *text, size_t length, uint8_t *bytes, size_t size)
{
    if (length != TEXT_BYTES(size))
        return false;
    uint32_t bits = 0;
    size_t bit_count = 0, done = 0, i = 0;
    for (; i < length && text[i] != '='; i++) {
        int value = base64_digit_value(text[i]);
        if (value < 0 || done == size)
            return false;
        bits = (bits << 6 | (uint32_t)value) & 0xffff;
        bit_count += 6;
        if (bit_count < 8)
            continue;
        bit_count -= 8;
        bytes[done++] = (uint8_t)(bits >> bit_count);
    }
    size_t padding = length - i;
    return done == size && padding == (3 - size % 3) % 3 && !(bits & ((1U << bit_count) - 1)) &&
           strspn(text + i, "=") >= padding;
}

/* Points of small order (and other writings of them), the sign left out: under such a key anyone
 * can sign anything. */
static bool is_weak(const uint8_t key[KEY_BYTES])
{
    static const uint8_t weak[][KEY_BYTES] = {
        {0},
        {1},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
         0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
         0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
         0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
         0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    };
    uint8_t plain[KEY_BYTES];
    memcpy(plain, key, KEY_BYTES);
    plain[KEY_BYTES - 1] &= 0x7f;
    for (size_t i = 0; i < sizeof weak / sizeof *weak; i++) {
        if (memcmp(plain, weak[i], KEY_BYTES) == 0)
            return true;
    }
    /* p - 1, p and p + 1, where p = 2^255 - 19 is ed ff .. ff 7f. */
    for (size_t i = 1; i < KEY_BYTES - 1; i++) {
        if (plain[i] != 0xff)
            return false;
    }
    return plain[0] >= 0xec && plain[KEY_BYTES - 1] == 0x7f;
}

/* How every minisign secret key begins: algorithm, key derivation (none or scrypt), checksum. */
static bool has_secret_key(const char *text)
{
    return strstr(text, "RWQAAEIy") || strstr(text, "RWRTY0Iy") || strstr(text, "PRIVATE KEY") ||
           strstr(text, "minisign encrypted secret key");
}

static MUST_CHECK bool add_key(struct trust *trust, const uint8_t bytes[PUBLIC_BYTES],
                               struct err *err)
{
    struct key key;
    memcpy(key.id, bytes + ALGORITHM_BYTES, ID_BYTES);
    memcpy(key.bytes, bytes + ALGORITHM_BYTES + ID_BYTES, KEY_BYTES);
    if (memcmp(bytes, "Ed", ALGORITHM_BYTES) != 0)
        return err_set(err, ERR_INPUT, "not a minisign Ed25519 public key");
    if (is_weak(key.bytes))
        return err_set(err, ERR_INPUT, "a weak public key: anyone can sign under it");
    for (int i = 0; i < trust->count; i++) {
        if (memcmp(&trust->keys[i], &key, sizeof key) == 0)
            return true;
    }
    if (trust->count == TRUST_KEYS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d public keys are given", TRUST_KEYS_MAX);
    trust->keys[trust->count++] = key;
    return true;
}

/* A line of *rest, its end cut off; *rest moves on, to NULL after the last. */
static const char *take_line(char **rest)
{
    char *line = *rest;
    char *end = strchr(line, '\n');
    *rest = end ? end + 1 : NULL;
    if (!end)
        end = line + strlen(line);
    else if (end > line && end[-1] == '\r')
        end--;
    *end = '\0';
    return line;
}

/* A key file: an untrusted comment, then the key; empty lines after it are harmless. */
static MUST_CHECK bool read_key_file(char *text, size_t size, uint8_t bytes[PUBLIC_BYTES],
                                     struct err *err)
{
    if (has_secret_key(text))
        return err_set(err, ERR_INPUT, "this is a secret key; give the public one (the .pub file)");
    bool whole = strlen(text) == size;
    char *rest = text;
    const char *comment = take_line(&rest);
    const char *key = rest ? take_line(&rest) : NULL;
    if (!whole || strncmp(comment, UNTRUSTED, strlen(UNTRUSTED)) != 0 || !key ||
        (rest && rest[strspn(rest, "\r\n")]) || !read_base64(key, strlen(key), bytes, PUBLIC_BYTES))
        return err_set(err, ERR_INPUT, "not a minisign public key file");
    return true;
}

/* A secret in a form that has_secret_key does not know must not reach the log either: a long text
 * of base64's letters alone is not written as if it were a path. */
static bool can_be_shown(const char *text)
{
    size_t length = strlen(text), letters = 0;
    while (base64_digit_value(text[letters]) >= 0)
        letters++;
    return !strpbrk(text, "\r\n") && (length < TEXT_BYTES(PUBLIC_BYTES) || letters + 2 < length);
}

static MUST_CHECK bool set_key_unreadable(const char *key, const struct err *cause, struct err *err)
{
    if (can_be_shown(key))
        return err_set(err, cause->code, "key: %s", cause->text);
    return err_set(err, cause->code == ERR_MISSING ? ERR_MISSING : ERR_INPUT,
                   "key: neither a file nor a minisign public key");
}

bool trust_pin(struct trust *trust, const char *key, struct err *err)
{
    uint8_t bytes[PUBLIC_BYTES];
    if (read_base64(key, strlen(key), bytes, sizeof bytes) && memcmp(bytes, "Ed", 2) == 0)
        return add_key(trust, bytes, err) || err_prefix(err, "key %s: ", key);
    if (has_secret_key(key))
        return err_set(err, ERR_INPUT,
                       "key: this is a secret key; give the public one (the .pub file)");
    char *text;
    size_t size;
    struct err trouble = {0};
    if (!file_read(key, KEY_FILE_BYTES_MAX, &text, &size, &trouble))
        return set_key_unreadable(key, &trouble, err);
    bool ok = read_key_file(text, size, bytes, err) && add_key(trust, bytes, err);
    OPENSSL_cleanse(text, size); /* it may be a secret one */
    free(text);
    return ok || err_prefix(err, "key %s: ", key);
}

/* The result of verifying a signature. */
enum signature_check { SIGNATURE_GOOD, SIGNATURE_BAD, SIGNATURE_UNKNOWN /* libcrypto failed */ };

/* Whether `signature` by `key` is over these bytes. Ed25519's own rules (RFC 8032) are libcrypto's
 * to keep: it refuses an s of L or more, so a signature has no second form. */
static enum signature_check verify_signature(const struct key *key,
                                             const uint8_t signature[SIGNATURE_BYTES],
                                             const void *data, size_t size)
{
    int verdict = -1;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY *public_key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->bytes, KEY_BYTES);
    if (context && public_key && EVP_DigestVerifyInit(context, NULL, NULL, NULL, public_key) == 1)
        verdict = EVP_DigestVerify(context, signature, SIGNATURE_BYTES, data, size);
    EVP_PKEY_free(public_key);
    EVP_MD_CTX_free(context);
    /* The error that libcrypto queues for a bad signature would be taken for one of its next
     * call. */
    ERR_clear_error();
    if (verdict == 1)
        return SIGNATURE_GOOD;
    return verdict == 0 ? SIGNATURE_BAD : SIGNATURE_UNKNOWN;
}

static MUST_CHECK bool set_libcrypto_failed(struct err *err)
{
    return err_set(err, ERR_SYSTEM, "cannot verify the signature: libcrypto failed");
}

static const struct {
    const char *name, *text;
} refusals[] = {
    [TRUST_NOT_REFUSED] = {.name = "none", .text = "not refused"},
    [TRUST_NO_SIGNATURE] = {.name = "no_signature", .text = "no signature"},
    [TRUST_MALFORMED_SIGNATURE] = {.name = "malformed_signature", .text = "malformed signature"},
    [TRUST_LEGACY_SIGNATURE] = {.name = "legacy_signature", .text = "legacy signature"},
    [TRUST_UNPINNED_KEY] = {.name = "unpinned_key", .text = "unpinned key"},
    [TRUST_BAD_SIGNATURE] = {.name = "bad_signature", .text = "bad signature"},
};
_Static_assert(sizeof refusals / sizeof *refusals == TRUST_BAD_SIGNATURE + 1, "each has a name");

const char *trust_refusal_name(enum trust_refusal refusal)
{
    return refusals[refusal].name;
}

static MUST_CHECK bool refuse_signature(enum trust_refusal why, enum trust_refusal *refusal,
                                        struct err *err)
{
    *refusal = why;
    return err_set(err, ERR_TRUST, "%s", refusals[why].text);
}

static MUST_CHECK bool refuse_malformed(const char *detail, enum trust_refusal *refusal,
                                        struct err *err)
{
    *refusal = TRUST_MALFORMED_SIGNATURE;
    return err_set(err, ERR_TRUST, "%s: %s", refusals[TRUST_MALFORMED_SIGNATURE].text, detail);
}

/* The signature files' four lines. */
struct lines {
    const char *untrusted, *signature, *trusted, *global;
};

static bool is_printable(const char *line)
{
    for (; *line; line++) {
        if ((unsigned char)*line < ' ' || *line == 0x7f)
            return false;
    }
    return true;
}

static MUST_CHECK bool split_lines(char *text, struct lines *lines, enum trust_refusal *refusal,
                                   struct err *err)
{
    *lines = (struct lines){"", "", "", ""};
    if (strncmp(text, UNTRUSTED, strlen(UNTRUSTED)) != 0)
        return refuse_signature(TRUST_NO_SIGNATURE, refusal, err);
    const char **const order[] = {&lines->untrusted, &lines->signature, &lines->trusted,
                                  &lines->global};
    char *rest = text;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (!rest)
            return refuse_malformed("it is cut off", refusal, err);
        *order[i] = take_line(&rest);
        if (strncmp(*order[i], DEFAULT_TRUSTED, strlen(DEFAULT_TRUSTED)) == 0)
            return refuse_malformed("its trusted comment is the one that minisign writes by "
                                    "itself, not one of a channel; publish with duckling publish",
                                    refusal, err);
        if (!is_printable(*order[i]))
            return refuse_malformed("it has a control character", refusal, err);
    }
    if (rest && *rest)
        return refuse_malformed("it has more than four lines", refusal, err);
    return strncmp(lines->trusted, TRUSTED, strlen(TRUSTED)) == 0 ||
           refuse_malformed("it has no trusted comment", refusal, err);
}

static MUST_CHECK bool check_algorithm(const uint8_t algorithm[ALGORITHM_BYTES],
                                       enum trust_refusal *refusal, struct err *err)
{
    if (memcmp(algorithm, "ED", ALGORITHM_BYTES) == 0)
        return true;
    if (memcmp(algorithm, "Ed", ALGORITHM_BYTES) == 0)
        return refuse_signature(TRUST_LEGACY_SIGNATURE, refusal, err);
    return refuse_malformed("its algorithm is unknown", refusal, err);
}

/* Names the key that signed, and the pinned ones: all that an operator needs to see whether keys
 * were mixed up. */
static MUST_CHECK bool refuse_unpinned(const struct trust *trust, const uint8_t id[ID_BYTES],
                                       enum trust_refusal *refusal, struct err *err)
{
    char signer[KEY_ID_TEXT_BYTES], pinned[(KEY_ID_TEXT_BYTES + 1) * KEYS_SHOWN_MAX + 8] = "";
    size_t used = 0;
    print_key_id(id, signer);
    for (int i = 0; i < trust->count && i < KEYS_SHOWN_MAX; i++) {
        char text[KEY_ID_TEXT_BYTES];
        print_key_id(trust->keys[i].id, text);
        used += (size_t)snprintf(pinned + used, sizeof pinned - used, "%s%s", i ? " " : "", text);
    }
    if (trust->count > KEYS_SHOWN_MAX)
        snprintf(pinned + used, sizeof pinned - used, " ...");
    *refusal = TRUST_UNPINNED_KEY;
    return err_set(err, ERR_TRUST, "%s: it is signed by key %s; pinned are: %s",
                   refusals[TRUST_UNPINNED_KEY].text, signer, pinned);
}

/* The global signature: over the first signature and the trusted comment. */
static MUST_CHECK bool verify_comment(const struct trust *trust, const uint8_t id[ID_BYTES],
                                      const uint8_t global[SIGNATURE_BYTES],
                                      struct trust_seal *seal, enum trust_refusal *refusal,
                                      struct err *err)
{
    uint8_t message[SIGNATURE_BYTES + POINTER_BYTES_MAX];
    size_t length = strlen(seal->comment);
    bool pinned = false, failed = false;
    memcpy(message, seal->signature, SIGNATURE_BYTES);
    memcpy(message + SIGNATURE_BYTES, seal->comment, length);
    /* An id is not bound to its key: two keys may have the same. */
    for (seal->key = 0; seal->key < trust->count; seal->key++) {
        const struct key *key = &trust->keys[seal->key];
        if (memcmp(key->id, id, ID_BYTES) != 0)
            continue;
        enum signature_check check =
            verify_signature(key, global, message, SIGNATURE_BYTES + length);
        if (check == SIGNATURE_GOOD)
            return true;
        pinned = true;
        failed |= check == SIGNATURE_UNKNOWN;
    }
    if (failed)
        return set_libcrypto_failed(err);
    return pinned ? refuse_signature(TRUST_BAD_SIGNATURE, refusal, err)
                  : refuse_unpinned(trust, id, refusal, err);
}

static MUST_CHECK bool open_seal(const struct trust *trust, const char *bytes, size_t size,
                                 struct trust_seal *seal, enum trust_refusal *refusal,
                                 struct err *err)
{
    char text[POINTER_BYTES_MAX + 1];
    struct lines lines;
    uint8_t found[SIGNED_BYTES], global[SIGNATURE_BYTES];
    if (size == 0)
        return refuse_signature(TRUST_NO_SIGNATURE, refusal, err);
    if (size > POINTER_BYTES_MAX)
        return refuse_malformed("it is too large", refusal, err);
    memcpy(text, bytes, size);
    text[size] = '\0';
    if (strlen(text) < size) /* lines end at a NUL below */
        return strncmp(text, UNTRUSTED, strlen(UNTRUSTED)) == 0
                   ? refuse_malformed("it has a control character", refusal, err)
                   : refuse_signature(TRUST_NO_SIGNATURE, refusal, err);
    if (!split_lines(text, &lines, refusal, err))
        return false;
    if (!read_base64(lines.signature, strlen(lines.signature), found, sizeof found) ||
        !read_base64(lines.global, strlen(lines.global), global, sizeof global))
        return refuse_malformed("it is not valid base64", refusal, err);
    if (!check_algorithm(found, refusal, err))
        return false;
    struct trust_seal opened = {0};
    memcpy(opened.signature, found + ALGORITHM_BYTES + ID_BYTES, SIGNATURE_BYTES);
    snprintf(opened.comment, sizeof opened.comment, "%s", lines.trusted + strlen(TRUSTED));
    if (!verify_comment(trust, found + ALGORITHM_BYTES, global, &opened, refusal, err))
        return false;
    *seal = opened;
    return true;
}

bool trust_open(const struct trust *trust, const char *bytes, size_t size, struct trust_seal *seal,
                enum trust_refusal *refusal, struct err *err)
{
    enum trust_refusal why = TRUST_NOT_REFUSED;
    bool ok = open_seal(trust, bytes, size, seal, &why, err);
    if (refusal)
        *refusal = why;
    return ok;
}

bool trust_check(const struct trust *trust, const struct trust_seal *seal, const void *data,
                 size_t size, struct err *err)
{
    uint8_t digest[DIGEST_BYTES];
    enum trust_refusal why;
    if (seal->key < 0 || seal->key >= trust->count)
        return refuse_signature(TRUST_UNPINNED_KEY, &why, err);
    if (EVP_Digest(data, size, digest, NULL, EVP_blake2b512(), NULL) != 1) {
        ERR_clear_error();
        return set_libcrypto_failed(err);
    }
    switch (verify_signature(&trust->keys[seal->key], seal->signature, digest, sizeof digest)) {
    case SIGNATURE_GOOD:
        return true;
    case SIGNATURE_BAD:
        return refuse_signature(TRUST_BAD_SIGNATURE, &why, err);
    case SIGNATURE_UNKNOWN:
        break;
    }
    return set_libcrypto_failed(err);
}
