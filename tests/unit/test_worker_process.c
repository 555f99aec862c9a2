/* Workers that the kernel can't kill. children.c is compiled in here: nothing is killed
 * before the test says so. */
#include <signal.h>
#include <stdbool.h>

static bool kill_allowed;

static int kill_if_allowed(int pid, int number)
{
    return kill_allowed ? kill(pid, number) : 0;
}

#define kill kill_if_allowed
#include "decode/children.c"
#undef kill
#include "decode/worker_process.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <cmocka.h>

#define WORKERS 70
#define PATIENCE_S 60
#define BURNT_NS 20000000

static pid_t start_sleeper(void)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
        for (;;)
            pause();
    }
    return pid;
}

/* As many as there may be: stopping one more waits for none of them. SIGALRM ends a test that
 * hangs. */
static void stopping_never_waits(void **state)
{
    (void)state;
    pid_t pids[WORKERS];
    alarm(PATIENCE_S);
    for (int i = 0; i < WORKERS; i++) {
        struct worker_process worker = {
            .pid = pids[i] = start_sleeper(), .socket = -1, .exit_fd = -1};
        worker_process_stop(&worker);
        assert_int_equal(worker.pid, 0);
    }
    alarm(0);
    worker_process_reap(false);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(waitpid(pids[i], NULL, WNOHANG), 0); /* there, and ours */
    kill_allowed = true;
    for (int i = 0; i < WORKERS; i++)
        kill_if_allowed(pids[i], SIGKILL);
    worker_process_reap(true);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static pid_t late;

static void kill_late(int number)
{
    static int count;
    (void)number;
    if (++count == 20)
        kill(late, SIGKILL);
}

/* Signals that arrive meanwhile don't end the wait for a worker that takes its time to exit. */
static void reaping_goes_on_after_signals(void **state)
{
    (void)state;
    const struct itimerval often = {{0, 1000}, {0, 1000}}, never = {0};
    struct sigaction action = {.sa_handler = kill_late}, before;
    late = start_sleeper();
    struct worker_process worker = {.pid = late, .socket = -1, .exit_fd = -1};
    kill_allowed = false;
    worker_process_stop(&worker);
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    worker_process_reap(true);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &before, NULL), 0);
    kill_allowed = true;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* Why a worker exited is known even if our parent ignored SIGCHLD. */
static void exit_reasons_are_known_with_sigchld_ignored(void **state)
{
    (void)state;
    struct err err = {0};
    signal(SIGCHLD, SIG_IGN);
    assert_true(worker_process_prepare(true, NULL));
    pid_t pid = start_sleeper();
    struct worker_process worker = {.pid = pid, .socket = -1, .exit_fd = -1, .ready = true};
    watch_for_exit(&worker);
    assert_int_equal(kill(pid, SIGKILL), 0);
    while (!read_exit_reason(&worker, &err))
        poll(&(struct pollfd){.fd = worker.exit_fd, .events = POLLIN}, 1, -1);
    assert_int_equal(err.code, ERR_KILLED);
    assert_int_equal(worker.pid, 0);
    worker_process_stop(&worker);
}

/* A worker's processor time is its own: it grows while the worker computes, not while it waits. */
static void processor_time_is_the_workers_own(void **state)
{
    (void)state;
    int64_t before_ns, after_ns, gone_ns = 7;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int64_t used_ns = 0;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (clock_process_cpu_ns(getpid(), &used_ns) && used_ns < BURNT_NS)
            continue;
        raise(SIGSTOP);
        _exit(0);
    }
    struct worker_process worker = {.pid = pid, .socket = -1, .exit_fd = -1};
    assert_int_equal(waitpid(pid, NULL, WUNTRACED), pid);
    assert_true(worker_process_cpu_ns(&worker, &before_ns));
    assert_true(before_ns >= BURNT_NS);
    poll(NULL, 0, 20); /* of which nothing is counted */
    assert_true(worker_process_cpu_ns(&worker, &after_ns));
    assert_true(after_ns - before_ns < BURNT_NS / 2);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_false(worker_process_cpu_ns(&worker, &gone_ns));
    worker.pid = 0; /* not this process's own */
    assert_false(worker_process_cpu_ns(&worker, &gone_ns));
    assert_true(gone_ns == 7);
}

/* Which error codes a worker may report. */
static void reported_codes_are_limited(void **state)
{
    (void)state;
    const struct worker_process unready = {.ready = false}, ready = {.ready = true},
                                cramped = {.ready = true, .short_of_memory = true};
    for (uint32_t code = 0; code < 1000; code++) {
        bool memory = code == ERR_SYSTEM || code == ERR_LIMIT;
        enum err_code else_wanted = code == ERR_INPUT ? ERR_INPUT : ERR_WORKER;
        assert_int_equal(worker_process_error_code(&unready, code), ERR_SYSTEM);
        assert_int_equal(worker_process_error_code(&ready, code), memory ? ERR_LIMIT : else_wanted);
        assert_int_equal(worker_process_error_code(&cramped, code),
                         memory ? ERR_SYSTEM : else_wanted);
    }
    assert_int_equal(worker_process_error_code(&ready, UINT32_MAX), ERR_WORKER);
    assert_int_equal(worker_process_error_code(&cramped, UINT32_MAX), ERR_WORKER);
}

/* A worker exits when it has sent its last packet, with orders still in its socket that nobody will
 * read: the kernel tells that before it gives the packet. */
static void last_packets_arrive_whatever_was_left_unread(void **state)
{
    (void)state;
    const struct protocol_event last = {.magic = PROTOCOL_MAGIC, .kind = PROTOCOL_EVENT_END};
    const struct protocol_order order = {.magic = PROTOCOL_MAGIC};
    struct protocol_event got = {0};
    struct err err = {0};
    size_t size = 0;
    int pair[2], fd;
    pid_t pid = start_sleeper(); /* it must not inherit the pair */
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    struct worker_process worker = {.pid = pid, .socket = pair[0], .exit_fd = -1, .ready = true};
    assert_true(worker_process_send(&worker, &order, sizeof order));
    assert_int_equal(send(pair[1], &last, sizeof last, 0), sizeof last);
    close(pair[1]);
    assert_int_equal(worker_process_receive(&worker, &got, sizeof got, &size, &fd, &err),
                     WORKER_PROCESS_PACKET);
    assert_int_equal(size, sizeof got);
    assert_int_equal(got.kind, PROTOCOL_EVENT_END);
    assert_false(worker.hung_up);
    assert_int_equal(worker_process_receive(&worker, &got, sizeof got, &size, &fd, &err),
                     WORKER_PROCESS_NOTHING);
    assert_true(worker.hung_up);
    worker_process_stop(&worker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stopping_never_waits),
        cmocka_unit_test(reaping_goes_on_after_signals),
        cmocka_unit_test(exit_reasons_are_known_with_sigchld_ignored),
        cmocka_unit_test(processor_time_is_the_workers_own),
        cmocka_unit_test(reported_codes_are_limited),
        cmocka_unit_test(last_packets_arrive_whatever_was_left_unread),
    };
    return cmocka_run_group_tests_name("worker_process", tests, NULL, NULL);
}
