#include "sandbox/spare_threads.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>

typedef void *work(void *);
typedef int create(pthread_t *, const pthread_attr_t *, work *, void *);

struct spare {
    pthread_t thread;
    sem_t given; /* posted when it has something to do */
    work *run;
    void *argument;
};

static struct spare spares[SPARE_THREADS_MAX];
/* All are made; how many of them were given out. */
static bool made;
static int given;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sem_t started;

/* Interrupted waits go on. */
static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) < 0 && errno == EINTR)
        continue;
}

static void *wait_to_be_given(void *argument)
{
    struct spare *spare = argument;
    sem_post(&started);
    wait_for(&spare->given);
    return spare->run(spare->argument);
}

/* The C library's own, or a sanitizer's. */
static create *next_create(void)
{
    void *found = dlsym(RTLD_NEXT, "pthread_create");
    create *next = NULL;
    memcpy(&next, &found, sizeof next);
    return next;
}

static int make_one(create *next, struct spare *spare)
{
    pthread_attr_t attributes;
    int number = sem_init(&spare->given, 0, 0) < 0 ? errno : pthread_attr_init(&attributes);
    if (number)
        return number;
    number = pthread_attr_setstacksize(&attributes, SPARE_THREADS_STACK_BYTES);
    if (!number)
        number = next(&spare->thread, &attributes, wait_to_be_given, spare);
    pthread_attr_destroy(&attributes);
    return number;
}

bool spare_threads_make(struct err *err)
{
    if (made)
        return true;
    create *next = next_create();
    int number = !next ? ENOSYS : sem_init(&started, 0, 0) < 0 ? errno : 0;
    for (int i = 0; i < SPARE_THREADS_MAX && !number; i++) {
        number = make_one(next, &spares[i]);
        /* A thread makes system calls of its own before it comes to us. */
        if (!number)
            wait_for(&started);
    }
    made = number == 0;
    return made || err_set_errno(err, ERR_SYSTEM, number, "can't make threads");
}

static int give(pthread_t *thread, const pthread_attr_t *attributes, work *run, void *argument)
{
    struct spare *spare = NULL;
    pthread_mutex_lock(&mutex);
    if (given < SPARE_THREADS_MAX)
        spare = &spares[given++];
    pthread_mutex_unlock(&mutex);
    if (!spare)
        return EAGAIN;
    int detached = PTHREAD_CREATE_JOINABLE;
    if (attributes)
        pthread_attr_getdetachstate(attributes, &detached);
    *thread = spare->thread;
    spare->run = run;
    spare->argument = argument;
    if (detached == PTHREAD_CREATE_DETACHED)
        pthread_detach(spare->thread);
    sem_post(&spare->given);
    return 0;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, work *run, void *argument)
{
    if (made)
        return give(thread, attributes, run, argument);
    create *next = next_create();
    return next ? next(thread, attributes, run, argument) : ENOSYS;
}
