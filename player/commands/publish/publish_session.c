#include "commands/publish/publish_session.h"

#include "base/clock.h"
#include "base/log.h"
#include "commands/publish/publish_minisign.h"
#include "commands/publish/publish_time.h"
#include "commands/publish/publish_upload.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "publish_session"

#define CLOCK_APART_MS (10 * INT64_C(60000))

static const char *setting_text(const struct settings *settings, enum setting setting)
{
    return settings->values[setting].text;
}

bool publish_session_version(const char *text, int64_t *version, struct err *err)
{
    size_t length = strspn(text, "0123456789");
    *version = length > 0 && length < 13 && !text[length] ? strtoll(text, NULL, 10) : 0;
    return *version > 0 ||
           err_set(err, ERR_INPUT, "needs a version such as 43, not \"%.200s\"", text);
}

/* Whether an address ends in channels/ or channels/NAME/, as it does in a player's settings. */
static bool is_channel_address(const char *base)
{
    size_t end = strlen(base);
    for (int part = 0; part < 2; part++) {
        while (end > 0 && base[end - 1] == '/')
            end--;
        size_t name = end;
        while (name > 0 && base[name - 1] != '/')
            name--;
        if (end - name == strlen("channels") && strncmp(base + name, "channels", end - name) == 0)
            return true;
        end = name;
    }
    return false;
}

/* --after; 0 says that no player has seen any version. */
static MUST_CHECK bool read_after(const char *text, int64_t *after, struct err *err)
{
    bool is_zero = text && strcmp(text, "0") == 0;
    *after = text ? 0 : -1;
    return !text || is_zero || publish_session_version(text, after, err) ||
           err_prefix(err, "option --after ");
}

static MUST_CHECK bool check_base(const struct settings *settings, struct err *err)
{
    const char *base = setting_text(settings, SETTING_BASE),
               *after = setting_text(settings, SETTING_AFTER);
    int64_t version;
    if (is_channel_address(base))
        return err_set(
            err, ERR_INPUT,
            "option --to needs the part before /channels/, not the address of a channel");
    return read_after(after, &version, err);
}

bool publish_session_check(const struct settings *settings, struct err *err)
{
    const char *channel = setting_text(settings, SETTING_CHANNEL);
    if (!setting_text(settings, SETTING_BASE))
        return err_set(err, ERR_INPUT,
                       "option --to is missing; it says where to publish, such as "
                       "https://host/signage, s3://bucket or a folder");
    if (!channel)
        return err_set(
            err, ERR_INPUT,
            "option --channel is missing; it names the channel, such as --channel lobby");
    if (!setting_text(settings, SETTING_SECRET))
        return err_set(
            err, ERR_INPUT,
            "option --key is missing; it names the minisign secret key file to sign with");
    if (!pointer_channel_is_valid(channel))
        return err_set(err, ERR_INPUT,
                       "option --channel needs a name of at most %d characters a to z, 0 to 9, "
                       "dot, _ and hyphen, the first a letter or digit, not \"%.200s\"",
                       POINTER_CHANNEL_BYTES - 1, channel);
    return check_base(settings, err);
}

static MUST_CHECK bool open_target(struct publish_session *session, bool dry_run, struct err *err)
{
    const struct settings *settings = session->settings;
    const struct target_config config = {
        .base = setting_text(settings, SETTING_BASE),
        .ca_file = setting_text(settings, SETTING_CA_FILE),
        .client_cert = setting_text(settings, SETTING_CLIENT_CERT),
        .client_key = setting_text(settings, SETTING_CLIENT_KEY),
        .proxy = setting_text(settings, SETTING_PROXY),
        .dry_run = dry_run,
    };
    session->channel.target = target_open(&config, err);
    return session->channel.target != NULL;
}

/* Compares this machine's clock with the server's: by a wrong clock players would refuse the
 * signature, or report the playlist as stale. */
static MUST_CHECK bool check_clock(const struct publish_session *session, struct err *err)
{
    int64_t ahead_ms;
    char span[PUBLISH_TIME_BYTES], here[PUBLISH_TIME_BYTES], place[512];
    if (!target_clock(session->channel.target, &ahead_ms) || llabs(ahead_ms) <= CLOCK_APART_MS)
        return true;
    publish_time_span(llabs(ahead_ms), span);
    publish_time_print(session->settings, clock_wall_ms(), here);
    target_public(session->channel.target, "", place, sizeof place);
    return err_set(
        err, ERR_SYSTEM,
        "this machine's clock is %s %s that of %s, and shows %s; correct whichever clock is wrong",
        span, ahead_ms > 0 ? "behind" : "ahead of", place, here);
}

/* Checks that the present pointer is not from the future: the new one must be signed after it.
 * Players accept clocks that differ by a day. */
