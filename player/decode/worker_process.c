#include "decode/worker_process.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/program.h"
#include "decode/children.h"
#include "sandbox/protocol.h"
#include "sandbox/sandbox.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_MODULE "worker_process"

/* From the end of the connection to the end of the process: freeing a gigabyte takes a tenth of
 * this. */
#define EXIT_WAIT_NS INT64_C(2000000000)
#define FDS_MAX 4              /* that one packet may bring */
#define EXIT_LOADER_FAILED 127 /* the dynamic loader's exit status; a shell's, too */

#ifdef DUCKLING_SANITIZED
#define KEEP_STDERR true /* to see a sanitizer's report */
#else
#define KEEP_STDERR false
#endif

/* Main thread. */
static bool unsandboxed;
static const char *film_program_name;
static int film_program = PROGRAM_SELF; /* opened at its first use */
static bool uses_fork_servers;
static struct fork_server picture_server, film_server;

void worker_process_use_film_program(const char *name)
{
    film_program_name = name;
}

void worker_process_use_fork_servers(void)
{
    uses_fork_servers = true;
}

void worker_process_end_servers(void)
{
    fork_server_end(&picture_server);
    fork_server_end(&film_server);
    children_reap(true);
}

/* Finds the program that does a job: PROGRAM_SELF where films have no program of their own. */
static MUST_CHECK bool find_worker_program(bool film, int *program, struct err *err)
{
    *program = PROGRAM_SELF;
    if (!film || !film_program_name)
        return true;
    if (film_program < 0)
        film_program = program_open(film_program_name, err);
    *program = film_program;
    return film_program >= 0;
}

/* The worker's environment: nothing of ours, except a sanitizer's options. TZ is a rule instead of
 * the name of a zone file, so that dates in films mean the same everywhere. */
static char **worker_environment(void)
{
    static char locale[] = "LC_ALL=C.UTF-8", zone[] = "TZ=UTC0";
    static char *list[6];
    size_t count = 0;
    list[count++] = locale;
    list[count++] = zone;
    for (char **entry = environ; *entry && count < 5; entry++)
        if (strncmp(*entry, "ASAN_OPTIONS=", 13) == 0 ||
            strncmp(*entry, "UBSAN_OPTIONS=", 14) == 0 || strncmp(*entry, "LSAN_OPTIONS=", 13) == 0)
            list[count++] = *entry;
    list[count] = NULL;
    return list;
}

/* argv[0] of the process that does a job. */
static char *worker_name(bool film)
{
    static char picture_name[] = PROTOCOL_WORKER_NAME, film_name[] = PROTOCOL_WORKER_FILM_NAME;
    return film ? film_name : picture_name;
}

static MUST_CHECK bool start_server(struct fork_server *server, bool film, struct err *err)
{
    int program;
    return find_worker_program(film, &program, err) &&
           fork_server_start(server, program, worker_name(film), worker_environment(), KEEP_STDERR,
                             err);
}

/* A server that has exited, or hangs, is replaced once. */
static MUST_CHECK bool fork_worker(struct worker_process *worker, bool film, int socket,
                                   struct err *err)
{
    worker->server = film ? &film_server : &picture_server;
    bool asked = fork_server_ask(worker->server, socket);
    if (!asked) {
        fork_server_end(worker->server);
        if (!start_server(worker->server, film, err))
            return false;
        asked = fork_server_ask(worker->server, socket);
    }
    worker->server_pid = worker->server->pid;
    return asked || err_set_errno(err, ERR_SYSTEM, errno, "cannot ask for a worker");
}

static MUST_CHECK bool spawn_worker(struct worker_process *worker, bool film, int socket,
                                    struct err *err)
{
    char *arguments[] = {worker_name(film), NULL};
    int program;
    return find_worker_program(film, &program, err) &&
           program_start(&worker->pid, program, arguments, worker_environment(), socket,
                         KEEP_STDERR, err);
}

bool worker_process_prepare(bool without_sandbox, struct err *err)
{
    int program;
    struct err film_err = {0};
    /* Our parent may have left SIGCHLD ignored: then the exit status of workers would be lost. */
    signal(SIGCHLD, SIG_DFL);
    if (!find_worker_program(true, &program, &film_err))
        log_error("cannot play films, reinstall Duckling reason=\"%s\"", film_err.text);
    if (without_sandbox)
        log_warn("decoders run unsandboxed (--no-sandbox): a malicious media file gets the "
                 "player's privileges");
    unsandboxed = without_sandbox;
    /* It loads its libraries while the program goes on. Where it can't be started, the first job
     * says so. */
    if (uses_fork_servers && picture_server.pid == 0)
        (void)!start_server(&picture_server, false, NULL);
    if (without_sandbox || sandbox_available(err))
        return true;
    return err_prefix(err, "cannot sandbox decoders, enable seccomp or run with --no-sandbox: ");
}

