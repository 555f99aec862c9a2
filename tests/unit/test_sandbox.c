/* The sandbox from within: each test is a process that enters it and tries something.
 *
 * With a sanitizer a few calls are refused instead of killing; test_sandbox_plain.py runs the same
 * tests without. */
#include "sandbox/sandbox.h"

#include "sandbox/protocol.h"
#include "sandbox/spare_threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "sandbox_process.h"

static const struct attempt *current;

static int make_attempt(void)
{
    const intptr_t *a = current->arguments;
    long result = syscall(current->call, a[0], a[1], a[2], a[3], a[4], a[5]);
    return result == -1 && errno == EACCES ? REFUSED : OTHER;
}

static void check_attempts(enum sandbox_kind kind)
{
    for (size_t i = 0; i < ATTEMPTS; i++) {
        current = &attempts[i];
        int end = try_within(&usual, kind, make_attempt);
        if (end != (SANITIZED && current->is_soft ? REFUSED : KILLED + SIGSYS))
            fail_msg("%s: ended with %d", current->name, end);
    }
}

static void one_thread_does_nothing_but_its_job(void **state)
{
    (void)state;
    check_attempts(SANDBOX_ALONE);
}

static void neither_do_several(void **state)
{
    (void)state;
    check_attempts(SANDBOX_THREADS);
}

/* Makes a forbidden call with its socket as it is. How it ended; what it said, if anything. */
static int break_rule(enum sandbox_kind kind, const int pair[2], struct protocol_event *event)
{
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (dup2(pair[1], PROTOCOL_FD) < 0)
            _exit(OTHER);
        enter(&usual, kind);
        syscall(SYS_getppid);
        _exit(WORKED);
    }
    int end = end_of(pid);
    *event = (struct protocol_event){0};
    if (recv(pair[0], event, sizeof *event, MSG_DONTWAIT) < 0)
        assert_int_equal(errno, EAGAIN);
    return end;
}

/* The player learns which call it was; a player that does not listen keeps nobody alive. */
static void the_call_is_named(void **state)
{
    (void)state;
    struct protocol_event event;
    char name[SANDBOX_NAME_BYTES], byte = 0;
    int pair[2];
    for (enum sandbox_kind kind = SANDBOX_ALONE; kind <= SANDBOX_THREADS; kind++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
        assert_int_equal(break_rule(kind, pair, &event), KILLED + SIGSYS);
        assert_int_equal(event.magic, PROTOCOL_MAGIC);
        assert_int_equal(event.kind, PROTOCOL_EVENT_FORBIDDEN);
        assert_int_equal(event.code, SYS_getppid);
        while (send(pair[1], &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1)
            continue;
        assert_int_equal(break_rule(kind, pair, &event), KILLED + SIGSYS);
        assert_int_equal(event.magic, 0);
        close(pair[0]);
        close(pair[1]);
    }
    sandbox_name_call(SYS_openat, name);
    assert_string_equal(name, "openat");
    sandbox_name_call(99999, name);
    assert_string_equal(name, "number 99999");
    sandbox_name_call(UINT32_MAX - 100, name); /* libseccomp's own numbers are nobody's */
    assert_string_equal(name, "number 4294967195");
}

#ifdef __x86_64__
/* Numbers mean other calls there: 20 is getpid, or writev. */
static int call_as_32_bit(void)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
    return OTHER;
}
#endif

static void other_ways_into_the_kernel_are_shut(void **state)
{
    (void)state;
#ifdef __x86_64__
    struct sigaction plain = {.sa_handler = SIG_DFL}, before;
    sigaction(SIGSEGV, &plain, &before);
    int end = try_within(&usual, SANDBOX_ALONE, call_as_32_bit);
    sigaction(SIGSEGV, &before, NULL);
    /* SIGSEGV: a kernel that has no such way. */
    assert_true(end == KILLED + SIGSYS || end == KILLED + SIGSEGV);
#endif
}

