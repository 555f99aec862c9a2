#include "sync/trust.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Made by minisign 0.11 with keys that were thrown away. */
#define PUBLIC "RWS98E39A6WK+Jcme3By+UvLxxLTKt6Tp5YCkaHmXtoyqbMxk0OOw0nr"
#define PUBLIC_FILE "untrusted comment: minisign public key F88AA503FD4DF0BD\n" PUBLIC "\n"
#define OTHER_PUBLIC "RWT8Y8yQQemHNzkbPy77cOzNppcNDEoaKYYzaE9Bu9TEkIFb1bAXWXKs"
#define DATA "{\"format\":\"duckling/1\"}\n"
#define LINE_1 "untrusted comment: signature from minisign secret key"
#define LINE_2                                                                                     \
    "RUS98E39A6WK+FXiWdDZRShUeAvjeITDwsB7RHaHohWuCr9IIgge8YgC7/7nCF+PiiJozZnDceTrG/"               \
    "NvTHoWWnYKOdqg8bi7/"                                                                          \
    "wU="
#define COMMENT                                                                                    \
    "channel=seoul version=43 file=p-43.json bytes=24 signed=2026-11-23T09:00:00Z "                \
    "expires=2026-12-23T09:00:00Z"
#define LINE_3 "trusted comment: " COMMENT
#define LINE_4                                                                                     \
    "vIPVHu9OTmEeoigYuxdeSXpaQDg+tQZnF+fCAqm0ahCcyjDEAmbuALILs+vf/fChKBCbtNwAHZ4c86uImTspCQ=="
#define LAST_3 "\n" LINE_2 "\n" LINE_3 "\n" LINE_4 "\n"
#define WHOLE LINE_1 LAST_3
#define LEGACY_2                                                                                   \
    "RWS98E39A6WK+"                                                                                \
    "KIJ6MGNsxvoEJDcjngNUi8xv90VAhrmYwTiYmjaIywVaDxqY1pXiqac3PzlIesteSCZ3Kad0lvmtZ9AV6T7"          \
    "igY="
#define LEGACY_4                                                                                   \
    "EBhPt3rgQM14z0ZpB+b7c9upowDk8y65NQ8FNYPHaDEo5qnrL3d0r/OBELCdzKbI2XqSbVfM9248qadt4lVrBA=="
#define OTHER_2                                                                                    \
    "RUT8Y8yQQemHN9iKfLxbTbRGzo+wS7MDzy7+1pOoAZ+CbiOSLPF3eeYd+TH3dh0d14L7z0jlIkNC28+"              \
    "pmSm1XbvusKotruAA"                                                                            \
    "qgU="
#define OTHER_4                                                                                    \
    "w/KHb7cgySd4q3ylEOZ9jRyd/catMVVM0bzAQbqhQJkZUOUyQHecCmx1VcCXOZZJVR8Pp3210Y89F43/lp9hAA=="

static struct err err;
static enum trust_refusal refusal; /* of the last opens() */

static struct trust *trust_of(const char *key)
{
    struct trust *trust = trust_create();
    assert_non_null(trust);
    if (!trust_pin(trust, key, &err))
        fail_msg("%s", err.text);
    return trust;
}

static bool opens(const struct trust *trust, const char *text, size_t size)
{
    /* On the heap, exactly as long: a reader beyond the end is caught there. */
    char *bytes = malloc(size + !size);
    assert_non_null(bytes);
    memcpy(bytes, text, size);
    struct trust_seal seal;
    err = (struct err){0};
    refusal = TRUST_BAD_SIGNATURE;
    bool ok = trust_open(trust, bytes, size, &seal, &refusal, &err);
    if (ok)
        assert_int_equal(refusal, TRUST_NOT_REFUSED);
    free(bytes);
    return ok;
}

static void assert_fault(const struct trust *trust, const char *text, size_t size,
                         enum trust_refusal fault)
{
    if (opens(trust, text, size))
        fail_msg("accepted: %s", text);
    if (refusal != fault || err.code != ERR_TRUST)
        fail_msg("%s (%s) in place of %s for: %s", trust_refusal_name(refusal), err.text,
                 trust_refusal_name(fault), text);
}

