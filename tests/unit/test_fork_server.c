/* Workers that are forked from a server instead of executed: this program is the server, too. What
 * its workers do is said by the job's kind. worker.c is compiled in here: a server that was sent
 * SIGUSR2 cannot fork. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t cannot_fork;

static long fork_if_allowed(long number, long flags, int a, int b, int c, int d)
{
    errno = EAGAIN;
    return cannot_fork ? -1 : syscall(number, flags, a, b, c, d);
}

#define syscall fork_if_allowed
#include "worker/worker.c"
#undef syscall

#include "decode/fork_server.h"

#include "decode/children.h"
#include "decode/worker_process.h"
#include "worker/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <cmocka.h>

enum { ANSWER = PROTOCOL_JOB_STILL, WAIT = PROTOCOL_JOB_TAGLINE, CRASH = PROTOCOL_JOB_HOUSE_CARD };

#define STOPPED 150

static void send_event(struct protocol_event event)
{
    event.magic = PROTOCOL_MAGIC;
    if (!worker_send(&event, sizeof event, -1))
        _exit(9);
}

static bool do_job(struct protocol_job *job, const struct worker_files *files, struct err *err)
{
    (void)err;
    while (job->kind == WAIT)
        poll(NULL, 0, 1000);
    if (job->kind == CRASH)
        raise(SIGKILL);
    struct protocol_event answer = {
        .kind = PROTOCOL_EVENT_PROGRESS,
        .slot = getpriority(PRIO_PROCESS, 0),
        .steps = (int64_t)files->count,
        .pid = getpid(),
    };
    send_event(answer);
    answer.kind = PROTOCOL_EVENT_STARTED; /* a lie that comes too late */
    send_event(answer);
    return true;
}

static const struct worker_role role = {
    .name = PROTOCOL_WORKER_NAME,
    .limits = {.address_space_bytes = (size_t)4 << 30, .file_bytes = 4096, .processor_s = 60},
    .do_job = do_job,
};

static void start(struct worker_process *worker, uint32_t kind)
{
    static struct protocol_job job;
    struct err err = {0};
    job = (struct protocol_job){.kind = kind};
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (!worker_process_start(worker, &job, &file, 1, &err))
        fail_msg("%s", err.text);
    assert_int_equal(worker->pid, 0); /* that would take waiting */
    close(file);
}

static enum worker_process_event receive(struct worker_process *worker,
                                         struct protocol_event *event, struct err *err)
{
    enum worker_process_event result;
    size_t size;
    int fd;
    while ((result = worker_process_receive(worker, event, sizeof *event, &size, &fd, err)) ==
           WORKER_PROCESS_NOTHING)
        poll(&(struct pollfd){.fd = worker_process_fd(worker), .events = POLLIN}, 1, -1);
    return result;
}

/* A job that is done. */
static void answer(void)
{
    struct worker_process worker;
    struct protocol_event event;
    struct err err = {0};
    start(&worker, ANSWER);
    assert_int_equal(receive(&worker, &event, &err), WORKER_PROCESS_PACKET);
    worker_process_stop(&worker);
    worker_process_reap(true);
}

static void read_command_line(pid_t pid, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/cmdline", (long)pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t length = fread(text, 1, size - 1, file);
    text[length] = '\0';
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\0' && i + 1 < length && text[i + 1] != '\0')
            text[i] = ' ';
    fclose(file);
}

/* The process that this process's workers are forked from, the only child when there is none. */
static pid_t server_pid(void)
{
    FILE *children = fopen("/proc/thread-self/children", "re");
    int pid = 0;
    assert_non_null(children);
    assert_int_equal(fscanf(children, "%d", &pid), 1);
    fclose(children);
    return pid;
}

static int count_children(void)
{
    FILE *children = fopen("/proc/thread-self/children", "re");
    int count = 0, pid;
    assert_non_null(children);
    while (fscanf(children, "%d", &pid) == 1)
        count++;
    fclose(children);
    return count;
}

