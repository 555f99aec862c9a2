#include "operate/publish_session.h"

#include "base/clock.h"
#include "base/log.h"
#include "operate/publish_put.h"
#include "operate/publish_sign.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *text_of(const struct settings *settings, enum setting setting)
{
    return settings->values[setting].text;
}

bool publish_session_check(const struct settings *settings, struct err *err)
{
    const char *channel = text_of(settings, SETTING_CHANNEL);
    if (!text_of(settings, SETTING_BASE))
        return err_set(err, ERR_INPUT, "where to? --to BASE: http(s)://, s3:// or a folder");
    if (!channel)
        return err_set(err, ERR_INPUT, "which channel? --channel NAME");
    if (!text_of(settings, SETTING_SECRET))
        return err_set(err, ERR_INPUT, "signed by whom? --key SECRET, a key file of minisign's");
    return pointer_channel_is_valid(channel) ||
           err_set(err, ERR_INPUT,
                   "--channel: 1 to %d of the characters a to z, 0 to 9, dot, _ and hyphen, the "
                   "first a letter or digit",
                   POINTER_CHANNEL_BYTES - 1);
}

/* A folder that a dry run must not make. */
static bool is_missing_folder(const char *base)
{
    return *base && !strstr(base, "://") && access(base, F_OK) < 0 && errno == ENOENT;
}

static bool open_target(struct publish_session *session, struct err *err)
{
    const struct settings *settings = session->settings;
    const struct target_config config = {
        .base = text_of(settings, SETTING_BASE),
        .ca_file = text_of(settings, SETTING_CA_FILE),
        .client_cert = text_of(settings, SETTING_CLIENT_CERT),
        .client_key = text_of(settings, SETTING_CLIENT_KEY),
    };
    if (session->dry_run && is_missing_folder(config.base))
        return true;
    session->channel.target = target_open(&config, err);
    return session->channel.target != NULL;
}

static bool read_current(struct publish_session *session, struct err *err)
{
    struct pointer *current = &session->current;
    char name[PUBLISH_NAME_BYTES];
    publish_channel_pointer_name(&session->channel, name);
    if (!publish_channel_current(&session->channel, current, err))
        return err_prefix(err, "what is in force can't be told: ");
    if (current->version > 0 && current->signed_ms > clock_wall_ms())
        return err_set(err, ERR_TRUST,
                       "version %" PRId64 " in %s was signed later than now: this machine's clock "
                       "is behind",
                       current->version, name);
    session->newest = *current;
    return session->channel.kind == POINTER_PLAYLIST ||
           publish_channel_newest(&session->channel, current, &session->newest, err);
}

bool publish_session_begin(struct publish_session *session, const struct settings *settings,
                           enum pointer_kind kind, struct err *err)
{
    *session = (struct publish_session){
        .settings = settings,
        .dry_run = settings->values[SETTING_DRY_RUN].number > 0,
        .channel = {.name = text_of(settings, SETTING_CHANNEL), .kind = kind},
        .trust = trust_create(),
    };
    if (!session->trust)
        return err_set(err, ERR_SYSTEM, "out of memory");
    session->channel.trust = session->trust;
    return publish_sign_pin(text_of(settings, SETTING_SECRET), !session->dry_run, session->trust,
                            err) &&
           open_target(session, err) && read_current(session, err);
}

void publish_session_finish(struct publish_session *session)
{
    target_close(session->channel.target);
    trust_destroy(session->trust);
    session->channel.target = NULL;
    session->trust = NULL;
}

/* Which media the target lacks, and how much that is. */
static bool look(const struct publish_session *session, struct publish_media *media,
                 struct publish_outcome *outcome, struct err *err)
{
    struct target *target = session->channel.target;
    *outcome = (struct publish_outcome){.files = media->target_count};
    if (target && !target_look(target, media->targets, media->target_count, err))
        return false;
    for (size_t i = 0; i < media->target_count; i++) {
        outcome->uploaded += !media->targets[i].there;
        outcome->bytes += media->targets[i].there ? 0 : media->targets[i].bytes;
    }
    return true;
}