/* What a signer that has the first key could make, right or wrong. */
struct forgery {
    const char *algorithm; /* "ED" */
    const uint8_t *id;     /* NULL: the first key's */
    bool shift_first, shift_global;
};

static const uint8_t first_id[8] = {0xbd, 0xf0, 0x4d, 0xfd, 0x03, 0xa5, 0x8a, 0xf8};
static const uint8_t first_seed[32] = {
    0xab, 0x71, 0x2f, 0x37, 0xe1, 0x06, 0xf5, 0xf8, 0x00, 0xfc, 0x87, 0xc8, 0xdb, 0xaf, 0x4c, 0xd6,
    0x82, 0xa0, 0x39, 0xbf, 0xa5, 0xfc, 0xb0, 0x93, 0x26, 0x76, 0xd8, 0xd1, 0x64, 0xc5, 0x88, 0x4c,
};

static void sign_bytes(const void *data, size_t size, uint8_t signature[64])
{
    size_t length = 64;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, first_seed, 32);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(context, signature, &length, data, size), 1);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
}

/* Adds the order L of Ed25519's group to s: the same signature, to who does not ask for s < L. */
static void shift(uint8_t signature[64])
{
    static const uint8_t order[32] = {
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,        0xd6,
        0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10,
    };
    unsigned carry = 0;
    for (size_t i = 0; i < 32; i++) {
        carry += signature[32 + i] + order[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_int_equal(carry, 0);
}

static size_t forge(const struct forgery *forgery, const char *comment, const char *data,
                    char *text, size_t text_bytes)
{
    uint8_t digest[64], line[74], *message = malloc(64 + strlen(comment)), global[64];
    char first[128], second[128];
    assert_non_null(message);
    assert_int_equal(EVP_Digest(data, strlen(data), digest, NULL, EVP_blake2b512(), NULL), 1);
    memcpy(line, forgery->algorithm, 2);
    memcpy(line + 2, forgery->id ? forgery->id : first_id, 8);
    sign_bytes(digest, sizeof digest, line + 10);
    if (forgery->shift_first)
        shift(line + 10);
    memcpy(message, line + 10, 64);
    memcpy(message + 64, comment, strlen(comment));
    sign_bytes(message, 64 + strlen(comment), global);
    if (forgery->shift_global)
        shift(global);
    free(message);
    EVP_EncodeBlock((unsigned char *)first, line, sizeof line);
    EVP_EncodeBlock((unsigned char *)second, global, sizeof global);
    int length = snprintf(text, text_bytes, "untrusted comment: x\n%s\ntrusted comment: %s\n%s\n",
                          first, comment, second);
    assert_true(length > 0 && (size_t)length < text_bytes);
    return (size_t)length;
}

static void opens_what_minisign_signed(void **state)
{
    (void)state;
    char id[17];
    struct trust_seal seal;
    struct trust *trust = trust_of(OTHER_PUBLIC);
    assert_true(trust_pin(trust, PUBLIC, &err));
    assert_int_equal(trust_count(trust), 2);
    trust_key_id(trust, 1, id);
    assert_string_equal(id, "F88AA503FD4DF0BD");
    assert_true(trust_open(trust, WHOLE, strlen(WHOLE), &seal, NULL, &err));
    assert_int_equal(seal.key, 1);
    assert_string_equal(seal.comment, COMMENT);
    assert_true(trust_check(trust, &seal, DATA, strlen(DATA), &err));
    assert_true(trust_check(trust, &seal, DATA, strlen(DATA), NULL));
    assert_false(trust_check(trust, &seal, DATA, strlen(DATA) - 1, &err));
    assert_string_equal(err.text, "bad signature");
    assert_int_equal(err.code, ERR_TRUST);
    assert_false(trust_check(trust, &seal, "", 0, &err));
    seal.key = 0;
    assert_false(trust_check(trust, &seal, DATA, strlen(DATA), &err));
    for (seal.key = -1; seal.key <= 2; seal.key += 3) {
        assert_false(trust_check(trust, &seal, DATA, strlen(DATA), &err));
        assert_string_equal(err.text, "unpinned key");
    }
    trust_destroy(trust);
    trust_destroy(NULL);
}

static void other_line_ends_are_the_same(void **state)
{
    (void)state;
    struct trust *trust = trust_of(PUBLIC);
    static const char *const texts[] = {
        LINE_1 "\n" LINE_2 "\n" LINE_3 "\n" LINE_4,
        LINE_1 "\r\n" LINE_2 "\r\n" LINE_3 "\r\n" LINE_4 "\r\n",
        LINE_1 "\n" LINE_2 "\r\n" LINE_3 "\n" LINE_4 "\r\n",
        "untrusted comment: " LAST_3,
        "untrusted comment: \xed\x95\x9c\xea\xb5\xad \xe4\xb8\xad ~!@#$%^&*()" LAST_3,
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!opens(trust, texts[i], strlen(texts[i])))
            fail_msg("%zu: %s", i, err.text);
    }
    trust_destroy(trust);
}

static void the_forger_of_this_test_can_sign(void **state)
{
    (void)state;
    struct trust *trust = trust_of(PUBLIC);
    struct trust_seal seal;
    char text[5000];
    size_t size = forge(&(struct forgery){.algorithm = "ED"}, COMMENT, DATA, text, sizeof text);
    assert_true(trust_open(trust, text, size, &seal, NULL, &err));
    assert_true(trust_check(trust, &seal, DATA, strlen(DATA), &err));
    assert_non_null(strstr(text, LINE_2)); /* Ed25519 is deterministic: minisign's very bytes */
    assert_non_null(strstr(text, LINE_4));
    trust_destroy(trust);
}

static void a_signature_has_no_second_form(void **state)
{
    (void)state;
    struct trust *trust = trust_of(PUBLIC);
    struct trust_seal seal;
    char text[5000];
    size_t size = forge(&(struct forgery){.algorithm = "ED", .shift_global = true}, COMMENT, DATA,
                        text, sizeof text);
    assert_fault(trust, text, size, TRUST_BAD_SIGNATURE);
    size = forge(&(struct forgery){.algorithm = "ED", .shift_first = true}, COMMENT, DATA, text,
                 sizeof text);
    assert_true(trust_open(trust, text, size, &seal, NULL, &err));
    assert_false(trust_check(trust, &seal, DATA, strlen(DATA), &err));
    assert_string_equal(err.text, "bad signature");
    trust_destroy(trust);
}

static void an_unpinned_key_is_named(void **state)
{
    (void)state;
    struct trust *trust = trust_of(OTHER_PUBLIC);
    assert_false(opens(trust, WHOLE, strlen(WHOLE)));
    assert_int_equal(refusal, TRUST_UNPINNED_KEY);
    assert_string_equal(err.text, "unpinned key: it is signed by key F88AA503FD4DF0BD; pinned "
                                  "are: 3787E94190CC63FC");
    trust_destroy(trust);
}

static void no_bit_of_a_signature_can_change(void **state)
{
    (void)state;
    struct trust *trust = trust_of(PUBLIC);
    char text[] = WHOLE;
    const size_t size = strlen(text), free_from = strlen("untrusted comment: "),
                 free_to = strlen(LINE_1);
    size_t accepted = 0;
    for (size_t i = 0; i < size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            text[i] = (char)(text[i] ^ 1 << bit);
            unsigned char now = (unsigned char)text[i];
            bool harmless = i >= free_from && i < free_to && now >= ' ' && now != 0x7f;
            /* The last line end is optional, not free. */
            if (opens(trust, text, size) != harmless)
                fail_msg("byte %zu, bit %d: %s", i, bit, harmless ? err.text : "accepted");
            accepted += harmless;
            if (!harmless && err.code != ERR_TRUST)
                fail_msg("byte %zu, bit %d: %s", i, bit, err.text);
            text[i] = (char)(text[i] ^ 1 << bit);
        }
    }
    assert_true(accepted > 100 && accepted < (free_to - free_from) * 8);
    trust_destroy(trust);
}

