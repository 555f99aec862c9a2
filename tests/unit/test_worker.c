/* A worker's start: every wall stands before it looks at its job's files, whatever its role.
 *
 * The sandbox is one of this test's own, which notes what it is asked for. */
#include "worker/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define SPACE_BYTES ((size_t)1 << 60) /* more than a sanitizer takes */

static uint32_t magic = PROTOCOL_MAGIC; /* of the job */
static char *calls;                     /* shared with the worker */
static char failing;
static bool cramped; /* the worker is started with less than its role may take */

static bool note(char call, struct err *err)
{
    calls[strlen(calls)] = call;
    return call != failing || err_set(err, ERR_SYSTEM, "no %c", call);
}

bool sandbox_make_memory(struct err *err)
{
    return note('m', err);
}

bool sandbox_drop_privileges(struct err *err)
{
    return note('d', err);
}

bool sandbox_set_limits(const struct sandbox_limits *limits, struct err *err)
{
    return limits->processor_s == 7 && note('l', err);
}

bool sandbox_deny_files(struct err *err)
{
    return note('f', err);
}

bool sandbox_deny_calls(enum sandbox_kind kind, struct err *err)
{
    return note(kind == SANDBOX_THREADS ? 'T' : 'A', err);
}

static void prepare(const struct protocol_job *job)
{
    (void)job;
    note('p', NULL);
}

static bool work(struct protocol_job *job, const struct worker_files *files, struct err *err)
{
    (void)files;
    return job->kind == PROTOCOL_JOB_FILM && note('w', err);
}

/* What a worker of this role does with a job, letter by letter; then what it reported: "r" that it
 * is ready, "R" that it is so with little memory, "e" an error. */
static const char *play(enum sandbox_kind kind, bool unsandboxed, char fails)
{
    static char reported[16];
    const struct worker_role role = {
        .name = "test",
        .limits = {.address_space_bytes = SPACE_BYTES, .processor_s = 7},
        .sandbox = kind,
        .prepare = prepare,
        .do_job = work};
    int pair[2], status;
    struct protocol_event event = {0};
    memset(calls, 0, 16);
    failing = fails;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    struct protocol_job *job = calloc(1, sizeof *job);
    assert_non_null(job);
    job->magic = magic;
    job->kind = PROTOCOL_JOB_FILM;
    job->unsandboxed = unsandboxed;
    assert_int_equal(send(pair[0], job, sizeof *job, 0), sizeof *job);
    free(job);
    pid_t pid = fork();
    if (pid == 0) {
        const struct rlimit space = {SPACE_BYTES - 1, SPACE_BYTES - 1};
        dup2(pair[1], PROTOCOL_FD);
        if (cramped && setrlimit(RLIMIT_AS, &space) < 0)
            _exit(3);
        _exit(worker_main(&role));
    }
    close(pair[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, magic == PROTOCOL_MAGIC ? 0 : PROTOCOL_EXIT_NO_JOB << 8);
    memcpy(reported, calls, 16);
    while (recv(pair[0], &event, sizeof event, MSG_DONTWAIT) == sizeof event)
        reported[strlen(reported)] = event.kind == PROTOCOL_EVENT_ERROR   ? 'e'
                                     : event.kind != PROTOCOL_EVENT_READY ? '?'
                                     : event.code                         ? 'R'
                                                                          : 'r';
    close(pair[0]);
    return reported;
}

static void the_sandbox_closes_before_the_job(void **state)
{
    (void)state;
    assert_string_equal(play(SANDBOX_THREADS, false, 0), "mpdlfTwr");
    assert_string_equal(play(SANDBOX_ALONE, false, 0), "mpdlfAwr");
}

static void without_a_sandbox_the_limits_hold(void **state)
{
    (void)state;
    assert_string_equal(play(SANDBOX_THREADS, true, 0), "mpdlwr");
}

static void where_one_is_missing_no_work_is_done(void **state)
{
    (void)state;
    assert_string_equal(play(SANDBOX_THREADS, false, 'm'), "me");
    assert_string_equal(play(SANDBOX_THREADS, false, 'd'), "mpde");
    assert_string_equal(play(SANDBOX_THREADS, false, 'l'), "mpdle");
    assert_string_equal(play(SANDBOX_THREADS, false, 'f'), "mpdlfe");
    assert_string_equal(play(SANDBOX_ALONE, false, 'A'), "mpdlfAe");
    assert_string_equal(play(SANDBOX_ALONE, true, 'l'), "mpdle");
}

/* Failures after this are the medium's, so it must be reported before the medium is read. */
static void ready_is_reported_between_the_sandbox_and_the_job(void **state)
{
    (void)state;
    assert_string_equal(play(SANDBOX_THREADS, false, 'w'), "mpdlfTwre");
    cramped = true;
    assert_string_equal(play(SANDBOX_ALONE, false, 'w'), "mpdlfAwRe");
    assert_string_equal(play(SANDBOX_ALONE, false, 'A'), "mpdlfAe");
    cramped = false;
}

static void a_job_of_another_version_is_not_taken(void **state)
{
    (void)state;
    magic = 0x6475636bu; /* the first version's */
    assert_string_equal(play(SANDBOX_THREADS, false, 0), "m");
    magic = PROTOCOL_MAGIC;
}

int main(void)
{
    calls = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (calls == MAP_FAILED)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sandbox_closes_before_the_job),
        cmocka_unit_test(without_a_sandbox_the_limits_hold),
        cmocka_unit_test(where_one_is_missing_no_work_is_done),
        cmocka_unit_test(ready_is_reported_between_the_sandbox_and_the_job),
        cmocka_unit_test(a_job_of_another_version_is_not_taken),
    };
    return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
