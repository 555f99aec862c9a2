/* The feed: follows one playlist (a file or an http(s) URL) and hands over each new edition once it
 * is complete.
 *
 * One thread of its own fetches, checks and stores; the main thread calls everything below. Nothing
 * here ever blocks the main thread on the network or the disk. Whatever the server does, the last
 * good edition stays in force. */
#ifndef SYNC_FEED_H
#define SYNC_FEED_H

#include "base/err.h"
#include "sync/edition.h"

#include <stdint.h>

struct feed;

struct feed_config {
    const char *source;  /* path or URL of a playlist */
    const char *store;   /* folder of the cache; made when missing */
    const char *ca_file; /* PEM bundle to verify servers with; NULL: the system's */
    int64_t poll_ms;     /* between polls, before jitter; 100 to 86,400,000 */
    /* Called from the feed's thread when there is something to take; must only wake. */
    void (*wake)(void *);
    void *wake_context;
};

/* What the feed waits for, in a few words for the house card ("waiting for
 * https://host/greatness.json: no such host"). Copied into text, always terminated. */
void feed_describe(struct feed *feed, char *text, size_t text_bytes);

/* Copies the configuration's texts and starts the thread. For a URL the last good edition in the
 * store is ready to be taken when this returns, if there is one; media that the disk has lost since
 * are missing from it, and it is handed over again once they were fetched. For a file the first
 * edition is loaded by the caller (edition_load; after this call, so that no change falls between);
 * the feed hands over later ones when the file changes. NULL on failure. */
struct feed *feed_start(const struct feed_config *config, struct err *err);

/* The newest complete edition that was not taken yet, or NULL. The caller owns it. */
struct edition *feed_take(struct feed *feed);

/* Stops within one second, whatever the server does. NULL is allowed. */
void feed_stop(struct feed *feed);

#endif
