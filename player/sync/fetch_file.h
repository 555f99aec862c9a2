/* Private to fetch: one file, read a stretch at a time as if a web server sent it.
 *
 * One thread at a time. Reading may block for as long as the disk takes, never on a FIFO or a
 * device: those are not opened. */
#ifndef SYNC_FETCH_FILE_H
#define SYNC_FETCH_FILE_H

#include "core/err.h"
#include "http/http.h"

#include <stddef.h>

struct fetch_file;

/* request->url is the file's absolute path; texts are copied. Nothing is opened yet. NULL when out
 * of memory. */
struct fetch_file *fetch_file_create(const struct http_request *request);
void fetch_file_destroy(struct fetch_file *file); /* NULL is allowed */

/* Goes on by at most the buffer's size. Does nothing once it has finished. */
void fetch_file_move(struct fetch_file *file, void *buffer, size_t buffer_bytes);

const char *fetch_file_path(const struct fetch_file *file);
bool fetch_file_finished(const struct fetch_file *file);

/* As fetch_result. */
MUST_CHECK bool fetch_file_result(const struct fetch_file *file, struct http_response *response,
                                  struct err *err);

#endif
