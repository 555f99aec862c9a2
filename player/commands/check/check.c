#include "commands/check/check.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/zone.h"
#include "commands/check/check_film_lengths.h"
#include "commands/check/check_media.h"
#include "commands/check/check_volume.h"
#include "commands/settings.h"
#include "commands/usage.h"
#include "core/zone_alias.h"
#include "decode/picture_client.h"
#include "decode/worker_process.h"
#include "programme/programme.h"
#include "programme/schedule_lint.h"

#include <stdlib.h>

#define LOG_MODULE "check"

/* One playlist under check. */
struct check_subject {
    const struct settings *settings;
    const char *path;
    struct check_report *report;
};

static const struct option_value *setting_value(const struct check_subject *subject,
                                                enum setting setting)
{
    return &subject->settings->values[setting];
}

/* A playlist's own zone that this machine does not know is a fault. */
static void check_zone(const struct check_subject *subject, const struct playlist *playlist)
{
    struct zone zone = {0};
    struct err why = {0};
    char words[ZONE_ALIAS_BYTES];
    struct check_place place = {{"timezone"}};
    if (!playlist->timezone)
        return;
    if (!zone_load(&zone, playlist->timezone, &why))
        check_report_add(subject->report, CHECK_FAULT, &place, "%s", why.text);
    else if (zone_alias_is_inverted(playlist->timezone, words))
        check_report_add(
            subject->report, CHECK_WARNING, &place,
            "%s, as the sign in such a name is the other way round: name a place, such "
            "as Asia/Seoul",
            words);
    zone_finish(&zone);
}

/* The zone that the playlist is played in: its own, else that of --timezone, else the system's. Its
 * own is a fault, reported already, where this machine does not know it; the zone is then UTC,
 * without a name. */
static MUST_CHECK bool find_zone(const struct check_subject *subject,
                                 const struct playlist *playlist, struct zone *zone,
                                 struct err *err)
{
    const char *option = setting_value(subject, SETTING_TIMEZONE)->text;
    if (!playlist->timezone && option)
        return zone_load(zone, option, err) || err_prefix(err, "option --timezone: ");
    if (!playlist->timezone)
        return zone_load_system(zone, err);
    (void)!zone_load(zone, playlist->timezone, NULL);
    return true;
}

/* The instant from which the schedule is checked: --at, else now. A local time is one of
 * --timezone, else of the playlist's zone, as in the other commands. */
static MUST_CHECK bool find_instant(const struct check_subject *subject,
                                    const struct playlist *playlist, const struct zone *zone,
                                    int64_t *now_ms, struct err *err)
{
    const char *at = setting_value(subject, SETTING_AT)->text;
    const char *zone_name = setting_value(subject, SETTING_TIMEZONE)->text;
    *now_ms = clock_wall_ms();
    if (zone_name) {
        struct zone asked = {0};
        bool known = zone_load(&asked, zone_name, err);
        zone_finish(&asked);
        if (!known)
            return err_prefix(err, "option --timezone: ");
    } else if (zone->name[0]) {
        zone_name = playlist->timezone;
    }
    if (at && !settings_instant(subject->settings, SETTING_AT, zone_name, now_ms, err))
        return false;
    if (*now_ms < PROGRAMME_FIRST_MS || *now_ms > PROGRAMME_LAST_MS)
        return err_set(err, ERR_USAGE, "option --at needs a time in the years 1971 to 2199, not %s",
                       at ? at : "now");
    return true;
}

static MUST_CHECK bool check_schedule(const struct check_subject *subject,
                                      const struct playlist *playlist, const int32_t *film_ms,
                                      struct err *err)
{
    struct zone zone = {0};
    struct playlist_faults warnings = {0}, faults = {0};
    int64_t now_ms;
    int32_t min_slot_ms = (int32_t)(setting_value(subject, SETTING_MIN_SLOT)->number * 1000);
    bool ok = find_zone(subject, playlist, &zone, err) &&
              find_instant(subject, playlist, &zone, &now_ms, err);
    if (ok) {
        ok = schedule_lint_dayparts(playlist, &zone.civil, now_ms, &warnings) &&
             schedule_lint_week(playlist, &zone.civil, film_ms, now_ms, &warnings) &&
             schedule_lint_unused(playlist, &warnings) &&
             (min_slot_ms == 0 ||
              schedule_lint_min_slot(playlist, &zone.civil, film_ms, min_slot_ms, &faults));
        schedule_lint_zones(playlist, &warnings);
        schedule_lint_durations(playlist, &warnings);
        if (ok) {
            check_report_add_all(subject->report, CHECK_FAULT, &faults);
            check_report_add_all(subject->report, CHECK_WARNING, &warnings);
        } else {
            err_oom(err);
        }
    }
    playlist_faults_finish(&warnings);
    playlist_faults_finish(&faults);
    zone_finish(&zone);
    return ok;
}

