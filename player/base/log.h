/* The log: one line for each event, on standard error, for journald and for people.
 *
 *     info feed_file: playlist ready name="To the Greatness of Small" spots=5
 *
 * error = someone must act; warn = degraded; info = a change of state; debug = for developers
 * (off). A call is a message, then key=value for what differs, the cause last and always as
 * reason="%s". The format says which is which, so no argument can end a value, begin a key or end a
 * line (base/log_record.h); how values are written, and how a program reads them, is said in
 * base/log_render.h. Never a secret: URLs are written without credentials by whoever logs them.
 *
 * A line begins with the time (RFC 3339, UTC) where log_set_times asks for it, and with journald's
 * priority (sd-daemon(3)) instead where standard error is the journal's, which has times of its
 * own. A JSON line has a time in any case.
 *
 * Logging never waits for whoever reads it (base/log_output.h): lines that can't be written are
 * dropped, and their count is logged once writing works again. A line that repeats the one before
 * it is counted, and the count is written when another line comes. Any thread. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* Lines below this importance are dropped; LOG_LEVEL_INFO at start. */
void log_set_level(enum log_level level);

/* LOG_FORMAT_TEXT at start. To be set before there are threads. */
void log_set_format(enum log_format format);

/* Text lines have times, but not in the journal; off at start, for commands that people run. */
void log_set_times(bool times);

/* Each file that logs defines LOG_MODULE, its own name without the ending, after its includes. */
#define log_error(...) log_write(LOG_LEVEL_ERROR, LOG_MODULE, __VA_ARGS__)
#define log_warn(...) log_write(LOG_LEVEL_WARN, LOG_MODULE, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, LOG_MODULE, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, LOG_MODULE, __VA_ARGS__)

__attribute__((format(printf, 3, 4))) void log_write(enum log_level level, const char *module,
                                                     const char *format, ...);

/* Writes the counts of repeated and of dropped lines that are still held back, and the next line
 * whether it repeats the one before it or not. Call before the process ends, and before the answer to
 * somebody who has asked for something. */
void log_flush(void);

/* Makes libraries that write to standard error themselves not wait for its reader either, where it
 * is a pipe or a terminal. For processes that must not stop. */
void log_guard_stderr(void);

#endif
