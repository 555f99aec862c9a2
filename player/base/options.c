#include "base/options.h"

#include <ctype.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 64
#define HELP_CODE 1000

static bool parse_number(const struct option_row *row, const char *text, double *number,
                         struct err *err)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value))
        return err_set(err, ERR_INPUT, "%s: \"%s\" is not a number", row->name, text);
    if (value < row->min || value > row->max)
        return err_set(err, ERR_INPUT, "%s: %s is not between %g and %g", row->name, text, row->min,
                       row->max);
    *number = value;
    return true;
}

static bool parse_size(const struct option_row *row, const char *text, struct option_value *value,
                       struct err *err)
{
    char *middle, *end;
    long width = strtol(text, &middle, 10);
    long height = *middle == 'x' ? strtol(middle + 1, &end, 10) : 0;
    if (!isdigit((unsigned char)text[0]) || *middle != 'x' || !isdigit((unsigned char)middle[1]) ||
        *end)
        return err_set(err, ERR_INPUT, "%s: \"%s\" is not a size such as 1920x1080", row->name,
                       text);
    if ((double)width < row->min || (double)height < row->min || (double)width > row->max ||
        (double)height > row->max)
        return err_set(err, ERR_INPUT, "%s: %s: sides must be between %g and %g", row->name, text,
                       row->min, row->max);
    value->width = (int)width;
    value->height = (int)height;
    return true;
}

static bool parse_bytes(const struct option_row *row, const char *text, double *number,
                        struct err *err)
{
    static const char units[] = "kMGT";
    char *end = NULL;
    double value = (double)strtoull(text, &end, 10);
    const char *unit = *end ? strchr(units, *end == 'K' ? 'k' : *end) : NULL;
    if (!isdigit((unsigned char)text[0]) || (*end && (!unit || end[1])))
        return err_set(err, ERR_INPUT, "%s: \"%s\" is not a number of bytes such as 20G", row->name,
                       text);
    for (const char *u = units; unit && u <= unit; u++)
        value *= 1000;
    if (value < row->min || value > row->max)
        return err_set(err, ERR_INPUT, "%s: %s is not between %.0f and %.0f bytes", row->name, text,
                       row->min, row->max);
    *number = value;
    return true;
}