static MUST_CHECK bool send_job(int socket, const struct protocol_job *job, const int *files,
                                int file_count, struct err *err)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * PROTOCOL_FILES_MAX)];
    } control = {0};
    struct protocol_job copy = *job;
    copy.magic = PROTOCOL_MAGIC;
    copy.file_count = (uint32_t)file_count;
    copy.unsandboxed = unsandboxed;
    struct iovec part = {&copy, sizeof copy};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (file_count > 0) {
        size_t bytes = sizeof(int) * (size_t)file_count;
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(bytes);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(bytes);
        memcpy(CMSG_DATA(header), files, bytes);
    }
    if (sendmsg(socket, &message, MSG_NOSIGNAL) != (ssize_t)sizeof copy)
        return err_set_errno(err, ERR_SYSTEM, errno, "cannot send a job to a worker");
    return true;
}

bool worker_process_start(struct worker_process *worker, const struct protocol_job *job,
                          const int *files, int file_count, struct err *err)
{
    int pair[2];
    bool film = job->kind == PROTOCOL_JOB_FILM;
    *worker = (struct worker_process){.socket = -1, .exit_fd = -1};
    worker->program = film && film_program_name ? film_program_name : "a worker";
    if (file_count < 0 || file_count > PROTOCOL_FILES_MAX)
        return err_set(err, ERR_SYSTEM, "invalid job for a worker: %d files", file_count);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_set_errno(err, ERR_SYSTEM, errno, "cannot create a socket pair");
    worker->socket = pair[0];
    /* The job waits in the socket's buffer until the worker is up. */
    bool ok = send_job(pair[0], job, files, file_count, err) &&
              (uses_fork_servers ? fork_worker(worker, film, pair[1], err)
                                 : spawn_worker(worker, film, pair[1], err));
    close(pair[1]);
    if (!ok)
        worker_process_stop(worker);
    return ok;
}

int worker_process_fd(const struct worker_process *worker)
{
    return worker->exit_fd >= 0 ? worker->exit_fd : worker->socket;
}

void worker_process_reap(bool wait)
{
    fork_server_collect_abandoned(wait);
    children_reap(wait);
}

/* Whether it is still to be forked, as far as we know. */
static bool is_unstarted(const struct worker_process *worker)
{
    return worker->server && worker->pid == 0 && !worker->started;
}

/* The worker has closed its end of the socket: it has exited, or will soon. We don't kill it yet:
 * then we could not know whether somebody else had killed it before. */
static void watch_for_exit(struct worker_process *worker)
{
    worker->hung_up = true;
    worker->hung_up_ns = clock_mono_ns();
    pid_t pid = worker->pid;
    if (is_unstarted(worker) && worker->server->pid == worker->server_pid)
        pid = worker->server_pid;
    worker->exit_fd = pid > 0 ? pidfd_open(pid, 0) : -1;
}

int64_t worker_process_deadline_ns(const struct worker_process *worker)
{
    return worker->hung_up ? worker->hung_up_ns + EXIT_WAIT_NS : INT64_MAX;
}

bool worker_process_cpu_ns(const struct worker_process *worker, int64_t *ns)
{
    return clock_process_cpu_ns(worker->pid, ns);
}

enum err_code worker_process_error_code(const struct worker_process *worker, uint32_t reported)
{
    if (!worker->ready)
        return ERR_SYSTEM;
    if (reported == ERR_SYSTEM || reported == ERR_LIMIT)
        return worker->short_of_memory ? ERR_SYSTEM : ERR_LIMIT;
    return reported == ERR_INPUT ? ERR_INPUT : ERR_WORKER;
}

enum err_code worker_process_timeout_code(const struct worker_process *worker, enum err_code code)
{
    return worker->ready ? code : ERR_KILLED;
}