static int work_of_a_still(void)
{
    struct stat st;
    char bytes[4];
    if (sandbox_fstat(OWN_FILE_FD, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < 4 ||
        pread(OWN_FILE_FD, bytes, sizeof bytes, 0) != sizeof bytes)
        return OTHER;
    void *mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, OWN_FILE_FD, 0);
    if (mapped == MAP_FAILED || memcmp(mapped, bytes, sizeof bytes) != 0 || munmap(mapped, 4096))
        return OTHER;
    if (ftruncate(PROTOCOL_MEMORY_FD, MIB) < 0)
        return OTHER;
    void *pixels = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, PROTOCOL_MEMORY_FD, 0);
    if (pixels == MAP_FAILED)
        return OTHER;
    memset(pixels, 7, MIB);
    munmap(pixels, MIB);
    if (fcntl(PROTOCOL_MEMORY_FD, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
        return OTHER;
    struct iovec part = {bytes, sizeof bytes};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (sendmsg(PROTOCOL_FD, &message, MSG_NOSIGNAL) != sizeof bytes)
        return OTHER;
    return close(PROTOCOL_MEMORY_FD) == 0 ? WORKED : OTHER;
}

/* Small pieces come from brk, large ones are mapped and move when they grow. */
static int memory_of_all_sizes(void)
{
    for (size_t size = 16; size <= 64 * MIB; size *= 4) {
        char *bytes = malloc(size);
        if (!bytes)
            return OTHER;
        memset(bytes, 1, size);
        char *more = realloc(bytes, size * 2);
        if (!more || more[size - 1] != 1)
            return OTHER;
        free(more);
    }
    return WORKED;
}

static int text_in_the_log(void)
{
    return fprintf(stderr, "%s", "") == 0 && write(STDERR_FILENO, "", 0) == 0 ? WORKED : OTHER;
}

/* Where the kernel's page for clocks can't be used, the C library makes the call. */
static int what_the_c_library_may_need(void)
{
    struct timespec now;
    struct timeval today;
    char bytes[8];
#ifdef SYS_time
    if (syscall(SYS_time, NULL) < 0)
        return OTHER;
#endif
    return syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now) == 0 &&
                   syscall(SYS_gettimeofday, &today, NULL) == 0 &&
                   syscall(SYS_getrandom, bytes, sizeof bytes, 0) == sizeof bytes
               ? WORKED
               : OTHER;
}

static int compare_bytes(const void *a, const void *b)
{
    return *(const unsigned char *)a - *(const unsigned char *)b;
}

/* For each of these the C library opens a file, or asks the kernel, when it is first called. */
static int what_the_c_library_does_once(void)
{
    unsigned char bytes[65536] = {1};
    char text[128];
    struct tm parts;
    time_t instant = 1709251199; /* 2024-02-29T23:59:59Z */
    bool ok = gmtime_r(&instant, &parts) && parts.tm_mday == 29 && localtime_r(&instant, &parts) &&
              mktime(&parts) == instant && strftime(text, sizeof text, "%F %T %Z", &parts) > 0;
    qsort(bytes, sizeof bytes, 1, compare_bytes);
    ok = ok && bytes[sizeof bytes - 1] == 1 && strerror(ENOENT) && strsignal(SIGSYS);
    ok = ok && snprintf(text, sizeof text, "%.17g %ls", 0.1, L"wide") > 0 &&
         strtod(text, NULL) > 0.09 && getrandom(text, 16, 0) == 16;
    return ok ? WORKED : OTHER;
}

/* Without TZ the C library looks at /etc/localtime each time. */
static void nothing_is_left_without_a_zone(void **state)
{
    (void)state;
    unsetenv("TZ");
    for (enum sandbox_kind kind = SANDBOX_ALONE; kind <= SANDBOX_THREADS; kind++)
        assert_int_equal(try_within(&usual, kind, what_the_c_library_does_once), WORKED);
}

static void *leave(void *argument)
{
    pthread_exit(argument);
}

static int end_a_thread(void)
{
    pthread_t thread;
    void *result = NULL;
    bool ok =
        pthread_create(&thread, NULL, leave, &result) == 0 && pthread_join(thread, &result) == 0;
    return ok && result == &result ? WORKED : OTHER;
}

/* Whatever the zone: the one that is read is read before the sandbox. */
static void nothing_is_left_for_a_first_use(void **state)
{
    (void)state;
    static const char *const zones[] = {"UTC0", "UTC", "Asia/Seoul", ":/etc/localtime", "No/Such"};
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
        setenv("TZ", zones[i], 1);
        for (enum sandbox_kind kind = SANDBOX_ALONE; kind <= SANDBOX_THREADS; kind++)
            assert_int_equal(try_within(&usual, kind, what_the_c_library_does_once), WORKED);
    }
    assert_int_equal(try_within(&usual, SANDBOX_THREADS, end_a_thread), WORKED);
}

