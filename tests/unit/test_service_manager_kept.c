/* The service manager: a descriptor that it keeps, and gives to the next process. What it hears of
 * the player's life: test_service_manager.c. */
#include "kiosk/service_manager.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define REMOVED "FDSTOREREMOVE=1\nFDNAME=duckling-card\n"
#define STORED "FDSTORE=1\nFDNAME=duckling-card\n"

/* The other end of NOTIFY_SOCKET. */
struct fixture {
    int socket;
    struct service_manager manager;
    char words[512];
    int fd; /* that came with the last words; -1: none */
    char before_barrier[512];
};

static int set_up(void **state)
{
    static struct fixture fixture;
    struct fixture *f = &fixture;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char name[64];
    *f = (struct fixture){0};
    int length = snprintf(name, sizeof name, "@duckling-test-%d", (int)getpid());
    memcpy(address.sun_path + 1, name + 1, (size_t)length - 1);
    f->fd = -1;
    f->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length);
    if (bind(f->socket, (const struct sockaddr *)&address, bytes) != 0)
        return -1;
    setenv("NOTIFY_SOCKET", name, 1);
    setenv("FDSTORE", "1", 1);
    unsetenv("WATCHDOG_USEC");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    service_manager_finish(&f->manager);
    if (f->fd >= 0)
        close(f->fd);
    close(f->socket);
    return 0;
}

static int begin(struct fixture *f)
{
    int kept = 0;
    struct err err = {0};
    assert_true(service_manager_init(&f->manager, &err));
    assert_true(service_manager_take_kept(&f->manager, &kept, &err));
    return kept;
}

/* Nothing more to be heard: "". */
static const char *hear(struct fixture *f)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec text = {f->words, sizeof f->words - 1};
    struct msghdr message = {.msg_iov = &text,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
    ssize_t length = recvmsg(f->socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    f->words[length > 0 ? length : 0] = '\0';
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (length > 0 && header && header->cmsg_type == SCM_RIGHTS)
        memcpy(&f->fd, CMSG_DATA(header), sizeof f->fd);
    return f->words;
}

static bool is_same_file(int a, int b)
{
    struct stat one, other;
    return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

/* Answers BARRIER=1 by closing what came with it, as systemd does. */
static void *answer_barrier(void *context)
{
    struct fixture *f = context;
    struct pollfd ready = {f->socket, POLLIN, 0};
    for (;;) {
        poll(&ready, 1, -1);
        if (strcmp(hear(f), "BARRIER=1") == 0)
            break;
        snprintf(f->before_barrier, sizeof f->before_barrier, "%s", f->words);
    }
    close(f->fd);
    f->fd = -1;
    return NULL;
}

static void forget(struct fixture *f)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, answer_barrier, f), 0);
    service_manager_forget(&f->manager);
    pthread_join(thread, NULL);
    assert_false(service_manager_keeps(&f->manager));
}

static void a_descriptor_is_given_to_it(void **state)
{
    struct fixture *f = *state;
    int file = memfd_create("card", MFD_CLOEXEC);
    assert_int_equal(begin(f), -1);
    service_manager_keep(&f->manager, file);
    assert_false(service_manager_keeps(&f->manager));
    service_manager_alive(&f->manager, 1);
    assert_true(service_manager_keeps(&f->manager));
    assert_string_equal(hear(f), STORED);
    assert_true(is_same_file(f->fd, file));
    assert_string_equal(hear(f), "READY=1\n");
    assert_int_equal(f->fd, -1);
    service_manager_alive(&f->manager, 2);
    assert_string_equal(hear(f), ""); /* told once */
    close(file);
}

static void it_closes_the_descriptor_when_told(void **state)
{
    struct fixture *f = *state;
    int file = memfd_create("card", MFD_CLOEXEC);
    begin(f);
    service_manager_keep(&f->manager, file);
    service_manager_alive(&f->manager, 1);
    hear(f);
    hear(f);
    forget(f);
    assert_string_equal(f->before_barrier, REMOVED);
    assert_string_equal(hear(f), "");
    service_manager_alive(&f->manager, 2);
    assert_string_equal(hear(f), "");
    close(file);
}