/* Its own process, our child, with the job's file, and no less nice for having been forked. */
static void a_worker_does_its_job(void **state)
{
    (void)state;
    char text[256];
    pid_t pids[2];
    for (int i = 0; i < 2; i++) {
        struct worker_process worker;
        struct protocol_event event;
        struct err err = {0};
        start(&worker, ANSWER);
        assert_int_equal(receive(&worker, &event, &err), WORKER_PROCESS_PACKET);
        assert_true(worker.ready);
        assert_int_equal(event.kind, PROTOCOL_EVENT_PROGRESS);
        assert_int_equal(event.pid, worker.pid);
        assert_int_equal(event.steps, 1);
        assert_int_equal(event.slot, getpriority(PRIO_PROCESS, (id_t)server_pid()));
        pids[i] = worker.pid;
        /* It says once more that it started, now with a medium read. */
        assert_int_equal(receive(&worker, &event, &err), WORKER_PROCESS_BROKEN);
        assert_int_equal(err.code, ERR_WORKER);
        assert_int_equal(worker.pid, pids[i]);
        worker_process_stop(&worker);
        worker_process_reap(true);
        assert_int_equal(count_children(), 1);
    }
    assert_int_not_equal(pids[0], pids[1]);
    read_command_line(server_pid(), text, sizeof text);
    assert_string_equal(text, PROTOCOL_WORKER_NAME " " PROTOCOL_SERVE);
}

static void ps_shows_a_worker(void **state)
{
    (void)state;
    struct worker_process worker;
    char text[256];
    struct protocol_event event;
    size_t size;
    int fd;
    struct err err = {0};
    start(&worker, WAIT);
    while (!worker.ready) {
        poll(&(struct pollfd){.fd = worker_process_fd(&worker), .events = POLLIN}, 1, -1);
        assert_int_equal(worker_process_receive(&worker, &event, sizeof event, &size, &fd, &err),
                         WORKER_PROCESS_NOTHING);
    }
    read_command_line(worker.pid, text, sizeof text);
    assert_string_equal(text, PROTOCOL_WORKER_NAME);
    worker_process_stop(&worker);
    worker_process_reap(true);
    assert_int_equal(count_children(), 1);
}

static void why_a_worker_exited_is_known(void **state)
{
    (void)state;
    struct worker_process worker;
    struct protocol_event event;
    struct err err = {0};
    start(&worker, CRASH);
    assert_int_equal(receive(&worker, &event, &err), WORKER_PROCESS_BROKEN);
    if (err.code != ERR_KILLED)
        fail_msg("%s", err.text);
    assert_int_equal(worker.pid, 0);
    worker_process_stop(&worker);
}

/* Stopped before its process is known: it is killed once it is, and nobody waits for that. */
static void those_that_are_stopped_at_once_are_killed(void **state)
{
    (void)state;
    struct worker_process worker;
    struct protocol_event event;
    struct err err = {0};
    pid_t server = server_pid();
    assert_int_equal(kill(server, SIGSTOP), 0);
    for (int i = 0; i < STOPPED; i++) {
        start(&worker, WAIT);
        worker_process_stop(&worker);
        assert_int_equal(worker.socket, -1);
    }
    worker_process_reap(false);
    assert_int_equal(count_children(), 1);
    start(&worker, ANSWER);
    assert_int_equal(kill(server, SIGCONT), 0);
    assert_int_equal(receive(&worker, &event, &err), WORKER_PROCESS_PACKET);
    worker_process_stop(&worker);
    while (count_children() > 1)
        worker_process_reap(true);
    assert_int_equal(server_pid(), server);
}

/* Killed between two jobs: another takes its place. Killed with a job before it: that job fails, as
 * if its worker had been killed. */
static void a_server_that_was_killed_is_replaced(void **state)
{
    (void)state;
    struct worker_process worker;
    struct protocol_event event;
    struct err err = {0};
    pid_t server = server_pid();
    assert_int_equal(kill(server, SIGSTOP), 0);
    start(&worker, ANSWER);
    assert_int_equal(kill(server, SIGKILL), 0);
    assert_int_equal(receive(&worker, &event, &err), WORKER_PROCESS_BROKEN);
    assert_int_equal(err.code, ERR_KILLED);
    assert_false(worker.ready);
    worker_process_stop(&worker);
    answer();
    assert_int_equal(count_children(), 1);
    assert_int_not_equal(server_pid(), server);
}

