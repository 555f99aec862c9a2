/* System calls that are not for workers, for test_sandbox. */
#ifndef TESTS_UNIT_SANDBOX_ATTEMPTS_H
#define TESTS_UNIT_SANDBOX_ATTEMPTS_H

#include "sandbox/protocol.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define THREAD_FLAGS                                                                               \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SIGHAND | CLONE_THREAD |            \
     CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

/* The job's file, and the end of the socket that stands for the player. */
#define OWN_FILE_FD (PROTOCOL_MEMORY_FD + 1)
#define PLAYER_FD (PROTOCOL_MEMORY_FD + 2)

struct attempt {
    const char *name;
    long call;
    intptr_t arguments[6];
    bool is_soft; /* a sanitizer build only refuses it */
};

static unsigned attempt_word;

#define AT(thing) (intptr_t) thing

static const struct attempt attempts[] = {
    {"open a file", SYS_openat, {AT_FDCWD, AT("/etc/passwd"), O_RDONLY}, true},
    {"open its own memory", SYS_openat, {AT_FDCWD, AT("/proc/self/mem"), O_RDWR}, true},
    {"make a file", SYS_openat, {AT_FDCWD, AT("/tmp/x"), O_CREAT | O_WRONLY, 0600}, true},
    {"open by openat2", SYS_openat2, {AT_FDCWD, AT("/etc/passwd"), 0, 0}, false},
    {"look at a path", SYS_newfstatat, {AT_FDCWD, AT("/etc/passwd"), 0, 0}, true},
    {"look at a path by statx", SYS_statx, {AT_FDCWD, AT("/etc"), 0, 0, 0}, false},
    {"list a folder", SYS_getdents64, {PROTOCOL_FD, 0, 0}, false},
    {"remove a file", SYS_unlinkat, {AT_FDCWD, AT("/tmp/x"), 0}, false},
    {"make a folder", SYS_mkdirat, {AT_FDCWD, AT("/tmp/x"), 0700}, false},
    {"rename", SYS_renameat2, {AT_FDCWD, AT("/tmp/x"), AT_FDCWD, AT("/tmp/y"), 0}, false},
    {"make a link", SYS_symlinkat, {AT("/etc"), AT_FDCWD, AT("/tmp/x")}, false},
    {"change a mode", SYS_fchmod, {OWN_FILE_FD, 0777}, false},
    {"change folder", SYS_chdir, {AT("/")}, false},
    {"change root", SYS_chroot, {AT("/tmp")}, false},
    {"mount", SYS_mount, {AT("/tmp"), AT("/mnt"), 0, 0, 0}, false},
    {"watch files", SYS_inotify_init1, {0}, false},
    {"open by handle", SYS_open_by_handle_at, {AT_FDCWD, 0, 0}, false},
    {"make a TCP socket", SYS_socket, {AF_INET, SOCK_STREAM, 0}, false},
    {"make a local socket", SYS_socket, {AF_UNIX, SOCK_DGRAM, 0}, false},
    {"make a pair of sockets", SYS_socketpair, {AF_UNIX, SOCK_STREAM, 0, 0}, false},
    {"bind", SYS_bind, {PROTOCOL_FD, 0, 0}, false},
    {"connect", SYS_connect, {PROTOCOL_FD, 0, 0}, false},
    {"listen", SYS_listen, {PROTOCOL_FD, 1}, false},
    {"sendto", SYS_sendto, {PROTOCOL_FD, AT("x"), 1, 0, 0, 0}, false},
    {"send to another descriptor", SYS_sendmsg, {PLAYER_FD, 0, 0}, false},
    {"hear from another descriptor", SYS_recvmsg, {PLAYER_FD, 0, 0}, false},
    {"write to the socket", SYS_write, {PROTOCOL_FD, AT("x"), 1}, false},
    {"write to the file", SYS_pwrite64, {OWN_FILE_FD, AT("x"), 1, 0}, false},
    {"copy a descriptor", SYS_dup, {PROTOCOL_FD}, false},
    {"copy a descriptor by fcntl", SYS_fcntl, {PROTOCOL_FD, F_DUPFD, 0}, false},
    {"unblock a descriptor", SYS_fcntl, {PROTOCOL_FD, F_SETFL, O_NONBLOCK}, false},
    {"ioctl", SYS_ioctl, {PROTOCOL_FD, 0x5401, 0}, true},
    {"fork", SYS_clone, {SIGCHLD}, false},
    {"fork in new namespaces", SYS_clone, {SIGCHLD | CLONE_NEWUSER | CLONE_NEWNET}, false},
    {"share memory with a process", SYS_clone, {SIGCHLD | CLONE_VM}, false},
    {"make a thread", SYS_clone, {THREAD_FLAGS}, false},
    {"make a thread by clone3", SYS_clone3, {0, 0}, false},
    {"be a new thread", SYS_set_robust_list, {0, 24}, false},
    {"a thread that is traced", SYS_clone, {THREAD_FLAGS | CLONE_PTRACE}, false},
    {"execute", SYS_execve, {AT("/bin/sh"), 0, 0}, false},
    {"execute by descriptor", SYS_execveat, {OWN_FILE_FD, AT(""), 0, 0, AT_EMPTY_PATH}, false},
    {"ptrace", SYS_ptrace, {16 /* PTRACE_ATTACH */, 1, 0, 0}, false},
    {"read another's memory", SYS_process_vm_readv, {1, 0, 0, 0, 0, 0}, false},
    {"signal a process", SYS_kill, {1, 0}, false},
    {"signal a thread", SYS_tgkill, {1, 1, 0}, false},
    {"signal by descriptor", SYS_pidfd_send_signal, {PROTOCOL_FD, 0, 0, 0}, false},
    {"find a process", SYS_pidfd_open, {1, 0}, false},
    {"ask who the parent is", SYS_getppid, {0}, false},
    {"wait for processes", SYS_wait4, {-1, 0, 1 /* WNOHANG */, 0}, false},
    {"handle signals", SYS_rt_sigaction, {SIGSYS, 0, 0, 8}, false},
    {"run from memory", SYS_mmap, {0, 4096, PROT_READ | PROT_EXEC, 0x22, -1, 0}, false},
    {"make memory run", SYS_mprotect, {0, 4096, PROT_READ | PROT_EXEC}, false},
    {"memory that is huge pages", SYS_mmap, {0, 2 << 20, 3, 0x22 | MAP_HUGETLB, -1, 0}, false},
    {"memory that is locked", SYS_mmap, {0, 4096, 3, 0x22 | MAP_LOCKED, -1, 0}, false},
    {"memory that grows downwards", SYS_mmap, {0, 4096, 3, 0x22 | MAP_GROWSDOWN, -1, 0}, false},
    {"memory that is filled", SYS_mmap, {0, 4096, 3, 0x22 | MAP_POPULATE, -1, 0}, false},
    {"memory in a place", SYS_mremap, {0, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, 0}, false},
    {"memory twice", SYS_mremap, {0, 4096, 4096, MREMAP_MAYMOVE | MREMAP_DONTUNMAP}, false},
    {"seal against execution", SYS_fcntl, {PROTOCOL_MEMORY_FD, F_ADD_SEALS, 0x20}, false},
    {"seal against future writes", SYS_fcntl, {PROTOCOL_MEMORY_FD, F_ADD_SEALS, 0x10}, false},
    {"seal another file", SYS_fcntl, {OWN_FILE_FD, F_ADD_SEALS, F_SEAL_WRITE}, false},
    {"cut the file", SYS_ftruncate, {OWN_FILE_FD, 0}, false},
    {"fill memory without mapping it", SYS_fallocate, {PROTOCOL_MEMORY_FD, 0, 0, 4096}, false},
    {"write memory without mapping it", SYS_pwrite64, {PROTOCOL_MEMORY_FD, AT("x"), 1, 0}, false},
    {"splice", SYS_splice, {OWN_FILE_FD, 0, PROTOCOL_MEMORY_FD, 0, 1, 0}, false},
    {"copy into memory", SYS_copy_file_range, {OWN_FILE_FD, 0, PROTOCOL_MEMORY_FD, 0, 1, 0}, false},
    {"send a file", SYS_sendfile, {PROTOCOL_MEMORY_FD, OWN_FILE_FD, 0, 1}, false},
    {"a pipe", SYS_pipe2, {0, 0}, false},
    {"an eventfd", SYS_eventfd2, {0, 0}, false},
    {"an epoll", SYS_epoll_create1, {0}, false},
    {"a larger socket buffer", SYS_setsockopt, {PROTOCOL_FD, SOL_SOCKET, SO_SNDBUF, 0, 4}, false},
    {"lend priority", SYS_futex, {AT(&attempt_word), FUTEX_LOCK_PI, 0, 0, 0, 0}, false},
    {"lend priority, privately",
     SYS_futex,
     {AT(&attempt_word), FUTEX_LOCK_PI_PRIVATE, 0, 0},
     false},
    {"wait with priority", SYS_futex, {AT(&attempt_word), FUTEX_WAIT_REQUEUE_PI, 1, 0}, false},
    {"move waiters", SYS_futex, {AT(&attempt_word), FUTEX_REQUEUE, 1, 0}, false},
    {"move waiters, compared", SYS_futex, {AT(&attempt_word), FUTEX_CMP_REQUEUE, 1, 0}, false},
    {"wake by a sum", SYS_futex, {AT(&attempt_word), FUTEX_WAKE_OP, 1, 0}, false},
    {"a futex's descriptor", SYS_futex, {AT(&attempt_word), FUTEX_FD, 0, 0}, false},
#ifndef DUCKLING_SANITIZED
    {"memory in the place of other", SYS_mmap, {0, 4096, 3, 0x22 | MAP_FIXED, -1, 0}, false},
    {"protect memory", SYS_mprotect, {0, 4096, PROT_READ}, false},
#endif
    {"protection keys", SYS_pkey_mprotect, {0, 4096, PROT_EXEC, -1}, false},
    {"secret memory", SYS_memfd_secret, {0}, false},
    {"another memfd", SYS_memfd_create, {AT("x"), MFD_CLOEXEC | MFD_ALLOW_SEALING}, false},
    {"memfd of huge pages", SYS_memfd_create, {AT("x"), MFD_HUGETLB}, false},
    {"lock memory", SYS_mlockall, {1}, false},
    {"raise a limit", SYS_prlimit64, {0, RLIMIT_NOFILE, 0, 0}, false},
    {"raise a limit by setrlimit", SYS_setrlimit, {RLIMIT_NOFILE, 0}, false},
    {"be dumped", SYS_prctl, {PR_SET_DUMPABLE, 1}, true},
    {"outlive the player", SYS_prctl, {PR_SET_PDEATHSIG, 0}, true},
    {"another filter", SYS_seccomp, {1, 0, 0}, false},
    {"become root", SYS_setuid, {0}, false},
    {"set capabilities", SYS_capset, {0, 0}, false},
    {"new namespaces", SYS_unshare, {CLONE_NEWUSER}, false},
    {"enter namespaces", SYS_setns, {PROTOCOL_FD, 0}, false},
    {"bpf", SYS_bpf, {0, 0, 0}, false},
    {"io_uring", SYS_io_uring_setup, {1, 0}, false},
    {"userfaultfd", SYS_userfaultfd, {0}, false},
    {"perf", SYS_perf_event_open, {0, 0, -1, -1, 0}, false},
    {"keys", SYS_add_key, {0, 0, 0, 0, 0}, false},
    {"shared memory", SYS_shmget, {0, 4096, 01600}, false},
    {"message queues", SYS_msgget, {0, 01600}, false},
    {"timers", SYS_timer_create, {0, 0, 0}, false},
    {"set the clock", SYS_clock_settime, {0, 0}, false},
    {"another priority", SYS_setpriority, {0, 0, -20}, false},
    {"personality", SYS_personality, {0xffffffff}, false},
    {"a number that is none", 5000, {0}, false},
#ifdef __x86_64__
    {"the x32 way", 0x40000000L | SYS_close, {PROTOCOL_FD}, false},
#endif
};
#define ATTEMPTS (sizeof attempts / sizeof *attempts)

#endif
