#include "operate/publish_channel.h"

#include "core/playlist.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many files that were never put in force can't come of uploads that broke off. */
#define PASSED_OVER_MAX 1000

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

/* An empty target is one that has no file. */
static bool get(const struct publish_channel *channel, const char *name, size_t limit_bytes,
                char **data, size_t *size, struct err *err)
{
    *data = NULL;
    return channel->target ? target_get(channel->target, name, limit_bytes, data, size, err)
                           : err_set(err, ERR_MISSING, "%s: not there", name);
}

/* Where a name is, before the words of an error. */
static bool at(const struct publish_channel *channel, const char *name, struct err *err)
{
    char place[512];
    if (!channel->target)
        return false;
    target_public(channel->target, name, place, sizeof place);
    return err_prefix(err, "%s: ", place);
}

/* What a signature file says that is this channel's, signed by the operator. */
static bool open_seal(const struct publish_channel *channel, const char *bytes, size_t size,
                      struct trust_seal *seal, struct pointer *pointer, struct err *err)
{
    if (!trust_open(channel->trust, bytes, size, seal, err) ||
        !pointer_parse(seal->comment, pointer, err))
        return false;
    const struct pointer_rules rules = {.channel = channel->name, .kind = channel->kind};
    enum pointer_verdict verdict = pointer_judge(pointer, &rules);
    if (verdict == POINTER_WRONG_CHANNEL || verdict == POINTER_WRONG_KIND)
        return err_set(err, ERR_TRUST, "%s", pointer_verdict_words(verdict));
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
    bool ok = get(channel, name, POINTER_BYTES_MAX, &bytes, &size, &why);
    if (!ok && why.code == ERR_MISSING)
        return true;
    if (!ok) {
        err_set(err, why.code, "%s", why.text);
        return false;
    }
    ok = open_seal(channel, bytes, size, &seal, pointer, err) || at(channel, name, err);
    free(bytes);
    return ok;
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

bool publish_channel_newest(const struct publish_channel *channel, const struct pointer *current,
                            struct pointer *newest, struct err *err)
{
    struct trust_seal seal;
    struct pointer next;
    struct err why = {0};
    *newest = *current;
    for (int i = 0; i < PASSED_OVER_MAX; i++) {
        if (!read_seal(channel, newest->version + 1, &seal, &next, &why))
            break;
        *newest = next;
    }
    return why.code == ERR_NONE || publish_channel_is_unusable(&why) ||
           err_set(err, why.code, "%s", why.text);
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
