/* Fetches files from a web server or from a folder (a USB stick, a share, what rsync fills),
 * through one interface, so that its callers need not know which.
 *
 * A location is an http(s) URL or the absolute path of a file. Belongs to one thread, apart from
 * fetch_wake. Transfers from folders move a stretch at each fetch_run, as those of http do. */
#ifndef SYNC_FETCH_H
#define SYNC_FETCH_H

#include "core/err.h"
#include "http/http.h"

#include <stdint.h>

struct fetch;
struct fetch_transfer;

/* http_config: for web servers. NULL on failure, as http_create. */
struct fetch *fetch_create(const struct http_config *http, struct err *err);

/* The cap on capped requests to web servers, as it is now; 0: none. */
int64_t fetch_bandwidth(const struct fetch *fetch);

/* Every transfer must have been ended. NULL is allowed. */
void fetch_destroy(struct fetch *fetch);

/* A base as an operator wrote it: an http(s) URL (http_url_clean), or a folder, which is made
 * absolute and gets a '/' at its end (it need not exist now: a stick may be plugged in later). The
 * caller frees. NULL: ERR_INPUT. */
char *fetch_base_clean(const char *text, struct err *err);

/* `reference` against a base (what fetch_base_clean gave, or a location): RFC 3986 for URLs; for
 * folders only a relative reference, whose ".." may climb and is left to the system (it may follow
 * a symbolic link), and whose query is dropped; a URL stands for itself, but never leaves https for
 * http, and in a folder it is refused. `plain`: the reference is a path of plain
 * bytes, not URL syntax. The caller frees. NULL: ERR_INPUT, ERR_TRUST. */
char *fetch_resolve(const char *base, const char *reference, bool plain, struct err *err);

/* The location for people and logs (http_url_public; a path as it is). */
void fetch_public(const char *location, char *text, size_t text_bytes);

/* As http_get; request->url is a location. For a file: only regular files; status 200, 206 for a
 * range_start within the file whose if_range is its tag (or NULL), 304 for an if_none_match that is its tag.
 * The tag (response etag) is made of inode, length and times; a file that was changed within the
 * last two seconds, or in the future, has none, as its times don't tell this version from the next.
 * Errors as http_result's: ERR_MISSING, ERR_INPUT (not a regular file), ERR_LIMIT, ERR_SYSTEM,
 * ERR_DISK (reading failed), ERR_NETWORK (it changed or shrank meanwhile), ERR_TIMEOUT. */
struct fetch_transfer *fetch_get(struct fetch *fetch, const struct http_request *request,
                                 struct err *err);

/* As http_run. Returns sooner, too, when a watched folder has changed. */
MUST_CHECK bool fetch_run(struct fetch *fetch, int64_t timeout_ms, struct err *err);
void fetch_wake(struct fetch *fetch); /* any thread */
bool fetch_finished(const struct fetch_transfer *transfer);

/* As http_result. The text of ERR_LIMIT begins with "too large: ", of ERR_TIMEOUT with "too slow:
 * ". */
MUST_CHECK bool fetch_result(const struct fetch_transfer *transfer, struct http_response *response,
                             struct err *err);

/* Where the answer came from, after redirects (http_final_url; a path as it was). The caller frees;
 * NULL when out of memory. */
char *fetch_final_location(const struct fetch_transfer *transfer);
void fetch_end(struct fetch_transfer *transfer); /* NULL is allowed */

/* Watches a folder by inotify, anew at each call (a stick that was plugged in meanwhile has another
 * inode); watch first, then read, so that no change falls between; false where it can't be watched
 * now, which is no fault: it is polled then, too. One folder for each fetch, the last one that was
 * named; a URL changes nothing. */
bool fetch_watch(struct fetch *fetch, const char *folder);

/* True once for each change that was seen since the last call (a file was written or moved into the
 * folder, or the folder went). */
bool fetch_changed(struct fetch *fetch);

#endif
