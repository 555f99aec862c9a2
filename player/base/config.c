#include "base/config.h"

#include "base/file.h"
#include "base/ini_text.h"
#include "core/nearest.h"
#include "core/utf8.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FAULT_BYTES 1024
#define SHOWN_BYTES 200 /* of a value, in a fault */

/* A value, and where it stands. */
struct place {
    const char *name; /* the file's path, or the variable */
    int line;         /* 0: a variable */
    const char *section, *key;
};

struct file_reading {
    struct config *config;
    const char *path;
    int unknown_section_line; /* of the last one that was told */
};

void config_init(struct config *config, const struct option_table *table,
                 struct option_value *values, unsigned commands)
{
    *config = (struct config){.table = table, .values = values, .commands = commands};
}

void config_finish(struct config *config)
{
    arena_finish(&config->arena);
    *config = (struct config){0};
}

static const char *keep_text(struct config *config, const char *text)
{
    const char *kept = arena_copy(&config->arena, text, strlen(text));
    config->out_of_memory |= !kept;
    return kept ? kept : "";
}

void config_add_fault(struct config *config, const char *format, ...)
{
    char text[FAULT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (config->fault_count < CONFIG_FAULTS_SHOWN_MAX)
        config->faults[config->fault_count] = keep_text(config, text);
    config->fault_count++;
}

/* "path:line: [section] key: " or "VARIABLE: ". */
static void name_place(const struct place *place, char text[static FAULT_BYTES / 2])
{
    if (place->line == 0)
        snprintf(text, FAULT_BYTES / 2, "%s: ", place->name);
    else
        snprintf(text, FAULT_BYTES / 2, "%s:%d: %s%s%s%s%s", place->name, place->line,
                 *place->section ? "[" : "", place->section, *place->section ? "] " : "",
                 place->key ? place->key : "", place->key ? ": " : "");
}

/* Takes a part out of a text. */
static void cut_text(char *text, const char *part)
{
    char *found = strstr(text, part);
    if (found)
        memmove(found, found + strlen(part), strlen(found + strlen(part)) + 1);
}

/* The value stands before the reason, which need not say it again. */
static void add_value_fault(struct config *config, const struct place *place, const char *value,
                            bool secret, const char *reason)
{
    char where[FAULT_BYTES / 2], repeated[SHOWN_BYTES + 16], text[ERR_TEXT_BYTES];
    name_place(place, where);
    snprintf(text, sizeof text, "%s", reason);
    snprintf(repeated, sizeof repeated, ", not \"%.200s\"", value);
    cut_text(text, repeated);
    snprintf(repeated, sizeof repeated, ", not %.200s", value);
    cut_text(text, repeated);
    if (secret)
        value = "***";
    config_add_fault(config, "%s%.200s: %s", where, *value ? value : "\"\"", text);
}

/* Takes quotes and a comment at the end off a value: `ko`, `"ko"` and `ko # Korean` are the same. A
 * color is no comment: `#000` right after the `=`, or with spaces between. NULL: fine; else what is
 * wrong. */
static const char *take_value(char **value, bool semicolons)
{
    static const char *const pretty[] = {"\u201e", "\u201c", "\u201d", "\u201a",
                                         "\u2018", "\u2019", "\u00ab", "\u00bb"};
    char *text = *value, quote = *text;
    for (size_t i = 0; i < sizeof pretty / sizeof *pretty; i++)
        if (strncmp(text, pretty[i], strlen(pretty[i])) == 0)
            return "begins with a quote of a word processor; use \" or none";
    if (quote == '"' || quote == '\'') {
        char *end = strchr(text + 1, quote);
        if (!end)
            return "has a quote without an end";
        const char *rest = end + 1 + strspn(end + 1, " \t");
        if (*rest && *rest != '#' && *rest != ';')
            return "has text after its quotes";
        *end = '\0';
        *value = text + 1;
        return NULL;
    }
    bool is_color = *text == '#' && isgraph((unsigned char)text[1]);
    for (char *c = text + is_color; *c; c++)
        if ((*c == '#' || (*c == ';' && !semicolons)) &&
            (c == text || isspace((unsigned char)c[-1]))) {
            *c = '\0';
            break;
        }
    for (char *end = text + strlen(text); end > text && isspace((unsigned char)end[-1]);)
        *--end = '\0';
    return NULL;
}

/* A relative path in a file begins at that file's folder. */
static const char *resolve_path(struct config *config, const struct option_row *row,
                                const struct place *place, const char *text)
{
    const char *slash = place->line > 0 ? strrchr(place->name, '/') : NULL;
    if (!slash || *text == '/' || !*text || !row->is_path || !row->is_path(text))
        return text;
    size_t size = (size_t)(slash - place->name) + 2 + strlen(text);
    char *path = arena_alloc(&config->arena, size, 1);
    config->out_of_memory |= !path;
    if (!path)
        return text;
    snprintf(path, size, "%.*s/%s", (int)(slash - place->name), place->name, text);
    return path;
}

/* A value that no layer sets is still held against its row. */
static bool set_row(struct config *config, size_t index, const struct place *place,
                    const char *text, struct err *err)
{
    const struct option_row *row = &config->table->rows[index];
    struct option_value value = config->values[index];
    if (value.origin.layer != config->layer) {
        value = (struct option_value){0};
        value.origin.layer = config->layer;
    }
    if (!options_take(config->table, index, resolve_path(config, row, place, text), &value, err))
        return false;
    value.origin.kind = place->line > 0 ? OPTION_FROM_FILE : OPTION_FROM_ENVIRONMENT;
    value.origin.name = place->name;
    value.origin.line = place->line;
    if (value.text_count > 0)
        value.text_lines[value.text_count - 1] = place->line;
    if ((row->commands & config->commands) == config->commands)
        config->values[index] = value;
    return true;
}

/* Where commands share a name, the value must do for one of them. */
static void set_rows(struct config *config, const struct place *place, const char *text)
{
    struct err err = {0};
    bool good = false, secret = false;
    for (size_t i = 0; i < config->table->count; i++) {
        const struct option_row *row = &config->table->rows[i];
        if (!options_is_name(row, place->key))
            continue;
        good |= set_row(config, i, place, text, err.code ? NULL : &err);
        secret |= row->secret;
    }
    if (!good)
        add_value_fault(config, place, text, secret, err.text);
}

static const struct option_row *find_row(const struct option_table *table, const char *key)
{
    for (size_t i = 0; i < table->count; i++)
        if (options_is_name(&table->rows[i], key))
            return &table->rows[i];
    return NULL;
}

static const char *section_of(const struct option_table *table, const struct option_row *row)
{
    return table->sections ? table->sections[row->group] : NULL;
}

static bool is_section(const struct option_table *table, const char *name)
{
    for (size_t i = 0; table->sections && i < table->group_count; i++)
        if (strcmp(table->sections[i], name) == 0)
            return true;
    return false;
}

static void refuse_section(struct file_reading *reading, const struct ini_text_line *line)
{
    const struct option_table *table = reading->config->table;
    struct nearest nearest;
    char known[FAULT_BYTES / 4] = "";
    nearest_init(&nearest, line->section);
    for (size_t i = 0; table->sections && i < table->group_count; i++) {
        size_t used = strlen(known);
        nearest_consider(&nearest, table->sections[i]);
        snprintf(known + used, sizeof known - used, "%s[%s]", used ? ", " : "", table->sections[i]);
    }
    reading->unknown_section_line = line->section_line;
    if (nearest.word)
        config_add_fault(reading->config, "%s:%d: [%s]: unknown section; did you mean [%s]?",
                         reading->path, line->section_line, line->section, nearest.word);
    else
        config_add_fault(reading->config, "%s:%d: [%s]: unknown section%s%s", reading->path,
                         line->section_line, line->section, *known ? "; there are " : "", known);
}

static void refuse_key(struct config *config, const struct place *place)
{
    char where[FAULT_BYTES / 2];
    const char *near = options_nearest(config->table, place->key);
    name_place(place, where);
    if (near)
        config_add_fault(config, "%sunknown option; did you mean %s?", where, near);
    else
        config_add_fault(config, "%sunknown option", where);
}

static void take_line(void *context, const struct ini_text_line *line)
{
    struct file_reading *reading = context;
    struct config *config = reading->config;
    struct place place = {reading->path, line->number, line->section, line->key};
    char where[FAULT_BYTES / 2];
    bool known_section = !*line->section || is_section(config->table, line->section);
    if (!known_section && line->section_line != reading->unknown_section_line)
        refuse_section(reading, line);
    if (!line->key) {
        config_add_fault(config, "%s:%d: %s", reading->path, line->number, line->value);
        return;
    }
    const struct option_row *row = find_row(config->table, line->key);
    if (!row) {
        refuse_key(config, &place);
        return;
    }
    name_place(&place, where);
    if (row->typed_only) {
        config_add_fault(config, "%scannot stand in a configuration file", where);
        return;
    }
    const char *section = section_of(config->table, row);
    if (section && *line->section && known_section && strcmp(section, line->section) != 0 &&
        strcmp(config->table->general, line->section) != 0)
        config_add_fault(config, "%sbelongs into [%s]", where, section);
    char *text = arena_copy(&config->arena, line->value, strlen(line->value));
    if (!text) {
        config->out_of_memory = true;
        return;
    }
    const char *fault = take_value(&text, row->semicolons);
    if (fault)
        add_value_fault(config, &place, text, row->secret, fault);
    else
        set_rows(config, &place, text);
}

/* NULL where it can be read; else why not. */
static const char *find_foreign_text(const char *bytes, size_t size)
{
    uint32_t code;
    if (size >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0))
        return "is UTF-16; save it as UTF-8";
    if (memchr(bytes, '\0', size))
        return "is not a text file; save it as UTF-8";
    for (size_t at = 0, length; at < size; at += length)
        if (!(length = utf8_next(bytes + at, size - at, &code)))
            return "is not UTF-8; save it as UTF-8";
    return NULL;
}

