/* What a sandboxed process can hold and is allowed at most: limits, memory, privileges.
 *
 * With a sanitizer memory has no limit; test_sandbox_limits_plain.py runs the same tests
 * without. */
#include "sandbox/sandbox.h"

#include "sandbox/protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "sandbox_process.h"
#include "worker_sandbox_state.h"

static int take_much_memory(void)
{
    size_t taken = 0;
    /* Volatile: else a compiler may leave out memory that nobody looks at. */
    for (void *volatile piece = malloc(MIB); piece && taken < 512 * MIB; piece = malloc(MIB))
        taken += MIB;
    return taken >= 16 * MIB && taken < 512 * MIB && errno == ENOMEM ? REFUSED : OTHER;
}

static int make_a_large_frame(void)
{
    if (ftruncate(PROTOCOL_MEMORY_FD, (off_t)usual.file_bytes) < 0)
        return OTHER;
    return ftruncate(PROTOCOL_MEMORY_FD, (off_t)usual.file_bytes + 1) < 0 && errno == EFBIG
               ? REFUSED
               : OTHER;
}

static int burn(void)
{
    volatile unsigned rounds = 0;
    while (rounds < UINT_MAX || own_file >= 0)
        rounds++;
    return OTHER;
}

static void limits_hold(void **state)
{
    (void)state;
    struct sandbox_limits limits = usual;
    assert_int_equal(try_within(&usual, SANDBOX_ALONE, make_a_large_frame), REFUSED);
    limits.processor_s = 1;
    assert_int_equal(try_within(&limits, SANDBOX_ALONE, burn), KILLED + SIGXCPU);
    limits.address_space_bytes = 384 * MIB;
    if (!SANITIZED)
        assert_int_equal(try_within(&limits, SANDBOX_ALONE, take_much_memory), REFUSED);
}

static bool send_descriptor(int socket, int fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    char byte = 0;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

/* What a descriptor is of that came with a packet; false: none is left. */
static bool look_at_descriptor(int socket, struct stat *st)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    char byte;
    int fd;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    if (recvmsg(socket, &message, MSG_DONTWAIT) != 1 || !CMSG_FIRSTHDR(&message))
        return false;
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    assert_int_equal(fstat(fd, st), 0);
    close(fd);
    return true;
}

/* Fills all the memory that it can get without keeping it mapped, and leaves it in the socket. */
static int hoard(void)
{
    for (int fd = 0; fd < PROTOCOL_FD; fd++)
        close(fd); /* their numbers are of no use */
    for (int round = 0; round < 1000; round++) {
        if (ftruncate(PROTOCOL_MEMORY_FD, (off_t)MIB * (round % 64 + 1)) < 0)
            return OTHER;
        void *bytes = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, PROTOCOL_MEMORY_FD, 0);
        if (bytes == MAP_FAILED)
            return OTHER;
        memset(bytes, round, MIB);
        munmap(bytes, MIB);
        if (!send_descriptor(PROTOCOL_FD, PROTOCOL_MEMORY_FD))
            return errno == EAGAIN || errno == ETOOMANYREFS ? REFUSED : OTHER;
    }
    return OTHER;
}

/* A limit of address space does not count it; but there is one memfd, whose size is limited,
 * however many descriptors of it are on their way. The calls that would make another, or fill it
 * without mapping it, are among the attempts above. */
static void memory_that_is_not_mapped_is_bounded(void **state)
{
    (void)state;
    int pair[2], came = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        take_socket(pair[1]);
        enter(&usual, SANDBOX_THREADS);
        _exit(hoard());
    }
    close(pair[1]);
    assert_int_equal(end_of(pid), REFUSED);
    struct stat first = {0}, next;
    for (; look_at_descriptor(pair[0], &next); came++) {
        first = came ? first : next;
        assert_int_equal(next.st_ino, first.st_ino);
        assert_true(next.st_size <= (off_t)usual.file_bytes);
    }
    assert_true(came > 10);
    close(pair[0]);
}

/* The kernel counts descriptors on their way by user, and lets no process send one while they are
 * more than it may have open itself: the jobs that the player has just sent to other workers. */
static int send_while_jobs_are_on_their_way(void)
{
    for (int i = 0; i < 12 * PROTOCOL_FILES_MAX; i++)
        if (!send_descriptor(PLAYER_FD, OWN_FILE_FD))
            return OTHER;
    enter(&usual, SANDBOX_ALONE);
    return send_descriptor(PROTOCOL_FD, PROTOCOL_MEMORY_FD) ? WORKED : REFUSED;
}