static void no_bit_of_the_file_can_change(void **state)
{
    (void)state;
    struct trust *trust = trust_of(PUBLIC);
    struct trust_seal seal;
    char data[] = DATA;
    assert_true(trust_open(trust, WHOLE, strlen(WHOLE), &seal, NULL, &err));
    for (size_t i = 0; i < 8 * strlen(DATA); i++) {
        data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
        if (trust_check(trust, &seal, data, strlen(DATA), &err))
            fail_msg("bit %zu", i);
        data[i / 8] = (char)(data[i / 8] ^ 1 << i % 8);
    }
    for (size_t size = 0; size <= sizeof DATA; size++) {
        char longer[sizeof DATA + 1] = DATA;
        assert_int_equal(trust_check(trust, &seal, longer, size, &err), size == strlen(DATA));
    }
    for (size_t i = 0; i < 8 * sizeof seal.signature; i++) {
        seal.signature[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_false(trust_check(trust, &seal, DATA, strlen(DATA), &err));
        seal.signature[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    assert_true(trust_check(trust, &seal, DATA, strlen(DATA), &err));
    trust_destroy(trust);
}

static void a_cut_signature_is_none(void **state)
{
    (void)state;
    struct trust *trust = trust_of(PUBLIC);
    for (size_t size = 0; size < strlen(WHOLE); size++) {
        bool last_end_missing = size == strlen(WHOLE) - 1;
        if (opens(trust, WHOLE, size) != last_end_missing)
            fail_msg("%zu bytes", size);
        enum trust_refusal fault =
            size < strlen("untrusted comment: ") ? TRUST_NO_SIGNATURE : TRUST_MALFORMED_SIGNATURE;
        if (!last_end_missing)
            assert_fault(trust, WHOLE, size, fault);
    }
    trust_destroy(trust);
}

#define NONE TRUST_NO_SIGNATURE
#define BAD_FORM TRUST_MALFORMED_SIGNATURE
#define SIZED(text) text, sizeof(text) - 1

static const struct {
    const char *text;
    size_t size;
    enum trust_refusal fault;
} wrong_texts[] = {
    {SIZED(""), NONE},
    {SIZED("\n"), NONE},
    {SIZED("\n\n\n\n"), NONE},
    {SIZED("\0\0\0\0"), NONE},
    {SIZED("<!DOCTYPE html><html><body>Welcome to Free Wi-Fi</body></html>"), NONE},
    {SIZED(DATA), NONE},
    {SIZED("\xef\xbb\xbf" WHOLE), NONE},
    {SIZED("\n" WHOLE), NONE},
    {SIZED(" " WHOLE), NONE},
    {SIZED("Untrusted comment: x" LAST_3), NONE},
    {SIZED("untrusted comment:x" LAST_3), NONE},
    {SIZED("comment: x" LAST_3), NONE},
    {SIZED("trusted comment: x" LAST_3), NONE},
    {SIZED(LINE_2 "\n" LINE_3 "\n" LINE_4 "\n"), NONE},
    {SIZED("-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n"), NONE},
    {SIZED("\0" WHOLE), NONE},
    {SIZED(PUBLIC_FILE), BAD_FORM},
    {SIZED(LINE_1), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_2 "\n"), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_2 "\n" LINE_3), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_2 "\n" LINE_3 "\n"), BAD_FORM},
    {SIZED(WHOLE "\n"), BAD_FORM},
    {SIZED(WHOLE " "), BAD_FORM},
    {SIZED(WHOLE "\r"), BAD_FORM},
    {SIZED(WHOLE "\0"), BAD_FORM},
    {SIZED(WHOLE WHOLE), BAD_FORM},
    {SIZED(WHOLE "trusted comment: more\n"), BAD_FORM},
    {SIZED(LINE_1 "\n\n" LINE_2 "\n" LINE_3 "\n" LINE_4), BAD_FORM},
    {SIZED(LINE_1 "\r" LINE_2 "\r" LINE_3 "\r" LINE_4 "\r"), BAD_FORM},
    {SIZED(LINE_1 "\r\r\n" LINE_2 "\n" LINE_3 "\n" LINE_4), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_2 "\n" LINE_3 "\n" LINE_4 "\r"), BAD_FORM},
    {SIZED("untrusted comment: a\tb" LAST_3), BAD_FORM},
    {SIZED("untrusted comment: a\033[2J" LAST_3), BAD_FORM},
    {SIZED("untrusted comment: a\0b" LAST_3), BAD_FORM},
    {SIZED("untrusted comment: a\x7f" LAST_3), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_2 " \n" LINE_3 "\n" LINE_4), BAD_FORM},
    {SIZED(LINE_1 "\n " LINE_2 "\n" LINE_3 "\n" LINE_4), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_2 "=\n" LINE_3 "\n" LINE_4), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_2 "AAAA\n" LINE_3 "\n" LINE_4), BAD_FORM},
    {SIZED(LINE_1 "\n\n" LINE_3 "\n" LINE_4), BAD_FORM},
    {SIZED(LINE_1 "\n====\n" LINE_3 "\n" LINE_4), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_4 "\n" LINE_3 "\n" LINE_4), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_2 "\n" LINE_3 "\n" LINE_2), BAD_FORM},
    {SIZED(LINE_1 "\n" PUBLIC "\n" LINE_3 "\n" LINE_4), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_2 "\n" LINE_3 "\n\n"), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_2 "\n" LINE_3 "\n" LINE_4 "="), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_3 "\n" LINE_2 "\n" LINE_4), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_2 "\n" LINE_4 "\n" LINE_3), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_2 "\nTrusted comment: " COMMENT "\n" LINE_4), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_2 "\ntrusted comment:" COMMENT "\n" LINE_4), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_2 "\n" COMMENT "\n" LINE_4), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_2 "\n\n" LINE_4), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_2 "\n" LINE_3 "\t\n" LINE_4), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_2 "\n" LINE_3 "\0x\n" LINE_4), BAD_FORM},
    {SIZED(LINE_1 "\n" LINE_2 "\n" LINE_3 " \n" LINE_4), TRUST_BAD_SIGNATURE},
    {SIZED(LINE_1 "\n" LINE_2 "\ntrusted comment: \n" LINE_4), TRUST_BAD_SIGNATURE},
    {SIZED(LINE_1 "\n" LINE_2 "\n" LINE_3 "\n" OTHER_4), TRUST_BAD_SIGNATURE},
    {SIZED(LINE_1 "\n" LEGACY_2 "\n" LINE_3 "\n" LEGACY_4), TRUST_LEGACY_SIGNATURE},
    {SIZED(LINE_1 "\n" LEGACY_2 "\n" LINE_3 "\n" LINE_4), TRUST_LEGACY_SIGNATURE},
    {SIZED(LINE_1 "\n" OTHER_2 "\ntrusted comment: x\n" OTHER_4), TRUST_UNPINNED_KEY},
};

