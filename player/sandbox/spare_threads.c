#include "sandbox/spare_threads.h"

#include "sandbox/warm_up.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>

typedef void *thread_function(void *);
typedef int create_function(pthread_t *, const pthread_attr_t *, thread_function *, void *);

struct spare_thread {
    pthread_t thread;
    sem_t handed_out; /* posted when it has a function to run */
    thread_function *function;
    void *argument;
};

static struct spare_thread spares[SPARE_THREADS_MAX];
/* All exist; how many of them are in use. */
static bool spares_ready;
static int handed_out;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sem_t started;

/* Continues after signals. */
static void wait_for_semaphore(sem_t *semaphore)
{
    while (sem_wait(semaphore) < 0 && errno == EINTR)
        continue;
}

static void *run_spare_thread(void *argument)
{
    struct spare_thread *spare_thread = argument;
    warm_up_thread();
    sem_post(&started);
    wait_for_semaphore(&spare_thread->handed_out);
    return spare_thread->function(spare_thread->argument);
}

/* The C library's own, or a sanitizer's. */
static create_function *libc_pthread_create(void)
{
    void *found = dlsym(RTLD_NEXT, "pthread_create");
    create_function *libc_create = NULL;
    memcpy(&libc_create, &found, sizeof libc_create);
    return libc_create;
}

static int make_spare_thread(create_function *libc_create, struct spare_thread *spare_thread)
{
    pthread_attr_t attributes;
    int error =
        sem_init(&spare_thread->handed_out, 0, 0) < 0 ? errno : pthread_attr_init(&attributes);
    if (error)
        return error;
    error = pthread_attr_setstacksize(&attributes, SPARE_THREADS_STACK_BYTES);
    if (!error)
        error = libc_create(&spare_thread->thread, &attributes, run_spare_thread, spare_thread);
    pthread_attr_destroy(&attributes);
    return error;
}

bool spare_threads_make(struct err *err)
{
    if (spares_ready)
        return true;
    create_function *libc_create = libc_pthread_create();
    int error = libc_create ? 0 : ENOSYS;
    if (!error && sem_init(&started, 0, 0) < 0)
        error = errno;
    for (int i = 0; i < SPARE_THREADS_MAX && !error; i++) {
        error = make_spare_thread(libc_create, &spares[i]);
        /* A new thread makes system calls of its own before it gets here. */
        if (!error)
            wait_for_semaphore(&started);
    }
    spares_ready = error == 0;
    if (!spares_ready)
        return err_set_errno(err, ERR_SYSTEM, error, "cannot create threads");
    return true;
}

static int hand_out_spare_thread(pthread_t *thread, const pthread_attr_t *attributes,
                                 thread_function *function, void *argument)
{
    struct spare_thread *spare_thread = NULL;
    pthread_mutex_lock(&mutex);
    if (handed_out < SPARE_THREADS_MAX)
        spare_thread = &spares[handed_out++];
    pthread_mutex_unlock(&mutex);
    if (!spare_thread)
        return EAGAIN;
    int detached = PTHREAD_CREATE_JOINABLE;
    if (attributes)
        pthread_attr_getdetachstate(attributes, &detached);
    *thread = spare_thread->thread;
    spare_thread->function = function;
    spare_thread->argument = argument;
    if (detached == PTHREAD_CREATE_DETACHED)
        pthread_detach(spare_thread->thread);
    sem_post(&spare_thread->handed_out);
    return 0;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, thread_function *function,
                   void *argument)
{
    if (spares_ready)
        return hand_out_spare_thread(thread, attributes, function, argument);
    create_function *libc_create = libc_pthread_create();
    return libc_create ? libc_create(thread, attributes, function, argument) : ENOSYS;
}
