/* Options: one table feeds the command line, the configuration (base/config), --help and (through a
 * test) the man page. */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "core/err.h"

#include <stddef.h>
#include <stdio.h>

enum option_type {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_NUMBER, /* within min and max */
    OPTION_WHOLE,  /* the same, of digits only */
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
    bool semicolons;  /* in a configuration file, "; " is a part of the value, not a comment */
    bool secret;      /* the value may hold a password: messages don't show it */
    bool typed_only;  /* a configuration file can't have it */
    enum option_type type;
    double min, max;
    const char *choices;
    const char *metavar; /* what --help calls the value */
    /* Of texts: false, with what completes the option's name ("needs ..., not ..."), where a value
     * won't do; `err` may be NULL. NULL: any text will do. */
    bool (*check)(const char *text, struct err *err);
    /* Whether a value is the path of a file, so that a relative one in a configuration file begins at
     * that file's folder. NULL: never. */
    bool (*is_path)(const char *text);
    const char *alias;    /* another name in configuration files; NULL: none */
    const char *also;     /* other words that people try, with spaces between; for hints */
    const char *fallback; /* the default as one would write it; NULL: none */
    const char *help;
    unsigned commands; /* which commands take it; two rows may share a name if no command takes
                          both */
    unsigned first;    /* which of them show it in their short help */
    int group;         /* orders the help: index of a heading of the table */
};

/* Where a value comes from. */
struct option_origin {
    enum option_origin_kind {
        OPTION_FROM_DEFAULT,
        OPTION_FROM_FILE,
        OPTION_FROM_ENVIRONMENT,
        OPTION_FROM_LINE, /* the command line */
    } kind;
    const char *name; /* the file's path, or the variable; lives as long as the configuration */
    int line;
    int layer; /* of a configuration: its files, and the environment, are counted */
};

struct option_value {
    const char *text; /* as given, or the fallback; NULL: neither. Points into argv, the table, or
                         the configuration */
    double number; /* OPTION_NUMBER, _WHOLE and _BYTES, a choice that is a number; 1: a set flag */
    const char *texts[OPTION_TEXTS_MAX]; /* OPTION_TEXTS and OPTION_SIZES, in order */
    struct option_size {
        int width, height;
    } sizes[OPTION_TEXTS_MAX]; /* OPTION_SIZES: of each text */
    int width, height;         /* OPTION_SIZE; of OPTION_SIZES the last */
    int text_count;
    int text_lines[OPTION_TEXTS_MAX]; /* of a configuration file: where each stands */
    bool given;                       /* on the command line */
    struct option_origin origin;
};

struct option_table {
    const struct option_row *rows;
    size_t count;
    const char *const *groups; /* headings, which the whole help has; in order */
    size_t group_count;        /* 0: no headings, one group */
    /* The section of each group in a configuration file; NULL: there are no sections. `general` is
     * one of them, in which the options of all groups may stand. */
    const char *const *sections;
    const char *general;
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
 * Errors: ERR_INPUT. */
MUST_CHECK bool options_parse(const struct option_table *table, unsigned command, int argc,
                              char **argv, struct option_value *values, int *first_operand,
                              enum options_help *help, struct err *err);

/* Sets one row's value from a text, which must outlive it; a list gets one more. ERR_INPUT: the text
 * completes the option's name ("needs ..., not ..."). */
MUST_CHECK bool options_take(const struct option_table *table, size_t index, const char *text,
                             struct option_value *value, struct err *err);

/* Whether a configuration means this row by a key: its name or alias, with '-' or '_'. */
bool options_is_name(const struct option_row *row, const char *key);

/* The option of any command that was probably meant by a name; NULL: none. */
const char *options_nearest(const struct option_table *table, const char *name);

/* Writes the options of a command as `help` asks for them (not OPTIONS_HELP_NONE), at most 80
 * columns wide. */
void options_print_help(const struct option_table *table, unsigned command, enum options_help help,
                        FILE *stream);

#endif
