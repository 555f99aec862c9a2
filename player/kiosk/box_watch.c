#include "kiosk/box_watch.h"

#include "base/clock.h"
#include "kiosk/box_readings.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_MS 5000
#define STOP_MS 100
#define ROOT_BYTES 1024

struct box_watch {
    pthread_t thread;
    char root[ROOT_BYTES];
    int period_ms;
    int end;                         /* eventfd(2): the thread is to end */
    struct memory_pressure pressure; /* the thread's own */
    struct box_watch_state found;
    pthread_mutex_t lock;
    struct box_watch_state state; /* protected by lock */
    bool is_new;                  /* protected by lock, as the next two */
    void (*wake)(void *);
    void *wake_context;
};

/* True where there is something new. */
static bool look_at_box(struct box_watch *watch)
{
    struct heat_zone zones[HEAT_ZONES_MAX];
    struct memory_pressure_reading reading;
    char folder[ROOT_BYTES + 32];
    struct box_watch_state *found = &watch->found;
    enum heat_level level = found->heat.level;
    bool was_short = found->memory_is_short;
    snprintf(folder, sizeof folder, "%s/sys/class/thermal", watch->root);
    int count = box_readings_zones(folder, zones);
    int64_t now_ns = clock_mono_ns();
    heat_step(&found->heat, zones, count, now_ns);
    (void)box_readings_pressure(watch->root, &reading); /* without one it is calm */
    found->memory_is_short = memory_pressure_step(&watch->pressure, &reading, now_ns);
    if (found->memory_is_short != was_short)
        found->pressure = reading;
    return found->heat.level != level || found->memory_is_short != was_short;
}

static void *run_watch(void *context)
{
    struct box_watch *watch = context;
    struct pollfd end = {.fd = watch->end, .events = POLLIN};
    do {
        if (!look_at_box(watch))
            continue;
        pthread_mutex_lock(&watch->lock);
        watch->state = watch->found;
        watch->is_new = true;
        if (watch->wake)
            watch->wake(watch->wake_context);
        pthread_mutex_unlock(&watch->lock);
    } while (poll(&end, 1, watch->period_ms) <= 0);
    return NULL;
}

static void free_watch(struct box_watch *watch)
{
    if (watch->end >= 0)
        close(watch->end);
    pthread_mutex_destroy(&watch->lock);
    free(watch);
}

struct box_watch *box_watch_start(const char *root, int period_ms, void (*wake)(void *),
                                  void *wake_context, struct err *err)
{
    struct box_watch *watch = calloc(1, sizeof *watch);
    sigset_t all, before;
    if (!watch) {
        err_oom(err);
        return NULL;
    }
    snprintf(watch->root, sizeof watch->root, "%s", root);
    watch->period_ms = period_ms > 0 ? period_ms : PERIOD_MS;
    watch->wake = wake;
    watch->wake_context = wake_context;
    pthread_mutex_init(&watch->lock, NULL);
    watch->end = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sigfillset(&all); /* signals are the main thread's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = watch->end < 0 ? errno : pthread_create(&watch->thread, NULL, run_watch, watch);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (number == 0)
        return watch;
    err_set_errno(err, ERR_SYSTEM, number, "cannot start a thread that watches the box");
    free_watch(watch);
    return NULL;
}

bool box_watch_take(struct box_watch *watch, struct box_watch_state *state)
{
    pthread_mutex_lock(&watch->lock);
    bool is_new = watch->is_new;
    watch->is_new = false;
    *state = watch->state;
    pthread_mutex_unlock(&watch->lock);
    return is_new;
}

void box_watch_stop(struct box_watch *watch)
{
    struct timespec until;
    if (!watch)
        return;
    pthread_mutex_lock(&watch->lock);
    watch->wake = NULL; /* who is woken may be gone before a thread that hangs */
    pthread_mutex_unlock(&watch->lock);
    eventfd_write(watch->end, 1);
    int64_t until_ns = clock_mono_ns() + STOP_MS * INT64_C(1000000);
    until = (struct timespec){until_ns / 1000000000, until_ns % 1000000000};
    if (pthread_clockjoin_np(watch->thread, NULL, CLOCK_MONOTONIC, &until) == 0)
        free_watch(watch);
}
