#include "worker/worker.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
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

static bool receive_job(struct protocol_job *job, struct worker_files *files)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * PROTOCOL_FILES_MAX)];
    } control;
    struct iovec part = {job, sizeof *job};
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
    if (received != (ssize_t)sizeof *job || job->magic != PROTOCOL_MAGIC)
        return false;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS) {
        files->count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(files->fds, CMSG_DATA(header), files->count * sizeof(int));
    }
    return files->count == job->file_count;
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

int worker_main(const struct worker_role *role)
{
    static struct protocol_job job;
    struct worker_files files = {0};
    struct err err = {0};
    prctl(PR_SET_NAME, role->name); /* for `ps` */
    /* Nothing else should be open; so the memory, then the job's files, get the next numbers. */
    closefrom(PROTOCOL_FD + 1);
    lower_priority();
    bool has_memory = sandbox_make_memory(&err);
    if (!receive_job(&job, &files))
        return PROTOCOL_EXIT_NO_JOB;
    for (enum text_level level = 0; level < TEXT_LEVELS; level++) {
        struct protocol_text *text = &job.texts[level];
        text->language[sizeof text->language - 1] = '\0';
        text->text[sizeof text->text - 1] = '\0';
    }
    bool short_of_memory = is_short_of_memory(role);
    if (!has_memory || !enter_sandbox(role, &job, &err) || !send_ready(short_of_memory, &err) ||
        !role->do_job(&job, &files, &err))
        send_error(&err);
    return 0;
}
