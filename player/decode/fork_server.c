#include "decode/fork_server.h"

#include "base/clock.h"
#include "base/program.h"
#include "decode/children.h"
#include "sandbox/protocol.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define COLLECT_WAIT_NS INT64_C(500000000)
/* A server that is loading its libraries from a slow disk is not hanging. */
#define HANGS_NS INT64_C(60000000000)
#define ABANDONED_STEP 64

bool fork_server_start(struct fork_server *server, int program, char *name,
                       char *const *environment, bool keep_errors, struct err *err)
{
    static char serve[] = PROTOCOL_SERVE;
    char *arguments[] = {name, serve, NULL};
    int pair[2];
    *server = (struct fork_server){0};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_set_errno(err, ERR_SYSTEM, errno, "cannot create a socket pair");
    bool ok =
        program_start(&server->pid, program, arguments, environment, pair[1], keep_errors, err);
    close(pair[1]);
    if (ok)
        server->socket = pair[0];
    else
        close(pair[0]);
    return ok;
}

bool fork_server_ask(const struct fork_server *server, int socket)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct protocol_fork request = {PROTOCOL_MAGIC};
    struct iovec part = {&request, sizeof request};
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    if (server->pid <= 0)
        return false;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof socket);
    memcpy(CMSG_DATA(header), &socket, sizeof socket);
    return sendmsg(server->socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) ==
           (ssize_t)sizeof request;
}

bool fork_server_read_started(const void *packet, size_t size, pid_t *pid)
{
    struct protocol_event event;
    if (size != sizeof event)
        return false;
    memcpy(&event, packet, sizeof event);
    *pid = (pid_t)event.pid;
    return event.magic == PROTOCOL_MAGIC && event.kind == PROTOCOL_EVENT_STARTED && event.pid > 1 &&
           *pid == event.pid;
}

bool fork_server_exit_reason(const struct fork_server *server, siginfo_t *reason)
{
    *reason = (siginfo_t){0};
    return server->pid > 0 &&
           waitid(P_PID, (id_t)server->pid, reason, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           reason->si_pid != 0;
}

void fork_server_end(struct fork_server *server)
{
    if (server->pid <= 0)
        return;
    children_end(server->pid);
    close(server->socket);
    *server = (struct fork_server){0};
}

static struct abandoned {
    struct fork_server *server;
    int socket;
    int64_t since_ns;
} * abandoned;
static size_t abandoned_count, abandoned_capacity;

void fork_server_abandon(struct fork_server *server, int socket)
{
    if (abandoned_count == abandoned_capacity) {
        struct abandoned *more =
            realloc(abandoned, (abandoned_capacity + ABANDONED_STEP) * sizeof *more);
        if (more) {
            abandoned = more;
            abandoned_capacity += ABANDONED_STEP;
        }
    }
    if (abandoned_count < abandoned_capacity)
        abandoned[abandoned_count++] = (struct abandoned){server, socket, clock_mono_ns()};
    else
        close(socket); /* it exits when it finds that; it stays a zombie until we exit */
}

/* Whether there is nothing more to wait for. */
static bool collect(const struct abandoned *worker)
{
    struct protocol_event event;
    pid_t pid;
    ssize_t received = recv(worker->socket, &event, sizeof event, MSG_DONTWAIT);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) {
        if (clock_mono_ns() - worker->since_ns > HANGS_NS)
            fork_server_end(worker->server);
        return false;
    }
    if (received > 0 && fork_server_read_started(&event, (size_t)received, &pid))
        children_end(pid);
    close(worker->socket);
    return true;
}

static void wait_for_packet(int socket, int64_t deadline_ns)
{
    struct pollfd answer = {.fd = socket, .events = POLLIN};
    int64_t left_ms;
    do
        left_ms = (deadline_ns - clock_mono_ns()) / 1000000;
    while (left_ms > 0 && poll(&answer, 1, (int)left_ms) < 0 && errno == EINTR);
}

void fork_server_collect_abandoned(bool wait)
{
    int64_t deadline_ns = clock_mono_ns() + COLLECT_WAIT_NS;
    size_t remaining = 0;
    for (size_t i = 0; i < abandoned_count; i++) {
        if (wait)
            wait_for_packet(abandoned[i].socket, deadline_ns);
        if (!collect(&abandoned[i]))
            abandoned[remaining++] = abandoned[i];
    }
    abandoned_count = remaining;
    if (remaining)
        return;
    free(abandoned);
    abandoned = NULL;
    abandoned_capacity = 0;
}
