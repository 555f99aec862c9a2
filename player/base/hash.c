#include "base/hash.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct hash {
    EVP_MD_CTX *context;
};

struct hash *hash_create(void)
{
    struct hash *hash = calloc(1, sizeof *hash);
    if (!hash)
        return NULL;
    hash->context = EVP_MD_CTX_new();
    if (hash->context && EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) == 1)
        return hash;
    hash_destroy(hash);
    return NULL;
}

void hash_destroy(struct hash *hash)
{
    if (!hash)
        return;
    EVP_MD_CTX_free(hash->context);
    free(hash);
}

bool hash_add(struct hash *hash, const void *data, size_t size)
{
    return EVP_DigestUpdate(hash->context, data, size) == 1;
}

bool hash_result(struct hash *hash, uint8_t digest[HASH_BYTES])
{
    return EVP_DigestFinal_ex(hash->context, digest, NULL) == 1;
}

bool hash_bytes(const void *data, size_t size, uint8_t digest[HASH_BYTES])
{
    return EVP_Digest(data, size, digest, NULL, EVP_sha256(), NULL) == 1;
}

void hash_to_text(const uint8_t digest[HASH_BYTES], char text[HASH_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < HASH_BYTES; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[HASH_TEXT_BYTES - 1] = '\0';
}

static int hex_digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool hash_from_text(const char *text, uint8_t digest[HASH_BYTES])
{
    if (strlen(text) != HASH_TEXT_BYTES - 1)
        return false;
    for (size_t i = 0; i < HASH_BYTES; i++) {
        int high = hex_digit_value(text[2 * i]), low = hex_digit_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        digest[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
