/* Writes lines to a file, a pipe or a device in a thread of its own, so that no reader and no disk
 * that hangs stops who writes them. What does not fit into its buffer meanwhile is dropped, whole
 * lines at a time, and counted. One thread uses a writer. */
#ifndef BASE_LINE_WRITER_H
#define BASE_LINE_WRITER_H

#include "core/err.h"

#include <stddef.h>

#define LINE_WRITER_BUFFER_BYTES ((size_t)256 << 10)

struct line_writer;

/* Takes the descriptor over, also on failure. NULL on failure. */
struct line_writer *line_writer_start(int fd, struct err *err);

/* The bytes are one or more whole lines, at most LINE_WRITER_BUFFER_BYTES. They are written at once,
 * if the file takes them. Never waits. */
void line_writer_add(struct line_writer *writer, const char *bytes, size_t size);

struct line_writer_result {
    int error;      /* the first that write(2) gave; 0: none */
    size_t dropped; /* calls of line_writer_add that found no space, or came after the error */
    bool hangs;     /* the file takes no more, and lines are left that it did not take */
};

/* Writes what is left, for limit_ms at most, and closes the file. Where the file hangs, the thread
 * is left behind. */
struct line_writer_result line_writer_stop(struct line_writer *writer, int limit_ms);

#endif
