/* Where the lines of the log go: to standard error, without ever waiting for whoever reads it.
 *
 * A pipe that is full, a terminal that is stopped or a journal that hangs must not stop the player,
 * so a line that can't be written at once is not written. O_NONBLOCK is never set on the open file
 * that other processes share with us: pipes and terminals are opened once more, sockets have a flag
 * for each call. Where a pipe belongs to somebody else and can't be opened again, it is polled
 * before each write, which may wait after all when another process fills it in between. A regular
 * file is written as it is.
 *
 * Not locked: base/log.c calls it under its own lock. */
#ifndef BASE_LOG_OUTPUT_H
#define BASE_LOG_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* The longest line, with its line end. A pipe takes that much whole or not at all. */
#define LOG_OUTPUT_BYTES_MAX PIPE_BUF

/* Writes a line of at most LOG_OUTPUT_BYTES_MAX bytes. What a terminal or a disk took only in part
 * is completed before the next line. On false nothing of the line was written, and *error is an
 * errno value: EAGAIN where the reader does not keep up. Follows standard error when dup2 replaces
 * it. */
bool log_output_write(const char *line, size_t size, int *error);

/* Whether standard error is the journal's (systemd.exec(5), JOURNAL_STREAM). */
bool log_output_is_journal(void);

/* Makes descriptor 2 itself one that never blocks, where it is a pipe or a terminal, for libraries
 * that write to standard error themselves. What does not fit is lost. */
void log_output_guard_stderr(void);

#endif