static void wrong_forms_are_named(void **state)
{
    (void)state;
    struct trust *trust = trust_of(PUBLIC);
    for (size_t i = 0; i < sizeof wrong_texts / sizeof *wrong_texts; i++)
        assert_fault(trust, wrong_texts[i].text, wrong_texts[i].size, wrong_texts[i].fault);
    trust_destroy(trust);
}

static void base64_has_one_form(void **state)
{
    (void)state;
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct trust *trust = trust_of(PUBLIC);
    /* The last digit before the padding carries bits that no byte needs. */
    char *text = strdup(WHOLE);
    char *ends[] = {strstr(text, "wU=") + 1, strstr(text, "CQ==") + 1};
    for (size_t i = 0; i < 2; i++) {
        char right = *ends[i];
        for (const char *digit = digits; *digit; digit++) {
            *ends[i] = *digit;
            if (opens(trust, text, strlen(text)) != (*digit == right))
                fail_msg("%c for %c", *digit, right);
        }
        *ends[i] = right;
    }
    for (char *c = text + strlen(LINE_1) + 1; *c; c++) {
        static const char others[] = "=-_ \t,.*\x80";
        for (const char *other = others; *other; other++) {
            char right = *c;
            *c = *other;
            if (opens(trust, text, strlen(text)) && *other != right)
                fail_msg("%c for %c", *other, right);
            *c = right;
        }
    }
    free(text);
    trust_destroy(trust);
}

