#include "base/zone_hint.h"

#include "base/file.h"
#include "core/nearest.h"
#include "core/zone_alias.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define NAMES_MAX 2000
#define DEPTH_MAX 3
#define NAME_BYTES 64
#define TABLE_BYTES_MAX ((size_t)256 << 10)

struct names {
    char (*items)[NAME_BYTES];
    size_t count;
};

/* The zone folder also holds tables, and all zones twice more. */
static bool is_zone_entry(const char *name)
{
    static const char *const others[] = {"posix", "right", "localtime", "posixrules", "Factory"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(name, others[i]) == 0)
            return false;
    return name[0] >= 'A' && name[0] <= 'Z' && !strchr(name, '.');
}

static void collect_names(struct names *names, const char *folder, const char *prefix, int depth)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", folder, prefix);
    DIR *open = length > 0 && (size_t)length < sizeof path ? opendir(path) : NULL;
    const struct dirent *entry;
    while (open && (entry = readdir(open)) != NULL && names->count < NAMES_MAX) {
        char *name = names->items[names->count];
        struct stat st;
        int used = snprintf(name, NAME_BYTES, "%s%s%s", prefix, *prefix ? "/" : "", entry->d_name);
        if (!is_zone_entry(entry->d_name) || used >= NAME_BYTES)
            continue;
        length = snprintf(path, sizeof path, "%s/%s", folder, name);
        if (length < 0 || (size_t)length >= sizeof path || stat(path, &st) < 0)
            continue;
        if (S_ISREG(st.st_mode)) {
            names->count++;
        } else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
            char inner[NAME_BYTES];
            memcpy(inner, name, sizeof inner);
            collect_names(names, folder, inner, depth + 1);
        }
    }
    if (open)
        closedir(open);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(left, right);
}

/* Whether two names are the same but for case, spaces, hyphens and underscores. */
static bool same_letters(const char *a, const char *b)
{
    for (;; a++, b++) {
        a += strspn(a, " -_");
        b += strspn(b, " -_");
        char one[2] = {*a}, two[2] = {*b};
        if (strcasecmp(one, two) != 0)
            return false;
        if (!*a)
            return true;
    }
}

static const char *city_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

/* A zone with the same letters, else one with the same city. */
static const char *find_same(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (same_letters(names->items[i], name))
            return names->items[i];
    for (size_t i = 0; i < names->count; i++)
        if (strchr(names->items[i], '/') && same_letters(city_of(names->items[i]), city_of(name)))
            return names->items[i];
    return NULL;
}

static const char *find_near(const struct names *names, const char *name)
{
    struct nearest whole, city;
    nearest_init(&whole, name);
    nearest_init(&city, city_of(name));
    for (size_t i = 0; i < names->count; i++) {
        nearest_consider(&whole, names->items[i]);
        nearest_consider(&city, city_of(names->items[i]));
    }
    if (whole.word)
        return whole.word;
    for (size_t i = 0; city.word && i < names->count; i++)
        if (city_of(names->items[i]) == city.word)
            return names->items[i];
    return NULL;
}

/* Takes a line off the front of *rest; NULL after the last. */
static char *take_line(char **rest)
{
    char *line = *rest;
    if (!line || !*line)
        return NULL;
    char *end = strchr(line, '\n');
    if (end)
        *end = '\0';
    *rest = end ? end + 1 : NULL;
    return line;
}

/* The code of a country by its name or code in iso3166.tab: "KR\tKorea (South)". */
static bool find_country(const char *folder, const char *name, char code[3])
{
    char path[PATH_MAX], *bytes = NULL;
    size_t size = 0;
    bool found = false;
    snprintf(path, sizeof path, "%s/iso3166.tab", folder);
    if (!file_read(path, TABLE_BYTES_MAX, &bytes, &size, NULL))
        return false;
    char *rest = bytes, *line;
    while (!found && (line = take_line(&rest)) != NULL) {
        if (*line == '#' || strlen(line) < 4 || line[2] != '\t')
            continue;
        line[2] = '\0';
        found = same_letters(line, name) || same_letters(line + 3, name);
        memcpy(code, line, 3);
    }
    free(bytes);
    return found;
}

/* The zone of a country that has only one, by zone.tab: "KR\t+3733+12658\tAsia/Seoul". */
static bool find_only_zone(const char *folder, const char *code, char zone[NAME_BYTES])
{
    char path[PATH_MAX], *bytes = NULL;
    size_t size = 0, count = 0;
    snprintf(path, sizeof path, "%s/zone.tab", folder);
    if (!file_read(path, TABLE_BYTES_MAX, &bytes, &size, NULL))
        return false;
    char *rest = bytes, *line;
    while ((line = take_line(&rest)) != NULL) {
        const char *second = strchr(line, '\t');
        const char *third = second ? strchr(second + 1, '\t') : NULL;
        if (strncmp(line, code, 2) != 0 || line[2] != '\t' || !third)
            continue;
        snprintf(zone, NAME_BYTES, "%.*s", (int)strcspn(third + 1, "\t"), third + 1);
        count++;
    }
    free(bytes);
    return count == 1;
}

bool zone_hint_find(const char *folder, const char *name, char words[ZONE_HINT_BYTES])
{
    char only[NAME_BYTES], code[3] = "";
    if (zone_alias_suggest(name, words))
        return true;
    struct names names = {.items = calloc(NAMES_MAX, sizeof *names.items)};
    if (!names.items || strlen(name) >= NAME_BYTES) {
        free(names.items);
        return false;
    }
    collect_names(&names, folder, "", 0);
    qsort(names.items, names.count, sizeof *names.items, compare_names);
    const char *zone = find_same(&names, name);
    if (!zone && find_country(folder, name, code) && find_only_zone(folder, code, only))
        zone = only;
    if (!zone)
        zone = find_near(&names, name);
    if (zone)
        snprintf(words, ZONE_HINT_BYTES, "did you mean %s?", zone);
    free(names.items);
    return zone != NULL;
}
