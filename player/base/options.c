#include "base/options.h"

#include "core/nearest.h"

#include <ctype.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 96
/* What getopt_long returns: the codes of help, then those of rows. Letters are below. */
enum { CODE_HELP = 1000, CODE_HELP_ALL, CODE_ROWS };

/* Says what an option needs, and that `text` is not it. The caller prefixes the option's name. */
__attribute__((format(printf, 3, 4))) static bool refuse_value(struct err *err, const char *text,
                                                               const char *format, ...)
{
    char needs[256];
    va_list args;
    va_start(args, format);
    vsnprintf(needs, sizeof needs, format, args);
    va_end(args);
    return err_set(err, ERR_INPUT, "needs %s, not \"%.200s\"", needs, text);
}

static MUST_CHECK bool parse_number(const struct option_row *row, const char *text, double *number,
                                    struct err *err)
{
    char *end;
    double value = strtod(text, &end);
    bool whole = row->type == OPTION_WHOLE;
    bool is_number = end != text && !*end && isfinite(value) &&
                     (!whole || text[strspn(text, "0123456789")] == '\0');
    if (!is_number || value < row->min || value > row->max)
        return refuse_value(err, text, "a %snumber from %.10g to %.10g", whole ? "whole " : "",
                            row->min, row->max);
    *number = value;
    return true;
}

static MUST_CHECK bool parse_size(const struct option_row *row, const char *text,
                                  struct option_value *value, struct err *err)
{
    char *middle, *end;
    long width = strtol(text, &middle, 10);
    long height = *middle == 'x' ? strtol(middle + 1, &end, 10) : 0;
    if (!isdigit((unsigned char)text[0]) || *middle != 'x' || !isdigit((unsigned char)middle[1]) ||
        *end)
        return refuse_value(err, text, "a size such as 1280x720");
    if ((double)width < row->min || (double)height < row->min || (double)width > row->max ||
        (double)height > row->max)
        return refuse_value(err, text, "a size with sides from %g to %g pixels", row->min,
                            row->max);
    value->width = (int)width;
    value->height = (int)height;
    return true;
}

static const char byte_units[] = "kMGT";

#define BYTES_TEXT 32

/* As parse_bytes reads it: 16000 is 16k. */
static void print_bytes(double bytes, char text[static BYTES_TEXT])
{
    size_t unit = 0;
    while (unit < strlen(byte_units) && fmod(bytes, 1000) == 0) {
        bytes /= 1000;
        unit++;
    }
    snprintf(text, BYTES_TEXT, "%.0f%.*s", bytes, unit > 0, unit > 0 ? byte_units + unit - 1 : "");
}

static MUST_CHECK bool parse_bytes(const struct option_row *row, const char *text, double *number,
                                   struct err *err)
{
    char *end = NULL;
    double value = (double)strtoull(text, &end, 10);
    char letter = *end;
    if (letter == 'K')
        letter = 'k';
    const char *unit = letter ? strchr(byte_units, letter) : NULL;
    if (!isdigit((unsigned char)text[0]) || (*end && (!unit || end[1])))
        return refuse_value(err, text, "a number of bytes such as 20G");
    for (const char *u = byte_units; unit && u <= unit; u++)
        value *= 1000;
    if (value < row->min || value > row->max) {
        char min[BYTES_TEXT], max[BYTES_TEXT];
        print_bytes(row->min, min);
        print_bytes(row->max, max);
        return refuse_value(err, text, "a number of bytes from %s to %s", min, max);
    }
    *number = value;
    return true;
}

static MUST_CHECK bool add_option_text(const char *text, struct option_value *value,
                                       struct err *err)
{
    if (value->text_count == OPTION_TEXTS_MAX)
        return err_set(err, ERR_INPUT, "may be given at most %d times", OPTION_TEXTS_MAX);
    value->texts[value->text_count++] = text;
    return true;
}

static bool is_choice(const char *choices, const char *text)
{
    for (;;) {
        size_t length = strcspn(choices, "|");
        if (length == strlen(text) && strncmp(choices, text, length) == 0)
            return true;
        if (!choices[length])
            return false;
        choices += length + 1;
    }
}

/* "a|b|c" as "a, b or c". */
static void print_choices(const char *choices, char *text, size_t size)
{
    const char *last = strrchr(choices, '|');
    size_t used = 0;
    for (const char *c = choices; *c && used + sizeof " or " < size; c++) {
        const char *joint = c == last ? " or " : ", ";
        if (*c == '|')
            used += (size_t)snprintf(text + used, size - used, "%s", joint);
        else
            text[used++] = *c;
    }
    text[used] = '\0';
}