/* Of two jobs before a server that is killed, the second is asked of another: the first is told of at
 * once all the same, and its medium is not to blame. */
static void a_job_of_a_server_that_was_replaced_fails(void **state)
{
    (void)state;
    struct worker_process first, second;
    struct protocol_event event;
    struct err err = {0};
    pid_t server = server_pid();
    siginfo_t ended;
    assert_int_equal(kill(server, SIGSTOP), 0);
    start(&first, ANSWER);
    assert_int_equal(kill(server, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)server, &ended, WEXITED | WNOWAIT), 0);
    start(&second, ANSWER);
    assert_int_equal(receive(&second, &event, &err), WORKER_PROCESS_PACKET);
    size_t size;
    int fd;
    assert_int_equal(worker_process_receive(&first, &event, sizeof event, &size, &fd, &err),
                     WORKER_PROCESS_BROKEN);
    assert_int_equal(err.code, ERR_KILLED);
    worker_process_stop(&first);
    worker_process_stop(&second);
    worker_process_reap(true);
    assert_int_equal(count_children(), 1);
}

/* As after an upgrade that went half-way. */
static void a_server_of_another_version_is_told_of(void **state)
{
    (void)state;
    struct worker_process worker;
    struct protocol_event event;
    struct err err = {0};
    int pair[2];
    struct fork_server *server;
    start(&worker, ANSWER);
    server = worker.server;
    assert_int_equal(receive(&worker, &event, &err), WORKER_PROCESS_PACKET);
    worker_process_stop(&worker);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    worker = (struct worker_process){.socket = pair[0],
                                     .exit_fd = -1,
                                     .server = server,
                                     .server_pid = server->pid,
                                     .program = "a worker"};
    const uint32_t other = PROTOCOL_MAGIC + 1;
    assert_int_equal(kill(server->pid, SIGSTOP), 0);
    assert_int_equal(send(server->socket, &other, sizeof other, 0), sizeof other);
    assert_true(fork_server_ask(server, pair[1]));
    close(pair[1]);
    assert_int_equal(kill(server->pid, SIGCONT), 0);
    assert_int_equal(receive(&worker, &event, &err), WORKER_PROCESS_BROKEN);
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_non_null(strstr(err.text, "different version"));
    worker_process_stop(&worker);
}

/* The job's error says so, and the server lives on. */
static void a_fork_that_fails_is_told_of(void **state)
{
    (void)state;
    struct worker_process worker;
    struct protocol_event event;
    struct err err = {0};
    for (int i = 0; i < 2; i++) {
        start(&worker, ANSWER);
        assert_int_equal(receive(&worker, &event, &err), WORKER_PROCESS_PACKET);
        assert_int_equal(event.kind, i ? PROTOCOL_EVENT_ERROR : PROTOCOL_EVENT_PROGRESS);
        worker_process_stop(&worker);
        worker_process_reap(true);
        assert_int_equal(kill(server_pid(), SIGUSR2), 0);
    }
    assert_non_null(strstr(event.text, "cannot fork a worker: Resource temporarily unavailable"));
    assert_int_equal(worker_process_error_code(&worker, event.code), ERR_SYSTEM);
}

static void forbid_forks(int number)
{
    (void)number;
    cannot_fork = 1;
}

static void nothing_is_left(void **state)
{
    (void)state;
    worker_process_reap(true);
    worker_process_end_servers();
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[0], PROTOCOL_WORKER_NAME) == 0) {
        signal(SIGUSR2, forbid_forks);
        _exit(worker_serve(&role, argv[1]));
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_does_its_job),
        cmocka_unit_test(ps_shows_a_worker),
        cmocka_unit_test(why_a_worker_exited_is_known),
        cmocka_unit_test(those_that_are_stopped_at_once_are_killed),
        cmocka_unit_test(a_server_that_was_killed_is_replaced),
        cmocka_unit_test(a_job_of_a_server_that_was_replaced_fails),
        cmocka_unit_test(a_server_of_another_version_is_told_of),
        cmocka_unit_test(a_fork_that_fails_is_told_of),
        cmocka_unit_test(nothing_is_left),
    };
    worker_process_use_fork_servers();
    if (!worker_process_prepare(true, NULL))
        return EXIT_FAILURE;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