static void another_descriptor_takes_its_place(void **state)
{
    struct fixture *f = *state;
    int first = memfd_create("first", MFD_CLOEXEC), second = memfd_create("second", MFD_CLOEXEC);
    begin(f);
    service_manager_keep(&f->manager, first);
    service_manager_alive(&f->manager, 1);
    hear(f);
    hear(f);
    service_manager_keep(&f->manager, second);
    assert_false(service_manager_keeps(&f->manager));
    service_manager_alive(&f->manager, 2);
    assert_string_equal(hear(f), REMOVED); /* before: it has room for one */
    assert_string_equal(hear(f), STORED);
    assert_true(is_same_file(f->fd, second));
    close(first);
    close(second);
}

static void one_that_it_has_not_heard_of_is_not_kept(void **state)
{
    struct fixture *f = *state;
    int file = memfd_create("card", MFD_CLOEXEC);
    begin(f);
    service_manager_keep(&f->manager, file);
    service_manager_forget(&f->manager);
    service_manager_alive(&f->manager, 1);
    assert_string_equal(hear(f), "READY=1\n");
    close(file);
}

static void without_a_store_nothing_is_kept(void **state)
{
    struct fixture *f = *state;
    static const char *const stores[] = {"0", "-1", "many", NULL};
    for (int i = 0; i < 4; i++) {
        if (stores[i])
            setenv("FDSTORE", stores[i], 1);
        else
            unsetenv("FDSTORE");
        begin(f);
        service_manager_keep(&f->manager, STDERR_FILENO);
        service_manager_alive(&f->manager, 1);
        assert_false(service_manager_keeps(&f->manager));
        assert_string_equal(hear(f), "READY=1\n");
        service_manager_finish(&f->manager);
    }
}

/* A full socket: what could not be told is told later, and not claimed before. */
static void it_is_told_again_where_nobody_listened(void **state)
{
    struct fixture *f = *state;
    int file = memfd_create("card", MFD_CLOEXEC), words = 0;
    begin(f);
    for (char status[32]; words < 100000; words++) {
        snprintf(status, sizeof status, "%d", words);
        service_manager_set_status(&f->manager, status);
        service_manager_alive(&f->manager, 1);
        if (!f->manager.status_told)
            break;
    }
    service_manager_keep(&f->manager, file);
    service_manager_alive(&f->manager, 1);
    assert_false(service_manager_keeps(&f->manager));
    while (*hear(f))
        ;
    service_manager_alive(&f->manager, 1);
    assert_true(service_manager_keeps(&f->manager));
    assert_string_equal(hear(f), STORED);
    close(file);
}

/* ---- what the next process gets ---- */

struct passing {
    const char *process, *count, *names; /* process NULL: its own */
    int passed;                          /* descriptors from 3 on */
    bool closed_in_workers;              /* these were not passed, but are the player's */
};

/* In a process that has these descriptors and variables: which one it takes; -1: none; -2: it says
 * that they make no sense. */