/* What the value is called, as --help does. */
static const char *value_name(const struct option_row *row)
{
    return row->type == OPTION_CHOICE ? row->choices : row->metavar;
}

static MUST_CHECK bool set_choice(const struct option_row *row, const char *text,
                                  struct option_value *value, struct err *err)
{
    char choices[128];
    if (!is_choice(row->choices, text)) {
        print_choices(row->choices, choices, sizeof choices);
        return refuse_value(err, text, "%s", choices);
    }
    value->number = strtod(text, NULL);
    return true;
}

/* Errors lack their subject, the option. */
static MUST_CHECK bool set_value(const struct option_row *row, const char *text,
                                 struct option_value *value, struct err *err)
{
    switch (row->type) {
    case OPTION_FLAG:
        if (text && strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
            return refuse_value(err, text, "yes or no");
        value->number = !text || text[0] == 'y';
        break;
    case OPTION_NUMBER:
    case OPTION_WHOLE:
        if (!parse_number(row, text, &value->number, err))
            return false;
        break;
    case OPTION_SIZE:
        if (!parse_size(row, text, value, err))
            return false;
        break;
    case OPTION_SIZES:
        if (!parse_size(row, text, value, err) || !add_option_text(text, value, err))
            return false;
        value->sizes[value->text_count - 1] = (struct option_size){value->width, value->height};
        break;
    case OPTION_CHOICE:
        if (!set_choice(row, text, value, err))
            return false;
        break;
    case OPTION_TEXT:
    case OPTION_TEXTS:
        if (!*text)
            return refuse_value(err, text, "a value (%s)", value_name(row));
        if (row->check && !row->check(text, err))
            return false;
        if (row->type == OPTION_TEXTS && !add_option_text(text, value, err))
            return false;
        break;
    case OPTION_BYTES:
        if (!parse_bytes(row, text, &value->number, err))
            return false;
        break;
    }
    value->text = text;
    return true;
}

void options_defaults(const struct option_table *table, struct option_value *values)
{
    for (size_t i = 0; i < table->count; i++) {
        values[i] = (struct option_value){0};
        const char *fallback = table->rows[i].fallback;
        if (fallback && !set_value(&table->rows[i], fallback, &values[i], NULL))
            abort(); /* the table itself is wrong; a test reads every default */
    }
}

/* Fills in what getopt_long needs: the command's rows as its own structs, and the letters. */
static void fill_getopt(const struct option_table *table, unsigned command, struct option *longs,
                        char *letters)
{
    size_t count = 0;
    *letters++ = ':'; /* makes getopt_long report a missing value apart from an unknown option */
    for (size_t i = 0; i < table->count && i < ROWS_MAX; i++) {
        const struct option_row *row = &table->rows[i];
        if (!(row->commands & command))
            continue;
        int argument = row->type == OPTION_FLAG ? no_argument : required_argument;
        longs[count++] = (struct option){row->name, argument, NULL, (int)i + CODE_ROWS};
        if (row->letter) {
            *letters++ = row->letter;
            if (argument == required_argument)
                *letters++ = ':';
        }
    }
    *letters++ = 'h';
    *letters = '\0';
    longs[count++] = (struct option){"help", no_argument, NULL, CODE_HELP};
    longs[count++] = (struct option){"help-all", no_argument, NULL, CODE_HELP_ALL};
    longs[count] = (struct option){0};
}

static const struct option_row *find_row(const struct option_table *table, unsigned command,
                                         int code)
{
    if (code >= CODE_ROWS)
        return &table->rows[code - CODE_ROWS];
    for (size_t i = 0; code && i < table->count; i++)
        if (table->rows[i].letter == code && (table->rows[i].commands & command))
            return &table->rows[i];
    return NULL;
}

/* Whether a word is among others that have spaces between them. */
static bool is_among(const char *word, const char *words)
{
    size_t length = strlen(word);
    for (; words && *words; words += strspn(words, " ")) {
        size_t next = strcspn(words, " ");
        if (next == length && strncmp(words, word, length) == 0)
            return true;
        words += next;
    }
    return false;
}

/* The option of some commands that was probably meant, or NULL: as people write it elsewhere
 * (Log_Level, tz), with a slip of the finger, or cut short. */
static const char *nearest_option(const struct option_table *table, unsigned commands,
                                  const char *name)
{
    char typed[64];
    struct nearest nearest;
    const char *begins = NULL;
    snprintf(typed, sizeof typed, "%s", name);
    for (char *c = typed; *c; c++)
        *c = (char)(*c == '_' || *c == ' ' ? '-' : tolower((unsigned char)*c));
    nearest_init(&nearest, typed);
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        if (!(row->commands & commands))
            continue;
        if (is_among(typed, row->also))
            return row->name;
        nearest_consider(&nearest, row->name);
        if (strlen(typed) >= 3 && strncmp(row->name, typed, strlen(typed)) == 0)
            begins = row->name;
    }
    nearest_consider(&nearest, "help");
    nearest_consider(&nearest, "help-all");
    return nearest.word ? nearest.word : begins;
}

