#include "commands/publish/publish_channel.h"

#include "commands/publish/publish_keyfile.h"
#include "playlist/playlist.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many files that were never put in force can't come of uploads that broke off. */
#define PASSED_OVER_MAX 1000
#define NOT_SIGNED_MAX 64
#define NEAR 16 /* so many versions after the last known one are looked for one by one */
#define FAR_KNOWN 1024
#define FAR_UNKNOWN 1000000
#define PROBES_MAX 160
/* Each round ends above the one before. Whoever puts enough files on the server to need more rounds
 * has only made version numbers higher. */
#define ROUNDS_MAX 64

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

static bool get(const struct publish_channel *channel, const char *name, size_t limit_bytes,
                char **data, size_t *size, struct err *err)
{
    *data = NULL;
    return target_get(channel->target, name, limit_bytes, data, size, err);
}

/* Where a name is, before the words of an error. */
static bool at(const struct publish_channel *channel, const char *name, struct err *err)
{
    char place[512];
    target_public(channel->target, name, place, sizeof place);
    return err_prefix(err, "%s: ", place);
}

/* Behind the error of a signature by another key: by which. */
static bool tell_keys(const struct publish_channel *channel, const char *bytes, struct err *err)
{
    char theirs[PUBLISH_KEYFILE_ID_BYTES], own[PUBLISH_KEYFILE_ID_BYTES], text[ERR_TEXT_BYTES];
    trust_key_id(channel->trust, 0, own);
    if (!publish_keyfile_signer(bytes, theirs) || strcmp(theirs, own) == 0)
        return false;
    snprintf(text, sizeof text, "%s", err->text);
    return err_set(err, err->code,
                   "%s: it is signed by key %s, and --key is %s: a wrong --key, a wrong --channel, "
                   "or a change of keys",
                   text, theirs, own);
}

/* What a signature file says that is this channel's, signed by the operator. */
static bool open_seal(const struct publish_channel *channel, const char *bytes, size_t size,
                      struct trust_seal *seal, struct pointer *pointer, struct err *err)
{
    *pointer = (struct pointer){.kind = channel->kind};
    if (!trust_open(channel->trust, bytes, size, seal, NULL, err))
        return tell_keys(channel, bytes, err);
    if (!pointer_parse(seal->comment, pointer, err))
        return false;
    const struct pointer_rules rules = {.channel = channel->name, .kind = channel->kind};
    enum pointer_verdict verdict = pointer_judge(pointer, &rules);
    if (verdict == POINTER_WRONG_CHANNEL)
        return err_set(err, ERR_TRUST, "wrong channel: %s", pointer->channel);
    if (verdict == POINTER_WRONG_KIND)
        return err_set(err, ERR_TRUST, "wrong kind: it is a %s's",
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
    bool came = get(channel, name, POINTER_BYTES_MAX, &bytes, &size, &why), ok = came;
    if (!came && why.code == ERR_MISSING)
        return true;
    if (came)
        ok = open_seal(channel, bytes, size, &seal, pointer, &why) || at(channel, name, &why);
    free(bytes);
    /* That may be done, as what comes next is told by the files, too. */
    return ok || err_set(err, why.code, "%s%s", why.text,
                         (came || why.code == ERR_LIMIT) && publish_channel_is_unusable(&why)
                             ? "; look who put it there, or delete it and publish again"
                             : "");
}

/* The signature that is kept beside a version's file. */
static bool read_seal(const struct publish_channel *channel, int64_t number,
                      struct trust_seal *seal, struct pointer *pointer, struct err *err)
{
    char name[PUBLISH_NAME_BYTES], *bytes = NULL;
    size_t size = 0;
    publish_channel_file_name(channel, number, ".minisig", name);
    if (!get(channel, name, POINTER_BYTES_MAX, &bytes, &size, err))
        return false;
    bool ok = open_seal(channel, bytes, size, seal, pointer, err);
    free(bytes);
    if (ok && pointer->version != number)
        ok = err_set(err, ERR_TRUST, "it signs version %" PRId64, pointer->version);
    return ok || at(channel, name, err);
}

bool publish_channel_read(const struct publish_channel *channel, int64_t number,
                          struct publish_version *version, struct err *err)
{
    char name[PUBLISH_NAME_BYTES];
    size_t size = 0;
    struct trust_seal seal;
    *version = (struct publish_version){0};
    publish_channel_file_name(channel, number, "", name);
    if (!read_seal(channel, number, &seal, &version->pointer, err) ||
        !get(channel, name, (size_t)version->pointer.bytes, &version->bytes, &size, err))
        return false;
    if (size == (size_t)version->pointer.bytes
            ? trust_check(channel->trust, &seal, version->bytes, size, err)
            : err_set(err, ERR_TRUST, "not of the length that is signed"))
        return true;
    free(version->bytes);
    version->bytes = NULL;
    return at(channel, name, err);
}

struct probes {
    size_t count;
    int64_t numbers[PROBES_MAX];
    struct target_file files[PROBES_MAX];
    char names[PROBES_MAX][PUBLISH_NAME_BYTES];
};

static void list_probes(const struct publish_channel *channel, int64_t above, struct probes *probes)
{
    int64_t far = above > 0 ? FAR_KNOWN : FAR_UNKNOWN, part = above > 0 ? 1 : 8;
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
        if (!target_look(channel->target, probes.files, probes.count, err))
            return false;
        for (size_t i = 0; i < probes.count; i++) {
            higher = higher || probes.files[i].there;
            *highest = probes.files[i].there ? probes.numbers[i] : *highest;
        }
        if (!higher)
            break;
    }
    return true;
}

