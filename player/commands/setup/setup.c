#include "commands/setup/setup.h"

#include "base/file.h"
#include "base/host.h"
#include "base/log.h"
#include "commands/doctor/doctor.h"
#include "commands/setup/setup_answers.h"
#include "commands/setup/setup_files.h"
#include "commands/setup/setup_stick.h"
#include "commands/usage.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_MODULE "setup"

#define FILES_MAX 5

struct setup {
    struct settings settings; /* what was typed */
    struct settings present;  /* what the configuration says */
    struct settings file;     /* what the file of answers says */
    struct setup_asker asker;
    struct setup_answers answers;
    const char *root;      /* "" for this system */
    char config[PATH_MAX]; /* the player's configuration; its drop-ins are beside it */
    struct setup_file dropin;
    struct setup_file files[FILES_MAX]; /* with the drop-in first */
    int file_count;
    char watchdog_is_set[PATH_MAX], time_is_set[PATH_MAX];
    char host[HOST_NAME_BYTES];
};

#define WATCHDOG_PATH "/etc/systemd/system.conf.d/50-duckling.conf"
#define PANIC_PATH "/etc/sysctl.d/50-duckling.conf"
#define TIME_PATH "/etc/systemd/timesyncd.conf.d/50-duckling.conf"
#define WATCHDOG_TEXT "[Manager]\nRuntimeWatchdogSec=60\nRebootWatchdogSec=5min\n"
#define PANIC_TEXT "kernel.panic = 10\nkernel.panic_on_oops = 1\n"
#define TIME_TEXT_KR "[Time]\nNTP=time.bora.net kr.pool.ntp.org\n"
#define TIME_TEXT_CN "[Time]\nNTP=ntp.aliyun.com ntp.ntsc.ac.cn cn.pool.ntp.org\n"

static const char *say(const struct setup *setup, enum setup_word word)
{
    return setup_word(setup->asker.language, word);
}

/* What was typed, and which configuration it is about. */
static MUST_CHECK bool read_options(struct setup *setup, int argc, char **argv, struct err *err)
{
    bool ok = settings_read(&setup->settings, SETTINGS_SETUP, argc, argv, err);
    const struct option_value *root = &setup->settings.values[SETTING_ROOT];
    const struct option_value *config = &setup->settings.values[SETTING_CONFIG];
    setup->root = root->text ? root->text : "";
    snprintf(setup->config, sizeof setup->config, "%s%s", config->given ? "" : setup->root,
             config->given ? config->text : SETTINGS_CONFIG_FILE);
    /* What is wrong in the configuration stays so, and the doctor tells it. */
    return ok || err->code == ERR_CONFIG;
}

/* What that configuration says, without what was typed. False: it has faults. */
static bool read_configuration(const struct setup *setup, enum settings_command command,
                               struct settings *settings, struct err *err)
{
    static char name[] = "setup", config[] = "--config", root[] = "--root", none[] = "none";
    const struct option_value *values = setup->settings.values;
    char path[PATH_MAX], below[PATH_MAX], *arguments[6] = {name};
    int count = 1;
    if (values[SETTING_CONFIG].given) {
        snprintf(path, sizeof path, "%s", values[SETTING_CONFIG].text);
        arguments[count++] = config;
        arguments[count++] = access(path, F_OK) == 0 ? path : none;
    } else if (setup->root[0]) {
        snprintf(below, sizeof below, "%s", setup->root);
        arguments[count++] = root;
        arguments[count++] = below;
    }
    return settings_read(settings, command, count, arguments, err);
}

static MUST_CHECK bool read_answers(struct setup *setup, struct err *err)
{
    const char *path = setup->settings.values[SETTING_ANSWERS].text;
    if (!path)
        return true;
    options_defaults(&settings_table, setup->file.values);
    config_init(&setup->file.config, &settings_table, setup->file.values, SETTINGS_SETUP);
    setup->asker.file = &setup->file;
    if (!config_read_file(&setup->file.config, path, err))
        return err_prefix(err, "option --answers: ");
    return setup->file.config.fault_count == 0 ||
           err_set(err, ERR_INPUT, "%s", setup->file.config.faults[0]);
}

static void name_file(const struct setup *setup, struct setup_file *file, const char *path)
{
    *file = (struct setup_file){.text = ""};
    snprintf(file->path, sizeof file->path, "%s%s", setup->root, path);
}

static struct setup_file *add_file(struct setup *setup, const char *path)
{
    struct setup_file *file = &setup->files[setup->file_count++];
    name_file(setup, file, path);
    return file;
}

