#include "commands/publish/publish_channel.h"

#include "commands/publish/publish_keyfile.h"
#include "commands/publish/publish_time.h"
#include "playlist/playlist.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Interrupted uploads can't leave more files than this that were never in force. */
#define PASSED_OVER_MAX 100
#define NOT_SIGNED_MAX 64
#define NEAR 16 /* so many versions after the last known one are looked for one by one */
#define FAR_KNOWN 1024
#define FAR_UNKNOWN 1000000
#define PROBES_MAX 160
#define LATELY_MINUTES 30
#define MINUTE_MS INT64_C(60000)
/* Each round ends above the one before, by 1,024 versions where so many are there. A server that
 * answers that all of them are there has none of them. */
#define ROUNDS_MAX 16

void publish_channel_pointer_name(const struct publish_channel *channel,
                                  char name[PUBLISH_NAME_BYTES])
{
    snprintf(name, PUBLISH_NAME_BYTES, "channels/%s/%s.minisig", channel->name,
             channel->kind == POINTER_TAKEOVER ? "takeover" : "latest");
}

void publish_channel_file_name(const struct publish_channel *channel, int64_t version,
                               const char *ending, char name[PUBLISH_NAME_BYTES])
{
    const struct pointer pointer = {.kind = channel->kind, .version = version};
    char file[POINTER_FILE_BYTES];
    pointer_file(&pointer, file);
    snprintf(name, PUBLISH_NAME_BYTES, "channels/%s/%s%s", channel->name, file, ending);
}

bool publish_channel_is_unusable(const struct err *err)
{
    return err->code == ERR_MISSING || err->code == ERR_TRUST || err->code == ERR_LIMIT ||
           err->code == ERR_INPUT;
}

static MUST_CHECK bool get_channel_file(const struct publish_channel *channel, const char *name,
                                        size_t limit_bytes, char **data, size_t *size,
                                        struct err *err)
{
    *data = NULL;
    return target_get(channel->target, name, limit_bytes, data, size, err);
}

/* Puts the address of a file before the text of an error. */
static MUST_CHECK bool prefix_address(const struct publish_channel *channel, const char *name,
                                      struct err *err)
{
    char place[512];
    target_public(channel->target, name, place, sizeof place);
    return err_prefix(err, "%s: ", place);
}

/* Adds to the error of a signature which key made it, if that is not --key's. Returns false. */
static MUST_CHECK bool set_key_mismatch(const struct publish_channel *channel, const char *bytes,
                                        struct err *err)
{
    char theirs[PUBLISH_KEYFILE_ID_BYTES], own[PUBLISH_KEYFILE_ID_BYTES], text[ERR_TEXT_BYTES];
    trust_key_id(channel->trust, 0, own);
    if (!publish_keyfile_signer(bytes, theirs) || strcmp(theirs, own) == 0)
        return false;
    /* trust_open names the keys, too, but does not call its own --key. */
    const char *named = strstr(err->text, ": it is signed by key ");
    size_t length = named ? (size_t)(named - err->text) : strlen(err->text);
    snprintf(text, sizeof text, "%.*s", (int)length, err->text);
    return err_set(err, err->code,
                   "%s: it is signed by key %s, but --key is %s; check --key and --channel, or see "
                   "Changing keys in channels.md",
                   text, theirs, own);
}

/* Verifies a signature file, and reads the pointer in it: is it for this channel? */
static MUST_CHECK bool open_channel_seal(const struct publish_channel *channel, const char *bytes,
                                         size_t size, struct trust_seal *seal,
                                         struct pointer *pointer, struct err *err)
{
    *pointer = (struct pointer){.kind = channel->kind};
    if (!trust_open(channel->trust, bytes, size, seal, NULL, err))
        return set_key_mismatch(channel, bytes, err);
    if (!pointer_parse(seal->comment, pointer, err))
        return false;
    const struct pointer_rules rules = {.channel = channel->name, .kind = channel->kind};
    enum pointer_verdict verdict = pointer_judge(pointer, &rules);
    if (verdict == POINTER_WRONG_CHANNEL)
        return err_set(err, ERR_TRUST, "it belongs to the channel %s", pointer->channel);
    if (verdict == POINTER_WRONG_KIND)
        return err_set(err, ERR_TRUST, "it belongs to a %s",
                       pointer->kind == POINTER_TAKEOVER ? "takeover" : "playlist");
    return true;
}