/* The line of the first byte that is not UTF-8, or the first. */
static int line_of_foreign_text(const char *bytes, size_t size)
{
    uint32_t code;
    int line = 1;
    for (size_t at = 0, length; at < size; at += length) {
        if (!(length = utf8_next(bytes + at, size - at, &code)) || !code)
            break;
        line += code == '\n';
    }
    return line;
}

void config_read_text(struct config *config, const char *path, const char *text, size_t size)
{
    config->layer++;
    struct file_reading reading = {.config = config, .path = keep_text(config, path)};
    const char *foreign = find_foreign_text(text, size);
    if (foreign)
        config_add_fault(config, "%s:%d: %s", path, line_of_foreign_text(text, size), foreign);
    else if (!ini_text_read(text, take_line, &reading))
        config->out_of_memory = true;
}

bool config_read_file(struct config *config, const char *path, struct err *err)
{
    char *bytes;
    size_t size;
    if (!file_read(path, CONFIG_FILE_BYTES_MAX, &bytes, &size, err))
        return false;
    config_read_text(config, path, bytes, size);
    free(bytes);
    return true;
}

static int is_configuration(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 5 &&
           strcmp(entry->d_name + length - 5, ".conf") == 0;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

void config_read_folder(struct config *config, const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_configuration, compare_names);
    if (count < 0 && errno != ENOENT && errno != ENOTDIR)
        config_add_fault(config, "%s: cannot be read: %s", path, strerror(errno));
    for (int i = 0; i < count; i++) {
        char file[PATH_MAX];
        struct err err = {0};
        int length = snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (length >= (int)sizeof file)
            config_add_fault(config, "%s: its path is too long", entries[i]->d_name);
        else if (!config_read_file(config, file, &err))
            config_add_fault(config, "%s", err.text);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

void config_name_variable(const char *option, char name[static CONFIG_VARIABLE_BYTES])
{
    int used = snprintf(name, CONFIG_VARIABLE_BYTES, CONFIG_VARIABLE "%s", option);
    for (int i = 0; i < used && i < CONFIG_VARIABLE_BYTES - 1; i++)
        name[i] = (char)(name[i] == '-' ? '_' : toupper((unsigned char)name[i]));
}

static void read_variable(struct config *config, const char *option, const char *name,
                          const char *value)
{
    char *rest = arena_copy(&config->arena, value, strlen(value));
    struct place place = {.name = keep_text(config, name), .section = "", .key = option};
    config->out_of_memory |= !rest;
    while (rest && *rest) {
        char *end = rest + strcspn(rest, "\n"), *next = *end ? end + 1 : end;
        *end = '\0';
        if (*rest)
            set_rows(config, &place, rest);
        rest = next;
    }
}

void config_read_environment(struct config *config)
{
    config->layer++;
    for (size_t i = 0; i < config->table->count; i++) {
        const struct option_row *row = &config->table->rows[i];
        char name[CONFIG_VARIABLE_BYTES];
        config_name_variable(row->name, name);
        const char *value = row->typed_only ? NULL : getenv(name);
        if (value && *value && find_row(config->table, row->name) == row)
            read_variable(config, row->name, name, value);
    }
}

static bool is_variable(const struct config *config, const char *name)
{
    char known[CONFIG_VARIABLE_BYTES];
    for (size_t i = 0; i < config->table->count; i++) {
        config_name_variable(config->table->rows[i].name, known);
        if (strcmp(known, name) == 0)
            return true;
    }
    return false;
}

bool config_next_stray(const struct config *config, int *next,
                       char variable[static CONFIG_VARIABLE_BYTES],
                       char meant[static CONFIG_VARIABLE_BYTES])
{
    const size_t begin = strlen(CONFIG_VARIABLE);
    while (environ[*next]) {
        const char *entry = environ[(*next)++];
        size_t length = strcspn(entry, "=");
        if (strncmp(entry, CONFIG_VARIABLE, begin) != 0 || length >= CONFIG_VARIABLE_BYTES)
            continue;
        memcpy(variable, entry, length);
        variable[length] = '\0';
        const char *near =
            is_variable(config, variable) ? NULL : options_nearest(config->table, variable + begin);
        if (!near || !find_row(config->table, near)) /* "help" is no option of a table */
            continue;
        config_name_variable(near, meant);
        return true;
    }
    return false;
}
