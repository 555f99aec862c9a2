#include "worker/worker.h"

#include "base/clock.h"
#include "sandbox/warm_up.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NICE 5
#define OOM_KILL_FIRST "1000" /* the maximum of /proc/self/oom_score_adj, see proc(5) */

/* The player gets the processor first, and is killed last when memory runs out. A worker works all
 * the same if neither can be arranged. */
static void lower_priority(void)
{
    int nice = getpriority(PRIO_PROCESS, 0) + NICE;
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (setpriority(PRIO_PROCESS, 0, nice) < 0 || fd < 0 ||
        write(fd, OOM_KILL_FIRST, sizeof OOM_KILL_FIRST - 1) < 0)
        errno = 0;
    if (fd >= 0)
        close(fd);
}

/* Receives one packet of exactly this size, and what comes with it. False: another came; *ended is
 * true where that is because the player has exited. */
static bool receive_packet(void *packet, size_t size, struct worker_files *files, bool *ended)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * PROTOCOL_FILES_MAX)];
    } control;
    struct iovec part = {packet, size};
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    ssize_t received;
    do
        received = recvmsg(PROTOCOL_FD, &message, MSG_CMSG_CLOEXEC);
    while (received < 0 && errno == EINTR);
    *ended = received <= 0;
    struct cmsghdr *header = received > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    files->count = 0;
    if (header && header->cmsg_type == SCM_RIGHTS) {
        files->count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(files->fds, CMSG_DATA(header), files->count * sizeof(int));
    }
    return received == (ssize_t)size;
}

bool worker_send(const void *packet, size_t size, int fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {.iov_len = size};
    memcpy(&part.iov_base, &packet, sizeof packet); /* sendmsg does not write to it */
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
    }
    return sendmsg(PROTOCOL_FD, &message, MSG_NOSIGNAL) == (ssize_t)size;
}

static void send_error(const struct err *err)
{
    struct protocol_event event = {.kind = PROTOCOL_EVENT_ERROR, .code = err->code};
    snprintf(event.text, sizeof event.text, "%.*s", (int)sizeof event.text - 1, err->text);
    event.magic = PROTOCOL_MAGIC;
    worker_send(&event, sizeof event, -1);
}

/* Privileges are dropped and limits apply in any case; --no-sandbox leaves out the rest. */
static MUST_CHECK bool enter_sandbox(const struct worker_role *role, const struct protocol_job *job,
                                     struct err *err)
{
    if (role->prepare)
        role->prepare(job);
    bool ok = sandbox_drop_privileges(err) && sandbox_set_limits(&role->limits, err);
    if (!job->unsandboxed)
        ok = ok && sandbox_deny_files(err) && sandbox_deny_calls(role->sandbox, err);
    if (!ok)
        return err_prefix(err, "cannot sandbox the worker: ");
    return true;
}

/* Call before the sandbox sets limits of its own. */
static bool is_short_of_memory(const struct worker_role *role)
{
    const struct {
        __rlimit_resource_t resource;
        size_t needed_bytes;
    } limits[] = {
        {RLIMIT_AS, role->limits.address_space_bytes},
        {RLIMIT_DATA, role->limits.address_space_bytes},
        {RLIMIT_FSIZE, role->limits.file_bytes},
    };
    struct rlimit limit;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (getrlimit(limits[i].resource, &limit) == 0 && limit.rlim_max < limits[i].needed_bytes)
            return true;
    return false;
}

/* From here on the medium may be at fault for what goes wrong. */
static MUST_CHECK bool send_ready(bool short_of_memory, struct err *err)
{
    const struct protocol_event event = {.magic = PROTOCOL_MAGIC,
                                         .kind = PROTOCOL_EVENT_READY,
                                         .code = short_of_memory,
                                         .used_ns = clock_own_cpu_ns()};
    if (!worker_send(&event, sizeof event, -1))
        return err_set(err, ERR_WORKER, "the player has exited");
    return true;
}

static int work(const struct worker_role *role)
{
    static struct protocol_job job;
    struct worker_files files;
    struct err err = {0};
    bool ended;
    /* Nothing else should be open; so the memory, then the job's files, get the next numbers. */
    closefrom(PROTOCOL_FD + 1);
    bool has_memory = sandbox_make_memory(&err);
    if (!receive_packet(&job, sizeof job, &files, &ended) || job.magic != PROTOCOL_MAGIC ||
        files.count != job.file_count)
        return PROTOCOL_EXIT_NO_JOB;
    for (enum text_level level = 0; level < TEXT_LEVELS; level++) {
        struct protocol_text *text = &job.texts[level];
        text->language[sizeof text->language - 1] = '\0';
        text->text[sizeof text->text - 1] = '\0';
    }
    job.qr.text[sizeof job.qr.text - 1] = '\0';
    bool short_of_memory = is_short_of_memory(role);
    if (!has_memory || !enter_sandbox(role, &job, &err) || !send_ready(short_of_memory, &err) ||
        !role->do_job(&job, &files, &err))
        send_error(&err);
    return 0;
}

int worker_main(const struct worker_role *role)
{
    prctl(PR_SET_NAME, role->name); /* for `ps` */
    lower_priority();
    return work(role);
}

/* The worker is the player's child, not ours: the player waits for it, and it ends with the player.
 * fork() can't do that. What fork() does besides is for processes with several threads, and this
 * one has one; but the C library goes on to use the number of our thread, within the process. */
static pid_t fork_for_player(void)
{
    return (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
}

static int work_for(int socket, const struct worker_role *role)
{
    const struct protocol_event started = {
        .magic = PROTOCOL_MAGIC, .kind = PROTOCOL_EVENT_STARTED, .pid = getpid()};
    if (dup2(socket, PROTOCOL_FD) < 0 || !worker_send(&started, sizeof started, -1))
        return PROTOCOL_EXIT_NO_JOB;
    return work(role);
}

static void report_failure(int socket, int number)
{
    struct protocol_event event = {
        .magic = PROTOCOL_MAGIC, .kind = PROTOCOL_EVENT_ERROR, .code = ERR_SYSTEM};
    snprintf(event.text, sizeof event.text, "cannot fork a worker: %s", strerror(number));
    (void)!send(socket, &event, sizeof event, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int worker_serve(const struct worker_role *role, char *argument)
{
    struct protocol_fork request;
    struct worker_files files;
    bool ended;
    prctl(PR_SET_NAME, role->name);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    closefrom(PROTOCOL_FD + 1);
    lower_priority();
    warm_up_c_library();
    while (receive_packet(&request, sizeof request, &files, &ended) &&
           request.magic == PROTOCOL_MAGIC && files.count == 1) {
        pid_t pid = fork_for_player();
        if (pid == 0) {
            memset(argument, 0, strlen(argument));
            return work_for(files.fds[0], role);
        }
        if (pid < 0)
            report_failure(files.fds[0], errno);
        close(files.fds[0]);
    }
    return ended ? 0 : PROTOCOL_EXIT_NO_JOB;
}