/* `name`: without dashes, perhaps with =VALUE. A name that begins several options is one that
 * getopt_long could not complete. */
static MUST_CHECK bool refuse_long(const struct option_table *table, unsigned command,
                                   const char *dashes, const char *name, struct err *err)
{
    char typed[64];
    snprintf(typed, sizeof typed, "%.*s", (int)strcspn(name, "="), name);
    const char *starts[2] = {NULL};
    for (size_t i = 0, found = 0; i < table->count && found < 2; i++)
        if ((table->rows[i].commands & command) &&
            strncmp(table->rows[i].name, typed, strlen(typed)) == 0)
            starts[found++] = table->rows[i].name;
    if (*typed && starts[1])
        return err_set(err, ERR_INPUT, "option --%s is ambiguous; is it --%s or --%s?", typed,
                       starts[0], starts[1]);
    const char *near = nearest_option(table, command, typed);
    if (near)
        return err_set(err, ERR_INPUT, "unknown option %s%s; did you mean --%s?", dashes, typed,
                       near);
    return err_set(err, ERR_INPUT, "unknown option %s%s; --help-all lists every option", dashes,
                   typed);
}

/* A long option is often written with one dash. getopt is still at such an argument. */
static MUST_CHECK bool refuse_letter(const struct option_table *table, unsigned command, int argc,
                                     char **argv, struct err *err)
{
    const char *argument = optind < argc ? argv[optind] : "";
    if (optopt < 0 ||
        optopt > 0x7f) { /* one byte of a letter: at its last one, getopt has gone on */
        bool is_there = argument[0] == '-' && strchr(argument + 1, optopt);
        return err_set(err, ERR_INPUT, "unknown option %.200s; --help-all lists every option",
                       is_there ? argument : argv[optind - 1]);
    }
    if (argument[0] == '-' && argument[1] == optopt && argument[2] &&
        nearest_option(table, command, argument + 1))
        return refuse_long(table, command, "-", argument + 1, err);
    return err_set(err, ERR_INPUT, "unknown option -%c; --help-all lists every option", optopt);
}

/* getopt_long returned ':' or '?', and the option in optopt. */
static MUST_CHECK bool refuse_option(const struct option_table *table, unsigned command, int code,
                                     int argc, char **argv, struct err *err)
{
    const char *argument = argv[optind - 1];
    const struct option_row *row = find_row(table, command, optopt);
    if (code == ':' && row)
        return err_set(err, ERR_INPUT, "option --%s needs a value (%s)", row->name,
                       value_name(row));
    if (row || optopt >= CODE_HELP)
        return err_set(err, ERR_INPUT, "option %.*s takes no value; remove \"%.200s\"",
                       (int)strcspn(argument, "="), argument, argument + strcspn(argument, "="));
    if (optopt)
        return refuse_letter(table, command, argc, argv, err);
    return refuse_long(table, command, "--", argument + strspn(argument, "-"), err);
}