static int take_in_child(const struct passing *passing)
{
    pid_t child = fork();
    if (child == 0) {
        char own[16];
        int file = open("/dev/null", O_RDONLY | O_CLOEXEC), kept;
        struct service_manager manager = {0};
        struct err err = {0};
        file = fcntl(file, F_DUPFD_CLOEXEC, 100);
        snprintf(own, sizeof own, "%d", (int)getpid());
        for (int fd = 3; fd < 100; fd++)
            close(fd);
        for (int fd = 3; fd < 3 + passing->passed; fd++)
            dup3(file, fd, passing->closed_in_workers ? O_CLOEXEC : 0);
        setenv("LISTEN_PID", passing->process ? passing->process : own, 1);
        setenv("LISTEN_FDS", passing->count, 1);
        setenv("LISTEN_FDNAMES", passing->names, 1);
        bool ok = service_manager_take_kept(&manager, &kept, &err);
        bool gone = !getenv("LISTEN_PID") && !getenv("LISTEN_FDS") && !getenv("LISTEN_FDNAMES");
        bool closed = kept < 0 || fcntl(kept, F_GETFD) & FD_CLOEXEC;
        _exit(gone && closed ? (ok ? kept + 10 : 8) : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_not_equal(WEXITSTATUS(status), 1);
    return WEXITSTATUS(status) - 10;
}

static void what_was_kept_is_taken(void **state)
{
    static const struct {
        struct passing passing;
        int expected;
    } cases[] = {
        {{NULL, "1", "duckling-card", 1, false}, 3},
        {{NULL, "3", "http:duckling-card:x", 3, false}, 4},
        {{NULL, "2", "duckling-card:duckling-card", 2, false}, 3},
        {{NULL, "1", "stored", 1, false}, -1},
        {{NULL, "1", "duckling-cards", 1, false}, -1},
        {{NULL, "2", "x", 2, false}, -1},
        {{NULL, "1", "", 1, false}, -1},
        {{"1", "1", "duckling-card", 1, false}, -1}, /* another process's */
        {{"x", "1", "duckling-card", 1, false}, -1},
        {{NULL, "2", "x:duckling-card", 1, false}, -2}, /* not open */
        {{NULL, "1", "duckling-card", 1, true}, -2},    /* not passed */
        {{NULL, "0", "duckling-card", 1, false}, -2},
        {{NULL, "-3", "duckling-card", 1, false}, -2},
        {{NULL, "65", "duckling-card", 70, false}, -2},
        {{NULL, "99999999999999999999", "duckling-card", 1, false}, -2},
        {{NULL, "1x", "duckling-card", 1, false}, -2},
        {{NULL, "", "duckling-card", 1, false}, -2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int taken = take_in_child(&cases[i].passing);
        if (taken != cases[i].expected)
            fail_msg("case %zu: descriptor %d, not %d", i, taken, cases[i].expected);
    }
}

/* In a child, whose descriptor 3 is replaced: 0 where the program that takes its place would find the
 * file under that number, whether this process has stored it or was given it. */
static int pass_on_in_child(struct fixture *f, bool was_given)
{
    pid_t child = fork();
    if (child == 0) {
        struct stat stored, found;
        struct err err = {0};
        int file = memfd_create("card", MFD_CLOEXEC), kept = -1;
        fstat(file, &stored);
        begin(f);
        service_manager_keep(&f->manager, file);
        service_manager_alive(&f->manager, 1);
        for (int round = 0; round < (was_given ? 2 : 1); round++) {
            int copy = service_manager_copy_kept(&f->manager);
            close(file);
            service_manager_pass_on(copy);
            if (!service_manager_take_kept(&f->manager, &file, &err) || file != 3)
                _exit(1);
        }
        kept = service_manager_keeps(&f->manager) && fstat(file, &found) == 0 &&
               found.st_ino == stored.st_ino;
        _exit(kept ? 0 : 2);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void what_is_kept_is_passed_on(void **state)
{
    assert_int_equal(pass_on_in_child(*state, false), 0);
    assert_int_equal(pass_on_in_child(*state, true), 0);
}

static void nothing_kept_is_not_passed_on(void **state)
{
    struct fixture *f = *state;
    begin(f);
    assert_int_equal(service_manager_copy_kept(&f->manager), -1);
    service_manager_pass_on(-1);
    assert_null(getenv("LISTEN_FDS"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_descriptor_is_given_to_it),        TEST(it_closes_the_descriptor_when_told),
        TEST(another_descriptor_takes_its_place), TEST(one_that_it_has_not_heard_of_is_not_kept),
        TEST(without_a_store_nothing_is_kept),    TEST(it_is_told_again_where_nobody_listened),
        TEST(what_is_kept_is_passed_on),          TEST(nothing_kept_is_not_passed_on),
        cmocka_unit_test(what_was_kept_is_taken),
    };
    return cmocka_run_group_tests_name("service_manager_kept", tests, NULL, NULL);
}