static void other_algorithms_are_not_read(void **state)
{
    (void)state;
    struct trust *trust = trust_of(PUBLIC);
    char text[5000];
    static const char *const algorithms[] = {"EE", "eD", "ed", "DE", "E\x01", "\x01\x01", "RS"};
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        size_t size =
            forge(&(struct forgery){.algorithm = algorithms[i]}, COMMENT, DATA, text, sizeof text);
        assert_fault(trust, text, size, BAD_FORM);
        assert_string_equal(err.text, "malformed signature: its algorithm is unknown");
    }
    size_t size = forge(&(struct forgery){.algorithm = "Ed"}, COMMENT, DATA, text, sizeof text);
    assert_fault(trust, text, size, TRUST_LEGACY_SIGNATURE);
    trust_destroy(trust);
}

/* `minisign -S` without -t, by hand: the comment has a tab, but that is not what is wrong with it. */
static void minisigns_own_comment_is_told_as_what_it_is(void **state)
{
    (void)state;
    struct trust *trust = trust_of(PUBLIC);
    char text[5000];
    size_t size = forge(&(struct forgery){.algorithm = "ED"},
                        "timestamp:1796047343\tfile:p-1.json\thashed", DATA, text, sizeof text);
    assert_fault(trust, text, size, BAD_FORM);
    assert_string_equal(err.text, "malformed signature: its trusted comment is the one that "
                                  "minisign writes by itself, not one of a channel; publish with "
                                  "duckling publish");
    size = forge(&(struct forgery){.algorithm = "ED"}, "a\tb", DATA, text, sizeof text);
    assert_fault(trust, text, size, BAD_FORM);
    assert_string_equal(err.text, "malformed signature: it has a control character");
    trust_destroy(trust);
}