/* For a worker that was not ready and was not killed. `signal`: 0 if it exited by itself. */
static void set_start_error(const struct worker_process *worker, int signal, int status,
                            struct err *err)
{
    char name[SANDBOX_NAME_BYTES];
    if (signal == SIGSYS && worker->forbidden) {
        sandbox_name_call(worker->forbidden_call, name);
        err_set(err, ERR_SYSTEM,
                "%s was killed at startup for a forbidden system call (%s): this is a bug in "
                "Duckling, please report it",
                worker->program, name);
    } else if (signal)
        err_set(err, ERR_SYSTEM, "%s crashed at startup (signal %d)", worker->program, signal);
    else if (status == EXIT_LOADER_FAILED)
        err_set(err, ERR_SYSTEM,
                "%s cannot start: a library that it needs is missing; reinstall Duckling",
                worker->program);
    else if (status == PROTOCOL_EXIT_NO_JOB)
        err_set(err, ERR_SYSTEM,
                "%s is of a different version than the player; install both from one release",
                worker->program);
    else
        err_set(err, ERR_SYSTEM, "%s exited at startup (status %d)", worker->program, status);
}

/* That the call was forbidden is known from the kernel; which call it was only the worker can say,
 * if it got that far. */
static void set_forbidden_call_error(const struct worker_process *worker, struct err *err)
{
    char name[SANDBOX_NAME_BYTES] = "unknown";
    if (worker->forbidden)
        sandbox_name_call(worker->forbidden_call, name);
    err_set(err, ERR_SANDBOX,
            "the worker was killed for a forbidden system call (%s): the file may be malicious, or "
            "this is a bug in Duckling, please report it with the file",
            name);
}

/* Of a worker that was never forked: why its server has exited. */
static MUST_CHECK bool read_server_exit_reason(const struct worker_process *worker, struct err *err)
{
    siginfo_t info;
    bool is_gone = worker->exit_fd < 0 || worker->server->pid != worker->server_pid;
    if (!is_gone && !fork_server_exit_reason(worker->server, &info))
        return false;
    if (is_gone)
        err_set(err, ERR_KILLED, "the process that starts workers was ended");
    else if (info.si_code == CLD_EXITED)
        set_start_error(worker, 0, info.si_status, err);
    else if (info.si_status == SIGKILL)
        err_set(err, ERR_KILLED, "the worker was killed, by the kernel if memory ran out");
    else
        set_start_error(worker, info.si_status, 0, err);
    return true;
}

/* Why it exited, as soon as that is known; never blocks. False until then. */
static MUST_CHECK bool read_exit_reason(struct worker_process *worker, struct err *err)
{
    siginfo_t info = {0};
    if (is_unstarted(worker))
        return read_server_exit_reason(worker, err);
    bool waited =
        worker->exit_fd >= 0 && waitid(P_PID, (id_t)worker->pid, &info, WEXITED | WNOHANG) == 0;
    if (waited && info.si_pid == 0)
        return false;
    if (worker->exit_fd >= 0)
        worker->pid = 0; /* the number may be another process's from now on */
    if (!waited) {
        err_set(err, ERR_SYSTEM, "the worker exited for an unknown reason");
        return true;
    }
    bool killed = info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
    int number = killed ? info.si_status : 0;
    if (number == SIGSYS && worker->ready)
        set_forbidden_call_error(worker, err);
    else if (number == SIGKILL)
        err_set(err, ERR_KILLED, "the worker was killed, by the kernel if memory ran out");
    else if (!worker->ready)
        set_start_error(worker, number, info.si_status, err);
    else if (number == SIGXCPU)
        err_set(err, ERR_WORKER, "the worker exceeded its CPU time limit");
    else if (killed)
        err_set(err, ERR_WORKER, "the worker crashed (signal %d)", number);
    else
        err_set(err, ERR_WORKER, "the worker exited unexpectedly (status %d)", info.si_status);
    return true;
}

/* The descriptors that came with a packet; returns how many. */
static int copy_descriptors(struct msghdr *message, int fds[FDS_MAX])
{
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
        return 0;
    int count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(fds, CMSG_DATA(header), (size_t)count * sizeof(int));
    return count;
}

