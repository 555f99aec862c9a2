#include "playout/media_opener.h"

#include "base/clock.h"
#include "playout/quarantine.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEPT_NS INT64_C(5000000000) /* a file that nobody takes */
#define CLOSING_MAX 256
/* A file that is closed may hang, too, and must leave a thread to each that is opened. */
#define CLOSERS_MAX 32
#define THREADS_MAX (MEDIA_OPENER_FILES_MAX + CLOSERS_MAX)
/* How long the end waits for threads; one that hangs in a disk then stays behind. */
#define END_WAIT_NS INT64_C(200000000)

enum opening_state { OPENING_FREE, OPENING_QUEUED, OPENING_RUNNING, OPENING_DONE };

struct opening {
    enum opening_state state;
    struct edition *edition; /* one reference, unless free */
    int asset;
    int64_t begun_ns, done_ns;
    int file; /* from here on: when done; -1: see err */
    struct err err;
    bool identified;
    uint8_t identity[HASH_BYTES];
};

struct media_opener {
    pthread_mutex_t lock; /* protects all of these */
    pthread_cond_t work;
    struct opening openings[MEDIA_OPENER_FILES_MAX];
    int closing[CLOSING_MAX]; /* descriptors to be closed */
    size_t closing_count;
    int closers; /* threads that close one just now */
    pthread_t ids[THREADS_MAX];
    int threads, idle; /* a thread ends when it is to stop, and not before */
    int owners;        /* the threads, and who created this; the last one frees it */
    bool stop;
    void (*wake)(void *); /* NULL once stopped */
    void *wake_context;
};

static void free_opener(struct media_opener *opener)
{
    for (int i = 0; i < MEDIA_OPENER_FILES_MAX; i++) {
        struct opening *opening = &opener->openings[i];
        if (opening->state == OPENING_DONE && opening->file >= 0)
            close(opening->file);
        edition_destroy(opening->edition);
    }
    while (opener->closing_count > 0)
        close(opener->closing[--opener->closing_count]);
    pthread_cond_destroy(&opener->work);
    pthread_mutex_destroy(&opener->lock);
    free(opener);
}

/* The one that was asked for first; NULL: none. */
static struct opening *find_queued(struct media_opener *opener)
{
    struct opening *first = NULL;
    for (int i = 0; i < MEDIA_OPENER_FILES_MAX; i++) {
        struct opening *opening = &opener->openings[i];
        if (opening->state == OPENING_QUEUED && (!first || opening->begun_ns < first->begun_ns))
            first = opening;
    }
    return first;
}

static void free_opening(struct opening *opening)
{
    edition_destroy(opening->edition);
    *opening = (struct opening){.state = OPENING_FREE};
}

/* With the lock held, which it gives up meanwhile. */
static void run_opening(struct media_opener *opener, struct opening *opening)
{
    struct err err = {0};
    uint8_t identity[HASH_BYTES] = {0};
    opening->state = OPENING_RUNNING;
    pthread_mutex_unlock(&opener->lock);
    int file = edition_open(opening->edition, opening->asset, &err);
    bool identified = quarantine_identify(opening->edition, opening->asset, identity);
    pthread_mutex_lock(&opener->lock);
    opening->file = file;
    opening->err = err;
    opening->identified = identified;
    memcpy(opening->identity, identity, sizeof identity);
    opening->done_ns = clock_mono_ns();
    opening->state = OPENING_DONE;
    if (file < 0 && err.code == ERR_TRUST) /* it is read again first */
        free_opening(opening);
    if (opener->wake)
        opener->wake(opener->wake_context);
}

/* True when there was something to do. With the lock held, which it gives up meanwhile. */
static bool do_work(struct media_opener *opener)
{
    struct opening *opening = find_queued(opener);
    if (opening) {
        run_opening(opener, opening);
        return true;
    }
    if (opener->closing_count == 0 || opener->closers == CLOSERS_MAX)
        return false;
    int file = opener->closing[--opener->closing_count];
    opener->closers++;
    pthread_mutex_unlock(&opener->lock);
    close(file);
    pthread_mutex_lock(&opener->lock);
    opener->closers--;
    return true;
}