bool publish_channel_newest(const struct publish_channel *channel, const struct pointer *current,
                            int64_t highest, struct pointer *newest, struct err *err)
{
    struct trust_seal seal;
    struct err why = {0};
    for (int64_t number = highest; number > current->version && number > highest - NOT_SIGNED_MAX;
         number--) {
        if (read_seal(channel, number, &seal, newest, &why))
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
    bool is_sealed = read_seal(channel, number, &seal, &pointer, &why);
    *is_ours = is_sealed || why.code == ERR_MISSING;
    return is_sealed || publish_channel_is_unusable(&why) || err_set(err, why.code, "%s", why.text);
}

static char *compile(const struct publish_channel *channel, const struct publish_content *content,
                     int64_t number, size_t *size, struct err *err)
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

bool publish_channel_look(const struct publish_channel *channel,
                          const struct publish_version *version, bool *is_free, bool *there,
                          struct err *err)
{
    char name[PUBLISH_NAME_BYTES], *bytes = NULL;
    size_t size = 0, wanted = (size_t)version->pointer.bytes;
    struct err why = {0};
    publish_channel_file_name(channel, version->pointer.version, "", name);
    bool got = get(channel, name, PLAYLIST_BYTES_MAX, &bytes, &size, &why);
    *there = got && bytes && size == wanted && memcmp(bytes, version->bytes, wanted) == 0;
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
            return err_set(err, ERR_LIMIT, "no version can follow %" PRId64, number - 1);
        version->bytes = compile(channel, content, number, &size, err);
        version->pointer.bytes = (int64_t)size;
        snprintf(version->pointer.channel, sizeof version->pointer.channel, "%s", channel->name);
        bool ok = version->bytes && publish_channel_look(channel, version, &is_free, there, err);
        if (ok && is_free)
            return true;
        free(version->bytes);
        version->bytes = NULL;
        if (!ok)
            return false;
    }
    return err_set(err, ERR_LIMIT,
                   "versions %" PRId64 " to %" PRId64
                   " of channel %s are all there with other content, and none is in force",
                   after + 1, after + PASSED_OVER_MAX, channel->name);
}
