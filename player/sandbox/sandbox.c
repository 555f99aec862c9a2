#include "sandbox/sandbox.h"

#include "sandbox/protocol.h"
#include "sandbox/spare_threads.h"
#include "sandbox/warm_up.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A system call, and what its arguments must be. */
struct rule {
    int call;
    unsigned conditions; /* 0 to 3 */
    struct scmp_arg_cmp condition[3];
};

/* An argument that equals a value in the bits of a mask. */
#define BITS(argument, mask, value)                                                                \
    {                                                                                              \
        .arg = (argument), .op = SCMP_CMP_MASKED_EQ, .datum_a = (scmp_datum_t)(mask),              \
        .datum_b = (value)                                                                         \
    }
#define IS(argument, value) BITS(argument, UINT64_MAX, value)
#define ONLY_BITS(argument, bits) BITS(argument, ~(uint64_t)(bits), 0)
#define NO_BITS(argument, bits) BITS(argument, bits, 0)

#define CALL(name)                                                                                 \
    {                                                                                              \
        .call = SCMP_SYS(name)                                                                     \
    }
#define CALL_1(name, first)                                                                        \
    {                                                                                              \
        .call = SCMP_SYS(name), .conditions = 1, .condition = { first }                            \
    }
#define CALL_2(name, first, second)                                                                \
    {                                                                                              \
        .call = SCMP_SYS(name), .conditions = 2, .condition = { first, second }                    \
    }

#define CALL_3(name, first, second, third)                                                         \
    {                                                                                              \
        .call = SCMP_SYS(name), .conditions = 3, .condition = { first, second, third }             \
    }

/* Memory of this process's own, or of a descriptor that it has: no huge pages, none locked or
 * filled in advance, no growing stacks, nothing mapped over something else. A sanitizer maps at
 * fixed addresses. */
#ifdef DUCKLING_SANITIZED
#define MAP_FLAGS (MAP_SHARED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED)
#else
#define MAP_FLAGS (MAP_SHARED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
#endif
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
/* Locks and condition variables only wait and wake; the rest of futex(2), with its priorities and
 * owners, has been a way into kernels. Private or not, and which clock, does not matter. */
#define FUTEX(operation)                                                                           \
    CALL_1(futex, BITS(1, ~(uint64_t)(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME), operation))

static const struct rule allowed_always[] = {
    /* The job's files: pictures are mapped, fonts are read in pieces. */
    CALL(pread64),
    CALL(fstat),
    CALL(close),
    /* Memory, for malloc and for mapped files; never executable. */
    CALL(brk),
    CALL_2(mmap, NO_BITS(2, PROT_EXEC), ONLY_BITS(3, MAP_FLAGS)),
    CALL_1(mremap, ONLY_BITS(3, MREMAP_MAYMOVE)),
    CALL(munmap),
    /* Frames: the memfd that was made before. */
    CALL_1(ftruncate, IS(0, PROTOCOL_MEMORY_FD)),
    CALL_3(fcntl, IS(0, PROTOCOL_MEMORY_FD), IS(1, F_ADD_SEALS), ONLY_BITS(2, SEALS)),
    /* Messages to and from the player. */
    CALL_1(sendmsg, IS(0, PROTOCOL_FD)),
    CALL_1(recvmsg, IS(0, PROTOCOL_FD)),
    CALL(poll),
    CALL(ppoll),
    /* Standard error: /dev/null, or a sanitizer's report. */
    CALL_1(write, IS(0, STDERR_FILENO)),
    CALL_1(writev, IS(0, STDERR_FILENO)),
    /* The C library: locks; clocks where the vDSO can't be used; secrets of malloc and of hash
     * tables; waits that go on after SIGSTOP and SIGCONT. */
    FUTEX(FUTEX_WAIT),
    FUTEX(FUTEX_WAKE),
    FUTEX(FUTEX_WAIT_BITSET),
    FUTEX(FUTEX_WAKE_BITSET),
    CALL(clock_gettime),
    CALL(gettimeofday),
    CALL(time),
    CALL(getrandom),
    CALL(restart_syscall),
    CALL(exit_group),
};

static const struct rule allowed_with_threads[] = {
    /* The end of a thread: its stack is reused, but not its contents. */
    CALL_1(madvise, IS(2, MADV_DONTNEED)),
    CALL(rt_sigprocmask),
    CALL(exit),
    /* FFmpeg: how many threads there should be, their names, and yielding. */
    CALL(sched_getaffinity),
    CALL(sched_yield),
    CALL_1(prctl, IS(0, PR_SET_NAME)),
};

#ifdef DUCKLING_SANITIZED
/* System calls of a sanitizer's run-time. */
static const struct rule allowed_for_sanitizers[] = {
    CALL_1(mprotect, NO_BITS(2, PROT_EXEC)),
    CALL(madvise),
    CALL(sigaltstack),
    CALL(rt_sigprocmask),
    CALL(getpid),
    CALL(gettid),
    CALL(sched_yield),
};

