/* The player's side of a worker that makes one picture or text.
 *
 * Starts the worker, watches the clock, and takes its frames without a copy. Treats it as hostile:
 * whatever it sends is copied and checked first; one that crashes, hangs or lies is killed and
 * costs its picture alone. Main thread. */
#ifndef DECODE_PICTURE_CLIENT_H
#define DECODE_PICTURE_CLIENT_H

#include "core/err.h"
#include "core/frame.h"
#include "sandbox/protocol.h"

#include <stdint.h>

struct picture_client;

enum picture_client_state { PICTURE_CLIENT_PENDING, PICTURE_CLIENT_READY, PICTURE_CLIENT_FAILED };

/* Starts a worker: this program, executed again. `job` without magic and file_count, which are
 * filled in; `files` (at most PROTOCOL_FILES_MAX) are copied to the worker and stay the caller's.
 * It is killed when limit_ms pass without a frame. NULL on failure (ERR_SYSTEM). */
struct picture_client *picture_client_start(const struct protocol_job *job, const int *files,
                                            int file_count, int64_t limit_ms, struct err *err);

/* Readable when picture_client_poll has something to do. Another one when the worker has ended: ask before
 * each wait. */
int picture_client_fd(const struct picture_client *client);

/* When the worker's time is up (CLOCK_MONOTONIC): poll by then. */
int64_t picture_client_deadline_ns(const struct picture_client *client);

/* Takes what has come; never blocks. PICTURE_CLIENT_FAILED (with err, the first time) is final. ERR_INPUT
 * and ERR_LIMIT: what the worker said (worker_process_error_code); ERR_WORKER when it said anything else,
 * broke the protocol, used up its processor time or crashed; ERR_SANDBOX when it tried to break out
 * of its sandbox and was killed for it; ERR_TIMEOUT. ERR_SYSTEM and ERR_KILLED are not the medium's: see
 * worker_process_receive. */
enum picture_client_state picture_client_poll(struct picture_client *client, int64_t now_ns,
                                              struct err *err);

/* The frame, once; the caller holds it. NULL unless PICTURE_CLIENT_READY. It outlives `frames`. */
struct frame *picture_client_take(struct picture_client *client);

/* What the worker told of the picture or text, in ranges that can be relied on but otherwise only
 * its word. NULL unless PICTURE_CLIENT_READY; lives as long as `frames`. */
const struct protocol_facts *picture_client_facts(const struct picture_client *client);

/* Ends the worker, if it still runs, without waiting for its end. NULL is allowed. */
void picture_client_stop(struct picture_client *client);

#endif