/* What is published again was on the target: media that have gone since can't be put there. */
static bool check_there(const struct publish_media *media, struct err *err)
{
    size_t missing = 0, first = 0;
    for (size_t i = media->target_count; i-- > 0;) {
        missing += !media->targets[i].there;
        first = media->targets[i].there ? first : i;
    }
    return missing == 0 ||
           err_set(err, ERR_MISSING, "%zu of its media are no longer on the target, such as %s",
                   missing, media->targets[first].name);
}

static void tell_file(const struct publish_session *session, const char *name, int64_t bytes)
{
    char place[1024];
    if (session->channel.target)
        target_public(session->channel.target, name, place, sizeof place);
    else
        snprintf(place, sizeof place, "%s", name);
    printf("would upload %s bytes=%" PRId64 "\n", place, bytes);
}

/* What an upload would do, in its order. */
static void tell_plan(const struct publish_session *session, const struct publish_media *media,
                      const struct publish_version *version, bool there)
{
    char name[PUBLISH_NAME_BYTES], comment[POINTER_TEXT_BYTES];
    int64_t number = version->pointer.version;
    int64_t signature_bytes = (int64_t)publish_sign_bytes(&version->pointer);
    for (size_t i = 0; i < media->target_count; i++)
        if (!media->targets[i].there)
            tell_file(session, media->targets[i].name, media->targets[i].bytes);
    publish_channel_file_name(&session->channel, number, "", name);
    if (!there)
        tell_file(session, name, version->pointer.bytes);
    publish_channel_file_name(&session->channel, number, ".minisig", name);
    tell_file(session, name, signature_bytes);
    publish_channel_pointer_name(&session->channel, name);
    tell_file(session, name, signature_bytes);
    pointer_print(&version->pointer, comment);
    printf("would sign %s\n", comment);
}

static bool sign_and_put(struct publish_session *session, const struct publish_upload *upload,
                         struct err *err)
{
    struct publish_signature signature;
    struct publish_upload signed_upload = *upload;
    const struct publish_version *version = upload->version;
    signed_upload.signature = &signature;
    return publish_sign(text_of(session->settings, SETTING_SECRET), session->trust,
                        &version->pointer, version->bytes, &signature, err) &&
           publish_put(&signed_upload, err);
}

bool publish_session_put(struct publish_session *session, const struct publish_content *content,
                         struct publish_media *media, int64_t expires_ms,
                         struct publish_outcome *outcome, struct err *err)
{
    struct publish_version version;
    struct publish_upload upload = {.channel = &session->channel,
                                    .version = &version,
                                    .before_version = session->current.version,
                                    .media = media};
    bool there = false;
    if (!look(session, media, outcome, err) || (!content->files && !check_there(media, err)) ||
        !publish_channel_next(&session->channel, content, session->newest.version, &version, &there,
                              err))
        return false;
    version.pointer.signed_ms = clock_wall_ms();
    version.pointer.expires_ms = expires_ms > 0 ? expires_ms : version.pointer.signed_ms;
    outcome->pointer = version.pointer;
    bool ok = true;
    if (version.pointer.expires_ms < version.pointer.signed_ms)
        ok = err_set(err, ERR_INPUT, "it would be over by now");
    else if (session->dry_run)
        tell_plan(session, media, &version, there);
    else
        ok = sign_and_put(session, &upload, err);
    free(version.bytes);
    return ok;
}

bool publish_session_tell(const struct publish_session *session, const char *words,
                          const struct publish_outcome *outcome, struct err *err)
{
    printf("%s%s channel=%s version=%" PRId64 " files=%zu uploaded=%zu bytes=%" PRId64 "\n",
           session->dry_run ? "dry run: " : "", words, session->channel.name,
           outcome->pointer.version, outcome->files, outcome->uploaded, outcome->bytes);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    return err_set_errno(err, ERR_SYSTEM, errno, "it is done, but standard output");
}
