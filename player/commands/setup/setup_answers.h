/* What setup has been told: by options, by a file of answers, or by somebody at the terminal. Main
 * thread. */
#ifndef COMMANDS_SETUP_SETUP_ANSWERS_H
#define COMMANDS_SETUP_SETUP_ANSWERS_H

#include "base/host.h"
#include "base/language.h"
#include "base/zone.h"
#include "commands/settings.h"
#include "commands/setup/setup_terminal.h"
#include "commands/setup/setup_words.h"

#define SETUP_KEY_BYTES 64 /* of minisign's base64 line */

struct setup_answers {
    char language[LANGUAGE_BYTES];
    char source[SETUP_LINE_BYTES];
    char key[SETUP_KEY_BYTES]; /* the key itself; "": none, for a source that is not signed */
    char zone[ZONE_NAME_BYTES_MAX + 1];
    char name[HOST_NAME_BYTES]; /* "": as it is */
    int rotation;
    bool has_watchdog; /* false: nothing is to be changed about it */
    bool watchdog;
    char time_servers[8]; /* "kr", "cn" or "none"; "": nothing is to be changed */
};

/* How setup asks, and what it knows before. */
struct setup_asker {
    const struct settings *typed;   /* by options */
    const struct settings *present; /* what the configuration says before */
    const struct settings *file;    /* the file of answers; NULL: none */
    bool asks;                      /* false: --yes */
    bool is_written;                /* what was answered is on the disk */
    bool can_cjk;
    enum setup_language language;
    const char *host; /* the box's name now */
    /* Where somebody else has set them, so that they are not asked for; NULL: nobody has. */
    const char *watchdog_is_set, *time_is_set;
    /* What setup was told before: "yes" or "no"; "kr", "cn" or "none". NULL: it has not run. */
    const char *watchdog_before, *time_before;
};

enum setup_outcome {
    SETUP_ANSWERED,
    SETUP_REFUSED, /* what was given by an option or a file won't do: err (usage) */
    SETUP_STOPPED, /* the input has ended, or Ctrl+C; it was said */
};

enum setup_outcome setup_answers_get(struct setup_asker *asker, struct setup_answers *answers,
                                     struct err *err);

/* Asks a question that needs yes or no: `usual` is what Enter means; -1: it means nothing. */
enum setup_outcome setup_ask_yes(struct setup_asker *asker, const char *question, int usual,
                                 bool *yes);

#endif