static int64_t limit_of(const struct check_subject *subject)
{
    return (int64_t)(setting_value(subject, SETTING_DECODE_TIMEOUT)->number * 1000);
}

/* Checks what only a playlist without faults can be checked for. */
static MUST_CHECK bool check_sense(const struct check_subject *subject,
                                   struct check_records *records, const struct check_bytes *bytes,
                                   struct err *err)
{
    const struct playlist *playlist = records->edition->playlist;
    int32_t *film_ms = check_film_lengths_read(records);
    bool ok = film_ms
                  ? check_schedule(subject, playlist, film_ms, err) &&
                        check_volume_run(playlist, bytes->data, bytes->size, subject->report, err)
                  : err_oom(err);
    free(film_ms);
    return ok;
}

static MUST_CHECK bool check_edition(const struct check_subject *subject,
                                     const struct edition *edition, bool faultless,
                                     const struct check_bytes *bytes, struct err *err)
{
    struct check_screens screens;
    struct check_records records = {.edition = edition, .limit_ms = limit_of(subject)};
    const struct check_media media = {
        .edition = edition,
        .report = subject->report,
        .screens = &screens,
        .records = &records,
        .limit_ms = limit_of(subject),
        .with_texts = faultless,
    };
    check_screens_read(setting_value(subject, SETTING_SCREENS), edition->playlist, &screens);
    if (setting_value(subject, SETTING_NO_CACHE)->number <= 0)
        check_records_open(&records, edition, limit_of(subject));
    bool ok =
        (!faultless || check_sense(subject, &records, bytes, err)) && check_media_run(&media, err);
    log_debug("checked media known=%d decoded=%d", records.found, records.decoded);
    check_records_close(&records);
    return ok;
}

bool check_playlist(const struct settings *settings, const char *path,
                    const struct check_bytes *bytes, struct check_report *report, struct err *err)
{
    const struct check_subject subject = {settings, path, report};
    if (!worker_process_prepare(settings->values[SETTING_NO_SANDBOX].number > 0, err))
        return false;
    struct playlist_faults faults = {0};
    struct playlist *playlist = playlist_parse_media(bytes->data, bytes->size, &faults);
    bool faultless = faults.total == 0;
    check_report_add_all(report, CHECK_FAULT, &faults);
    playlist_faults_finish(&faults);
    if (!playlist)
        return true;
    check_report_add_all(report, CHECK_FAULT, &playlist->tolerated);
    check_zone(&subject, playlist);
    struct edition *edition = edition_create_unchecked(playlist, path);
    if (!edition)
        return err_oom(err);
    bool ok = check_edition(&subject, edition, faultless, bytes, err);
    edition_destroy(edition);
    return ok;
}

struct check_command {
    struct settings settings;
    struct check_report report;
};

static MUST_CHECK bool run_check(struct check_command *command, struct err *err)
{
    char *data = NULL;
    struct check_bytes bytes = {0};
    struct err why = {0};
    const char *path = command->settings.source;
    bool ok = true;
    if (edition_check_kind(path, &why) &&
        file_read(path, PLAYLIST_BYTES_MAX, &data, &bytes.size, &why)) {
        bytes.data = data;
        ok = check_playlist(&command->settings, path, &bytes, &command->report, err);
    } else {
        struct check_place whole = {{NULL}};
        check_report_add(&command->report, CHECK_FAULT, &whole, "%s", why.text);
    }
    free(data);
    return ok && check_report_end(&command->report, err);
}

static int status_of(const struct check_command *command)
{
    bool strict = command->settings.values[SETTING_STRICT].number > 0;
    return command->report.faults || (strict && command->report.warnings) ? EXIT_FAILURE
                                                                          : EXIT_SUCCESS;
}

int check_main(int argc, char **argv)
{
    struct check_command command = {.report.stream = stdout};
    struct err err = {0};
    int status = EXIT_SUCCESS;
    bool ok = settings_read(&command.settings, SETTINGS_CHECK, argc, argv, &err);
    if (ok && !command.settings.help && !command.settings.source)
        ok = err_set(&err, ERR_INPUT, "no playlist given; use duckling check FILE");
    command.report.json = ok && command.settings.values[SETTING_JSON].number > 0;
    if (!ok) {
        status = usage_refuse(SETTINGS_CHECK, &command.settings, &err);
    } else if (command.settings.help) {
        usage_print(SETTINGS_CHECK, command.settings.help);
    } else if (!run_check(&command, &err)) {
        status = err.code == ERR_USAGE ? usage_refuse(SETTINGS_CHECK, &command.settings, &err)
                                       : EXIT_FAILURE;
        if (status == EXIT_FAILURE)
            log_error("cannot check playlist reason=\"%s\"", err.text);
    } else {
        status = status_of(&command);
    }
    settings_finish(&command.settings);
    log_flush();
    return status;
}
