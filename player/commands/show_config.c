#include "commands/show_config.h"

#include "base/log.h"
#include "commands/listing.h"
#include "commands/usage.h"
#include "core/utf8.h"
#include "sync/fetch.h"

#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "show_config"

#define NAME_CELLS 18
#define VALUE_CELLS 34
#define VALUE_BYTES 1024
#define ORIGIN_BYTES 1024

static bool is_shown(const struct option_row *row)
{
    return row->commands & SETTINGS_PLAY;
}

/* A value for people and programs: no password of a URL, and nothing that controls a terminal. */
static void print_value(const struct option_row *row, const char *text, char out[VALUE_BYTES])
{
    char shown[VALUE_BYTES];
    if (strstr(text, "://"))
        fetch_public(text, shown, sizeof shown);
    else
        snprintf(shown, sizeof shown, "%s", row->secret && strchr(text, '@') ? "***" : text);
    utf8_copy_clean(shown, strlen(shown), out, VALUE_BYTES);
}

static const char *flag_text(const struct option_value *value)
{
    return value->number > 0 ? "yes" : "no";
}

static void print_origin(const struct option_origin *origin, char out[ORIGIN_BYTES])
{
    char text[ORIGIN_BYTES];
    switch (origin->kind) {
    case OPTION_FROM_DEFAULT:
        snprintf(text, sizeof text, "default");
        break;
    case OPTION_FROM_FILE:
        snprintf(text, sizeof text, "%s:%d", origin->name, origin->line);
        break;
    case OPTION_FROM_ENVIRONMENT:
        snprintf(text, sizeof text, "environment: %s", origin->name);
        break;
    case OPTION_FROM_LINE:
        snprintf(text, sizeof text, "command line");
        break;
    }
    utf8_copy_clean(text, strlen(text), out, ORIGIN_BYTES);
}

static void put_line(const char *name, const char *value, const char *origin)
{
    listing_print_cell(stdout, name, NAME_CELLS);
    listing_print_cell(stdout, value, VALUE_CELLS - 2);
    printf("  %s\n", origin);
}

static void put_text(const struct option_row *row, const struct option_value *value)
{
    char shown[VALUE_BYTES] = "-", origin[ORIGIN_BYTES];
    print_origin(&value->origin, origin);
    if (row->type == OPTION_FLAG)
        put_line(row->name, flag_text(value), origin);
    for (int i = 0; i < value->text_count; i++) {
        struct option_origin at = value->origin;
        at.line = value->text_lines[i];
        print_origin(&at, origin);
        print_value(row, value->texts[i], shown);
        put_line(i > 0 ? "" : row->name, shown, origin);
    }
    if (row->type == OPTION_FLAG || value->text_count > 0)
        return;
    if (value->text)
        print_value(row, value->text, shown);
    put_line(row->name, shown, origin);
}

/* Texts here have no control characters: these two are all that must be escaped. */
static void put_json_string(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar(*text);
    }
    putchar('"');
}

static void put_json_value(const struct option_row *row, const char *text)
{
    char shown[VALUE_BYTES];
    print_value(row, text, shown);
    put_json_string(shown);
}

static void put_json(const struct option_row *row, const struct option_value *value)
{
    char origin[ORIGIN_BYTES];
    bool is_list = row->type == OPTION_TEXTS || row->type == OPTION_SIZES;
    printf("{\"section\": \"%s\", \"name\": \"%s\", \"value\": ",
           settings_table.sections[row->group], row->name);
    if (is_list)
        putchar('[');
    for (int i = 0; i < value->text_count; i++) {
        fputs(i > 0 ? ", " : "", stdout);
        put_json_value(row, value->texts[i]);
    }
    if (is_list)
        putchar(']');
    else if (row->type == OPTION_FLAG)
        fputs(value->number > 0 ? "true" : "false", stdout);
    else if (value->text)
        put_json_value(row, value->text);
    else
        fputs("null", stdout);
    print_origin(&value->origin, origin);
    fputs(", \"origin\": ", stdout);
    put_json_string(origin);
    puts("}");
}

/* Operands are sources, as with play. */
static void take_operands(struct settings *settings)
{
    struct option_value *sources = &settings->values[SETTING_SOURCE];
    if (settings->operand_count == 0 || settings->operands[0] == sources->texts[0])
        return;
    sources->text_count = settings->operand_count;
    for (int i = 0; i < settings->operand_count; i++)
        sources->texts[i] = settings->operands[i];
    sources->origin = (struct option_origin){.kind = OPTION_FROM_LINE};
}

static void put_settings(struct settings *settings)
{
    bool json = settings->values[SETTING_JSON].number > 0;
    take_operands(settings);
    for (size_t group = 0; group < settings_table.group_count; group++) {
        bool headed = false;
        for (size_t i = 0; i < settings_table.count; i++) {
            const struct option_row *row = &settings_table.rows[i];
            if (!is_shown(row) || row->group != (int)group || row->typed_only)
                continue;
            if (!json && !headed)
                printf("[%s]\n", settings_table.sections[group]);
            headed = true;
            if (json)
                put_json(row, &settings->values[i]);
            else
                put_text(row, &settings->values[i]);
        }
    }
}

int show_config_main(int argc, char **argv)
{
    static struct settings settings;
    struct err err = {0};
    int status = EXIT_SUCCESS;
    if (!settings_read(&settings, SETTINGS_SHOW_CONFIG, argc, argv, &err)) {
        status = usage_refuse(SETTINGS_SHOW_CONFIG, &settings, &err);
    } else if (settings.help) {
        usage_print(SETTINGS_SHOW_CONFIG, settings.help);
    } else {
        put_settings(&settings);
        if (fflush(stdout) != 0 || ferror(stdout)) {
            log_error("cannot write the configuration reason=\"standard output failed\"");
            status = EXIT_FAILURE;
        }
    }
    settings_finish(&settings);
    log_flush();
    return status;
}
