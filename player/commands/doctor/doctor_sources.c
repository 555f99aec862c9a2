/* Checks of sources in the doctor command: what a player would fetch is fetched, and verified. */
#include "commands/doctor/doctor_internal.h"

#include "base/clock.h"
#include "playlist/pointer.h"
#include "sync/feed/feed.h"
#include "sync/fetch.h"
#include "sync/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FETCH_MS 15000 /* of each file, from the name to the last byte */
#define TURN_MS 200

/* A file that is being fetched into memory, and what is known of it afterwards. */
struct fetched {
    char *bytes; /* the caller's to free */
    size_t size, room;
    struct http_response response;
    int64_t took_ms;
};

static bool take_bytes(void *context, const struct http_response *head, const void *data,
                       size_t size, struct err *err)
{
    struct fetched *file = context;
    (void)head;
    if (file->size + size > file->room)
        return err_set(err, ERR_LIMIT, "too large");
    if (size > 0)
        memcpy(file->bytes + file->size, data, size);
    file->size += size;
    return true;
}

static MUST_CHECK bool fetch_file(struct fetch *fetch, const char *location, size_t limit_bytes,
                                  struct fetched *file, struct err *err)
{
    *file = (struct fetched){.room = limit_bytes, .bytes = malloc(limit_bytes + 1)};
    if (!file->bytes)
        return err_oom(err);
    const struct http_request request = {
        .url = location,
        .no_cache = true,
        .limit_bytes = (int64_t)limit_bytes,
        .total_ms = FETCH_MS,
        .take = take_bytes,
        .context = file,
    };
    int64_t begun_ns = clock_mono_ns();
    struct fetch_transfer *transfer = fetch_get(fetch, &request, err);
    bool runs = transfer != NULL;
    while (runs && !fetch_finished(transfer))
        runs = fetch_run(fetch, TURN_MS, err);
    bool ok = runs && fetch_result(transfer, &file->response, err);
    fetch_end(transfer);
    file->took_ms = (clock_mono_ns() - begun_ns) / 1000000;
    file->bytes[file->size] = '\0';
    return ok;
}

/* The clock of who answered, where no cache had the answer. */
static void note_time(struct doctor *doctor, const struct http_response *response)
{
    if (doctor->has_server_time || response->date_ms == 0)
        return;
    doctor->has_server_time = true;
    doctor->server_ahead_ms = response->date_ms + response->age_ms - clock_wall_ms();
}

static const char *remedy_of(const struct err *err, bool is_url)
{
    if (!is_url)
        return "plug the stick in, or correct \"source\"";
    if (err->code == ERR_MISSING)
        return "correct \"source\", or publish to this channel";
    if (err->code == ERR_TRUST)
        return "check the clock, the certificate (\"ca-file\"), and who may read there";
    return "check the network's cable, the address, the name server (resolvectl) and \"proxy\"";
}

/* Keeps the first playlist, for the texts in it. ERR_INPUT: it has faults. */
static MUST_CHECK bool keep_playlist(struct doctor *doctor, const struct fetched *file,
                                     struct err *err)
{
    struct playlist_faults faults = {0};
    struct playlist *playlist = playlist_parse(file->bytes, file->size, &faults);
    playlist_faults_finish(&faults);
    if (!playlist)
        return err_set(err, ERR_INPUT, "the playlist has faults; duckling check lists them");
    if (doctor->playlist)
        playlist_destroy(playlist);
    else
        doctor->playlist = playlist;
    return true;
}

/* "203.0.113.5 port 443, 80 ms"; of a folder "read". */
static void describe_answer(const struct fetched *file, char text[96])
{
    const struct http_peer *peer = &file->response.peer;
    if (peer->port)
        snprintf(text, 96, "%s port %d answers in %lld ms", peer->address, peer->port,
                 (long long)file->took_ms);
    else
        snprintf(text, 96, "it can be read");
}

static void say_version(struct doctor *doctor, const char *shown, const struct pointer *pointer,
                        const struct fetched *file)
{
    char answer[96], until[POINTER_TIME_BYTES];
    int64_t end_ms = pointer_end_ms(pointer);
    bool is_over = end_ms <= clock_wall_ms();
    describe_answer(file, answer);
    pointer_print_time(end_ms, until);
    doctor_report_say(doctor->report, is_over ? DOCTOR_NOTE : DOCTOR_OK, NULL,
                      "%s: %s; version %lld is signed by a pinned key, until %s%s", shown, answer,
                      (long long)pointer->version, until, is_over ? ", which is over" : "");
}

/* The playlist that the pointer signs. */
static MUST_CHECK bool fetch_signed(struct doctor *doctor, struct fetch *fetch, const char *base,
                                    const struct trust *trust, const struct trust_seal *seal,
                                    const struct pointer *pointer, struct err *err)
{
    char name[POINTER_FILE_BYTES];
    struct fetched file = {0};
    pointer_file(pointer, name);
    char *location = fetch_resolve(base, name, true, err);
    bool ok = location && fetch_file(fetch, location, (size_t)pointer->bytes, &file, err) &&
              trust_check(trust, seal, file.bytes, file.size, err);
    if (!ok)
        err_prefix(err, "the playlist %s: ", name);
    ok = ok && keep_playlist(doctor, &file, err);
    free(file.bytes);
    free(location);
    return ok;
}

