#include "decode/sandbox.h"

#include "decode/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A system call, and what one of its arguments must be. */
struct rule {
    int call;
    unsigned conditions; /* 0 or 1 */
    struct scmp_arg_cmp condition;
};

#define CALL(name)                                                                                 \
    {                                                                                              \
        .call = SCMP_SYS(name)                                                                     \
    }
#define CALL_WITH(name, argument, value)                                                           \
    {                                                                                              \
        .call = SCMP_SYS(name), .conditions = 1, .condition = {                                    \
            .arg = (argument),                                                                     \
            .op = SCMP_CMP_EQ,                                                                     \
            .datum_a = (value)                                                                     \
        }                                                                                          \
    }
#define CALL_WITHOUT(name, argument, bits)                                                         \
    {                                                                                              \
        .call = SCMP_SYS(name), .conditions = 1, .condition = {                                    \
            .arg = (argument),                                                                     \
            .op = SCMP_CMP_MASKED_EQ,                                                              \
            .datum_a = (bits),                                                                     \
            .datum_b = 0                                                                           \
        }                                                                                          \
    }

static const struct rule always[] = {
    /* The job's files: pictures are mapped, fonts are read in pieces. */
    CALL(pread64),
    CALL(fstat),
    CALL(close),
    /* Memory, for malloc and for what is mapped; never to be executed. */
    CALL(brk),
    CALL_WITHOUT(mmap, 2, PROT_EXEC),
    CALL(mremap),
    CALL(munmap),
    /* Frames: a memfd, of ordinary pages. */
    CALL_WITH(memfd_create, 1, MFD_CLOEXEC | MFD_ALLOW_SEALING),
    CALL(ftruncate),
    CALL_WITH(fcntl, 1, F_ADD_SEALS),
    /* What is said to the player, and what films hear from it. */
    CALL_WITH(sendmsg, 0, PROTOCOL_FD),
    CALL_WITH(recvmsg, 0, PROTOCOL_FD),
    CALL(poll),
    CALL(ppoll),
    /* The log: /dev/null, or a sanitizer's report. */
    CALL_WITH(write, 0, STDERR_FILENO),
    CALL_WITH(writev, 0, STDERR_FILENO),
    /* The C library: locks; clocks where the kernel's page for them can't be used; malloc's and
     * hash tables' secrets; a wait that goes on after SIGSTOP and SIGCONT. */
    CALL(futex),
    CALL(clock_gettime),
    CALL(getrandom),
    CALL(restart_syscall),
    CALL(exit_group),
};

/* glibc's pthread_create; no other combination makes a thread of this process. */
#define THREAD_FLAGS                                                                               \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SIGHAND | CLONE_THREAD |            \
     CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

static const struct rule threads[] = {
    /* Start and end of a thread. */
    CALL_WITH(clone, 0, THREAD_FLAGS),
    CALL_WITHOUT(mprotect, 2, PROT_EXEC), /* a stack's guard page */
    CALL_WITH(madvise, 2, MADV_DONTNEED), /* a stack that is kept for the next one */
    CALL(set_robust_list),
    CALL(rseq),
    CALL(rt_sigprocmask),
    CALL(exit),
    /* FFmpeg: how many there should be, their names, and giving way. */
    CALL(sched_getaffinity),
    CALL(sched_yield),
    CALL_WITH(prctl, 0, PR_SET_NAME),
};

#ifdef DUCKLING_SANITIZED
/* What a sanitizer's run-time does on its own account. */
static const struct rule sanitizers[] = {
    CALL_WITHOUT(mprotect, 2, PROT_EXEC),
    CALL(madvise),
    CALL(sigaltstack),
    CALL(rt_sigprocmask),
    CALL(getpid),
    CALL(gettid),
    CALL(sched_yield),
};

/* It looks for the names of functions to put into a report; without, it prints addresses. */
static const struct rule sanitizers_refused[] = {
    CALL(open),       CALL(openat),     CALL(stat),  CALL(access), CALL(readlink),
    CALL(readlinkat), CALL(newfstatat), CALL(ioctl), CALL(prctl),
};
#endif

/* glibc tries clone3 first and takes ENOSYS for an older kernel; its flags lie behind a pointer,
 * where a filter can't see them. */
static const struct rule refused[] = {CALL(clone3)};

#define ADD(context, action, rules) add(context, action, rules, sizeof(rules) / sizeof *(rules))

/* 0 or a negative errno, as libseccomp has it. */
static int add(scmp_filter_ctx context, uint32_t action, const struct rule *rules, size_t count)
{
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        result = seccomp_rule_add_array(context, action, rules[i].call, rules[i].conditions,
                                        &rules[i].condition);
    return result;
}

static int fill(scmp_filter_ctx context, enum sandbox_kind kind)
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
    if (result == 0)
        result = ADD(context, SCMP_ACT_ALLOW, always);
    if (result == 0)
        result = ADD(context, SCMP_ACT_ERRNO(ENOSYS), refused);
    if (result == 0 && kind == SANDBOX_THREADS)
        result = ADD(context, SCMP_ACT_ALLOW, threads);
