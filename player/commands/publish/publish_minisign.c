#include "commands/publish/publish_minisign.h"

#include "base/file.h"
#include "base/log.h"
#include "commands/publish/publish_keyfile.h"
#include "commands/publish/publish_private_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_MODULE "publish_minisign"

#define HINT_BYTES (sizeof "duckling channel " + POINTER_CHANNEL_BYTES)

/* A program's arguments are not const for historical reasons; nobody changes them. */
static char *argument_of(const char *text)
{
    union {
        const char *given;
        char *changeable;
    } view = {.given = text};
    return view.changeable;
}

/* The path of the public key beside a secret key: operator.pub for operator.key. */
static MUST_CHECK bool public_key_path(const char *secret, char path[PATH_MAX], struct err *err)
{
    static const char ending[] = ".key";
    size_t length = strlen(secret), end = sizeof ending - 1;
    bool has_ending = length > end && strcmp(secret + length - end, ending) == 0;
    int used =
        snprintf(path, PATH_MAX, "%.*s.pub", (int)(has_ending ? length - end : length), secret);
    return (used > 0 && used < PATH_MAX) ||
           err_set(err, ERR_LIMIT, "option --key: the path is too long");
}

/* Runs minisign with a secret key, which may have a password. */
static MUST_CHECK bool run_with_key(struct publish_private_dir *dir, char *const argv[],
                                    const char *secret, struct err *err)
{
    bool asks = false;
    struct err unread;
    if (publish_private_dir_run(dir, argv, err))
        return true;
    if (err->code != ERR_SYSTEM || isatty(STDIN_FILENO) ||
        !publish_keyfile_read(secret, &asks, &unread) || !asks)
        return false;
    char text[ERR_TEXT_BYTES];
    snprintf(text, sizeof text, "%s", err->text);
    return err_set(
        err, ERR_SYSTEM,
        "%s: the key needs a password, and there is no terminal to ask for it; run this in "
        "a terminal, or make a key without a password with minisign -G -W",
        text);
}

static MUST_CHECK bool pin_derived_key(const char *secret, const char *public, struct trust *trust,
                                       struct err *err)
{
    struct publish_private_dir dir;
    bool ok = publish_private_dir_open(&dir, "unused", "key.pub", err);
    char *const argv[] = {"minisign", "-R", "-s", argument_of(secret), "-p", dir.output, NULL};
    log_info("no public key file, deriving it from the secret key path=\"%s\"", public);
    ok = ok && run_with_key(&dir, argv, secret, err) && trust_pin(trust, dir.output, err);
    publish_private_dir_close(&dir);
    return ok || err_prefix(err, "cannot derive the public key of %s: ", secret);
}

bool publish_minisign_pin(const char *secret, bool may_ask, struct trust *trust, struct err *err)
{
    char public[PATH_MAX];
    bool asks = false;
    if (!public_key_path(secret, public, err) || !publish_keyfile_read(secret, &asks, err))
        return false;
    if (access(public, F_OK) == 0)
        return trust_pin(trust, public, err) || err_prefix(err, "cannot use the public key: ");
    if (asks && !may_ask)
        return err_set(err, ERR_MISSING, "no public key %s; create it with minisign -R -s %s -p %s",
                       public, secret, public);
    return pin_derived_key(secret, public, trust, err);
}

static MUST_CHECK bool verify_new_signature(const struct trust *trust,
                                            const struct publish_signature *signature,
                                            const char *comment, const void *data, size_t size,
                                            struct err *err)
{
    struct trust_seal seal;
    if (!trust_open(trust, signature->bytes, signature->size, &seal, NULL, err) ||
        !trust_check(trust, &seal, data, size, err))
        return err_prefix(err, "the new signature does not match the public key of --key: ");
    return strcmp(seal.comment, comment) == 0 ||
           err_set(err, ERR_TRUST, "minisign signed another comment than it was given");
}

/* The untrusted comment, for people and for file(1). */
static void print_hint(const struct pointer *pointer, char hint[HINT_BYTES])
{
    snprintf(hint, HINT_BYTES, "duckling channel %s", pointer->channel);
}

size_t publish_minisign_bytes(const struct pointer *pointer)
{
    char hint[HINT_BYTES], comment[POINTER_TEXT_BYTES];
    print_hint(pointer, hint);
    pointer_print(pointer, comment);
    /* Base64 of 2 + 8 + 64 and of 64 bytes on the second and fourth line. */
    return strlen("untrusted comment: \n") + strlen(hint) + 100 + strlen("\ntrusted comment: \n") +
           strlen(comment) + 88 + strlen("\n");
}

static MUST_CHECK bool sign_in_dir(struct publish_private_dir *dir, const char *secret,
                                   const struct pointer *pointer, const char *comment,
                                   struct err *err)
{
    char hint[HINT_BYTES];
    print_hint(pointer, hint);
    char *const argv[] = {"minisign", "-S",        "-s", argument_of(secret),  "-m", dir->input,
                          "-x",       dir->output, "-t", argument_of(comment), "-c", hint,
                          NULL};
    return run_with_key(dir, argv, secret, err);
}

static MUST_CHECK bool read_signature(const struct publish_private_dir *dir,
                                      struct publish_signature *signature, struct err *err)
{
    char *bytes = NULL;
    if (!file_read(dir->output, sizeof signature->bytes, &bytes, &signature->size, err))
        return err_prefix(err, "cannot read minisign's signature: ");
    memcpy(signature->bytes, bytes, signature->size);
    free(bytes);
    return true;
}

bool publish_minisign_sign(const char *secret, const struct trust *trust,
                           const struct pointer *pointer, const void *data,
                           struct publish_signature *signature, struct err *err)
{
    struct publish_private_dir dir;
    char file[POINTER_FILE_BYTES], comment[POINTER_TEXT_BYTES];
    pointer_file(pointer, file);
    pointer_print(pointer, comment);
    bool ok = publish_private_dir_open(&dir, file, "signature", err) &&
              publish_private_dir_write(&dir, data, (size_t)pointer->bytes, err) &&
              sign_in_dir(&dir, secret, pointer, comment, err) &&
              read_signature(&dir, signature, err);
    publish_private_dir_close(&dir);
    return ok && verify_new_signature(trust, signature, comment, data, (size_t)pointer->bytes, err);
}
