#include "commands/publish/publish_keyfile.h"

#include "base/file.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX 4096
#define PUBLIC_LETTERS 56  /* base64 of 2 + 8 + 32 bytes */
#define SECRET_LETTERS 212 /* of 158: minisign(1), and its source */
#define ID_OFFSET 2        /* behind the algorithm's name */
#define ID_BYTES 8

static int base64_digit_value(char c)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c ? strchr(letters, c) : NULL;
    return found ? (int)(found - letters) : -1;
}

/* The second line, which has the key or signature; the first is a comment. */
static const char *second_line(const char *text)
{
    const char *end = text + strcspn(text, "\n");
    return *end ? end + 1 : end;
}

bool publish_keyfile_read(const char *path, bool *has_password, struct err *err)
{
    char *bytes = NULL;
    size_t size;
    *has_password = false;
    if (!file_read(path, FILE_BYTES_MAX, &bytes, &size, err))
        return err_prefix(err, "option --key: ");
    const char *line = second_line(bytes);
    size_t letters = strcspn(line, "\r\n");
    bool is_public = letters == PUBLIC_LETTERS && strncmp(line, "RW", 2) == 0;
    /* Base64 of "Ed", then of the key derivation ("Sc", or two zero bytes: no password), then
     * "B2". */
    bool is_plain = strncmp(line, "RWQAAEIy", 8) == 0;
    *has_password = strncmp(line, "RWRTY0Iy", 8) == 0;
    bool is_secret = letters == SECRET_LETTERS && (is_plain || *has_password);
    free(bytes);
    if (is_public)
        return err_set(err, ERR_INPUT,
                       "option --key needs the secret key, such as operator.key, and %s is a "
                       "public key",
                       path);
    if (!is_secret)
        return err_set(err, ERR_INPUT, "option --key needs a minisign secret key, and %s is none",
                       path);
    return true;
}

bool publish_keyfile_signer(const char *signature, char id[PUBLISH_KEYFILE_ID_BYTES])
{
    const char *line = second_line(signature);
    uint8_t bytes[ID_OFFSET + ID_BYTES];
    unsigned bits = 0;
    int bit_count = 0;
    for (size_t count = 0; count < sizeof bytes; line++) {
        int value = base64_digit_value(*line);
        if (value < 0)
            return false;
        bits = (bits << 6 | (unsigned)value) & 0xffff;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            bytes[count++] = (uint8_t)(bits >> bit_count);
        }
    }
    uint64_t number = 0;
    for (size_t i = ID_BYTES; i-- > 0;) /* little-endian */
        number = number << 8 | bytes[ID_OFFSET + i];
    snprintf(id, PUBLISH_KEYFILE_ID_BYTES, "%016" PRIX64, number);
    return true;
}