/* Values have no line ends and no double quotes. */
static void print_dropin(const struct setup *setup, char text[SETUP_TEXT_BYTES])
{
    const struct setup_answers *answers = &setup->answers;
    int used = snprintf(text, SETUP_TEXT_BYTES, "source = \"%s\"\n", answers->source);
    if (answers->key[0])
        used += snprintf(text + used, SETUP_TEXT_BYTES - (size_t)used, "key = %s\n", answers->key);
    snprintf(text + used, SETUP_TEXT_BYTES - (size_t)used,
             "timezone = %s\nlanguage = %s\nrotate = %d\n", answers->zone, answers->language,
             answers->rotation);
}

/* A file that was written for a yes is emptied by a no; without one, a no writes nothing. */
static void add_offer(struct setup *setup, const char *path, bool yes, const char *text)
{
    struct setup_file *file = add_file(setup, path);
    snprintf(file->text, sizeof file->text, "%s", yes ? text : "");
    if (!yes && access(file->path, F_OK) < 0)
        setup->file_count--;
}

static void plan_files(struct setup *setup)
{
    const struct setup_answers *answers = &setup->answers;
    setup->files[setup->file_count] = setup->dropin;
    print_dropin(setup, setup->files[setup->file_count++].text);
    if (answers->name[0] && strcmp(answers->name, setup->host) != 0) {
        struct setup_file *file = add_file(setup, "/etc/hostname");
        snprintf(file->text, sizeof file->text, "%s\n", answers->name);
        file->is_plain = true;
    }
    if (answers->has_watchdog) {
        add_offer(setup, WATCHDOG_PATH, answers->watchdog, WATCHDOG_TEXT);
        add_offer(setup, PANIC_PATH, answers->watchdog, PANIC_TEXT);
    }
    if (answers->time_servers[0])
        add_offer(setup, TIME_PATH, strcmp(answers->time_servers, "none") != 0,
                  strcmp(answers->time_servers, "kr") == 0 ? TIME_TEXT_KR : TIME_TEXT_CN);
}

static const enum setting written[] = {SETTING_SOURCE, SETTING_KEY, SETTING_TIMEZONE,
                                       SETTING_LANGUAGE, SETTING_ROTATE};

/* Says where each of our settings was set before, or is set now, by another file than ours. */
static void tell_others(const struct setup *setup, const struct settings *settings,
                        enum setup_word word)
{
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        const struct option_value *value = &settings->values[written[i]];
        char where[PATH_MAX + 16];
        if (value->origin.kind == OPTION_FROM_FILE &&
            strcmp(value->origin.name, setup->dropin.path) != 0)
            snprintf(where, sizeof where, "%s:%d", value->origin.name, value->origin.line);
        else if (value->origin.kind == OPTION_FROM_ENVIRONMENT)
            snprintf(where, sizeof where, "%s", value->origin.name);
        else
            continue;
        if (written[i] == SETTING_KEY && !setup->answers.key[0])
            continue;
        setup_word_tell(setup->asker.language, word, settings_table.rows[written[i]].name, where);
    }
}

static enum setup_outcome write_file(struct setup *setup, struct setup_file *file, struct err *err)
{
    char copy[PATH_MAX], words[PATH_MAX + 256];
    bool yes = true;
    enum setup_file_state state = setup_file_look(file);
    if (state == SETUP_FILE_SAME) {
        setup_word_tell(setup->asker.language, SETUP_UNCHANGED, file->path, NULL);
        return SETUP_ANSWERED;
    }
    if (state == SETUP_FILE_EDITED && !file->is_plain && setup->asker.asks) {
        setup_word_fill(setup->asker.language, SETUP_ASK_REPLACE_EDITED, file->path, NULL, words,
                        sizeof words);
        enum setup_outcome outcome = setup_ask_yes(&setup->asker, words, 0, &yes);
        if (outcome != SETUP_ANSWERED)
            return outcome;
    }
    if (!yes) {
        setup_word_tell(setup->asker.language, SETUP_UNCHANGED, file->path, NULL);
        return SETUP_ANSWERED;
    }
    if (!setup_file_write(file, copy, err))
        return SETUP_REFUSED;
    setup_word_tell(setup->asker.language, SETUP_WROTE, file->path, NULL);
    if (copy[0]) {
        setup_word_tell(setup->asker.language, SETUP_KEPT_COPY, copy, NULL);
    }
    return SETUP_ANSWERED;
}

