/* Each test is a process of its own: spare threads are made once, for good. */
#include "sandbox/spare_threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { RIGHT = 42, WRONG };

static int end_of(bool (*act)(void))
{
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(act() ? RIGHT : WRONG);
    int status;
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int threads_now(void)
{
    int count = -1;
    char line[256];
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "Threads: %d", &count) == 1)
            break;
    if (file)
        fclose(file);
    return count;
}

static pthread_barrier_t all_there;

static void *meet(void *argument)
{
    pthread_barrier_wait(&all_there);
    return argument;
}

static bool give_all(void)
{
    pthread_t list[SPARE_THREADS_MAX], more;
    static char marks[SPARE_THREADS_MAX];
    int before = threads_now();
    if (!spare_threads_make(NULL) || !spare_threads_make(NULL) ||
        threads_now() != before + SPARE_THREADS_MAX)
        return false;
    pthread_barrier_init(&all_there, NULL, SPARE_THREADS_MAX + 1);
    for (int i = 0; i < SPARE_THREADS_MAX; i++)
        if (pthread_create(&list[i], NULL, meet, &marks[i]) != 0)
            return false;
    if (pthread_create(&more, NULL, meet, NULL) != EAGAIN ||
        threads_now() != before + SPARE_THREADS_MAX)
        return false;
    pthread_barrier_wait(&all_there);
    for (int i = 0; i < SPARE_THREADS_MAX; i++) {
        void *result = NULL;
        if (pthread_join(list[i], &result) != 0 || result != &marks[i])
            return false;
    }
    /* One that has ended does not come back. */
    return pthread_create(&more, NULL, meet, NULL) == EAGAIN;
}

static void each_is_given_once(void **state)
{
    (void)state;
    assert_int_equal(end_of(give_all), RIGHT);
}

static sem_t done;

static void *post(void *argument)
{
    sem_post(argument);
    return NULL;
}

static bool give_detached(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sem_init(&done, 0, 0);
    bool ok = spare_threads_make(NULL) && pthread_attr_init(&attributes) == 0 &&
              pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
              pthread_create(&thread, &attributes, post, &done) == 0;
    while (ok && sem_wait(&done) < 0)
        ok = errno == EINTR;
    return ok;
}

static void they_can_be_detached(void **state)
{
    (void)state;
    assert_int_equal(end_of(give_detached), RIGHT);
}

static bool make_many(void)
{
    for (int i = 0; i < 3 * SPARE_THREADS_MAX; i++) {
        pthread_t thread;
        sem_t semaphore;
        sem_init(&semaphore, 0, 0);
        if (pthread_create(&thread, NULL, post, &semaphore) != 0 || pthread_join(thread, NULL) != 0)
            return false;
    }
    return true;
}

static void without_them_threads_are_made(void **state)
{
    (void)state;
    assert_int_equal(end_of(make_many), RIGHT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_given_once),
        cmocka_unit_test(they_can_be_detached),
        cmocka_unit_test(without_them_threads_are_made),
    };
    return cmocka_run_group_tests_name("spare_threads", tests, NULL, NULL);
}
