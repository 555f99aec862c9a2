/* Opens media files in threads of its own: a disk that does not answer, such as a network mount
 * whose server is gone or a card that is dying, would stop whoever opens a file there, and closes
 * one. Main thread.
 *
 * A request is made again and again until it is ready; nothing waits. Each file that hangs has a
 * thread to itself, started when it is needed, so that it delays no other. Threads that hang are left
 * behind at the end. What lies on the system's own disk (programs, system fonts, zones) is not
 * opened by it: without that disk nothing runs. */
#ifndef PLAYOUT_MEDIA_OPENER_H
#define PLAYOUT_MEDIA_OPENER_H

#include "base/hash.h"
#include "sync/edition.h"

struct media_opener;

enum media_opener_state {
    MEDIA_OPENER_WAITING, /* ask again later; `wake` is called when it is time to */
    MEDIA_OPENER_READY,   /* media_opener_take has the file, or why it can't be opened */
    /* The disk has not answered for limit_ms, or so many files are waited for already that this one
     * can't be; it may still. */
    MEDIA_OPENER_LATE,
};

#define MEDIA_OPENER_FILES_MAX 64 /* requested at a time */

/* `wake` is called by any thread, and must only wake. NULL when out of memory. */
struct media_opener *media_opener_create(void (*wake)(void *), void *wake_context);

/* Waits for its threads, but at most 0.2 s for those that hang. NULL is allowed. */
void media_opener_destroy(struct media_opener *opener);

/* In all of these NULL stands for an opener that opens at once, on the caller's thread. */

/* Opens an asset's file. A file that is ready and is not taken is closed after some seconds. One
 * that was replaced after it was verified (edition_open) is never ready: the request is forgotten;
 * make it again once edition_request_asset says that it is good. */
enum media_opener_state media_opener_request(struct media_opener *opener,
                                             const struct edition *edition, int asset,
                                             int64_t limit_ms);

/* The identity of the file of a request that is ready (quarantine_identify). */
MUST_CHECK bool media_opener_identify(struct media_opener *opener, const struct edition *edition,
                                      int asset, uint8_t identity[HASH_BYTES]);

/* The descriptor of a request that is ready, as of edition_open; -1 with err. It must be closed by
 * media_opener_close. */
int media_opener_take(struct media_opener *opener, const struct edition *edition, int asset,
                      struct err *err);

/* Closes a file: on a file system in user space that waits, too. */
void media_opener_close(struct media_opener *opener, int file);

/* Why a spot can't be shown whose file is late. */
void media_opener_set_late_error(int64_t limit_ms, struct err *err);

#endif