static void the_largest_file_fits(void **state)
{
    (void)state;
    struct trust *trust = trust_of(PUBLIC);
    static char comment[POINTER_BYTES_MAX], text[POINTER_BYTES_MAX + 100];
    struct trust_seal seal;
    size_t around = forge(&(struct forgery){.algorithm = "ED"}, "", "", text, sizeof text);
    memset(comment, 'c', POINTER_BYTES_MAX - around);
    size_t size = forge(&(struct forgery){.algorithm = "ED"}, comment, "", text, sizeof text);
    assert_int_equal(size, POINTER_BYTES_MAX);
    assert_true(trust_open(trust, text, size, &seal, NULL, &err));
    assert_string_equal(seal.comment, comment);
    assert_true(trust_check(trust, &seal, "", 0, &err));
    comment[strlen(comment)] = 'c';
    size = forge(&(struct forgery){.algorithm = "ED"}, comment, "", text, sizeof text);
    assert_fault(trust, text, size, BAD_FORM);
    assert_string_equal(err.text, "malformed signature: it is too large");
    trust_destroy(trust);
}

/* A key's id is chosen by whoever makes it: only the key itself counts. */
static void an_id_is_not_a_key(void **state)
{
    (void)state;
    uint8_t bytes[42] = "Ed";
    char same_id[64], text[5000], other_id[17], id[17];
    struct trust_seal seal;
    EVP_DecodeBlock(bytes, (const unsigned char *)OTHER_PUBLIC, 56);
    memcpy(bytes + 2, first_id, sizeof first_id);
    EVP_EncodeBlock((unsigned char *)same_id, bytes, sizeof bytes);
    struct trust *trust = trust_of(same_id);
    assert_fault(trust, WHOLE, strlen(WHOLE), TRUST_BAD_SIGNATURE);
    assert_true(trust_pin(trust, PUBLIC, &err));
    assert_int_equal(trust_count(trust), 2);
    trust_key_id(trust, 0, other_id);
    trust_key_id(trust, 1, id);
    assert_string_equal(id, other_id);
    assert_true(trust_open(trust, WHOLE, strlen(WHOLE), &seal, NULL, &err));
    assert_int_equal(seal.key, 1);
    assert_true(trust_check(trust, &seal, DATA, strlen(DATA), &err));
    static const uint8_t unknown[8] = {1};
    size_t size = forge(&(struct forgery){.algorithm = "ED", .id = unknown}, COMMENT, DATA, text,
                        sizeof text);
    assert_fault(trust, text, size, TRUST_UNPINNED_KEY);
    trust_destroy(trust);
    trust = trust_create();
    assert_fault(trust, WHOLE, strlen(WHOLE), TRUST_UNPINNED_KEY);
    trust_destroy(trust);
}

