#include "commands/setup/setup_stick.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/host.h"
#include "base/log.h"
#include "commands/setup/setup_files.h"
#include "playlist/site_pointer.h"
#include "sync/trust.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "setup_stick"

#define SIGNATURE_FILE SITE_POINTER_FILE ".minisig"
#define VERSION_LINE "# version="

/* Not through a link: what a stick names must be on it. */
static MUST_CHECK bool read_file(const char *folder, const char *name, size_t limit_bytes,
                                 char **bytes, size_t *size, struct err *err)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (length >= (int)sizeof path)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", name);
    return file_read_own(path, limit_bytes, bytes, size, err);
}

/* The version that was taken last: it stands in the file that was made of it, which is root's.
 * 0: none. */
static int64_t read_taken_version(const char *path)
{
    char *text = NULL;
    size_t size;
    int64_t version = 0;
    if (!file_read(path, (size_t)SETUP_TEXT_BYTES * 2, &text, &size, NULL))
        return 0;
    const char *line = strchr(text, '\n');
    if (line && strncmp(line + 1, VERSION_LINE, sizeof VERSION_LINE - 1) == 0)
        version = strtoll(line + sizeof VERSION_LINE, NULL, 10);
    free(text);
    return version > 0 ? version : 0;
}

static MUST_CHECK bool pin_keys(struct trust *trust, const struct settings *present,
                                struct err *err)
{
    const struct option_value *keys = &present->values[SETTING_KEY];
    for (int i = 0; i < keys->text_count; i++)
        if (!trust_pin(trust, keys->texts[i], err))
            return false;
    return keys->text_count > 0 ||
           err_set(err, ERR_TRUST,
                   "no key is pinned yet: at the screen, duckling setup --answers "
                   "STICK/" SITE_POINTER_FILE " takes it, and asks whether its key is right");
}

static MUST_CHECK bool verify(const struct trust *trust, const char *signature,
                              size_t signature_size, const char *text, size_t size,
                              struct site_pointer *pointer, struct err *err)
{
    struct trust_seal seal;
    if (!trust_open(trust, signature, signature_size, &seal, NULL, err) ||
        !site_pointer_parse(seal.comment, pointer, err))
        return false;
    if (pointer->bytes != (int64_t)size)
        return err_set(err, ERR_TRUST, "%s has %zu bytes, and %" PRId64 " are signed",
                       SITE_POINTER_FILE, size, pointer->bytes);
    return trust_check(trust, &seal, text, size, err);
}

static enum pointer_verdict judge(const struct site_pointer *pointer,
                                  const struct settings *present, int64_t taken)
{
    char host[HOST_NAME_BYTES];
    const char *site = present->values[SETTING_SITE].text;
    host_find_name(host);
    const struct site_pointer_rules rules = {
        .player = host,
        .site = site ? site : "",
        .highest_version = taken,
        .now_ms = clock_wall_ms(),
        .clock_trusted = clock_is_synchronised() || clock_wall_ms() >= CLOCK_RELEASE_MS,
    };
    return site_pointer_judge(pointer, &rules);
}

/* All that a player would say against it, before it is in its way: one that does not start, or that
 * nobody can reach by a signature any more. */
static MUST_CHECK bool check_settings(const char *text, size_t size, struct err *err)
{
    static struct option_value values[SETTING_COUNT];
    struct config config;
    options_defaults(&settings_table, values);
    config_init(&config, &settings_table, values, SETTINGS_PLAY);
    config_read_text(&config, SITE_POINTER_FILE, text, size);
    bool ok = config.fault_count == 0 ||
              err_set(err, ERR_CONFIG, "%s", config.faults[0] ? config.faults[0] : "out of memory");
    const struct option_value *keys = &values[SETTING_KEY];
    struct trust *trust = trust_create();
    for (int i = 0; ok && i < keys->text_count; i++)
        ok = trust ? trust_pin(trust, keys->texts[i], err) : err_oom(err);
    trust_destroy(trust);
    config_finish(&config);
    return ok;
}

static MUST_CHECK bool write_dropin(struct setup_file *file, const char *text, int64_t version,
                                    struct err *err)
{
    char copy[PATH_MAX];
    int length =
        snprintf(file->text, sizeof file->text, VERSION_LINE "%" PRId64 "\n%s", version, text);
    if (length >= (int)sizeof file->text)
        return err_set(err, ERR_LIMIT, "%s is longer than %d bytes", SITE_POINTER_FILE,
                       SETUP_TEXT_BYTES - 64);
    return setup_file_write(file, copy, err);
}

static enum setup_stick_outcome take(const char *folder, const struct settings *present,
                                     struct setup_file *file, struct trust *trust, char **text,
                                     char **signature, struct err *err)
{
    size_t size = 0, signature_size = 0;
    struct site_pointer pointer;
    if (!read_file(folder, SITE_POINTER_FILE, (size_t)SITE_POINTER_BYTES_MAX, text, &size, err)) {
        if (err->code != ERR_MISSING)
            return SETUP_STICK_REFUSED;
        log_info("no settings on the stick path=\"%s\"", folder);
        return SETUP_STICK_NOTHING;
    }
    if (!pin_keys(trust, present, err) ||
        !read_file(folder, SIGNATURE_FILE, POINTER_BYTES_MAX, signature, &signature_size, err) ||
        !verify(trust, *signature, signature_size, *text, size, &pointer, err))
        return SETUP_STICK_REFUSED;
    enum pointer_verdict verdict = judge(&pointer, present, read_taken_version(file->path));
    if (verdict == POINTER_SAME) {
        log_info("settings of the stick are in force already version=%" PRId64, pointer.version);
        return SETUP_STICK_NOTHING;
    }
    if (verdict == POINTER_WRONG_CHANNEL)
        err_set(err, ERR_TRUST, "they are for the %s \"%s\"", pointer.is_site ? "site" : "player",
                pointer.name);
    else if (verdict != POINTER_NEW)
        err_set(err, ERR_TRUST, "version %" PRId64 ": %s", pointer.version,
                pointer_verdict_words(verdict));
    if (verdict != POINTER_NEW || !*text || strlen(*text) != size ||
        !check_settings(*text, size, err) || !write_dropin(file, *text, pointer.version, err))
        return SETUP_STICK_REFUSED;
    log_info("settings of the stick taken version=%" PRId64 " path=\"%s\"", pointer.version,
             file->path);
    return SETUP_STICK_TAKEN;
}

enum setup_stick_outcome setup_stick_take(const char *folder, const struct settings *present,
                                          const char *dropins)
{
    static struct setup_file file;
    char *text = NULL, *signature = NULL;
    struct err err = {0};
    enum setup_stick_outcome outcome = SETUP_STICK_REFUSED;
    struct trust *trust = trust_create();
    int length = snprintf(file.path, sizeof file.path, "%s/60-stick.conf", dropins);
    if (!trust || length >= (int)sizeof file.path)
        err_oom(&err);
    else
        outcome = take(folder, present, &file, trust, &text, &signature, &err);
    if (outcome == SETUP_STICK_REFUSED)
        log_error("settings of the stick refused path=\"%s\" reason=\"%s\"", folder,
                  err.code == ERR_NONE ? SITE_POINTER_FILE " holds a zero byte" : err.text);
    trust_destroy(trust);
    free(text);
    free(signature);
    return outcome;
}