bool options_parse(const struct option_table *table, unsigned command, int argc, char **argv,
                   struct option_value *values, int *first_operand, enum options_help *help,
                   struct err *err)
{
    struct option longs[ROWS_MAX + 3];
    char letters[2 * ROWS_MAX + 4];
    fill_getopt(table, command, longs, letters);
    optind = 0; /* glibc: start over */
    opterr = 0;
    *help = OPTIONS_HELP_NONE;
    for (;;) {
        int code = getopt_long(argc, argv, letters, longs, NULL);
        if (code == -1)
            break;
        if (code == 'h' || code == CODE_HELP || code == CODE_HELP_ALL) {
            *help = code == CODE_HELP_ALL ? OPTIONS_HELP_ALL : OPTIONS_HELP_SHORT;
            continue;
        }
        if (code == ':' || code == '?')
            return refuse_option(table, command, code, argc, argv, err);
        const struct option_row *row = find_row(table, command, code);
        struct option_value *value = &values[row - table->rows];
        if (!set_value(row, optarg, value, err))
            return err_prefix(err, "option --%s ", row->name);
        value->given = true;
        value->origin = (struct option_origin){.kind = OPTION_FROM_LINE};
    }
    *first_operand = optind;
    return true;
}

bool options_take(const struct option_table *table, size_t index, const char *text,
                  struct option_value *value, struct err *err)
{
    return set_value(&table->rows[index], text, value, err);
}

const char *options_nearest(const struct option_table *table, const char *name)
{
    return nearest_option(table, UINT_MAX, name + strspn(name, "-"));
}

bool options_is_name(const struct option_row *row, const char *key)
{
    const char *names[] = {row->name, row->alias};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *name = names[i], *at = key;
        if (!name)
            continue;
        while (*name && (*at == *name || (*at == '_' && *name == '-'))) {
            at++;
            name++;
        }
        if (!*name && !*at)
            return true;
    }
    return false;
}

/* The column where explanations begin, at most; options that are longer have a line of their
 * own. */
#define HELP_COLUMN_MAX 26
#define HELP_COLUMNS 80
#define HELP_LEFT 80

static void print_left(const struct option_row *row, char left[static HELP_LEFT])
{
    const char *value = value_name(row);
    char letter[8] = "    ";
    if (row->letter)
        snprintf(letter, sizeof letter, "-%c, ", row->letter);
    int length = snprintf(left, HELP_LEFT, "  %s--%s", letter, row->name);
    if (value)
        snprintf(left + length, HELP_LEFT - (size_t)length, " %s", value);
}

/* Prints the text that follows an option's name, wrapped between words. */
static void print_wrapped(FILE *stream, const char *left, int column, const char *text)
{
    int at = fprintf(stream, "%s", left);
    if (at + 2 > column)
        at = fprintf(stream, "\n") - 1;
    fprintf(stream, "%*s", column - at, "");
    for (at = column; *text;) {
        int length = (int)strcspn(text, " ");
        if (at > column && at + 1 + length > HELP_COLUMNS)
            at = fprintf(stream, "\n%*s", column, "") - 1;
        at += fprintf(stream, "%s%.*s", at > column ? " " : "", length, text);
        text += length + (text[length] == ' ');
    }
    fputc('\n', stream);
}

static bool is_row_shown(const struct option_row *row, unsigned command, enum options_help help)
{
    return (help == OPTIONS_HELP_ALL ? row->commands : row->first) & command;
}

static void print_group(const struct option_table *table, unsigned command, enum options_help help,
                        size_t group, int column, FILE *stream)
{
    bool headed = table->group_count == 0 || help == OPTIONS_HELP_SHORT;
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        if (!is_row_shown(row, command, help) || (size_t)row->group != group)
            continue;
        char left[HELP_LEFT], text[256];
        print_left(row, left);
        if (row->fallback)
            snprintf(text, sizeof text, "%s (default %s)", row->help, row->fallback);
        else
            snprintf(text, sizeof text, "%s", row->help);
        if (!headed)
            fprintf(stream, "%s:\n", table->groups[group]);
        headed = true;
        print_wrapped(stream, left, column, text);
    }
}

void options_print_help(const struct option_table *table, unsigned command, enum options_help help,
                        FILE *stream)
{
    int column = (int)sizeof "  -h, --help-all" + 1;
    for (size_t i = 0; i < table->count; i++) {
        char left[HELP_LEFT];
        print_left(&table->rows[i], left);
        int width = (int)strlen(left) + 2;
        if (is_row_shown(&table->rows[i], command, help) && width > column &&
            width <= HELP_COLUMN_MAX)
            column = width;
    }
    size_t groups = table->group_count ? table->group_count : 1;
    for (size_t i = 0; i < groups; i++)
        print_group(table, command, help, i, column, stream);
    if (table->group_count && help == OPTIONS_HELP_ALL)
        fputs("Help:\n", stream);
    print_wrapped(stream, "  -h, --help", column, "show a short help");
    print_wrapped(stream, "      --help-all", column, "list every option");
}