static struct trust *pin_keys(const struct doctor *doctor)
{
    const struct option_value *keys = doctor_value(doctor, SETTING_KEY);
    struct trust *trust = trust_create();
    for (int i = 0; trust && i < keys->text_count; i++)
        (void)!trust_pin(trust, keys->texts[i], NULL); /* the check of keys says why not */
    return trust;
}

static void check_channel(struct doctor *doctor, struct fetch *fetch, const char *base,
                          const char *shown)
{
    struct err err = {0};
    struct fetched file = {0};
    struct trust_seal seal;
    struct pointer pointer;
    struct trust *trust = pin_keys(doctor);
    char *location = fetch_resolve(base, "latest.minisig", true, &err);
    bool is_url = http_is_url(base);
    if (!location || !trust || !fetch_file(fetch, location, POINTER_BYTES_MAX, &file, &err)) {
        doctor_report_say(doctor->report, DOCTOR_WRONG, remedy_of(&err, is_url), "%s: %s", shown,
                          err.text);
    } else if (!trust_open(trust, file.bytes, file.size, &seal, NULL, &err) ||
               !pointer_parse(seal.comment, &pointer, &err)) {
        doctor_report_say(doctor->report, DOCTOR_WRONG,
                          "pin the key that this channel is signed with, or correct \"source\"",
                          "%s: %s", shown, err.text);
    } else if (!fetch_signed(doctor, fetch, base, trust, &seal, &pointer, &err)) {
        doctor_report_say(doctor->report, DOCTOR_WRONG, "publish again", "%s: %s", shown, err.text);
    } else {
        say_version(doctor, shown, &pointer, &file);
    }
    note_time(doctor, &file.response);
    free(file.bytes);
    free(location);
    trust_destroy(trust);
}

static void check_playlist(struct doctor *doctor, struct fetch *fetch, const char *location,
                           const char *shown)
{
    struct err err = {0};
    struct fetched file = {0};
    char answer[96];
    if (!fetch_file(fetch, location, PLAYLIST_BYTES_MAX, &file, &err)) {
        doctor_report_say(doctor->report, DOCTOR_WRONG, remedy_of(&err, http_is_url(location)),
                          "%s: %s", shown, err.text);
    } else if (!keep_playlist(doctor, &file, &err)) {
        doctor_report_say(doctor->report, DOCTOR_WRONG, "correct the playlist", "%s: %s", shown,
                          err.text);
    } else {
        describe_answer(&file, answer);
        doctor_report_say(doctor->report, DOCTOR_OK, NULL, "%s: %s", shown, answer);
    }
    note_time(doctor, &file.response);
    free(file.bytes);
}

static void check_source(struct doctor *doctor, struct fetch *fetch, const char *source)
{
    struct err err = {0};
    char shown[256];
    bool keyed = doctor_value(doctor, SETTING_KEY)->text_count > 0;
    bool is_channel = feed_is_channel(source, keyed);
    fetch_public(source, shown, sizeof shown);
    char *base = is_channel ? fetch_base_clean(source, &err) : NULL;
    char *location = NULL;
    if (!is_channel)
        location = http_is_url(source) ? http_url_clean(source, &err) : realpath(source, NULL);
    if (!is_channel && !location && err.code == ERR_NONE)
        err_set(&err, ERR_MISSING, "there is no such file");
    if (base)
        check_channel(doctor, fetch, base, shown);
    else if (location)
        check_playlist(doctor, fetch, location, shown);
    else
        doctor_report_say(doctor->report, DOCTOR_WRONG, "correct \"source\"", "%s: %s", shown,
                          err.text);
    free(base);
    free(location);
}

void doctor_check_sources(struct doctor *doctor)
{
    struct err err = {0};
    const struct http_config http = {
        .ca_file = doctor_value(doctor, SETTING_CA_FILE)->text,
        .client_cert = doctor_value(doctor, SETTING_CLIENT_CERT)->text,
        .client_key = doctor_value(doctor, SETTING_CLIENT_KEY)->text,
        .proxy = doctor_value(doctor, SETTING_PROXY)->text,
    };
    struct fetch *fetch = NULL;
    for (int i = 0; i < doctor->source_count; i++) {
        doctor_report_begin(doctor->report, "server");
        if (!fetch && !(fetch = fetch_create(&http, &err)))
            doctor_report_say(doctor->report, DOCTOR_WRONG, "correct the file that is named", "%s",
                              err.text);
        if (!fetch)
            break;
        check_source(doctor, fetch, doctor->sources[i]);
    }
    fetch_destroy(fetch);
}