/* It looks up the names of functions for its report; without, it prints addresses. */
static const struct rule refused_for_sanitizers[] = {
    CALL(open),       CALL(openat),     CALL(stat),  CALL(access), CALL(readlink),
    CALL(readlinkat), CALL(newfstatat), CALL(ioctl), CALL(prctl),
};
#endif

/* The one call that kills at once; workers need it for nothing else. */
#define KILLING_CALL SYS_seccomp
/* si_code of a call that a filter traps: SYS_SECCOMP of <asm/siginfo.h>, which conflicts with
 * glibc's headers. */
#define BY_FILTER 1

/* Runs in place of a forbidden system call: reports its number, then ends the process. Never waits,
 * and calls nothing but the kernel. A worker that was taken over may keep this from working; the
 * call stays forbidden all the same. */
static void report_forbidden_call(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    struct protocol_event event = {.magic = PROTOCOL_MAGIC, .kind = PROTOCOL_EVENT_FORBIDDEN};
    event.code = (uint32_t)info->si_syscall;
    struct iovec part = {&event, sizeof event};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (info->si_code == BY_FILTER)
        syscall(SYS_sendmsg, PROTOCOL_FD, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    syscall(KILLING_CALL, 0, 0, NULL);
    _exit(128 + SIGSYS); /* if SIGSYS did not come from the filter */
}

static bool catch_forbidden_calls(void)
{
    struct sigaction action = {.sa_sigaction = report_forbidden_call, .sa_flags = SA_SIGINFO};
    sigfillset(&action.sa_mask);
    return sigaction(SIGSYS, &action, NULL) == 0;
}

#define ADD_RULES(context, action, rules)                                                          \
    add_rules(context, action, rules, sizeof(rules) / sizeof *(rules))

/* 0 or a negative errno value, like libseccomp. */
static int add_rules(scmp_filter_ctx context, uint32_t action, const struct rule *rules,
                     size_t count)
{
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        result = seccomp_rule_add_array(context, action, rules[i].call, rules[i].conditions,
                                        rules[i].condition);
    return result;
}

static int fill_filter(scmp_filter_ctx context, enum sandbox_kind kind)
{
    const struct {
        enum scmp_filter_attr attribute;
        uint32_t value;
    } attributes[] = {
        {SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS}, /* 32-bit calls in a 64-bit process */
        {SCMP_FLTATR_CTL_TSYNC, 1},
        {SCMP_FLTATR_API_SYSRAWRC, 1},
    };
    int result = 0;
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes && result == 0; i++)
        result = seccomp_attr_set(context, attributes[i].attribute, attributes[i].value);
    /* Nice to have: the kernel's log names the call. */
    (void)seccomp_attr_set(context, SCMP_FLTATR_CTL_LOG, 1);
    if (result == 0)
        result = seccomp_rule_add(context, SCMP_ACT_KILL_PROCESS, KILLING_CALL, 0);
    if (result == 0)
        result = ADD_RULES(context, SCMP_ACT_ALLOW, allowed_always);
    if (result == 0 && kind == SANDBOX_THREADS)
        result = ADD_RULES(context, SCMP_ACT_ALLOW, allowed_with_threads);
#ifdef DUCKLING_SANITIZED
    if (result == 0)
        result = ADD_RULES(context, SCMP_ACT_ALLOW, allowed_for_sanitizers);
    if (result == 0)
        result = ADD_RULES(context, SCMP_ACT_ERRNO(EACCES), refused_for_sanitizers);
#endif
    return result;
}

bool sandbox_available(struct err *err)
{
    uint32_t action = SECCOMP_RET_KILL_PROCESS;
    /* A filter at no address gives EFAULT on a kernel that would have read it. */
    if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0 &&
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, NULL) < 0 &&
        errno == EFAULT)
        return true;
    return err_set_errno(err, ERR_SYSTEM, errno, "the kernel lacks seccomp filters");
}

bool sandbox_deny_calls(enum sandbox_kind kind, struct err *err)
{
    /* Without TSYNC libseccomp would go on, and kill threads instead of the process. */
    if (!sandbox_available(err))
        return false;
    warm_up_c_library();
    if (kind == SANDBOX_THREADS && !spare_threads_make(err))
        return false;
    if (!catch_forbidden_calls())
        return err_set_errno(err, ERR_SYSTEM, errno, "cannot handle SIGSYS");
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_TRAP);
    int result = context ? 0 : -ENOMEM;
    if (context) {
        result = fill_filter(context, kind);
        if (result == 0)
            result = seccomp_load(context);
        seccomp_release(context);
    }
    if (result < 0)
        return err_set_errno(err, ERR_SYSTEM, -result, "cannot filter system calls");
    return true;
}

/* Not to be executed, where that must be said (vm.memfd_noexec); older kernels don't know it. */
#define MEMFD_NOEXEC_SEAL 8u

