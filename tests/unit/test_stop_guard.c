#include "base/stop_guard.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define LONG_MS 600000

static int block_and_watch_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* A process whose main thread does this, and then hangs. */
static int exit_status_of(void (*act)(struct stop_guard *guard, int signals), int limit_ms)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int signals = block_and_watch_signals();
        struct stop_guard *guard = stop_guard_start(signals, limit_ms, NULL);
        act(guard, signals);
        for (;;)
            pause();
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void hang_at_a_signal(struct stop_guard *guard, int signals)
{
    (void)guard;
    (void)signals;
    kill(getpid(), SIGTERM);
}

static void hang_while_stopping(struct stop_guard *guard, int signals)
{
    struct signalfd_siginfo info;
    kill(getpid(), SIGTERM);
    if (read(signals, &info, sizeof info) == sizeof info)
        stop_guard_begin(guard);
}

static void hang_without_a_signal(struct stop_guard *guard, int signals)
{
    (void)signals;
    stop_guard_begin(guard);
}

static void stop_in_time(struct stop_guard *guard, int signals)
{
    hang_while_stopping(guard, signals);
    stop_guard_finish(guard);
    _exit(42);
}

static void stop_without_being_asked(struct stop_guard *guard, int signals)
{
    (void)signals;
    stop_guard_finish(guard);
    _exit(43);
}

static void a_process_that_hangs_is_ended(void **state)
{
    (void)state;
    assert_int_equal(exit_status_of(hang_at_a_signal, 10), EXIT_FAILURE);
    assert_int_equal(exit_status_of(hang_while_stopping, 10), EXIT_FAILURE);
    assert_int_equal(exit_status_of(hang_without_a_signal, 10), EXIT_FAILURE);
}

static void a_process_that_stops_is_left_alone(void **state)
{
    (void)state;
    assert_int_equal(exit_status_of(stop_in_time, LONG_MS), 42);
    assert_int_equal(exit_status_of(stop_without_being_asked, LONG_MS), 43);
}

static void nobody_is_ended_before_the_limit(void **state)
{
    (void)state;
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_int_equal(exit_status_of(hang_at_a_signal, 300), EXIT_FAILURE);
    clock_gettime(CLOCK_MONOTONIC, &after);
    int64_t ms = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
    assert_true(ms >= 300);
}

static void what_was_never_started_is_allowed(void **state)
{
    (void)state;
    stop_guard_begin(NULL);
    stop_guard_finish(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_that_hangs_is_ended),
        cmocka_unit_test(a_process_that_stops_is_left_alone),
        cmocka_unit_test(nobody_is_ended_before_the_limit),
        cmocka_unit_test(what_was_never_started_is_allowed),
    };
    return cmocka_run_group_tests_name("stop_guard", tests, NULL, NULL);
}
