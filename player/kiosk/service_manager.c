#include "kiosk/service_manager.h"

#include "core/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FEEDS_EACH_INTERVAL 3
#define TRIES_EACH_FEED 4
#define FIRST_FD 3 /* sd_listen_fds(3) */
#define KEPT_NAME "duckling-card"
#define FORGET_LIMIT_MS 1000
#define WORDS_BYTES (SERVICE_MANAGER_STATUS_BYTES + 64)

/* A whole number of at least 1; 0 where it is none. */
static int64_t parse_positive(const char *text)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    bool ok = text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && number > 0;
    return ok ? number : 0;
}

/* The path of a socket, or "@" and the name of an abstract one (unix(7)). */
static bool take_address(struct service_manager *manager, const char *path, struct err *err)
{
    size_t length = strlen(path);
    if ((path[0] != '/' && path[0] != '@') || length < 2)
        return err_set(err, ERR_INPUT, "NOTIFY_SOCKET is no path: \"%.100s\"", path);
    if (length >= sizeof manager->address.sun_path)
        return err_set(err, ERR_INPUT, "NOTIFY_SOCKET is too long: \"%.200s\"", path);
    manager->address.sun_family = AF_UNIX;
    memcpy(manager->address.sun_path, path, length);
    if (path[0] == '@')
        manager->address.sun_path[0] = '\0';
    manager->address_bytes =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (path[0] == '/'));
    return true;
}

/* A watchdog that is another process's, the one that has started this one, is left to it. */
static bool take_watchdog(struct service_manager *manager, struct err *err)
{
    const char *interval = getenv("WATCHDOG_USEC"), *process = getenv("WATCHDOG_PID");
    if (!interval || (process && parse_positive(process) != getpid()))
        return true;
    int64_t interval_us = parse_positive(interval);
    if (interval_us == 0 || interval_us > INT64_MAX / 1000)
        return err_set(err, ERR_INPUT, "WATCHDOG_USEC is no time in microseconds: \"%.40s\"",
                       interval);
    manager->watchdog_ns = interval_us * 1000;
    return true;
}

bool service_manager_init(struct service_manager *manager, struct err *err)
{
    *manager = (struct service_manager){.status_told = true};
    const char *path = getenv("NOTIFY_SOCKET");
    if (!path)
        return true;
    if (!take_address(manager, path, err))
        return false;
    manager->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (manager->socket < 0)
        return err_set_errno(err, ERR_SYSTEM, errno, "cannot open a socket for NOTIFY_SOCKET");
    manager->is_there = true;
    return take_watchdog(manager, err);
}

void service_manager_set_status(struct service_manager *manager, const char *words)
{
    char clean[SERVICE_MANAGER_STATUS_BYTES];
    utf8_copy_clean(words, strlen(words), clean, sizeof clean);
    if (strcmp(clean, manager->status) == 0)
        return;
    memcpy(manager->status, clean, sizeof clean);
    manager->status_told = false;
}

/* By address each time: a service manager that starts again listens at the same one. `fd` goes with
 * the words, unless it is -1. */