static bool add_text(const struct option_row *row, const char *text, struct option_value *value,
                     struct err *err)
{
    if (!*text)
        return err_set(err, ERR_INPUT, "%s: empty", row->name);
    if (value->text_count == OPTION_TEXTS_MAX)
        return err_set(err, ERR_INPUT, "%s: more than %d of them", row->name, OPTION_TEXTS_MAX);
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

static bool set_value(const struct option_row *row, const char *text, struct option_value *value,
                      struct err *err)
{
    switch (row->type) {
    case OPTION_FLAG:
        if (text && strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
            return err_set(err, ERR_INPUT, "%s: yes or no, not \"%s\"", row->name, text);
        value->number = !text || text[0] == 'y';
        break;
    case OPTION_NUMBER:
        if (!parse_number(row, text, &value->number, err))
            return false;
        break;
    case OPTION_SIZE:
        if (!parse_size(row, text, value, err))
            return false;
        break;
    case OPTION_CHOICE:
        if (!is_choice(row->choices, text))
            return err_set(err, ERR_INPUT, "%s: \"%s\" is none of %s", row->name, text,
                           row->choices);
        value->number = strtod(text, NULL);
        break;
    case OPTION_TEXT:
        if (!*text)
            return err_set(err, ERR_INPUT, "%s: empty", row->name);
        break;
    case OPTION_BYTES:
        if (!parse_bytes(row, text, &value->number, err))
            return false;
        break;
    case OPTION_TEXTS:
        if (!add_text(row, text, value, err))
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
        if (table->rows[i].fallback)
            set_value(&table->rows[i], table->rows[i].fallback, &values[i], NULL);
    }
}

/* What getopt_long wants: the command's rows as its own structs, and the letters. */
static void fill_getopt(const struct option_table *table, unsigned command, struct option *longs,
                        char *letters)
{
    size_t count = 0;
    *letters++ = ':'; /* tells a missing value from an unknown option */
    for (size_t i = 0; i < table->count && i < ROWS_MAX; i++) {
        const struct option_row *row = &table->rows[i];
        if (!(row->commands & command))
            continue;
        int argument = row->type == OPTION_FLAG ? no_argument : required_argument;
        longs[count++] = (struct option){row->name, argument, NULL, (int)i + HELP_CODE + 1};
        if (row->letter) {
            *letters++ = row->letter;
            if (argument == required_argument)
                *letters++ = ':';
        }
    }
    *letters++ = 'h';
    *letters = '\0';
    longs[count++] = (struct option){"help", no_argument, NULL, 'h'};
    longs[count] = (struct option){0};
}

static int row_of(const struct option_table *table, int code)
{
    if (code > HELP_CODE)
        return code - HELP_CODE - 1;
    for (size_t i = 0; i < table->count; i++)
        if (table->rows[i].letter == code)
            return (int)i;
    return -1;
}

bool options_parse(const struct option_table *table, unsigned command, int argc, char **argv,
                   struct option_value *values, int *first_operand, bool *help, struct err *err)
{
    struct option longs[ROWS_MAX + 2];
    char letters[2 * ROWS_MAX + 4];
    fill_getopt(table, command, longs, letters);
    optind = 0; /* glibc: start over */
    opterr = 0;
    *help = false;
    for (;;) {
        int code = getopt_long(argc, argv, letters, longs, NULL);
        if (code == -1)
            break;
        if (code == 'h') {
            *help = true;
            continue;
        }
        if (code == ':')
            return err_set(err, ERR_INPUT, "%s needs a value", argv[optind - 1]);
        /* A letter may be one of several in an argument that getopt has not left yet. */
        if (code == '?' && optopt > 0 && optopt < HELP_CODE)
            return err_set(err, ERR_INPUT, "unknown option -%c", optopt);
        int row = code == '?' ? -1 : row_of(table, code);
        if (row < 0)
            return err_set(err, ERR_INPUT, "unknown option %s", argv[optind - 1]);
        if (!set_value(&table->rows[row], optarg, &values[row], err))
            return err_prefix(err, "--");
        values[row].given = true;
    }
    *first_operand = optind;
    return true;
}

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t length = strlen(text);
    while (length && isspace((unsigned char)text[length - 1]))
        text[--length] = '\0';
    return text;
}

static bool read_line(const struct option_table *table, char *line, struct option_value *values,
                      struct err *err)
{
    line = trim(line);
    if (!*line || *line == '#')
        return true;
    char *equals = strchr(line, '=');
    if (!equals)
        return err_set(err, ERR_INPUT, "not \"key = value\": %s", line);
    *equals = '\0';
    const char *key = trim(line), *text = trim(equals + 1);
    /* Where commands share a name, the value must do for one of them. */
    bool known = false, good = false;
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->rows[i].name, key) != 0)
            continue;
        good |= values[i].given || set_value(&table->rows[i], text, &values[i], known ? NULL : err);
        known = true;
    }
    return good || (known ? false : err_set(err, ERR_INPUT, "%s: unknown key", key));
}

bool options_read_file(const struct option_table *table, char *bytes, const char *path,
                       struct option_value *values, struct err *err)
{
    int number = 1;
    for (char *line = bytes; line; number++) {
        char *next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (!read_line(table, line, values, err))
            return err_prefix(err, "%s:%d: ", path, number);
        line = next;
    }
    return true;
}

void options_help(const struct option_table *table, unsigned command, FILE *stream)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option_row *row = &table->rows[i];
        if (!(row->commands & command))
            continue;
        char left[80];
        const char *value = row->type == OPTION_CHOICE ? row->choices : row->metavar;
        char letter[8] = "    ";
        if (row->letter)
            snprintf(letter, sizeof letter, "-%c, ", row->letter);
        snprintf(left, sizeof left, "%s--%s%s%s", letter, row->name, value ? " " : "",
                 value ? value : "");
        fprintf(stream, "  %-34s %s%s%s%s\n", left, row->help, row->fallback ? " (default " : "",
                row->fallback ? row->fallback : "", row->fallback ? ")" : "");
    }
    fprintf(stream, "  %-34s %s\n", "-h, --help", "this text");
}