/* What FFmpeg and glibc do with each other's threads. */
static int locks_and_conditions(void)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    struct timespec soon;
    sem_t semaphore;
    clock_gettime(CLOCK_REALTIME, &soon);
    pthread_mutex_lock(&mutex);
    bool ok = pthread_cond_timedwait(&condition, &mutex, &soon) == ETIMEDOUT;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
    ok = ok && sem_init(&semaphore, 0, 0) == 0 && sem_timedwait(&semaphore, &soon) < 0;
    return ok && errno == ETIMEDOUT ? WORKED : OTHER;
}

static void a_job_can_be_done(void **state)
{
    (void)state;
    for (enum sandbox_kind kind = SANDBOX_ALONE; kind <= SANDBOX_THREADS; kind++) {
        assert_int_equal(try_within(&usual, kind, work_of_a_still), WORKED);
        assert_int_equal(try_within(&usual, kind, memory_of_all_sizes), WORKED);
        assert_int_equal(try_within(&usual, kind, text_in_the_log), WORKED);
        assert_int_equal(try_within(&usual, kind, what_the_c_library_may_need), WORKED);
        assert_int_equal(try_within(&usual, kind, locks_and_conditions), WORKED);
    }
}

#define THREADS (SPARE_THREADS_MAX / 2)
static pthread_barrier_t all_there;

/* Heaps of threads' own would grow and shrink here, which opens a file. */
static void *work_of_a_thread(void *argument)
{
    pthread_barrier_wait(&all_there);
    prctl(PR_SET_NAME, "decoder");
    sched_yield();
    char random[16];
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return NULL;
    for (int round = 0; round < 20; round++) {
        void *pieces[64];
        for (size_t i = 0; i < 64; i++) {
            pieces[i] = calloc(1, 4096 * (i % 30 + 1));
            if (!pieces[i])
                return NULL;
        }
        for (size_t i = 64; i-- > 0;)
            free(pieces[i]);
    }
    return argument;
}

static int start_threads(void)
{
    pthread_t list[THREADS];
    cpu_set_t processors;
    int done = 0;
    if (sched_getaffinity(0, sizeof processors, &processors) < 0)
        return OTHER;
    /* Twice: the second time others end. */
    for (int round = 0; round < 2; round++) {
        pthread_barrier_init(&all_there, NULL, THREADS);
        for (int i = 0; i < THREADS; i++)
            if (pthread_create(&list[i], NULL, work_of_a_thread, list) != 0)
                return OTHER;
        for (int i = 0; i < THREADS; i++) {
            void *result = NULL;
            pthread_join(list[i], &result);
            done += result == list;
        }
        pthread_barrier_destroy(&all_there);
    }
    return done == 2 * THREADS ? WORKED : OTHER;
}

static void threads_work_where_they_are_allowed(void **state)
{
    (void)state;
    assert_int_equal(try_within(&usual, SANDBOX_THREADS, start_threads), WORKED);
    assert_int_equal(try_within(&usual, SANDBOX_ALONE, start_threads), KILLED + SIGSYS);
}

/* One that runs already is inside, too. */
static void *wait_and_break_out(void *argument)
{
    pthread_barrier_wait(&all_there);
    syscall(SYS_getppid);
    return argument;
}

static void threads_from_before_are_inside(void **state)
{
    (void)state;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        pthread_t thread;
        pthread_barrier_init(&all_there, NULL, 2);
        if (pthread_create(&thread, NULL, wait_and_break_out, NULL) != 0)
            _exit(OTHER);
        enter(&usual, SANDBOX_THREADS);
        pthread_barrier_wait(&all_there);
        pthread_join(thread, NULL);
        _exit(WORKED);
    }
    assert_int_equal(end_of(pid), KILLED + SIGSYS);
}