static void frames_are_sent_while_jobs_are_on_their_way(void **state)
{
    (void)state;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        take_descriptors();
        /* The rule does not bind root. */
        if (geteuid() == 0 &&
            (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0))
            _exit(OTHER);
        _exit(send_while_jobs_are_on_their_way());
    }
    assert_int_equal(end_of(pid), WORKED);
}

static int lie_in_wait(void)
{
    char byte = 0;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    return sendmsg(PROTOCOL_FD, &message, MSG_NOSIGNAL) == 1 &&
                   recvmsg(PROTOCOL_FD, &message, 0) == 1
               ? WORKED
               : OTHER;
}

/* Enters with its capabilities as they are, or without one of them; then waits to be looked at. */
static pid_t start_without_capability(int capability, int socket)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct held[2];
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    take_socket(socket);
    bool ok = syscall(SYS_capget, &header, held) == 0;
    if (ok && capability >= 0) {
        held[CAP_TO_INDEX(capability)].effective &= ~CAP_TO_MASK(capability);
        ok = syscall(SYS_capset, &header, held) == 0;
    }
    if (!ok)
        _exit(OTHER);
    enter(&usual, SANDBOX_THREADS);
    _exit(lie_in_wait());
}

/* Whatever root there is: that of a container, too, which lacks some capabilities. */
static void privileges_are_dropped(void **state)
{
    (void)state;
    static const struct {
        int capability;
        bool stays_root;
    } without[] = {
        {-1, false}, {CAP_SETPCAP, false}, {CAP_SETUID, true}, {CAP_SETGID, true}, {CAP_KILL, true},
    };
    const bool root = geteuid() == 0;
    for (size_t i = 0; i < (root ? sizeof without / sizeof *without : 1); i++) {
        int pair[2];
        char byte;
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
        pid_t pid = start_without_capability(without[i].capability, pair[1]);
        assert_int_equal(recv(pair[0], &byte, 1, 0), 1);
        check_no_capabilities(pid, root && without[i].capability != CAP_SETPCAP);
        if (root)
            check_user(pid, without[i].stays_root ? 0 : 65534);
        assert_int_equal(number_after(pid, "status", "NoNewPrivs:"), 1);
        assert_int_equal(send(pair[0], &byte, 1, 0), 1);
        assert_int_equal(end_of(pid), WORKED);
        close(pair[0]);
        close(pair[1]);
    }
}

static bool has_limit(__rlimit_resource_t resource, rlim_t soft, rlim_t hard)
{
    struct rlimit both;
    return getrlimit(resource, &both) == 0 && both.rlim_cur == soft && both.rlim_max == hard;
}

/* Not above what the process had; and what can't be tried is looked at. */
static void limits_only_fall(void **state)
{
    (void)state;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const struct rlimit before = {6, 7};
        int died = 0;
        if (setrlimit(RLIMIT_NOFILE, &before) < 0 || !sandbox_set_limits(&usual, NULL))
            _exit(NOT_ENTERED);
        bool good = has_limit(RLIMIT_NOFILE, 7, 7) && has_limit(RLIMIT_CORE, 0, 0) &&
                    has_limit(RLIMIT_CPU, 30, 31) &&
                    has_limit(RLIMIT_FSIZE, usual.file_bytes, usual.file_bytes) &&
                    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
                    prctl(PR_GET_PDEATHSIG, &died) == 0 && died == SIGKILL &&
                    (SANITIZED || prctl(PR_GET_DUMPABLE) == 0);
        _exit(good ? WORKED : OTHER);
    }
    assert_int_equal(end_of(pid), WORKED);
}

int main(int argc, char **argv)
{
    (void)argc;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(limits_only_fall),
        cmocka_unit_test(memory_that_is_not_mapped_is_bounded),
        cmocka_unit_test(frames_are_sent_while_jobs_are_on_their_way),
        cmocka_unit_test(privileges_are_dropped),
    };
    own_file = open(argv[0], O_RDONLY | O_CLOEXEC);
    if (own_file < 0) {
        perror(argv[0]);
        return 1;
    }
    return cmocka_run_group_tests_name("sandbox_limits", tests, NULL, NULL);
}