bool sandbox_make_memory(struct err *err)
{
    int fd = memfd_create("frames", MFD_CLOEXEC | MFD_ALLOW_SEALING | MEMFD_NOEXEC_SEAL);
    if (fd < 0 && errno == EINVAL)
        fd = memfd_create("frames", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd == PROTOCOL_MEMORY_FD)
        return true;
    int number = fd < 0 ? errno : EBADF;
    if (fd >= 0)
        close(fd);
    return err_set_errno(err, ERR_SYSTEM, number, "cannot make memory for frames");
}

/* The access rights that each version of Landlock added: to files, to the network, to other
 * processes. */
static const struct {
    long version;
    uint64_t files, network, scope;
} landlock_rights[] = {
    {1, 0x1fff, 0, 0}, /* execute, write, read, list, remove, make */
    {2, 0x2000, 0, 0}, /* link and rename across folders */
    {3, 0x4000, 0, 0}, /* truncate */
    {4, 0, 0x3, 0},    /* bind and connect TCP */
    {5, 0x8000, 0, 0}, /* ioctl on devices */
    {6, 0, 0, 0x3},    /* abstract sockets and signals to those outside */
};

/* As in <linux/landlock.h> since version 6; older kernels and headers know the first fields. */
struct landlock_attributes {
    uint64_t files, network, scope;
};

static size_t landlock_bytes(long version)
{
    if (version < 4)
        return offsetof(struct landlock_attributes, network);
    if (version < 6)
        return offsetof(struct landlock_attributes, scope);
    return sizeof(struct landlock_attributes);
}

bool sandbox_deny_files(struct err *err)
{
    warm_up_c_library(); /* opens files */
    struct landlock_attributes all = {0};
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)
        return true;
    for (size_t i = 0; i < sizeof landlock_rights / sizeof *landlock_rights; i++) {
        if (landlock_rights[i].version > version)
            break;
        all.files |= landlock_rights[i].files;
        all.network |= landlock_rights[i].network;
        all.scope |= landlock_rights[i].scope;
    }
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, landlock_bytes(version), 0);
    bool ok = rules >= 0 && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    if (!ok)
        err_set_errno(err, ERR_SYSTEM, errno, "cannot deny access to files with Landlock");
    if (rules >= 0)
        close(rules);
    return ok;
}

/* Of the first thread, as usual; whoever starts the player may have less (ulimit -s). */
#define STACK_BYTES (8u << 20)

/* glibc's own enum type for the resource: clang warns about the sign of a plain int. */
static bool set_limit(__rlimit_resource_t resource, rlim_t soft, rlim_t hard)
{
    struct rlimit both;
    if (getrlimit(resource, &both) < 0)
        return false;
    both.rlim_max = hard < both.rlim_max ? hard : both.rlim_max;
    both.rlim_cur = soft < both.rlim_max ? soft : both.rlim_max;
    return setrlimit(resource, &both) == 0;
}

/* RLIMIT_NPROC is not among them: it counts all processes of the user, whose number we can't know,
 * and does not bind root. Workers can't create threads at all. */
bool sandbox_set_limits(const struct sandbox_limits *limits, struct err *err)
{
    bool ok = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
              prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && set_limit(RLIMIT_CORE, 0, 0) &&
              set_limit(RLIMIT_CPU, limits->processor_s, (rlim_t)limits->processor_s + 1) &&
              set_limit(RLIMIT_FSIZE, limits->file_bytes, limits->file_bytes) &&
              set_limit(RLIMIT_NOFILE, SANDBOX_DESCRIPTORS_MAX, SANDBOX_DESCRIPTORS_MAX) &&
              set_limit(RLIMIT_STACK, STACK_BYTES, RLIM_INFINITY) &&
              set_limit(RLIMIT_DATA, RLIM_INFINITY, RLIM_INFINITY) &&
              signal(SIGXFSZ, SIG_IGN) != SIG_ERR;
#ifndef DUCKLING_SANITIZED
    ok = ok && prctl(PR_SET_DUMPABLE, 0) == 0 &&
         set_limit(RLIMIT_AS, limits->address_space_bytes, limits->address_space_bytes);
#endif
    if (!ok)
        return err_set_errno(err, ERR_SYSTEM, errno, "cannot set resource limits");
    return true;
}

void sandbox_name_call(uint32_t call, char name[SANDBOX_NAME_BYTES])
{
    char *found =
        call <= INT32_MAX ? seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)call) : NULL;
    if (found)
        snprintf(name, SANDBOX_NAME_BYTES, "%s", found);
    else
        snprintf(name, SANDBOX_NAME_BYTES, "number %u", call);
    free(found);
}

_Static_assert(sizeof(long) == 8, "on 32-bit systems struct stat is not the kernel's");

int sandbox_fstat(int fd, struct stat *status)
{
    return (int)syscall(SYS_fstat, fd, status);
}