bool publish_channel_current(const struct publish_channel *channel, struct pointer *pointer,
                             struct err *err)
{
    char name[PUBLISH_NAME_BYTES], *bytes = NULL;
    size_t size = 0;
    struct trust_seal seal;
    struct err why = {0};
    *pointer = (struct pointer){.kind = channel->kind};
    publish_channel_pointer_name(channel, name);
    bool came = get_channel_file(channel, name, POINTER_BYTES_MAX, &bytes, &size, &why), ok = came;
    if (!came && why.code == ERR_MISSING)
        return true;
    if (came)
        ok = open_channel_seal(channel, bytes, size, &seal, pointer, &why) ||
             prefix_address(channel, name, &why);
    free(bytes);
    if (ok)
        return true;
    /* It may be deleted, as the versions' files, too, say which version comes next. */
    bool is_wrong_file = (came || why.code == ERR_LIMIT) && publish_channel_is_unusable(&why);
    return err_set(err, why.code, "%s%s", why.text,
                   is_wrong_file ? "; find out who put it there, or delete it and publish again"
                                 : "");
}

/* Reads and verifies the signature file beside a version's file. */
static MUST_CHECK bool read_version_seal(const struct publish_channel *channel, int64_t number,
                                         struct trust_seal *seal, struct pointer *pointer,
                                         struct err *err)
{
    char name[PUBLISH_NAME_BYTES], *bytes = NULL;
    size_t size = 0;
    publish_channel_file_name(channel, number, ".minisig", name);
    if (!get_channel_file(channel, name, POINTER_BYTES_MAX, &bytes, &size, err))
        return false;
    bool ok = open_channel_seal(channel, bytes, size, seal, pointer, err);
    free(bytes);
    if (ok && pointer->version != number)
        ok = err_set(err, ERR_TRUST, "the signature is for version %" PRId64, pointer->version);
    return ok || prefix_address(channel, name, err);
}

bool publish_channel_read(const struct publish_channel *channel, int64_t number,
                          struct publish_version *version, struct err *err)
{
    char name[PUBLISH_NAME_BYTES];
    size_t size = 0;
    struct trust_seal seal;
    *version = (struct publish_version){0};
    publish_channel_file_name(channel, number, "", name);
    if (!read_version_seal(channel, number, &seal, &version->pointer, err) ||
        !get_channel_file(channel, name, (size_t)version->pointer.bytes, &version->bytes, &size,
                          err))
        return false;
    if (size == (size_t)version->pointer.bytes
            ? trust_check(channel->trust, &seal, version->bytes, size, err)
            : err_set(err, ERR_TRUST, "its length differs from the signed one"))
        return true;
    free(version->bytes);
    version->bytes = NULL;
    return prefix_address(channel, name, err);
}

struct probes {
    size_t count;
    int64_t numbers[PROBES_MAX];
    struct target_file files[PROBES_MAX];
    char names[PROBES_MAX][PUBLISH_NAME_BYTES];
};

static void list_probes(const struct publish_channel *channel, int64_t above, struct probes *probes)
{
    bool is_known = above > 0;
    int64_t far = is_known ? FAR_KNOWN : FAR_UNKNOWN;
    int64_t part = is_known ? 1 : 8;
    probes->count = 0;
    for (int64_t offset = 1; offset <= far && above + offset <= POINTER_VERSION_MAX;
         offset += offset < NEAR ? 1 : offset / part) {
        size_t at = probes->count++;
        probes->numbers[at] = above + offset;
        publish_channel_file_name(channel, above + offset, "", probes->names[at]);
        probes->files[at] = (struct target_file){.name = probes->names[at], .bytes = -1};
        if (probes->count == PROBES_MAX)
            break;
    }
}

bool publish_channel_highest(const struct publish_channel *channel, int64_t above, int64_t *highest,
                             struct err *err)
{
    struct probes probes;
    *highest = above;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        bool higher = false;
        list_probes(channel, *highest, &probes);
        if (!target_stat(channel->target, probes.files, probes.count, err))
            return false;
        for (size_t i = 0; i < probes.count; i++) {
            higher = higher || probes.files[i].there;
            *highest = probes.files[i].there ? probes.numbers[i] : *highest;
        }
        if (!higher)
            return true;
    }
    char place[512];
    target_public(channel->target, "", place, sizeof place);
    return err_set(err, ERR_INPUT,
                   "the server says that it has version %" PRId64
                   " of channel %s, and ever higher ones, as if it had whatever it is asked for: "
                   "have it answer 404 where there is no file, or give another target (%s)",
                   *highest, channel->name, place);
}