/* The letter that the kernel has for what a process does: S sleeps, T is stopped. */
static char state_of(pid_t pid)
{
    char path[64], line[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    fclose(file);
    const char *end = strrchr(line, ')');
    assert_non_null(end);
    return end[2] == 't' ? 'T' : end[2]; /* t: stopped under a tracer */
}

/* A wait with a time limit goes on by a system call of its own. */
static void a_wait_outlives_a_stop(void **state)
{
    (void)state;
    int pair[2];
    char byte = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct pollfd wait = {.fd = pair[1], .events = POLLIN};
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!sandbox_deny_calls(SANDBOX_ALONE, NULL))
            _exit(NOT_ENTERED);
        _exit(poll(&wait, 1, 60000) == 1 ? WORKED : OTHER);
    }
    while (state_of(pid) != 'S')
        sched_yield();
    kill(pid, SIGSTOP);
    while (state_of(pid) != 'T')
        sched_yield();
    kill(pid, SIGCONT);
    while (state_of(pid) == 'T')
        sched_yield();
    /* Asleep again, or dead. */
    for (char now = state_of(pid); now != 'S' && now != 'Z'; now = state_of(pid))
        sched_yield();
    assert_int_equal(send(pair[0], &byte, 1, MSG_NOSIGNAL), 1);
    assert_int_equal(end_of(pid), WORKED);
    close(pair[0]);
    close(pair[1]);
}

static bool is_denied(long result)
{
    return result < 0 && (errno == EACCES || errno == EPERM);
}

/* Behind the filter, which lets none of this through: Landlock alone must hold as well. */
static int get_past_landlock(long version)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool held = is_denied(open("/etc/passwd", O_RDONLY)) && is_denied(open("/", O_RDONLY)) &&
                is_denied(open("/tmp/duckling-sandbox", O_CREAT | O_WRONLY, 0600)) &&
                is_denied(mkdir("/tmp/duckling-sandbox", 0700)) &&
                is_denied(execl("/bin/true", "true", NULL));
    if (version >= 4)
        held = held && is_denied(connect(socket(AF_INET, SOCK_STREAM, 0),
                                         (const struct sockaddr *)&address, sizeof address));
    if (version >= 6)
        held = held && is_denied(kill(getppid(), 0));
    return held ? REFUSED : OTHER;
}

static void landlock_alone_denies_files(void **state)
{
    (void)state;
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (!sandbox_set_limits(&usual, NULL) || !sandbox_deny_files(NULL))
            _exit(NOT_ENTERED);
        _exit(version < 1 ? REFUSED : get_past_landlock(version));
    }
    assert_int_equal(end_of(pid), REFUSED);
}

/* A kernel that answers seccomp(2) so; for this process and those that it starts. */
static bool refuse_seccomp(int number)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool ok =
        filter &&
        seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint16_t)number), SCMP_SYS(seccomp), 0) == 0 &&
        seccomp_load(filter) == 0;
    seccomp_release(filter);
    return ok;
}

static void kernels_that_can_not(void **state)
{
    (void)state;
    const int numbers[] = {ENOSYS, EINVAL, EPERM};
    struct err err = {0}, words = {0};
    assert_true(sandbox_available(&err));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        (void)!err_set_errno(&words, ERR_SYSTEM, numbers[i], "the kernel lacks seccomp filters");
        fflush(NULL);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            if (!refuse_seccomp(numbers[i]))
                _exit(NOT_ENTERED);
            bool said = !sandbox_available(&err) && err.code == ERR_SYSTEM &&
                        strcmp(err.text, words.text) == 0;
            said = said && !sandbox_deny_calls(SANDBOX_ALONE, &err) && err.code == ERR_SYSTEM;
            _exit(said ? REFUSED : OTHER);
        }
        assert_int_equal(end_of(pid), REFUSED);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_thread_does_nothing_but_its_job),
        cmocka_unit_test(neither_do_several),
        cmocka_unit_test(other_ways_into_the_kernel_are_shut),
        cmocka_unit_test(the_call_is_named),
        cmocka_unit_test(a_job_can_be_done),
        cmocka_unit_test(nothing_is_left_for_a_first_use),
        cmocka_unit_test(nothing_is_left_without_a_zone),
        cmocka_unit_test(threads_work_where_they_are_allowed),
        cmocka_unit_test(threads_from_before_are_inside),
        cmocka_unit_test(a_wait_outlives_a_stop),
        cmocka_unit_test(landlock_alone_denies_files),
        cmocka_unit_test(kernels_that_can_not),
    };
    own_file = open(argv[0], O_RDONLY | O_CLOEXEC);
    if (own_file < 0) {
        perror(argv[0]);
        return 1;
    }
    return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
