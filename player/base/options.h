/* Options: one table feeds the command line, the configuration file, --help and (through a test)
 * the man page. */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "core/err.h"

#include <stddef.h>
#include <stdio.h>

enum option_type {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_NUMBER, /* within min and max */
    OPTION_CHOICE, /* one of `choices`, separated by '|' */
    OPTION_SIZE,   /* WxH, each side within min and max */
    OPTION_BYTES,  /* a whole number, perhaps with k, M, G or T (thousands), within min and max */
    OPTION_TEXTS,  /* may be given up to OPTION_TEXTS_MAX times */
    OPTION_SIZES,  /* OPTION_SIZE, up to OPTION_TEXTS_MAX times */
};

#define OPTION_TEXTS_MAX 16

/* One row of the table. Bits of `commands` and `first` stand for commands; the table defines
 * which. */
struct option_row {
    const char *name; /* without dashes; also the key in a configuration file */
    char letter;      /* 0: none */
    enum option_type type;
    double min, max;
    const char *choices;
    const char *metavar; /* what --help calls the value */
    /* Of texts: false, with what completes the option's name ("needs ..., not ..."), where a value
     * won't do; `err` may be NULL. NULL: any text will do. */
    bool (*check)(const char *text, struct err *err);
    const char *also;     /* other words that people try, with spaces between; for hints */
    const char *fallback; /* the default as one would write it; NULL: none */
    const char *help;
    unsigned commands; /* which commands take it; two rows may share a name if no command takes
                          both */
    unsigned first;    /* which of them show it in their short help */
    int group;         /* orders the help: index of a heading of the table */
};

struct option_value {
    const char *text; /* as given, or the fallback; NULL: neither. Points into argv, the table, or
                         the configuration's bytes */
    double number; /* OPTION_NUMBER, OPTION_BYTES, or a choice that is a number; 1 for a flag that
                      is set */
    const char *texts[OPTION_TEXTS_MAX]; /* OPTION_TEXTS and OPTION_SIZES, in order */
    struct option_size {
        int width, height;
    } sizes[OPTION_TEXTS_MAX]; /* OPTION_SIZES: of each text */
    int width, height;         /* OPTION_SIZE; of OPTION_SIZES the last */
    int text_count;
    bool given;
};

struct option_table {
    const struct option_row *rows;
    size_t count;
    const char *const *groups; /* headings, which the whole help has; in order */
    size_t group_count;        /* 0: no headings, one group */
};

enum options_help {
    OPTIONS_HELP_NONE,
    OPTIONS_HELP_SHORT, /* --help, -h: the options that people need first */
    OPTIONS_HELP_ALL,   /* --help-all */
};

/* Sets every row's value to its fallback. `values` has table->count items throughout. */
void options_defaults(const struct option_table *table, struct option_value *values);

/* Reads argv[1] to argv[argc - 1] (argv[0] is the command) for one command. Operands are moved to
 * the end of argv; *first_operand is the first one's index. --help, -h and --help-all set *help.
 * Values given here win over a configuration file's. Errors: ERR_INPUT. */
MUST_CHECK bool options_parse(const struct option_table *table, unsigned command, int argc,
                              char **argv, struct option_value *values, int *first_operand,
                              enum options_help *help, struct err *err);

/* Reads "key = value" lines. A line that begins with '#' or ';' is a comment, and so is what follows
 * one of these after a space; but a value may begin with '#', such as #000000, if no space follows. A
 * value may stand in quotes, single or double. An unknown key is an error; a key that only
 * other commands take is not. A key of OPTION_TEXTS may be repeated. `bytes` is terminated, is
 * changed, and must outlive the values. `path` is for messages ("path:line: reason"). Errors:
 * ERR_INPUT. */
MUST_CHECK bool options_read_file(const struct option_table *table, char *bytes, const char *path,
                                  struct option_value *values, struct err *err);

/* Writes the options of a command as `help` asks for them (not OPTIONS_HELP_NONE), at most 80
 * columns wide. */
void options_print_help(const struct option_table *table, unsigned command, enum options_help help,
                        FILE *stream);

#endif
