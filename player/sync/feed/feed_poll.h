/* Private to the feed: polls one small file (a playlist, a pointer), and reports when its bytes
 * differ from those that were accepted last.
 *
 * Belongs to the feed's thread. */
#ifndef SYNC_FEED_FEED_POLL_H
#define SYNC_FEED_FEED_POLL_H

#include "base/hash.h"
#include "core/retry.h"
#include "sync/fetch.h"

struct feed_poll;

enum feed_poll_news {
    FEED_POLL_NONE,      /* no answer since the last step */
    FEED_POLL_UNCHANGED, /* what was seen last is still there */
    /* Other bytes: feed_poll_body. Call feed_poll_accept when they need not be reported again. */
    FEED_POLL_CHANGED,
    FEED_POLL_MISSING, /* there is no such file, where that is a normal answer */
    FEED_POLL_FAILED   /* feed_poll_trouble says why */
};

/* The bytes of an answer and what identifies them. */
struct feed_poll_body {
    const char *bytes; /* until the next step */
    size_t size;
    uint8_t sha256[HASH_BYTES];
    char etag[HTTP_VALIDATOR_BYTES], last_modified[HTTP_VALIDATOR_BYTES]; /* "" without */
};

/* All borrowed; they must outlive the poll. */
struct feed_poll_config {
    struct fetch *fetch;
    const char *location;
    const struct retry_policy *policy;
    /* An answer that is not complete after so long has failed: the file is small, and a server that
     * trickles it out would otherwise hold up the next poll for a long time. */
    int64_t total_ms;
    int64_t limit_bytes; /* a larger file is a failure */
    /* ERR_MISSING is FEED_POLL_MISSING, asked again at the normal pace; else it is a failure. */
    bool may_be_missing;
    /* One in so many polls asks without a condition; 0: none does. nginx makes ETags of length and
     * whole seconds: two versions of the same length within a second look alike. */
    unsigned whole_each;
};

/* The first poll is due at once. NULL when out of memory. */
struct feed_poll *feed_poll_create(const struct feed_poll_config *config);

/* NULL is allowed. */
void feed_poll_destroy(struct feed_poll *poll);

/* What counts as seen, from an earlier run. */
void feed_poll_set_seen(struct feed_poll *poll, const struct feed_poll_body *body);

/* Asks when it is time, takes what was answered. Call after each fetch_run, and at
 * feed_poll_due_ns. */
enum feed_poll_news feed_poll_step(struct feed_poll *poll, int64_t now_ns);

/* When the next poll is due on the monotonic clock; INT64_MAX while one is under way. */
int64_t feed_poll_due_ns(const struct feed_poll *poll);

/* Something has changed: asks at once, and once more where a poll is under way, whose answer may
 * have been read before. But not sooner than FEED_POLL_SOON_MS after the last poll, so that a
 * folder that is written to all the time is not read all the time. */
#define FEED_POLL_SOON_MS 200
void feed_poll_soon(struct feed_poll *poll);

/* What arrived last; only after a step that said CHANGED, until the next. */
const struct feed_poll_body *feed_poll_body(const struct feed_poll *poll);

/* What arrived last counts as seen from now on. Without it the next answer that holds it is CHANGED
 * again. */
void feed_poll_accept(struct feed_poll *poll);

/* Where the last good answer came from, after redirects: what the file is relative to. The location
 * that was asked, before any has come. */
const char *feed_poll_location(const struct feed_poll *poll);

/* Who answered last, whatever it was; port 0: nobody yet. Lives as long as the poll. */
const struct http_peer *feed_poll_peer(const struct feed_poll *poll);

/* Why the last poll failed; "" when it did not. */
const char *feed_poll_trouble(const struct feed_poll *poll);

#endif
