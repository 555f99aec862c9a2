/* How much of the processors a process has used: its own work, and nothing else. */
#include "decode/worker_usage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define WORK_NS INT64_C(30000000)

static int64_t own_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void work(void)
{
    for (int64_t begin_ns = own_ns(); own_ns() - begin_ns < WORK_NS;)
        ;
}

static void *work_in_thread(void *context)
{
    (void)context;
    work();
    pause();
    return NULL;
}

/* A child that works in so many threads, says so, and goes on when it is told to. */
struct child {
    pid_t pid;
    int said[2], told[2];
};

static void be_child(const struct child *child, int threads)
{
    char word = 0;
    for (;;) {
        pthread_t thread;
        for (int i = 1; i < threads; i++)
            if (pthread_create(&thread, NULL, work_in_thread, NULL) != 0)
                _exit(1);
        work();
        if (write(child->said[1], &word, 1) != 1 || read(child->told[0], &word, 1) != 1)
            _exit(0);
        threads = (unsigned char)word;
    }
}

static void start_child(struct child *child, int threads)
{
    assert_int_equal(pipe(child->said), 0);
    assert_int_equal(pipe(child->told), 0);
    child->pid = fork();
    assert_true(child->pid >= 0);
    if (child->pid == 0)
        be_child(child, threads);
}

static void wait_until_done(const struct child *child)
{
    char word;
    assert_int_equal(read(child->said[0], &word, 1), 1);
}

static void end_child(const struct child *child)
{
    kill(child->pid, SIGKILL);
    assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
    for (int i = 0; i < 2; i++) {
        close(child->said[i]);
        close(child->told[i]);
    }
}

static void a_process_that_works_uses_time(void **state)
{
    (void)state;
    struct child child;
    struct worker_usage first, second;
    start_child(&child, 1);
    wait_until_done(&child);
    assert_true(worker_usage_read(child.pid, &first));
    assert_true(first.processor_ns >= WORK_NS);
    assert_int_equal(first.thread_count, 1);
    assert_int_equal(first.threads[0].id, child.pid);
    assert_true(first.threads[0].processor_ns >= WORK_NS);
    char one = 1;
    assert_int_equal(write(child.told[1], &one, 1), 1);
    wait_until_done(&child);
    assert_true(worker_usage_read(child.pid, &second));
    assert_true(second.processor_ns - first.processor_ns >= WORK_NS);
    end_child(&child);
}

/* However much time passes, and however much others do. */
static void a_process_that_stands_still_uses_none(void **state)
{
    (void)state;
    struct child child;
    struct worker_usage first, second;
    start_child(&child, 1);
    wait_until_done(&child);
    assert_int_equal(kill(child.pid, SIGSTOP), 0);
    assert_int_equal(waitpid(child.pid, NULL, WUNTRACED), child.pid);
    assert_true(worker_usage_read(child.pid, &first));
    work();
    assert_true(worker_usage_read(child.pid, &second));
    assert_int_equal(second.processor_ns, first.processor_ns);
    end_child(&child);
}

static void threads_are_told_apart(void **state)
{
    (void)state;
    struct child child;
    struct worker_usage usage;
    start_child(&child, 3);
    wait_until_done(&child);
    do
        assert_true(worker_usage_read(child.pid, &usage));
    while (usage.processor_ns < 3 * WORK_NS);
    assert_int_equal(usage.thread_count, 3);
    end_child(&child);
}

static void one_that_ended_has_its_time_until_it_is_waited_for(void **state)
{
    (void)state;
    struct worker_usage usage;
    pid_t pid = fork();
    if (pid == 0) {
        work();
        _exit(0);
    }
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_true(worker_usage_read(pid, &usage));
    assert_true(usage.processor_ns >= WORK_NS);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_false(worker_usage_read(pid, &usage));
    assert_false(worker_usage_read(0, &usage));
    assert_false(worker_usage_read(-1, &usage));
}

static void the_least_time_is_that_of_the_busiest_thread(void **state)
{
    (void)state;
    const struct worker_usage none = {0};
    const struct worker_usage before = {100, 2, {{1, 60}, {2, 40}}};
    const struct worker_usage even = {500, 2, {{1, 260}, {2, 240}}};
    const struct worker_usage uneven = {500, 3, {{2, 40}, {1, 160}, {3, 300}}};
    assert_int_equal(worker_usage_least_ns(&before, &even, 1), 400);
    assert_int_equal(worker_usage_least_ns(&before, &even, 2), 200);
    assert_int_equal(worker_usage_least_ns(&before, &even, 16), 200);
    assert_int_equal(worker_usage_least_ns(&before, &uneven, 2), 300);
    assert_int_equal(worker_usage_least_ns(&none, &uneven, 2), 300);
    /* Where threads are not told apart. */
    const struct worker_usage whole = {900, 0, {{0, 0}}};
    assert_int_equal(worker_usage_least_ns(&before, &whole, 4), 200);
    assert_int_equal(worker_usage_least_ns(&before, &whole, 0), 800);
    assert_int_equal(worker_usage_least_ns(&whole, &before, 1), 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_that_works_uses_time),
        cmocka_unit_test(a_process_that_stands_still_uses_none),
        cmocka_unit_test(threads_are_told_apart),
        cmocka_unit_test(one_that_ended_has_its_time_until_it_is_waited_for),
        cmocka_unit_test(the_least_time_is_that_of_the_busiest_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
