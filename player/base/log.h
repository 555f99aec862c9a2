/* The log: one line an event, on standard error, for journald and for people.
 *
 *     info feed: playlist switched name="To the Greatness of Small" spots=5
 *
 * error = someone must act; warn = degraded; info = a change of state; debug = for developers
 * (off). Logging never waits for whoever reads it (base/log_output.h): lines that can't be written
 * are dropped, and their count is logged once writing works again. A line that repeats the one before it is counted, and the count is written when another
 * line comes. Never a secret: URLs are written without credentials by whoever logs them. Any
 * thread. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Lines below this importance are dropped; LOG_LEVEL_INFO at start. */
void log_set_level(enum log_level level);

/* `module` is the source file's name without its ending. Control characters are written as '?'. */
__attribute__((format(printf, 2, 3))) void log_error(const char *module, const char *format, ...);
__attribute__((format(printf, 2, 3))) void log_warn(const char *module, const char *format, ...);
__attribute__((format(printf, 2, 3))) void log_info(const char *module, const char *format, ...);
__attribute__((format(printf, 2, 3))) void log_debug(const char *module, const char *format, ...);

/* Writes the counts of repeated and of dropped lines that are still held back. Call before the
 * process ends. */
void log_flush(void);

/* Libraries that write to standard error don't wait for its reader either, where it is a pipe or a
 * terminal. For processes that must not stop. */
void log_guard_stderr(void);

#endif