static MUST_CHECK bool check_future(const struct publish_session *session, struct err *err)
{
    const struct pointer *current = &session->current;
    int64_t now_ms = clock_wall_ms();
    char name[PUBLISH_NAME_BYTES], then[PUBLISH_TIME_BYTES], now[PUBLISH_TIME_BYTES];
    if (current->version == 0 || current->signed_ms <= now_ms + POINTER_FUTURE_MS)
        return true;
    publish_channel_pointer_name(&session->channel, name);
    publish_time_print(session->settings, current->signed_ms, then);
    publish_time_print(session->settings, now_ms, now);
    return err_set(
        err, ERR_TRUST,
        "version %" PRId64 " in %s was signed at %s, but this machine's clock shows %s; "
        "set this clock if it is behind, or, if the other one was ahead, delete the file and "
        "publish again",
        current->version, name, then, now);
}

static MUST_CHECK bool read_channel_state(struct publish_session *session, struct err *err)
{
    const struct publish_channel *channel = &session->channel;
    struct pointer *current = &session->current;
    if (!publish_channel_current(channel, current, err))
        return err_prefix(err, "cannot read what is in force: ");
    session->newest = *current;
    return check_clock(session, err) && check_future(session, err) &&
           publish_channel_highest(channel, current->version, &session->highest, err) &&
           (session->highest > 0 || session->after >= 0 ||
            publish_channel_lately(channel, clock_wall_ms(), &session->highest, err)) &&
           (channel->kind == POINTER_PLAYLIST ||
            publish_channel_newest(channel, current, session->highest, &session->newest, err));
}

bool publish_session_begin(struct publish_session *session, const struct settings *settings,
                           enum pointer_kind kind, struct err *err)
{
    *session = (struct publish_session){
        .settings = settings,
        .dry_run = settings->values[SETTING_DRY_RUN].number > 0,
        .channel = {.name = setting_text(settings, SETTING_CHANNEL), .kind = kind},
        .trust = trust_create(),
    };
    if (!session->trust)
        return err_oom(err);
    session->channel.trust = session->trust;
    return read_after(setting_text(settings, SETTING_AFTER), &session->after, err) &&
           publish_minisign_pin(setting_text(settings, SETTING_SECRET), !session->dry_run,
                                session->trust, err) &&
           open_target(session, true, err) && read_channel_state(session, err);
}

bool publish_session_go_on(struct publish_session *session, struct err *err)
{
    const struct pointer *before = &session->current;
    struct pointer now;
    if (!session->dry_run) {
        target_close(session->channel.target);
        session->channel.target = NULL;
        if (!open_target(session, false, err))
            return false;
    }
    if (!publish_channel_current(&session->channel, &now, err))
        return err_prefix(err, "cannot read what is in force: ");
    bool same = now.version == before->version && now.signed_ms == before->signed_ms;
    return same || read_channel_state(session, err);
}

void publish_session_finish(struct publish_session *session)
{
    target_close(session->channel.target);
    trust_destroy(session->trust);
    session->channel.target = NULL;
    session->trust = NULL;
}

/* Finds out which media the target lacks, and counts them. */
static MUST_CHECK bool find_missing_media(const struct publish_session *session,
                                          struct publish_media *media,
                                          struct publish_outcome *outcome, struct err *err)
{
    struct target *target = session->channel.target;
    *outcome = (struct publish_outcome){.files = media->target_count};
    if (!target_stat(target, media->targets, media->target_count, err))
        return false;
    for (size_t i = 0; i < media->target_count; i++) {
        outcome->uploaded += !media->targets[i].there;
        outcome->bytes += media->targets[i].there ? 0 : media->targets[i].bytes;
    }
    return true;
}

/* Checks, for older content, that the target has all media: there are no local files to upload. */
static MUST_CHECK bool check_media_exist(const struct publish_media *media, struct err *err)
{
    size_t missing = 0, first = 0;
    for (size_t i = media->target_count; i-- > 0;) {
        missing += !media->targets[i].there;
        first = media->targets[i].there ? first : i;
    }
    return missing == 0 ||
           err_set(err, ERR_MISSING,
                   "%zu of its media %s no longer on the target, such as %s; publish the playlist "
                   "file instead",
                   missing, missing == 1 ? "is" : "are", media->targets[first].name);
}

static void print_planned_upload(const struct publish_session *session, const char *name,
                                 int64_t bytes)
{
    char place[1024];
    target_public(session->channel.target, name, place, sizeof place);
    printf("would upload %s bytes=%" PRId64 "\n", place, bytes);
}

