#include "kiosk/box_readings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_BYTES 512
#define TRIPS_MAX 16

/* Files of /proc and /sys have no size. False where it can't be read, or is empty. */
static bool read_text(const char *path, char text[TEXT_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t size = fd >= 0 ? read(fd, text, TEXT_BYTES - 1) : -1;
    if (fd >= 0)
        close(fd);
    text[size > 0 ? size : 0] = '\0';
    return size > 0;
}

static bool read_number(const char *path, int32_t *number)
{
    char text[TEXT_BYTES], *end;
    if (!read_text(path, text))
        return false;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (end == text || (*end != '\0' && *end != '\n') || errno || value < INT32_MIN ||
        value > INT32_MAX)
        return false;
    *number = (int32_t)value;
    return true;
}

static void read_trips(const char *zone_path, struct heat_zone *zone)
{
    for (int i = 0; i < TRIPS_MAX; i++) {
        char path[PATH_MAX], type[TEXT_BYTES];
        int32_t at;
        snprintf(path, sizeof path, "%.3000s/trip_point_%d_type", zone_path, i);
        if (!read_text(path, type))
            return;
        snprintf(path, sizeof path, "%.3000s/trip_point_%d_temp", zone_path, i);
        if (!read_number(path, &at))
            continue;
        type[strcspn(type, "\n")] = '\0';
        if (strcmp(type, "passive") == 0 && (zone->passive <= 0 || at < zone->passive))
            zone->passive = at;
        else if (strcmp(type, "hot") == 0)
            zone->hot = at;
        else if (strcmp(type, "critical") == 0)
            zone->critical = at;
    }
}

static bool read_zone(const char *zone_path, struct heat_zone *zone)
{
    char path[PATH_MAX], type[TEXT_BYTES] = "";
    *zone = (struct heat_zone){0};
    snprintf(path, sizeof path, "%.3000s/temp", zone_path);
    if (!read_number(path, &zone->now))
        return false;
    snprintf(path, sizeof path, "%.3000s/type", zone_path);
    (void)read_text(path, type);
    snprintf(zone->name, sizeof zone->name, "%.*s", (int)strcspn(type, "\n"), type);
    read_trips(zone_path, zone);
    return true;
}

int box_readings_zones(const char *folder, struct heat_zone zones[HEAT_ZONES_MAX])
{
    static const char prefix[] = "thermal_zone";
    int count = 0;
    DIR *list = opendir(folder);
    if (!list)
        return 0;
    for (struct dirent *entry; count < HEAT_ZONES_MAX && (entry = readdir(list));) {
        char path[PATH_MAX];
        if (strncmp(entry->d_name, prefix, sizeof prefix - 1) != 0)
            continue;
        snprintf(path, sizeof path, "%.2000s/%s", folder, entry->d_name);
        count += read_zone(path, &zones[count]);
    }
    closedir(list);
    return count;
}

/* The path of the process's control group of the second version: the line "0::/system.slice/x". */
static void find_group(const char *root, char group[TEXT_BYTES])
{
    char path[PATH_MAX], text[TEXT_BYTES];
    snprintf(path, sizeof path, "%.2000s/proc/self/cgroup", root);
    group[0] = '\0';
    const char *line = read_text(path, text) ? text : NULL;
    while (line && strncmp(line, "0::/", 4) != 0) {
        line = strchr(line, '\n');
        line += line != NULL;
    }
    if (line)
        snprintf(group, TEXT_BYTES, "%.*s", (int)strcspn(line + 3, "\n"), line + 3);
}

static void take_worse(const char *path, struct memory_pressure_reading *worst, bool *any)
{
    char text[TEXT_BYTES];
    struct memory_pressure_reading reading;
    if (!read_text(path, text) || !memory_pressure_parse(text, &reading))
        return;
    *any = true;
    worst->some = reading.some > worst->some ? reading.some : worst->some;
    worst->full = reading.full > worst->full ? reading.full : worst->full;
}

bool box_readings_pressure(const char *root, struct memory_pressure_reading *reading)
{
    char group[TEXT_BYTES], path[PATH_MAX];
    bool any = false;
    *reading = (struct memory_pressure_reading){0};
    find_group(root, group);
    snprintf(path, sizeof path, "%.2000s/sys/fs/cgroup%s/memory.pressure", root, group);
    take_worse(path, reading, &any);
    snprintf(path, sizeof path, "%.2000s/sys/fs/cgroup/memory.pressure", root);
    take_worse(path, reading, &any);
    snprintf(path, sizeof path, "%.2000s/proc/pressure/memory", root);
    take_worse(path, reading, &any);
    return any;
}
