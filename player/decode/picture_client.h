/* The player's side of a worker that draws one picture or text.
 *
 * Starts the worker, enforces its time limit, and maps its frame without a copy. The worker is
 * treated as hostile: whatever it sends is copied and checked before it is used, and a worker that
 * crashes, hangs or lies is killed and costs nothing but its picture. Main thread. */
#ifndef DECODE_PICTURE_CLIENT_H
#define DECODE_PICTURE_CLIENT_H

#include "core/err.h"
#include "core/frame.h"
#include "sandbox/protocol.h"

#include <stdbool.h>
#include <stdint.h>

struct picture_client;

enum picture_client_state { PICTURE_CLIENT_PENDING, PICTURE_CLIENT_READY, PICTURE_CLIENT_FAILED };

/* Starts a worker with `job`, whose magic and file_count are filled in. `files` (at most
 * PROTOCOL_FILES_MAX) are duplicated for the worker and stay the caller's. The worker is killed
 * when it has sent no frame after limit_ms of processor time, and as much again for each ten
 * million pixels of its picture; or when it makes no progress for limit_ms (work_limit.h). NULL on
 * failure (ERR_SYSTEM). */
struct picture_client *picture_client_start(const struct protocol_job *job, const int *files,
                                            int file_count, int64_t limit_ms, struct err *err);

/* Readable when picture_client_poll has something to do. The descriptor changes when the worker
 * hangs up: ask before each wait. */
int picture_client_fd(const struct picture_client *client);

/* When the worker's time may be up (CLOCK_MONOTONIC): call picture_client_poll by then. */
int64_t picture_client_deadline_ns(const struct picture_client *client);

/* Handles the messages that have arrived; never blocks. PICTURE_CLIENT_FAILED is final, and sets
 * err the first time: ERR_INPUT and ERR_LIMIT as the worker reported them
 * (worker_process_error_code); ERR_WORKER for any other report, an invalid message, too much
 * processor time or a crash; ERR_SANDBOX for a forbidden system call; ERR_TIMEOUT. ERR_SYSTEM and
 * ERR_KILLED are not the medium's fault: see worker_process_receive. */
enum picture_client_state picture_client_poll(struct picture_client *client, int64_t now_ns,
                                              struct err *err);

/* Whether it failed because the time was up: the machine may be slow, and the picture good. */
bool picture_client_is_late(const struct picture_client *client);

/* The frame, once; the caller gets its reference. NULL unless PICTURE_CLIENT_READY. It outlives
 * `client`. */
struct frame *picture_client_take(struct picture_client *client);

/* What the worker reported about the picture or text: checked for its ranges, but otherwise the
 * word of an untrusted process. NULL unless PICTURE_CLIENT_READY; lives as long as `client`. */
const struct protocol_facts *picture_client_facts(const struct picture_client *client);

/* The processor time that the worker has used, up to the last picture_client_poll. Unlike the time
 * that passes it does not depend on what else the machine does. */
int64_t picture_client_processor_ns(const struct picture_client *client);

/* What limits are about: the part of that since the worker was ready, 0 before; and how much of it
 * a client with such a limit allows for the picture, by the size that its file states. */
int64_t picture_client_work_ns(const struct picture_client *client);
int64_t picture_client_allowed_ns(const struct picture_client *client, int64_t limit_ms);

/* Kills the worker, if it still runs, without waiting for its exit. NULL is allowed. */
void picture_client_stop(struct picture_client *client);

#endif