static void a_failure_leaves_the_seal(void **state)
{
    (void)state;
    struct trust *trust = trust_of(OTHER_PUBLIC);
    struct trust_seal seal = {.key = 7, .comment = "kept"};
    assert_false(trust_open(trust, WHOLE, strlen(WHOLE), &seal, NULL, NULL));
    assert_int_equal(seal.key, 7);
    assert_string_equal(seal.comment, "kept");
    trust_destroy(trust);
}

/* Stands in for libcrypto's; fails as for lack of memory. */
static bool no_contexts;
EVP_MD_CTX *EVP_MD_CTX_new(void)
{
    static EVP_MD_CTX *(*own)(void);
    if (!own)
        *(void **)&own = dlsym(RTLD_NEXT, "EVP_MD_CTX_new");
    return no_contexts ? NULL : own();
}

static void what_can_not_be_verified_is_not_refused(void **state)
{
    (void)state;
    struct trust *trust = trust_of(PUBLIC);
    no_contexts = true;
    assert_false(opens(trust, WHOLE, strlen(WHOLE)));
    assert_int_equal(refusal, TRUST_NOT_REFUSED);
    assert_int_equal(err.code, ERR_SYSTEM);
    no_contexts = false;
    struct trust_seal seal;
    assert_true(trust_open(trust, WHOLE, strlen(WHOLE), &seal, NULL, &err));
    no_contexts = true;
    assert_false(trust_check(trust, &seal, DATA, strlen(DATA), &err));
    assert_int_equal(err.code, ERR_SYSTEM);
    no_contexts = false;
    trust_destroy(trust);
}

static void each_refusal_has_its_name(void **state)
{
    (void)state;
    for (int i = TRUST_NOT_REFUSED; i <= TRUST_BAD_SIGNATURE; i++)
        for (int j = TRUST_NOT_REFUSED; j < i; j++)
            assert_string_not_equal(trust_refusal_name((enum trust_refusal)i),
                                    trust_refusal_name((enum trust_refusal)j));
    assert_string_equal(trust_refusal_name(TRUST_UNPINNED_KEY), "unpinned_key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_what_minisign_signed),
        cmocka_unit_test(other_line_ends_are_the_same),
        cmocka_unit_test(the_forger_of_this_test_can_sign),
        cmocka_unit_test(a_signature_has_no_second_form),
        cmocka_unit_test(an_unpinned_key_is_named),
        cmocka_unit_test(no_bit_of_a_signature_can_change),
        cmocka_unit_test(no_bit_of_the_file_can_change),
        cmocka_unit_test(a_cut_signature_is_none),
        cmocka_unit_test(wrong_forms_are_named),
        cmocka_unit_test(base64_has_one_form),
        cmocka_unit_test(other_algorithms_are_not_read),
        cmocka_unit_test(minisigns_own_comment_is_told_as_what_it_is),
        cmocka_unit_test(the_largest_file_fits),
        cmocka_unit_test(an_id_is_not_a_key),
        cmocka_unit_test(a_failure_leaves_the_seal),
        cmocka_unit_test(what_can_not_be_verified_is_not_refused),
        cmocka_unit_test(each_refusal_has_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
