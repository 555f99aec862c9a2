#include "base/log.h"

#include "base/log_output.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
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
static unsigned dropped;                          /* lines; protected by lock */
static int dropped_error;                         /* why; protected by lock */

void log_set_level(enum log_level level)
{
    pthread_mutex_lock(&lock);
    threshold = level;
    pthread_mutex_unlock(&lock);
}

static bool put_line(const char *line)
{
    char text[LOG_LINE_BYTES];
    int size = snprintf(text, sizeof text, "%s\n", line), error;
    if ((size_t)size >= sizeof text)
        text[(size = sizeof text - 1) - 1] = '\n';
    if (log_output_write(text, (size_t)size, &error))
        return true;
    dropped_error = error;
    return false;
}

/* False: nothing can be written yet. */
static bool put_dropped(void)
{
    char line[LOG_LINE_BYTES], text[128];
    if (dropped == 0)
        return true;
    snprintf(line, sizeof line, "warn log: log lines were dropped count=%u reason=\"%s\"", dropped,
             dropped_error == EAGAIN ? "whoever reads the log did not keep up"
                                     : strerror_r(dropped_error, text, sizeof text));
    if (!put_line(line))
        return false;
    dropped = 0;
    return true;
}

static void put_or_drop(const char *line)
{
    if (put_dropped() && put_line(line))
        return;
    dropped++;
    last_line[0] = '\0'; /* what was not written is not repeated, but written anew */
}

static void flush_locked(void)
{
    char line[80];
    snprintf(line, sizeof line, "info log: the line above came again times=%u", repeats);
    if (repeats)
        put_or_drop(line);
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
            memcpy(last_line, line, strlen(line) + 1);
            put_or_drop(line);
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
    put_dropped();
    pthread_mutex_unlock(&lock);
}

void log_guard_stderr(void)
{
    pthread_mutex_lock(&lock);
    log_output_guard_stderr();
    pthread_mutex_unlock(&lock);
}