static void leave_opener(struct media_opener *opener)
{
    pthread_mutex_lock(&opener->lock);
    bool last = --opener->owners == 0;
    pthread_mutex_unlock(&opener->lock);
    if (last)
        free_opener(opener);
}

static void *run_opener_thread(void *context)
{
    struct media_opener *opener = context;
    pthread_mutex_lock(&opener->lock);
    while (!opener->stop) {
        if (do_work(opener))
            continue;
        opener->idle++;
        pthread_cond_wait(&opener->work, &opener->lock);
        opener->idle--;
    }
    pthread_mutex_unlock(&opener->lock);
    leave_opener(opener);
    return NULL;
}

/* What threads can do now. */
static int count_waiting(const struct media_opener *opener)
{
    int waiting = CLOSERS_MAX - opener->closers;
    if (opener->closing_count < (size_t)waiting)
        waiting = (int)opener->closing_count;
    for (int i = 0; i < MEDIA_OPENER_FILES_MAX; i++)
        waiting += opener->openings[i].state == OPENING_QUEUED;
    return waiting;
}

/* Lets a thread do what has just been added: one that is idle, or another, while there may be
 * more. A thread that was woken is idle until it has the lock. With the lock held. */
static void call_thread(struct media_opener *opener)
{
    sigset_t all, before;
    pthread_cond_signal(&opener->work);
    if (count_waiting(opener) <= opener->idle || opener->threads == THREADS_MAX)
        return;
    sigfillset(&all); /* signals are the main thread's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&opener->ids[opener->threads], NULL, run_opener_thread, opener) == 0) {
        opener->threads++;
        opener->owners++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct media_opener *media_opener_create(void (*wake)(void *), void *wake_context)
{
    struct media_opener *opener = calloc(1, sizeof *opener);
    if (!opener)
        return NULL;
    pthread_mutex_init(&opener->lock, NULL);
    pthread_cond_init(&opener->work, NULL);
    opener->wake = wake;
    opener->wake_context = wake_context;
    opener->owners = 1;
    return opener;
}

void media_opener_destroy(struct media_opener *opener)
{
    if (!opener)
        return;
    pthread_mutex_lock(&opener->lock);
    opener->stop = true;
    opener->wake = NULL;
    pthread_cond_broadcast(&opener->work);
    pthread_mutex_unlock(&opener->lock);
    int64_t deadline_ns = clock_mono_ns() + END_WAIT_NS;
    const struct timespec deadline = {(time_t)(deadline_ns / 1000000000),
                                      (long)(deadline_ns % 1000000000)};
    for (int i = 0; i < opener->threads; i++)
        if (pthread_clockjoin_np(opener->ids[i], NULL, CLOCK_MONOTONIC, &deadline) != 0)
            pthread_detach(opener->ids[i]);
    leave_opener(opener);
}

/* With the lock held, as in all below. */
static void add_closing(struct media_opener *opener, int file)
{
    if (file < 0)
        return;
    if (opener->closing_count == CLOSING_MAX) /* all threads hang: it stays open */
        return;
    opener->closing[opener->closing_count++] = file;
    call_thread(opener);
}

static void drop_old_files(struct media_opener *opener, int64_t now_ns)
{
    for (int i = 0; i < MEDIA_OPENER_FILES_MAX; i++) {
        struct opening *opening = &opener->openings[i];
        if (opening->state != OPENING_DONE || now_ns - opening->done_ns < KEPT_NS)
            continue;
        add_closing(opener, opening->file);
        free_opening(opening);
    }
}

static struct opening *find_opening(struct media_opener *opener, const struct edition *edition,
                                    int asset)
{
    for (int i = 0; i < MEDIA_OPENER_FILES_MAX; i++) {
        struct opening *opening = &opener->openings[i];
        if (opening->state != OPENING_FREE && opening->edition == edition &&
            opening->asset == asset)
            return opening;
    }
    return NULL;
}

/* A free one, or that of the file that nobody has taken for longest. NULL: all are waited for. */
static struct opening *find_room(struct media_opener *opener)
{
    struct opening *oldest = NULL;
    for (int i = 0; i < MEDIA_OPENER_FILES_MAX; i++) {
        struct opening *opening = &opener->openings[i];
        if (opening->state == OPENING_FREE)
            return opening;
        if (opening->state == OPENING_DONE && (!oldest || opening->done_ns < oldest->done_ns))
            oldest = opening;
    }
    if (oldest) {
        add_closing(opener, oldest->file);
        free_opening(oldest);
    }
    return oldest;
}

static enum media_opener_state add_opening(struct media_opener *opener,
                                           const struct edition *edition, int asset, int64_t now_ns)
{
    struct opening *opening = find_room(opener);
    if (!opening)
        return MEDIA_OPENER_LATE;
    *opening = (struct opening){.state = OPENING_QUEUED,
                                .edition = edition_hold(edition),
                                .asset = asset,
                                .begun_ns = now_ns};
    call_thread(opener);
    return MEDIA_OPENER_WAITING;
}

enum media_opener_state media_opener_request(struct media_opener *opener,
                                             const struct edition *edition, int asset,
                                             int64_t limit_ms)
{
    int64_t now_ns = clock_mono_ns();
    enum media_opener_state state = MEDIA_OPENER_WAITING;
    if (!opener)
        return MEDIA_OPENER_READY;
    pthread_mutex_lock(&opener->lock);
    drop_old_files(opener, now_ns);
    const struct opening *opening = find_opening(opener, edition, asset);
    if (!opening)
        state = add_opening(opener, edition, asset, now_ns);
    else if (opening->state == OPENING_DONE)
        state = MEDIA_OPENER_READY;
    else if (now_ns - opening->begun_ns >= limit_ms * 1000000)
        state = MEDIA_OPENER_LATE;
    pthread_mutex_unlock(&opener->lock);
    return state;
}

bool media_opener_identify(struct media_opener *opener, const struct edition *edition, int asset,
                           uint8_t identity[HASH_BYTES])
{
    if (!opener)
        return quarantine_identify(edition, asset, identity);
    pthread_mutex_lock(&opener->lock);
    const struct opening *opening = find_opening(opener, edition, asset);
    bool identified = opening && opening->state == OPENING_DONE && opening->identified;
    if (identified)
        memcpy(identity, opening->identity, HASH_BYTES);
    pthread_mutex_unlock(&opener->lock);
    return identified;
}

int media_opener_take(struct media_opener *opener, const struct edition *edition, int asset,
                      struct err *err)
{
    int file = -1;
    if (!opener)
        return edition_open(edition, asset, err);
    pthread_mutex_lock(&opener->lock);
    struct opening *opening = find_opening(opener, edition, asset);
    if (opening && opening->state == OPENING_DONE) {
        file = opening->file;
        if (file < 0 && err)
            *err = opening->err;
        free_opening(opening);
    } else {
        err_set(err, ERR_SYSTEM, "the file is not open yet");
    }
    pthread_mutex_unlock(&opener->lock);
    return file;
}

void media_opener_close(struct media_opener *opener, int file)
{
    if (!opener) {
        close(file);
        return;
    }
    pthread_mutex_lock(&opener->lock);
    add_closing(opener, file);
    pthread_mutex_unlock(&opener->lock);
}

void media_opener_set_late_error(int64_t limit_ms, struct err *err)
{
    err_set(err, ERR_TIMEOUT, "the disk has not opened the file within %.1f seconds",
            (double)limit_ms / 1000);
}