static enum setup_outcome write_files(struct setup *setup, struct err *err)
{
    bool yes = true;
    plan_files(setup);
    printf("\n%s:\n\n%s\n", setup->dropin.path, setup->files[0].text);
    tell_others(setup, &setup->present, SETUP_REPLACES);
    if (setup->asker.asks) {
        enum setup_outcome outcome =
            setup_ask_yes(&setup->asker, say(setup, SETUP_ASK_WRITE), 1, &yes);
        if (outcome != SETUP_ANSWERED)
            return outcome;
    }
    if (!yes) {
        printf("\n%s\n", say(setup, SETUP_NOTHING_WRITTEN));
        return SETUP_STOPPED;
    }
    printf("\n");
    for (int i = 0; i < setup->file_count; i++) {
        enum setup_outcome outcome = write_file(setup, &setup->files[i], err);
        if (outcome != SETUP_ANSWERED)
            return outcome;
    }
    if (setup->watchdog_is_set[0]) {
        setup_word_tell(setup->asker.language, SETUP_ALREADY, setup->watchdog_is_set, NULL);
    }
    if (setup->time_is_set[0]) {
        setup_word_tell(setup->asker.language, SETUP_ALREADY, setup->time_is_set, NULL);
    }
    return SETUP_ANSWERED;
}

/* Reads what is in force now, as the player will, and looks at all of it. How much is wrong. */
static int check_result(struct setup *setup)
{
    static struct settings fresh;
    struct err err = {0};
    bool is_here = !setup->root[0];
    bool ok = read_configuration(setup, is_here ? SETTINGS_DOCTOR : SETTINGS_SETUP, &fresh, &err);
    tell_others(setup, &fresh, SETUP_WINS);
    int wrong = 0;
    if (is_here) {
        printf("\n%s\n\n", say(setup, SETUP_CHECKING));
        log_set_level(LOG_LEVEL_ERROR);
        wrong = doctor_run(&fresh, ok ? NULL : &err, false);
        printf("%s\n\n", say(setup, wrong ? SETUP_SOME_WRONG : SETUP_ALL_RIGHT));
    }
    settings_finish(&fresh);
    return wrong;
}

/* Whether a file is as setup writes it with this text. */
static bool has_text(const struct setup *setup, const char *path, const char *text)
{
    static struct setup_file file;
    name_file(setup, &file, path);
    snprintf(file.text, sizeof file.text, "%s", text);
    return setup_file_look(&file) == SETUP_FILE_SAME;
}

/* What somebody else has set is not asked for; what setup was told before is what Enter means. */
static void find_what_is_set(struct setup *setup)
{
    static struct setup_file own;
    char folder[PATH_MAX];
    struct setup_asker *asker = &setup->asker;
    name_file(setup, &own, WATCHDOG_PATH);
    snprintf(folder, sizeof folder, "%s/etc/systemd/system.conf.d", setup->root);
    if (setup_file_find_line(folder, "RuntimeWatchdogSec", own.path, setup->watchdog_is_set))
        asker->watchdog_is_set = setup->watchdog_is_set;
    else
        setup->watchdog_is_set[0] = '\0';
    name_file(setup, &own, TIME_PATH);
    snprintf(folder, sizeof folder, "%s/etc/systemd/timesyncd.conf.d", setup->root);
    if (setup_file_find_line(folder, "NTP", own.path, setup->time_is_set))
        asker->time_is_set = setup->time_is_set;
    else
        setup->time_is_set[0] = '\0';
    if (access(setup->dropin.path, F_OK) < 0)
        return;
    asker->watchdog_before = has_text(setup, WATCHDOG_PATH, WATCHDOG_TEXT) ? "yes" : "no";
    asker->time_before = "none";
    if (has_text(setup, TIME_PATH, TIME_TEXT_KR))
        asker->time_before = "kr";
    else if (has_text(setup, TIME_PATH, TIME_TEXT_CN))
        asker->time_before = "cn";
}

static void find_host(struct setup *setup)
{
    char path[PATH_MAX], *text = NULL;
    size_t size;
    snprintf(path, sizeof path, "%s/etc/hostname", setup->root);
    if (!setup->root[0])
        host_find_name(setup->host);
    else if (file_read(path, HOST_NAME_BYTES, &text, &size, NULL))
        snprintf(setup->host, sizeof setup->host, "%.*s", (int)strcspn(text, "\n"), text);
    free(text);
}

/* Before anybody has answered six questions in vain. */
static MUST_CHECK bool check_access(const struct setup *setup, struct err *err)
{
    if (setup_file_may_write(&setup->dropin, err))
        return true;
    const char *remedy = "";
    if (err->code == ERR_DISK)
        remedy = "; make it writable for the setup: mount -o remount,rw /";
    else if (err->code == ERR_SYSTEM)
        remedy = "; run it as root: sudo duckling setup";
    char why[ERR_TEXT_BYTES];
    snprintf(why, sizeof why, "%s", err->text);
    return err_set(err, err->code, "%s%s", why, remedy);
}