static bool send_words(const struct service_manager *manager, const char *words, int fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct sockaddr_un address = manager->address;
    char copy[WORDS_BYTES]; /* struct iovec is for what is read, too: not const */
    snprintf(copy, sizeof copy, "%s", words);
    struct iovec text = {copy, strlen(copy)};
    struct msghdr message = {.msg_name = &address,
                             .msg_namelen = manager->address_bytes,
                             .msg_iov = &text,
                             .msg_iovlen = 1};
    if (fd >= 0) {
        control.header = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
    }
    return sendmsg(manager->socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

/* ---- the descriptor that is kept ---- */

/* What is to be closed goes first: only one is kept at a time. */
static void tell_kept(struct service_manager *manager)
{
    if (manager->forgets)
        manager->forgets = !send_words(manager, "FDSTOREREMOVE=1\nFDNAME=" KEPT_NAME "\n", -1);
    if (!manager->has_fd || manager->forgets)
        return;
    manager->keeps = send_words(manager, "FDSTORE=1\nFDNAME=" KEPT_NAME "\n", manager->fd);
    manager->has_fd = !manager->keeps;
}

/* Whether the name at this place of a list "a:b:c" is that of what is kept. */
static bool is_kept_name(const char *names, int index)
{
    size_t length = strlen(KEPT_NAME);
    while (names && index-- > 0) {
        names = strchr(names, ':');
        names = names ? names + 1 : NULL;
    }
    return names && strncmp(names, KEPT_NAME, length) == 0 &&
           (names[length] == ':' || names[length] == '\0');
}

/* One that was passed is open in the programs that this one starts, as none of its own is. */
static bool was_passed(int fd)
{
    int flags = fcntl(fd, F_GETFD);
    return flags >= 0 && !(flags & FD_CLOEXEC);
}

static MUST_CHECK bool take_passed(int count, int *fd, struct err *err)
{
    const char *names = getenv("LISTEN_FDNAMES");
    for (int i = 0; i < count; i++) {
        int passed = FIRST_FD + i;
        if (!was_passed(passed))
            return err_set(err, ERR_INPUT, "LISTEN_FDS is %d, but descriptor %d was not passed",
                           count, passed);
        fcntl(passed, F_SETFD, FD_CLOEXEC);
        if (is_kept_name(names, i) && *fd < 0)
            *fd = passed;
        else if (is_kept_name(names, i))
            close(passed);
    }
    return true;
}

bool service_manager_take_kept(struct service_manager *manager, int *fd, struct err *err)
{
    const char *process = getenv("LISTEN_PID"), *number = getenv("LISTEN_FDS");
    const char *store = getenv("FDSTORE");
    bool ok = true;
    *fd = -1;
    manager->can_keep = manager->is_there && store && parse_positive(store) > 0;
    if (process && parse_positive(process) == getpid() && number) {
        int64_t count = parse_positive(number);
        if (count > 0 && count <= SERVICE_MANAGER_FDS_MAX)
            ok = take_passed((int)count, fd, err);
        else
            ok = err_set(err, ERR_INPUT, "LISTEN_FDS is no number from 1 to %d: \"%.40s\"",
                         SERVICE_MANAGER_FDS_MAX, number);
    }
    manager->keeps = manager->is_there && *fd >= 0;
    manager->fd = *fd;
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return ok;
}

void service_manager_keep(struct service_manager *manager, int fd)
{
    if (!manager->can_keep)
        return;
    manager->forgets |= manager->keeps;
    manager->keeps = false;
    manager->has_fd = true;
    manager->fd = fd;
}

int service_manager_copy_kept(const struct service_manager *manager)
{
    return manager->keeps ? fcntl(manager->fd, F_DUPFD_CLOEXEC, FIRST_FD) : -1;
}

/* As the service manager passes it: whatever else had its number is closed by exec. */
void service_manager_pass_on(int fd)
{
    char process[24];
    if (fd < 0)
        return;
    if (fd == FIRST_FD)
        fcntl(fd, F_SETFD, 0);
    else if (dup2(fd, FIRST_FD) < 0)
        return;
    snprintf(process, sizeof process, "%ld", (long)getpid());
    setenv("LISTEN_PID", process, 1);
    setenv("LISTEN_FDS", "1", 1);
    setenv("LISTEN_FDNAMES", KEPT_NAME, 1);
}

bool service_manager_keeps(const struct service_manager *manager)
{
    return manager->keeps;
}

/* It closes our end of a pipe once it has read all that was sent before (sd_notify_barrier(3)). */
static void await_hearing(const struct service_manager *manager)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return;
    bool sent = send_words(manager, "BARRIER=1", ends[1]);
    close(ends[1]);
    struct pollfd heard = {.fd = ends[0]};
    if (sent)
        (void)poll(&heard, 1, FORGET_LIMIT_MS);
    close(ends[0]);
}

void service_manager_forget(struct service_manager *manager)
{
    manager->has_fd = false;
    if (!manager->keeps)
        return;
    manager->keeps = false;
    manager->forgets = true;
    tell_kept(manager);
    if (!manager->forgets)
        await_hearing(manager);
}

/* ---- words ---- */

static bool has_words(const struct service_manager *manager, bool is_fed)
{
    return !manager->ready_told || !manager->status_told || is_fed;
}

void service_manager_alive(struct service_manager *manager, int64_t now_ns)
{
    bool is_fed = manager->watchdog_ns > 0 && now_ns >= manager->due_ns;
    if (!manager->is_there)
        return;
    tell_kept(manager);
    if (!has_words(manager, is_fed))
        return;
    char words[WORDS_BYTES];
    snprintf(words, sizeof words, "%s%s%s%s%s", manager->ready_told ? "" : "READY=1\n",
             manager->status_told ? "" : "STATUS=", manager->status_told ? "" : manager->status,
             manager->status_told ? "" : "\n", is_fed ? "WATCHDOG=1\n" : "");
    int64_t wait_ns = manager->watchdog_ns / FEEDS_EACH_INTERVAL;
    if (send_words(manager, words, -1))
        manager->ready_told = manager->status_told = true;
    else
        wait_ns /= TRIES_EACH_FEED;
    if (is_fed)
        manager->due_ns = now_ns + wait_ns;
}

int64_t service_manager_until_ns(const struct service_manager *manager)
{
    return manager->is_there && manager->watchdog_ns > 0 ? manager->due_ns : INT64_MAX;
}

void service_manager_stopping(struct service_manager *manager)
{
    if (manager->is_there)
        (void)send_words(manager, "STOPPING=1\nSTATUS=stopping\n",
                         -1); /* it learns by our end, too */
}

void service_manager_finish(struct service_manager *manager)
{
    if (manager->is_there)
        close(manager->socket);
    *manager = (struct service_manager){0};
}
