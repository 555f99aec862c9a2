#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LOG_LINE_BYTES 2048

static const char *const level_names[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum log_level threshold = LOG_LEVEL_INFO; /* protected by lock */
static char last_line[LOG_LINE_BYTES];            /* protected by lock */
static unsigned repeats;                          /* protected by lock */

void log_set_level(enum log_level level)
{
    pthread_mutex_lock(&lock);
    threshold = level;
    pthread_mutex_unlock(&lock);
}

static void flush_locked(void)
{
    if (repeats)
        fprintf(stderr, "info log: the line above came again times=%u\n", repeats);
    repeats = 0;
}

__attribute__((format(printf, 3, 0))) static void
write_line(enum log_level level, const char *module, const char *format, va_list args)
{
    char line[LOG_LINE_BYTES];
    int used = snprintf(line, sizeof line, "%s %s: ", level_names[level], module);
    vsnprintf(line + used, sizeof line - (size_t)used, format, args);
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    pthread_mutex_lock(&lock);
    if (level <= threshold) {
        if (strcmp(line, last_line) == 0) {
            repeats++;
        } else {
            flush_locked();
            fprintf(stderr, "%s\n", line);
            memcpy(last_line, line, strlen(line) + 1);
        }
    }
    pthread_mutex_unlock(&lock);
}

#define LOG_FUNCTION(name, level)                                                                  \
    void name(const char *module, const char *format, ...)                                         \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, format);                                                                    \
        write_line(level, module, format, args);                                                   \
        va_end(args);                                                                              \
    }

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warn, LOG_LEVEL_WARN)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)

void log_flush(void)
{
    pthread_mutex_lock(&lock);
    flush_locked();
    pthread_mutex_unlock(&lock);
}
