#include "sync/fetch.h"

#include "sync/fetch_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* Of each file at each run: little enough that a slow stick holds up nothing for long. */
#define STRETCH_BYTES ((size_t)256 << 10)

struct fetch {
    struct http *http;
    char *buffer;                 /* STRETCH_BYTES */
    struct fetch_transfer *files; /* transfers from folders: the first of a list */
    int watch_fd;                 /* inotify; -1: none yet */
    int watch;                    /* of the folder; -1: none */
    bool changed;
};

/* Either from a web server or from a folder; the other is NULL. */
struct fetch_transfer {
    struct fetch *fetch;
    struct http_transfer *http;
    struct fetch_file *file;
    struct fetch_transfer *next; /* of those from folders */
};

struct fetch *fetch_create(const struct http_config *http, struct err *err)
{
    struct fetch *fetch = calloc(1, sizeof *fetch);
    if (fetch) {
        fetch->watch_fd = fetch->watch = -1;
        fetch->buffer = malloc(STRETCH_BYTES);
    }
    if (!fetch || !fetch->buffer)
        err_oom(err);
    else
        fetch->http = http_create(http, err);
    if (fetch && fetch->http)
        return fetch;
    fetch_destroy(fetch);
    return NULL;
}

int64_t fetch_bandwidth(const struct fetch *fetch)
{
    return http_bandwidth(fetch->http);
}

void fetch_destroy(struct fetch *fetch)
{
    if (!fetch)
        return;
    http_destroy(fetch->http);
    if (fetch->watch_fd >= 0)
        close(fetch->watch_fd);
    free(fetch->buffer);
    free(fetch);
}

struct fetch_transfer *fetch_get(struct fetch *fetch, const struct http_request *request,
                                 struct err *err)
{
    struct fetch_transfer *transfer = calloc(1, sizeof *transfer);
    if (!transfer) {
        err_oom(err);
        return NULL;
    }
    transfer->fetch = fetch;
    if (request->url[0] != '/') {
        transfer->http = http_get(fetch->http, request, err);
    } else if ((transfer->file = fetch_file_create(request))) {
        transfer->next = fetch->files;
        fetch->files = transfer;
    } else {
        err_oom(err);
    }
    if (transfer->http || transfer->file)
        return transfer;
    free(transfer);
    return NULL;
}

/* Moves each file by a stretch; true when there was any to move. */
static bool move_files(struct fetch *fetch)
{
    bool any = false;
    for (struct fetch_transfer *t = fetch->files; t; t = t->next) {
        any = any || !fetch_file_finished(t->file);
        fetch_file_move(t->file, fetch->buffer, STRETCH_BYTES);
    }
    return any;
}

/* Reads inotify's events. */
static void read_watch_events(struct fetch *fetch)
{
    char events[4096] __attribute__((aligned(8)));
    ssize_t size;
    while (fetch->watch_fd >= 0 && (size = read(fetch->watch_fd, events, sizeof events)) > 0) {
        for (const char *at = events; at < events + size;) {
            const struct inotify_event *event = (const void *)at;
            at += sizeof *event + event->len;
            if (event->wd != fetch->watch && !(event->mask & IN_Q_OVERFLOW))
                continue; /* of a folder that was watched before */
            fetch->changed = true;
            if (event->mask & IN_IGNORED)
                fetch->watch = -1;
        }
    }
}

bool fetch_run(struct fetch *fetch, int64_t timeout_ms, struct err *err)
{
    bool moved = move_files(fetch);
    if (!http_run(fetch->http, moved ? 0 : timeout_ms, err))
        return false;
    read_watch_events(fetch);
    return true;
}

void fetch_wake(struct fetch *fetch)
{
    http_wake(fetch->http);
}

bool fetch_finished(const struct fetch_transfer *transfer)
{
    return transfer->file ? fetch_file_finished(transfer->file) : http_finished(transfer->http);
}

bool fetch_result(const struct fetch_transfer *transfer, struct http_response *response,
                  struct err *err)
{
    struct err trouble = {0};
    if (transfer->file ? fetch_file_result(transfer->file, response, &trouble)
                       : http_result(transfer->http, response, &trouble))
        return true;
    if (trouble.code == ERR_LIMIT)
        err_prefix(&trouble, "too large: ");
    else if (trouble.code == ERR_TIMEOUT)
        err_prefix(&trouble, "too slow: ");
    return err_set(err, trouble.code, "%s", trouble.text);
}

char *fetch_final_location(const struct fetch_transfer *transfer)
{
    return transfer->file ? strdup(fetch_file_path(transfer->file))
                          : http_final_url(transfer->http);
}

void fetch_end(struct fetch_transfer *transfer)
{
    if (!transfer)
        return;
    http_end(transfer->http);
    if (transfer->file) {
        struct fetch_transfer **at = &transfer->fetch->files;
        while (*at != transfer)
            at = &(*at)->next;
        *at = transfer->next;
    }
    fetch_file_destroy(transfer->file);
    free(transfer);
}

bool fetch_watch(struct fetch *fetch, const char *folder)
{
    if (folder[0] != '/') /* a web server: nothing to watch, and no reason to end a watch */
        return false;
    if (fetch->watch_fd < 0) {
        fetch->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        http_set_watch(fetch->http, fetch->watch_fd);
    }
    if (fetch->watch_fd < 0)
        return false;
    int watch = inotify_add_watch(fetch->watch_fd, folder,
                                  IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF |
                                      IN_ONLYDIR);
    if (fetch->watch >= 0 && fetch->watch != watch)
        inotify_rm_watch(fetch->watch_fd, fetch->watch);
    fetch->watch = watch;
    return watch >= 0;
}

bool fetch_changed(struct fetch *fetch)
{
    bool changed = fetch->changed;
    fetch->changed = false;
    return changed;
}
