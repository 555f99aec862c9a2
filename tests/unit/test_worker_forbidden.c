/* Whatever a worker's kind, a forbidden system call is told by its name: the real role up to its
 * job, in the real sandbox, and a job that makes the call, from any of its threads. */
#include "decode/worker_process.h"

#include "worker/worker.h"
#include "worker/worker_film.h"
#include "worker/worker_picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

static void *call_from_thread(void *argument)
{
    syscall(SYS_getppid);
    return argument;
}

static bool break_rule(struct protocol_job *job, const struct worker_files *files, struct err *err)
{
    (void)job, (void)files, (void)err;
    syscall(SYS_getppid);
    return true;
}

static bool break_rule_in_thread(struct protocol_job *job, const struct worker_files *files,
                                 struct err *err)
{
    pthread_t thread;
    (void)job, (void)files, (void)err;
    return pthread_create(&thread, NULL, call_from_thread, NULL) == 0 &&
           pthread_join(thread, NULL) == 0;
}

static void send_job(int socket, uint32_t kind)
{
    static struct protocol_job job;
    job = (struct protocol_job){.magic = PROTOCOL_MAGIC, .kind = kind};
    assert_int_equal(send(socket, &job, sizeof job, 0), sizeof job);
}

static void start_worker(struct worker_process *worker, const struct worker_role *role,
                         uint32_t kind)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    send_job(pair[0], kind);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        /* In place of what was there; worker_main closes the rest. */
        if (dup2(pair[1], PROTOCOL_FD) < 0 || fcntl(PROTOCOL_FD, F_SETFD, 0) < 0)
            _exit(3);
        _exit(worker_main(role));
    }
    close(pair[1]);
    *worker = (struct worker_process){
        .pid = pid, .socket = pair[0], .exit_fd = -1, .program = "a worker"};
}

/* What the player says of it. */
static void check_named(const struct worker_role *role, uint32_t kind)
{
    static struct protocol_event event;
    struct worker_process worker;
    struct err err = {0};
    enum worker_process_event result;
    size_t size;
    int fd;
    start_worker(&worker, role, kind);
    while ((result = worker_process_receive(&worker, &event, sizeof event, &size, &fd, &err)) ==
           WORKER_PROCESS_NOTHING)
        poll(&(struct pollfd){.fd = worker_process_fd(&worker), .events = POLLIN}, 1, -1);
    assert_int_equal(result, WORKER_PROCESS_BROKEN);
    if (err.code != ERR_SANDBOX || !strstr(err.text, "forbidden system call (getppid)"))
        fail_msg("%s, job %u: %d \"%s\"", role->name, kind, err.code, err.text);
    worker_process_stop(&worker);
    worker_process_reap(true);
}

static void each_kind_names_it(void **state)
{
    (void)state;
    struct worker_role role = worker_picture;
    role.do_job = break_rule;
    check_named(&role, PROTOCOL_JOB_STILL);
    check_named(&role, PROTOCOL_JOB_TAGLINE);
    check_named(&role, PROTOCOL_JOB_HOUSE_CARD);
    role = worker_film;
    role.do_job = break_rule;
    check_named(&role, PROTOCOL_JOB_FILM);
}

static void so_does_a_thread(void **state)
{
    (void)state;
    struct worker_role role = worker_film;
    role.do_job = break_rule_in_thread;
    check_named(&role, PROTOCOL_JOB_FILM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_names_it),
        cmocka_unit_test(so_does_a_thread),
    };
    return cmocka_run_group_tests_name("worker_forbidden", tests, NULL, NULL);
}
