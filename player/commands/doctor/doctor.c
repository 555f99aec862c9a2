#include "commands/doctor/doctor.h"

#include "base/log.h"
#include "commands/doctor/doctor_internal.h"
#include "commands/usage.h"
#include "decode/worker_process.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_MODULE "doctor"

const struct option_value *doctor_value(const struct doctor *doctor, enum setting setting)
{
    return &doctor->settings->values[setting];
}

/* The file that is read, or the folder beside it where that is all there is. */
static void name_configuration(const struct doctor *doctor, char path[PATH_MAX])
{
    const char *typed = doctor_value(doctor, SETTING_CONFIG)->text;
    const char *variable = getenv(CONFIG_VARIABLE "CONFIG");
    if (!typed)
        typed = variable && *variable ? variable : SETTINGS_CONFIG_FILE;
    int length = snprintf(path, PATH_MAX, "%s", typed);
    if (strcmp(typed, "none") != 0 && access(path, F_OK) < 0 && length < PATH_MAX - 2)
        memcpy(path + length, ".d", 3);
    if (access(path, F_OK) < 0)
        snprintf(path, PATH_MAX, "no file");
}

/* `duckling config` prints what is in force; here it only matters whether that is right. */
static void check_configuration(const struct doctor *doctor, const struct err *config_err)
{
    const struct config *config = &doctor->settings->config;
    char path[PATH_MAX];
    name_configuration(doctor, path);
    doctor_report_begin(doctor->report, "configuration");
    for (int i = 0; config_err && i < config->fault_count && i < CONFIG_FAULTS_SHOWN_MAX; i++)
        doctor_report_say(doctor->report, DOCTOR_WRONG,
                          i == 0 ? "correct the line that is named; until then the player does not "
                                   "start again"
                                 : NULL,
                          "%s", config->faults[i]);
    if (config_err)
        return;
    if (doctor->source_count == 0)
        doctor_report_say(doctor->report, DOCTOR_WRONG,
                          "name a channel or a playlist: sudo duckling setup",
                          "there is nothing to play: no \"source\" is named (%s)", path);
    else
        doctor_report_say(doctor->report, DOCTOR_OK, NULL, "right: %s", path);
}

int doctor_run(const struct settings *settings, const struct err *config_err, bool json)
{
    struct err err = {0};
    const struct option_value *sources = &settings->values[SETTING_SOURCE];
    struct doctor doctor = {.settings = settings,
                            .sources = settings->operands,
                            .source_count = settings->operand_count,
                            .report = doctor_report_create(json, &err)};
    if (!doctor.report) {
        log_error("cannot check this machine reason=\"%s\"", err.text);
        return 1;
    }
    if (doctor.source_count == 0) { /* the configuration was wrong, so nothing was taken from it */
        doctor.sources = sources->texts;
        doctor.source_count = sources->text_count;
    }
    doctor_find_player(&doctor);
    doctor_check_version(&doctor);
    check_configuration(&doctor, config_err);
    doctor_check_screen(&doctor);
    doctor_check_sound(&doctor);
    doctor_check_sandbox(&doctor);
    doctor_check_keys(&doctor);
    doctor_check_store(&doctor);
    doctor_check_state(&doctor);
    doctor_check_sources(&doctor);
    doctor_check_zone(&doctor);
    doctor_check_clock(&doctor);
    doctor_check_fonts(&doctor);
    playlist_destroy(doctor.playlist);
    worker_process_reap(true);
    return doctor_report_finish(doctor.report);
}

int doctor_main(int argc, char **argv)
{
    static struct settings settings;
    struct err err = {0};
    int status = EXIT_SUCCESS;
    bool is_read = settings_read(&settings, SETTINGS_DOCTOR, argc, argv, &err);
    bool is_config = !is_read && err.code == ERR_CONFIG;
    if (!is_read && !is_config) {
        status = usage_refuse(SETTINGS_DOCTOR, &settings, &err);
    } else if (settings.help) {
        usage_print(SETTINGS_DOCTOR, settings.help);
    } else {
        if (settings.values[SETTING_LOG_LEVEL].origin.kind == OPTION_FROM_DEFAULT)
            log_set_level(LOG_LEVEL_ERROR); /* what it would say is in the findings */
        bool json = settings.values[SETTING_JSON].number > 0;
        status =
            doctor_run(&settings, is_config ? &err : NULL, json) > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        if (fflush(stdout) != 0 || ferror(stdout)) {
            log_error("cannot write what was found reason=\"standard output failed\"");
            status = EXIT_FAILURE;
        }
    }
    settings_finish(&settings);
    log_flush();
    return status;
}
