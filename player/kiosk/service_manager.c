#include "kiosk/service_manager.h"

#include "core/utf8.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FEEDS_EACH_INTERVAL 3
#define TRIES_EACH_FEED 4

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

/* By address each time: a service manager that starts again listens at the same one. */
static bool send_words(const struct service_manager *manager, const char *words)
{
    return sendto(manager->socket, words, strlen(words), MSG_DONTWAIT | MSG_NOSIGNAL,
                  (const struct sockaddr *)&manager->address, manager->address_bytes) >= 0;
}

void service_manager_alive(struct service_manager *manager, int64_t now_ns)
{
    bool is_fed = manager->watchdog_ns > 0 && now_ns >= manager->due_ns;
    if (!manager->is_there || (manager->ready_told && manager->status_told && !is_fed))
        return;
    char words[SERVICE_MANAGER_STATUS_BYTES + 64];
    snprintf(words, sizeof words, "%s%s%s%s%s", manager->ready_told ? "" : "READY=1\n",
             manager->status_told ? "" : "STATUS=", manager->status_told ? "" : manager->status,
             manager->status_told ? "" : "\n", is_fed ? "WATCHDOG=1\n" : "");
    int64_t wait_ns = manager->watchdog_ns / FEEDS_EACH_INTERVAL;
    if (send_words(manager, words))
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
        (void)send_words(manager, "STOPPING=1\nSTATUS=stopping\n"); /* it learns by our end, too */
}

void service_manager_finish(struct service_manager *manager)
{
    if (manager->is_there)
        close(manager->socket);
    *manager = (struct service_manager){0};
}