static MUST_CHECK bool prepare(struct setup *setup, struct err *err)
{
    int length = snprintf(setup->dropin.path, sizeof setup->dropin.path, "%s.d/50-setup.conf",
                          setup->config);
    if (length >= (int)sizeof setup->dropin.path)
        return err_set(err, ERR_LIMIT, "option --config: the path is too long");
    find_host(setup);
    struct err faults = {0}; /* the doctor tells them */
    (void)!read_configuration(setup, SETTINGS_SETUP, &setup->present, &faults);
    setup->asker.typed = &setup->settings;
    setup->asker.present = &setup->present;
    setup->asker.asks = setup->settings.values[SETTING_YES].number <= 0;
    setup->asker.can_cjk = setup_terminal_shows_cjk();
    setup->asker.host = setup->host;
    find_what_is_set(setup);
    return true;
}

/* Whoever has a keyboard at the screen has no shell there. Enter means yes, unless something is
 * wrong. Returns where nobody wants it, or it can't be done. */
static void offer_restart(struct setup *setup, int wrong)
{
    bool yes = false;
    setup->asker.is_written = true;
    if (!setup->asker.asks || setup->root[0] ||
        setup_ask_yes(&setup->asker, say(setup, SETUP_ASK_RESTART), wrong == 0, &yes) !=
            SETUP_ANSWERED ||
        !yes)
        return;
    printf("\n%s\n", say(setup, SETUP_RESTARTS));
    fflush(stdout);
    log_flush();
    execlp("systemctl", "systemctl", "reboot", (char *)NULL);
    log_error("cannot start the box again reason=\"systemctl: %s\"", strerror(errno));
}

/* EXIT_SUCCESS, EXIT_FAILURE, or EXIT_USAGE with err. */
static int run_setup(struct setup *setup, struct err *err)
{
    setup_terminal_start();
    enum setup_outcome outcome = setup_answers_get(&setup->asker, &setup->answers, err);
    if (outcome == SETUP_REFUSED)
        return EXIT_USAGE;
    if (outcome == SETUP_ANSWERED)
        outcome = write_files(setup, err);
    setup_terminal_finish();
    if (outcome == SETUP_REFUSED)
        log_error("cannot write the setup reason=\"%s\"", err->text);
    if (outcome != SETUP_ANSWERED)
        return EXIT_FAILURE;
    if (setup->answers.name[0] && !setup->root[0])
        (void)!sethostname(setup->answers.name, strlen(setup->answers.name));
    int wrong = check_result(setup);
    offer_restart(setup, wrong);
    printf("\n%s\n", say(setup, SETUP_DONE));
    return wrong > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* So that a unit goes on only where something has changed: EXIT_SUCCESS is for what was taken. */
static int take_stick(const struct setup *setup)
{
    char dropins[PATH_MAX];
    snprintf(dropins, sizeof dropins, "%s", setup->dropin.path);
    *strrchr(dropins, '/') = '\0';
    return setup_stick_take(setup->settings.values[SETTING_STICK].text, &setup->present, dropins) ==
                   SETUP_STICK_TAKEN
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}

int setup_main(int argc, char **argv)
{
    static struct setup setup;
    struct err err = {0};
    int status = EXIT_SUCCESS;
    bool is_read = read_options(&setup, argc, argv, &err);
    if (!is_read) {
        status = usage_refuse(SETTINGS_SETUP, &setup.settings, &err);
    } else if (setup.settings.help) {
        usage_print(SETTINGS_SETUP, setup.settings.help);
    } else {
        err = (struct err){0};
        if (!prepare(&setup, &err) || !read_answers(&setup, &err)) {
            status = EXIT_USAGE;
        } else if (!check_access(&setup, &err)) {
            status = EXIT_FAILURE;
            log_error("cannot set this box up reason=\"%s\"", err.text);
        } else if (setup.settings.values[SETTING_STICK].text) {
            status = take_stick(&setup);
        } else {
            status = run_setup(&setup, &err);
        }
        if (status == EXIT_USAGE) {
            err.code = ERR_INPUT;
            status = usage_refuse(SETTINGS_SETUP, &setup.settings, &err);
        }
    }
    fflush(stdout);
    settings_finish(&setup.settings);
    settings_finish(&setup.present);
    settings_finish(&setup.file);
    log_flush();
    return status;
}
