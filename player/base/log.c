#include "base/log.h"

#include "base/clock.h"
#include "base/log_output.h"
#include "base/log_record.h"
#include "base/log_render.h"
#include "core/civil.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define LOG_MODULE "log"
/* A priority or a time, a brace and a line end go around the line. */
#define AROUND_BYTES 64
#define LINE_BYTES (LOG_OUTPUT_BYTES_MAX - AROUND_BYTES)
#define TIME_BYTES 40
/* A line that comes again so much later is news: what is told once an hour. */
#define REPEAT_NS INT64_C(60000000000)

static const struct {
    const char *name;
    char priority; /* syslog(3) */
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", '3'},
    [LOG_LEVEL_WARN] = {"warn", '4'},
    [LOG_LEVEL_INFO] = {"info", '6'},
    [LOG_LEVEL_DEBUG] = {"debug", '7'},
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* protects all of these */
static enum log_level threshold = LOG_LEVEL_INFO;
static enum log_format log_format = LOG_FORMAT_TEXT;
static bool has_times;
static char last_line[LINE_BYTES]; /* without its time; empty: none that can be repeated */
static int64_t last_ns;            /* when it was written; monotonic */
static unsigned repeats;
static unsigned dropped; /* lines */
static int dropped_error;

void log_set_level(enum log_level level)
{
    pthread_mutex_lock(&lock);
    threshold = level;
    pthread_mutex_unlock(&lock);
}

void log_set_format(enum log_format format)
{
    pthread_mutex_lock(&lock);
    log_format = format;
    pthread_mutex_unlock(&lock);
}

void log_set_times(bool times)
{
    pthread_mutex_lock(&lock);
    has_times = times;
    pthread_mutex_unlock(&lock);
}

/* "2026-11-30T09:27:10.123Z" */
static void write_time(char text[TIME_BYTES])
{
    int64_t now_ms = clock_wall_ms(), day_ms = now_ms % CIVIL_DAY_MS;
    if (day_ms < 0)
        day_ms += CIVIL_DAY_MS;
    int year, month, day;
    civil_date_of((int32_t)((now_ms - day_ms) / CIVIL_DAY_MS), &year, &month, &day);
    snprintf(text, TIME_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month, day,
             (int)(day_ms / 3600000), (int)(day_ms / 60000 % 60), (int)(day_ms / 1000 % 60),
             (int)(day_ms % 1000));
}

static bool put_line(enum log_level level, const char *line)
{
    char bytes[LOG_OUTPUT_BYTES_MAX], priority[4] = "", time[TIME_BYTES];
    bool journal = log_output_is_journal();
    int size, error;
    if (journal)
        snprintf(priority, sizeof priority, "<%c>", levels[level].priority);
    write_time(time);
    if (log_format == LOG_FORMAT_JSON)
        size = snprintf(bytes, sizeof bytes, "%s{\"time\":\"%s\",%s\n", priority, time, line);
    else if (has_times && !journal)
        size = snprintf(bytes, sizeof bytes, "%s %s\n", time, line);
    else
        size = snprintf(bytes, sizeof bytes, "%s%s\n", priority, line);
    if (log_output_write(bytes, (size_t)size, &error))
        return true;
    dropped_error = error;
    return false;
}

__attribute__((format(printf, 5, 0))) static void render(char line[LINE_BYTES], enum log_format as,
                                                         enum log_level level, const char *module,
                                                         const char *format, va_list arguments)
{
    struct log_record record;
    log_record_make(&record, format, arguments);
    if (as == LOG_FORMAT_JSON)
        log_render_json(&record, levels[level].name, module, line, LINE_BYTES);
    else
        log_render_text(&record, levels[level].name, module, line, LINE_BYTES);
}

/* Of the log's own. */
__attribute__((format(printf, 2, 3))) static bool put_own_line(enum log_level level,
                                                               const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    render(line, log_format, level, LOG_MODULE, format, arguments);
    va_end(arguments);
    return put_line(level, line);
}

/* False: nothing can be written yet. */
static bool put_dropped(void)
{
    char text[128];
    if (dropped == 0)
        return true;
    const char *reason = dropped_error == EAGAIN ? "the log's reader did not keep up"
                                                 : strerror_r(dropped_error, text, sizeof text);
    if (!put_own_line(LOG_LEVEL_WARN, "log lines dropped count=%u reason=\"%s\"", dropped, reason))
        return false;
    dropped = 0;
    return true;
}

/* What is dropped is not repeated, but written anew. */
static void count_dropped(unsigned lines)
{
    dropped += lines;
    last_line[0] = '\0';
}

static void put_repeats(void)
{
    if (repeats && (!put_dropped() ||
                    !put_own_line(LOG_LEVEL_INFO, "previous message repeated repeats=%u", repeats)))
        count_dropped(repeats);
    repeats = 0;
}

static void put_or_count(enum log_level level, const char *line)
{
    int64_t now_ns = clock_mono_ns();
    if (strcmp(line, last_line) == 0 && now_ns - last_ns < REPEAT_NS) {
        repeats++;
        return;
    }
    put_repeats();
    last_ns = now_ns;
    if (put_dropped() && put_line(level, line))
        memcpy(last_line, line, strlen(line) + 1);
    else
        count_dropped(1);
}

void log_write(enum log_level level, const char *module, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;
    pthread_mutex_lock(&lock);
    bool enabled = level <= threshold;
    enum log_format as = log_format;
    pthread_mutex_unlock(&lock);
    if (!enabled)
        return;
    va_start(arguments, format);
    render(line, as, level, module, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&lock);
    put_or_count(level, line);
    pthread_mutex_unlock(&lock);
}

void log_flush(void)
{
    pthread_mutex_lock(&lock);
    put_repeats();
    put_dropped();
    last_line[0] = '\0';
    pthread_mutex_unlock(&lock);
}

void log_guard_stderr(void)
{
    pthread_mutex_lock(&lock);
    log_output_guard_stderr();
    pthread_mutex_unlock(&lock);
}
