/* The feed: follows one playlist (a file or an http(s) URL) or one signed channel (its folder on a
 * server, on several, or on a disk), and hands over each new edition once it is complete.
 *
 * One thread of its own fetches, checks and stores; the main thread calls everything below. Nothing
 * here ever blocks the main thread on the network or the disk. Whatever the server does, the last
 * good edition stays in force. */
#ifndef SYNC_FEED_FEED_H
#define SYNC_FEED_FEED_H

#include "core/err.h"
#include "sync/edition.h"
#include "sync/feed/left_out.h"

#include <limits.h>
#include <stdint.h>

struct feed;

#define FEED_SOURCES_MAX 8

/* Borrowed until feed_start returns. NULL or zero leaves a field out. */
struct feed_config {
    /* One path or URL of a playlist, or the same channel at one or several origins: URLs that end
     * in '/', or folders. The first that answers well counts; keys are needed. */
    const char *const *sources;
    size_t source_count;
    /* Minisign public keys, as files or as text; with one, only channels. */
    const char *const *keys;
    size_t key_count;
    /* Folders, created when missing: of the cache, and of what must outlive it. NULL: the user's
     * own, by the XDG base directory rules. */
    const char *store, *state;
    const char *proxy;                              /* as of http.h */
    const char *ca_file, *client_cert, *client_key; /* PEM; the system's certificates, and none */
    int64_t poll_ms;               /* between polls, before jitter; 100 to 86,400,000 */
    int64_t quota_bytes;           /* of stored media; 0: what is needed, and no more */
    int64_t bandwidth_bytes_per_s; /* of the line, for media, at first; 0: all */
    /* A playlist file that is missing or wrong at the start is waited for, as later: the log says what is
     * wrong. */
    bool patient;
    /* Playlists that are not handed over, but the one before them in the store, if there is one; must
     * outlive the feed. NULL: none. */
    const struct left_out *left_out;
    /* The screen's size is told in a moment (feed_set_screen): media that are not for all shapes of
     * screens wait for it. False: all are fetched until it is told. */
    bool screen_is_coming;
    /* Called from the feed's thread when there is something to take; must only wake. */
    void (*wake)(void *);
    void *wake_context;
};

/* What the feed waits for, in a few words for the house card ("waiting for
 * https://host/greatness.json: cannot resolve the host name"). Copied into text, always terminated. */
void feed_describe(struct feed *feed, char *text, size_t text_bytes);

/* The folder of what must outlive the cache: `given`, or where that is NULL the user's own. */
void feed_find_state(const char *given, char *path, size_t path_bytes);

/* Whether a source is a channel: what ends in '/', or is a folder; where keys are pinned, also a
 * path at which there is nothing (a stick that will be plugged in later). */
bool feed_is_channel(const char *source, bool keyed);

/* The folders that are used where feed_config names none. */
void feed_default_folders(char store[PATH_MAX], char state[PATH_MAX]);

/* Starts the thread. An edition is ready to be taken when this returns: of a file what it holds
 * now, of a URL or a channel the last good one in the store, if there is one. Media that the disk
 * has lost since are missing from it, and it is handed over again once they were fetched. NULL on
 * failure; a playlist file with faults is one, and each fault is logged, unless it is waited for. */
struct feed *feed_start(const struct feed_config *config, struct err *err);

/* The newest complete edition that was not taken yet, or NULL. The caller owns it. */
struct edition *feed_take(struct feed *feed);

/* What was taken last can't be used now: it is handed over again in a while, unless something else
 * is. */
void feed_again(struct feed *feed);

/* What time it is (Unix milliseconds) when the monotonic clock reads mono_ns, which is about now:
 * the wall clock's, or, where that is plainly wrong, the time that has passed for certain since the
 * last signature or good clock (core/trusted_time.h); *trusted (NULL is allowed) says which. */
int64_t feed_now_ms(struct feed *feed, int64_t mono_ns, bool *trusted);

/* How much of the line media may take from now on; 0: all. What is on its way goes on at that pace. */
void feed_set_bandwidth(struct feed *feed, int64_t bytes_per_s);

/* The size of the screen, upright as people see it: media that it does not need are not fetched from
 * now on (duckling-playlist(5), SHAPES). 0 × 0: it is not known, and all are needed. What it needs more
 * than before is fetched, and the edition is then handed over once more. */
void feed_set_screen(struct feed *feed, int width_px, int height_px);

/* Stops within one second, whatever the server does. NULL is allowed. */
void feed_stop(struct feed *feed);

#endif