#ifdef DUCKLING_SANITIZED
    if (result == 0)
        result = ADD(context, SCMP_ACT_ALLOW, sanitizers);
    if (result == 0)
        result = ADD(context, SCMP_ACT_ERRNO(EACCES), sanitizers_refused);
#endif
    return result;
}

bool sandbox_available(struct err *err)
{
    uint32_t action = SECCOMP_RET_KILL_PROCESS;
    /* A filter at no address: EFAULT from a kernel that would have read it. */
    if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0 &&
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, NULL) < 0 &&
        errno == EFAULT)
        return true;
    return err_set_errno(err, ERR_SYSTEM, errno, "seccomp");
}

static void *do_nothing(void *nothing)
{
    return nothing;
}

/* With a process's first thread the C library sets handlers for signals of its own: done now, no
 * later thread needs the right to. */
static int prepare_threads(void)
{
    pthread_t thread;
    int number = pthread_create(&thread, NULL, do_nothing, NULL);
    return number ? number : pthread_join(thread, NULL);
}

bool sandbox_deny_calls(enum sandbox_kind kind, struct err *err)
{
    /* libseccomp would go on without TSYNC and kill threads instead of the process. */
    if (!sandbox_available(err))
        return false;
    /* A second heap that shrinks makes malloc open a file in /proc, and making one asks for the
     * number of processors. */
    mallopt(M_ARENA_MAX, 1);
    int result = kind == SANDBOX_THREADS ? -prepare_threads() : 0;
    scmp_filter_ctx context = result == 0 ? seccomp_init(SCMP_ACT_KILL_PROCESS) : NULL;
    if (result == 0 && !context)
        result = -ENOMEM;
    if (context) {
        result = fill(context, kind);
        if (result == 0)
            result = seccomp_load(context);
        seccomp_release(context);
    }
    return result == 0 || err_set_errno(err, ERR_SYSTEM, -result, "can't filter system calls");
}

/* What each version of Landlock added: access to files, to the network, to other processes. */
static const struct {
    long version;
    uint64_t files, network, scope;
} landlock_adds[] = {
    {1, 0x1fff, 0, 0}, /* execute, write, read, list, remove, make */
    {2, 0x2000, 0, 0}, /* link and rename across folders */
    {3, 0x4000, 0, 0}, /* truncate */
    {4, 0, 0x3, 0},    /* bind and connect TCP */
    {5, 0x8000, 0, 0}, /* ioctl on devices */
    {6, 0, 0, 0x3},    /* abstract sockets and signals to those outside */
};

/* As <linux/landlock.h> has it since version 6; older kernels and headers know the first parts. */
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
    struct landlock_attributes all = {0};
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)
        return true;
    for (size_t i = 0; i < sizeof landlock_adds / sizeof *landlock_adds; i++) {
        if (landlock_adds[i].version > version)
            break;
        all.files |= landlock_adds[i].files;
        all.network |= landlock_adds[i].network;
        all.scope |= landlock_adds[i].scope;
    }
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, landlock_bytes(version), 0);
    bool ok = rules >= 0 && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    if (!ok)
        err_set_errno(err, ERR_SYSTEM, errno, "can't deny files with Landlock");
    if (rules >= 0)
        close(rules);
    return ok;
}

/* glibc's own enum type for the resource: clang minds the sign of a plain int. */
static bool limit(__rlimit_resource_t resource, rlim_t soft, rlim_t hard)
{
    struct rlimit both;
    if (getrlimit(resource, &both) < 0)
        return false;
    both.rlim_max = hard < both.rlim_max ? hard : both.rlim_max;
    both.rlim_cur = soft < both.rlim_max ? soft : both.rlim_max;
    return setrlimit(resource, &both) == 0;
}

/* RLIMIT_NPROC is not among them: it counts all that the user runs, which is not ours to know. A
 * worker with one thread can't start another, and threads share the processor time. */
bool sandbox_set_limits(const struct sandbox_limits *limits, struct err *err)
{
    bool ok = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
              prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && limit(RLIMIT_CORE, 0, 0) &&
              limit(RLIMIT_CPU, limits->processor_s, (rlim_t)limits->processor_s + 1) &&
              limit(RLIMIT_FSIZE, limits->file_bytes, limits->file_bytes) &&
              limit(RLIMIT_NOFILE, limits->descriptors, limits->descriptors) &&
              signal(SIGXFSZ, SIG_IGN) != SIG_ERR;
#ifndef DUCKLING_SANITIZED
    ok = ok && prctl(PR_SET_DUMPABLE, 0) == 0 &&
         limit(RLIMIT_AS, limits->address_space_bytes, limits->address_space_bytes);
#endif
    return ok || err_set_errno(err, ERR_SYSTEM, errno, "can't set limits");
}

_Static_assert(sizeof(long) == 8, "on 32-bit systems struct stat is not the kernel's");

int sandbox_fstat(int fd, struct stat *status)
{
    return (int)syscall(SYS_fstat, fd, status);
}
