#include "lengths.h"

#include "base/clock.h"
#include "base/log.h"
#include "decode/film.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

void lengths_finish(struct lengths *lengths)
{
    film_stop(lengths->look);
    edition_destroy(lengths->edition);
    free(lengths->film_ms);
    *lengths = (struct lengths){0};
}

bool lengths_begin(struct lengths *lengths, struct edition *edition, int64_t limit_ms)
{
    const struct playlist *playlist = edition->playlist;
    lengths_finish(lengths);
    *lengths = (struct lengths){.edition = edition, .limit_ms = limit_ms};
    lengths->film_ms = calloc(playlist->asset_count + 1, sizeof *lengths->film_ms);
    if (!lengths->film_ms) {
        lengths_finish(lengths);
        return false;
    }
    for (size_t i = 0; i < playlist->asset_count; i++)
        lengths->film_ms[i] = playlist->assets[i].duration_ms;
    return true;
}

/* Whether an asset is a film whose length is not known yet. */
static bool is_unknown(const struct lengths *lengths, size_t asset)
{
    const struct playlist *playlist = lengths->edition->playlist;
    if (lengths->film_ms[asset] > 0)
        return false;
    for (size_t i = 0; i < playlist->spot_count; i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        if (spot->is_video &&
            (spot->asset_landscape == (int)asset || spot->asset_portrait == (int)asset))
            return true;
    }
    return false;
}

static void tell(const struct lengths *lengths, const struct err *err)
{
    log_warn("lengths", "a film's length is unknown, the default is taken path=\"%s\": %s",
             lengths->edition->playlist->assets[lengths->at].path, err->text);
}

static void begin_look(struct lengths *lengths)
{
    const struct film_request request = {.canvas_width_px = 1,
                                         .canvas_height_px = 1,
                                         .only_look = true,
                                         .limit_ms = lengths->limit_ms};
    struct err err = {0};
    int file = edition_open(lengths->edition, (int)lengths->at, &err);
    if (file >= 0) {
        lengths->look = film_start(&request, file, &err);
        close(file);
    }
    if (lengths->look)
        return;
    tell(lengths, &err);
    lengths->at++;
}

static void end_look(struct lengths *lengths, const struct err *err)
{
    const struct film_facts *facts = film_facts(lengths->look);
    int64_t ms = facts ? facts->duration_us / 1000 : 0;
    if (!facts)
        tell(lengths, err);
    lengths->film_ms[lengths->at] = ms > INT32_MAX ? INT32_MAX : (int32_t)ms;
    film_stop(lengths->look);
    lengths->look = NULL;
    lengths->at++;
}

bool lengths_poll(struct lengths *lengths, int64_t now_ns)
{
    size_t count = lengths->edition ? lengths->edition->playlist->asset_count : 0;
    while (lengths->at < count) {
        struct err err = {0};
        if (lengths->look && film_poll(lengths->look, now_ns, &err) == FILM_PENDING)
            return false;
        if (lengths->look)
            end_look(lengths, &err);
        else if (is_unknown(lengths, lengths->at))
            begin_look(lengths);
        else
            lengths->at++;
    }
    return true;
}

int lengths_poll_fds(const struct lengths *lengths, struct pollfd *fds, int64_t *deadline_ns)
{
    if (!lengths->look)
        return 0;
    fds[0] = (struct pollfd){.fd = film_fd(lengths->look), .events = POLLIN};
    int64_t due_ns = film_deadline_ns(lengths->look);
    if (due_ns < *deadline_ns)
        *deadline_ns = due_ns;
    return 1;
}

void lengths_wait(struct lengths *lengths)
{
    int64_t now_ns;
    while (!lengths_poll(lengths, now_ns = clock_mono_ns())) {
        struct pollfd fd;
        int64_t deadline_ns = INT64_MAX;
        int count = lengths_poll_fds(lengths, &fd, &deadline_ns);
        int64_t ms = deadline_ns == INT64_MAX ? 1000 : (deadline_ns - now_ns) / 1000000 + 1;
        poll(&fd, (nfds_t)count, ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms);
    }
}

struct edition *lengths_take(struct lengths *lengths)
{
    struct edition *edition = lengths->edition;
    lengths->edition = NULL;
    return edition;
}