/* Prints what an upload would do, in its order. */
static void print_plan(const struct publish_session *session, const struct publish_media *media,
                       const struct publish_version *version, bool there)
{
    char name[PUBLISH_NAME_BYTES], comment[POINTER_TEXT_BYTES];
    int64_t number = version->pointer.version;
    int64_t signature_bytes = (int64_t)publish_minisign_bytes(&version->pointer);
    for (size_t i = 0; i < media->target_count; i++)
        if (!media->targets[i].there)
            print_planned_upload(session, media->targets[i].name, media->targets[i].bytes);
    publish_channel_file_name(&session->channel, number, "", name);
    if (!there)
        print_planned_upload(session, name, version->pointer.bytes);
    publish_channel_file_name(&session->channel, number, ".minisig", name);
    print_planned_upload(session, name, signature_bytes);
    publish_channel_pointer_name(&session->channel, name);
    print_planned_upload(session, name, signature_bytes);
    pointer_print(&version->pointer, comment);
    printf("would sign %s\n", comment);
}

static MUST_CHECK bool sign_and_put(struct publish_session *session,
                                    const struct publish_upload *upload, struct err *err)
{
    struct publish_signature signature;
    struct publish_upload signed_upload = *upload;
    const struct publish_version *version = upload->version;
    signed_upload.signature = &signature;
    return publish_minisign_sign(setting_text(session->settings, SETTING_SECRET), session->trust,
                                 &version->pointer, version->bytes, &signature, err) &&
           publish_upload_all(&signed_upload, err);
}

/* The version after which the new one must come. */
static MUST_CHECK bool choose_version_after(const struct publish_session *session, int64_t *after,
                                            struct err *err)
{
    int64_t highest = session->highest;
    bool is_ours = false;
    *after = highest > session->after ? highest : session->after;
    if (highest == 0 && session->after < 0) {
        *after = publish_time_version(clock_wall_ms()) - 1;
        if (session->channel.kind == POINTER_TAKEOVER)
            log_info("channel has no takeover yet, its first one is numbered by the time "
                     "channel=%s version=%" PRId64,
                     session->channel.name, *after + 1);
        else
            log_info("channel is empty, its first version is numbered by the time channel=%s "
                     "version=%" PRId64,
                     session->channel.name, *after + 1);
    }
    if (session->channel.kind == POINTER_PLAYLIST && highest > session->current.version &&
        highest > session->after &&
        !publish_channel_is_ours(&session->channel, highest, &is_ours, err))
        return false;
    *after -= is_ours;
    return true;
}

/* Sets the times of a pointer. A later version always has a later time, whatever the clock says. */
static void set_pointer_times(const struct publish_session *session, struct pointer *pointer,
                              int64_t expires_ms)
{
    const struct pointer *before = &session->newest;
    pointer->signed_ms = clock_wall_ms();
    if (before->version > 0 && pointer->signed_ms < before->signed_ms + 1000)
        pointer->signed_ms = before->signed_ms + 1000;
    pointer->expires_ms = expires_ms > 0 ? expires_ms : pointer->signed_ms;
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
    int64_t after;
    if (!find_missing_media(session, media, outcome, err) ||
        (!content->files && !check_media_exist(media, err)) ||
        !choose_version_after(session, &after, err) ||
        !publish_channel_next(&session->channel, content, after, &version, &there, err))
        return false;
    set_pointer_times(session, &version.pointer, expires_ms);
    outcome->pointer = version.pointer;
    bool ok = true;
    if (version.pointer.expires_ms < version.pointer.signed_ms)
        ok = err_set(err, ERR_INPUT, "it would have expired already; choose a later time");
    else if (session->dry_run)
        print_plan(session, media, &version, there);
    else
        ok = sign_and_put(session, &upload, err);
    free(version.bytes);
    return ok;
}

static void print_quoted_name(const char *name)
{
    fputs(" name=\"", stdout);
    for (; *name; name++) {
        if (*name == '"' || *name == '\\')
            putchar('\\');
        putchar((unsigned char)*name < ' ' || *name == 0x7f ? '?' : *name);
    }
    putchar('"');
}

bool publish_session_print(const struct publish_session *session, const struct publish_words *words,
                           const struct publish_outcome *outcome, struct err *err)
{
    char text[PUBLISH_TIME_BYTES], folder[PUBLISH_NAME_BYTES], place[1024];
    printf("%s channel=%s version=%" PRId64 " files=%zu uploaded=%zu bytes=%" PRId64,
           session->dry_run ? words->planned : words->done, session->channel.name,
           outcome->pointer.version, outcome->files, outcome->uploaded, outcome->bytes);
    if (outcome->content_of > 0) {
        printf(" content-of=%" PRId64, outcome->content_of);
        if (outcome->name[0])
            print_quoted_name(outcome->name);
    }
    if (words->until) {
        publish_time_print(session->settings, outcome->pointer.expires_ms, text);
        printf(" until=%s", text);
    }
    /* The address is last, as a folder's may have spaces. */
    snprintf(folder, sizeof folder, "channels/%s/", session->channel.name);
    target_public(session->channel.target, folder, place, sizeof place);
    printf(" address=%s\n", place);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    return err_set_errno(err, ERR_SYSTEM, errno,
                         "it is published, but cannot write to standard output");
}