bool publish_channel_lately(const struct publish_channel *channel, int64_t now_ms, int64_t *highest,
                            struct err *err)
{
    struct probes probes = {0};
    int64_t begun = 0;
    for (int64_t minute = 0; minute <= LATELY_MINUTES; minute++) {
        size_t at = probes.count++;
        probes.numbers[at] = publish_time_version(now_ms - minute * MINUTE_MS);
        publish_channel_file_name(channel, probes.numbers[at], "", probes.names[at]);
        probes.files[at] = (struct target_file){.name = probes.names[at], .bytes = -1};
    }
    *highest = 0;
    if (!target_stat(channel->target, probes.files, probes.count, err))
        return false;
    for (size_t i = 0; i < probes.count && !begun; i++)
        begun = probes.files[i].there ? probes.numbers[i] : 0;
    return !begun || publish_channel_highest(channel, begun, highest, err);
}

bool publish_channel_newest(const struct publish_channel *channel, const struct pointer *current,
                            int64_t highest, struct pointer *newest, struct err *err)
{
    struct trust_seal seal;
    struct err why = {0};
    for (int64_t number = highest; number > current->version && number > highest - NOT_SIGNED_MAX;
         number--) {
        if (read_version_seal(channel, number, &seal, newest, &why))
            return true;
        if (!publish_channel_is_unusable(&why))
            return err_set(err, why.code, "%s", why.text);
    }
    *newest = *current;
    return true;
}

bool publish_channel_is_ours(const struct publish_channel *channel, int64_t number, bool *is_ours,
                             struct err *err)
{
    struct trust_seal seal;
    struct pointer pointer;
    struct err why = {0};
    bool is_sealed = read_version_seal(channel, number, &seal, &pointer, &why);
    *is_ours = is_sealed || why.code == ERR_MISSING;
    return is_sealed || publish_channel_is_unusable(&why) || err_set(err, why.code, "%s", why.text);
}

static char *compile_content(const struct publish_channel *channel,
                             const struct publish_content *content, int64_t number, size_t *size,
                             struct err *err)
{
    if (!content->files)
        return playlist_compile_again(content->bytes, content->size, channel->name, number, size,
                                      err);
    const struct playlist_compile with = {.channel = channel->name,
                                          .version = number,
                                          .files = content->files,
                                          .file_count = content->file_count};
    return playlist_compile(content->bytes, content->size, &with, size, err);
}

bool publish_channel_check_free(const struct publish_channel *channel,
                                const struct publish_version *version, bool *is_free, bool *there,
                                struct err *err)
{
    char name[PUBLISH_NAME_BYTES], *bytes = NULL;
    size_t size = 0, needed_bytes = (size_t)version->pointer.bytes;
    struct err why = {0};
    publish_channel_file_name(channel, version->pointer.version, "", name);
    bool got = get_channel_file(channel, name, PLAYLIST_BYTES_MAX, &bytes, &size, &why);
    *there =
        got && bytes && size == needed_bytes && memcmp(bytes, version->bytes, needed_bytes) == 0;
    *is_free = *there || why.code == ERR_MISSING;
    free(bytes);
    return got || publish_channel_is_unusable(&why) || err_set(err, why.code, "%s", why.text);
}

bool publish_channel_next(const struct publish_channel *channel,
                          const struct publish_content *content, int64_t after,
                          struct publish_version *version, bool *there, struct err *err)
{
    bool is_free = false;
    for (int64_t number = after + 1; number <= after + PASSED_OVER_MAX; number++) {
        size_t size = 0;
        *version = (struct publish_version){.pointer = {.kind = channel->kind, .version = number}};
        if (number > POINTER_VERSION_MAX)
            return err_set(err, ERR_LIMIT, "no version can follow %" PRId64 ", the highest",
                           number - 1);
        version->bytes = compile_content(channel, content, number, &size, err);
        version->pointer.bytes = (int64_t)size;
        snprintf(version->pointer.channel, sizeof version->pointer.channel, "%s", channel->name);
        bool ok =
            version->bytes && publish_channel_check_free(channel, version, &is_free, there, err);
        if (ok && is_free)
            return true;
        free(version->bytes);
        version->bytes = NULL;
        if (!ok)
            return false;
    }
    return err_set(err, ERR_LIMIT,
                   "versions %" PRId64 " to %" PRId64
                   " of channel %s exist with other content, and none is in force",
                   after + 1, after + PASSED_OVER_MAX, channel->name);
}