static enum worker_process_event receive_packet(struct worker_process *worker, void *packet,
                                                size_t packet_bytes_max, size_t *size, int *fd,
                                                struct err *err)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
    } control;
    struct iovec part = {packet, packet_bytes_max};
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    *fd = -1;
    if (worker->hung_up)
        return read_exit_reason(worker, err) ? WORKER_PROCESS_BROKEN : WORKER_PROCESS_NOTHING;
    ssize_t received = recvmsg(worker->socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    /* The kernel reports once, before all else, that the worker has exited without having read what
     * was sent to it; its last packets are still there. */
    if (received < 0 && errno == ECONNRESET)
        received = recvmsg(worker->socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (received < 0 && (errno == EAGAIN || errno == EINTR))
        return WORKER_PROCESS_NOTHING;
    int fds[FDS_MAX], count = received >= 0 ? copy_descriptors(&message, fds)
                                            : 0; /* an empty packet may carry some, too */
    if (received > 0 && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && count <= 1) {
        *size = (size_t)received;
        *fd = count ? fds[0] : -1;
        return WORKER_PROCESS_PACKET;
    }
    for (int i = 0; i < count; i++)
        close(fds[i]);
    if (received >= 0 && message.msg_flags & MSG_CTRUNC && count < FDS_MAX) {
        /* Fewer came than fit into `fds`: the kernel had no free number for the next one. */
        err_set(err, ERR_SYSTEM, "too many open files");
        return WORKER_PROCESS_BROKEN;
    }
    if (received > 0 || count > 0) {
        err_set(err, ERR_WORKER, "the worker sent an invalid message");
        return WORKER_PROCESS_BROKEN;
    }
    watch_for_exit(worker);
    return read_exit_reason(worker, err) ? WORKER_PROCESS_BROKEN : WORKER_PROCESS_NOTHING;
}

/* enum protocol_event_kind of a valid event; UINT32_MAX for any other packet. */
static uint32_t event_kind(const void *packet, size_t size)
{
    struct protocol_event event;
    if (size != sizeof event)
        return UINT32_MAX;
    memcpy(&event, packet, sizeof event);
    return event.magic == PROTOCOL_MAGIC ? event.kind : UINT32_MAX;
}

/* A forked worker's first packet. What it says is true: no medium has been read yet. */
static bool accept_started(struct worker_process *worker, const void *packet, size_t size, int fd)
{
    if (!is_unstarted(worker) || fd >= 0 || !fork_server_read_started(packet, size, &worker->pid))
        return false;
    worker->started = true;
    return true;
}

/* The worker reports that it is ready: allowed once, before everything else. */
static bool accept_ready(struct worker_process *worker, const void *packet, int fd)
{
    struct protocol_event event;
    memcpy(&event, packet, sizeof event);
    if (worker->ready || fd >= 0 || event.code > 1 || event.used_ns < 0)
        return false;
    worker->ready = true;
    worker->short_of_memory = event.code;
    int64_t used_ns = event.used_ns;
    (void)!worker_process_cpu_ns(worker, &used_ns);
    worker->start_cpu_ns = event.used_ns < used_ns ? event.used_ns : used_ns;
    return true;
}

/* The worker reports that its sandbox is about to kill it: allowed once. How it exits will show
 * whether that is true. */
static bool accept_forbidden(struct worker_process *worker, const void *packet, int fd)
{
    struct protocol_event event;
    memcpy(&event, packet, sizeof event);
    if (worker->forbidden || fd >= 0)
        return false;
    worker->forbidden = true;
    worker->forbidden_call = event.code;
    return true;
}

enum worker_process_event worker_process_receive(struct worker_process *worker, void *packet,
                                                 size_t packet_bytes_max, size_t *size, int *fd,
                                                 struct err *err)
{
    for (;;) {
        enum worker_process_event event =
            receive_packet(worker, packet, packet_bytes_max, size, fd, err);
        if (event != WORKER_PROCESS_PACKET)
            return event;
        uint32_t kind = event_kind(packet, *size);
        if (kind == PROTOCOL_EVENT_FORBIDDEN && accept_forbidden(worker, packet, *fd))
            continue;
        if (kind == PROTOCOL_EVENT_STARTED && accept_started(worker, packet, *size, *fd))
            continue;
        if (kind != PROTOCOL_EVENT_READY && kind != PROTOCOL_EVENT_FORBIDDEN &&
            kind != PROTOCOL_EVENT_STARTED && (worker->ready || kind == PROTOCOL_EVENT_ERROR))
            return WORKER_PROCESS_PACKET;
        if (kind == PROTOCOL_EVENT_READY && accept_ready(worker, packet, *fd))
            continue;
        if (*fd >= 0)
            close(*fd);
        *fd = -1;
        err_set(err, ERR_WORKER, "the worker sent an invalid message");
        return WORKER_PROCESS_BROKEN;
    }
}

bool worker_process_send(struct worker_process *worker, const void *packet, size_t size)
{
    return worker->socket >= 0 && !worker->hung_up &&
           send(worker->socket, packet, size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size;
}

void worker_process_stop(struct worker_process *worker)
{
    bool unknown = is_unstarted(worker) && worker->socket > 0 && !worker->hung_up;
    children_end(worker->pid);
    if (unknown)
        fork_server_abandon(worker->server, worker->socket);
    else if (worker->socket > 0)
        close(worker->socket);
    if (worker->exit_fd > 0)
        close(worker->exit_fd);
    *worker = (struct worker_process){.socket = -1, .exit_fd = -1};
}
