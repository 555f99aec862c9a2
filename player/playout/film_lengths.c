#include "playout/film_lengths.h"

#include "base/clock.h"
#include "base/log.h"
#include "decode/film_client.h"
#include "playout/quarantine.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LOG_MODULE "film_lengths"

/* An asset. */
struct lengths_film {
    bool wanted;     /* a film whose length is to be found out */
    bool looked_at;  /* now */
    bool identified; /* identity is known */
    int tries_left;
    int64_t wait_ns;  /* after the next look that fails */
    int64_t again_ns; /* not before */
    uint8_t identity[HASH_BYTES];
};

/* What is kept of a film's file. */
struct lengths_known {
    bool used, given_up; /* given_up: it could not be looked at */
    int32_t ms;          /* 0: it doesn't say */
    uint8_t identity[HASH_BYTES];
};

static void stop_looks(struct film_lengths *lengths)
{
    for (int i = 0; i < FILM_LENGTHS_LOOKS_MAX; i++)
        film_client_stop(lengths->looks[i].film);
    memset(lengths->looks, 0, sizeof lengths->looks);
    /* With its set, as the numbers in it mean other files from now on. */
    if (lengths->can_watch)
        close(lengths->watch_fd);
    lengths->can_watch = false;
}

static void drop_edition(struct film_lengths *lengths)
{
    stop_looks(lengths);
    edition_destroy(lengths->edition);
    free(lengths->film_ms);
    free(lengths->films);
    lengths->edition = NULL;
    lengths->film_ms = NULL;
    lengths->films = NULL;
    lengths->left = 0;
}

void film_lengths_finish(struct film_lengths *lengths)
{
    drop_edition(lengths);
    free(lengths->known);
    *lengths = (struct film_lengths){0};
}

static void want(struct film_lengths *lengths, int asset)
{
    if (asset < 0 || lengths->film_ms[asset] > 0 || lengths->films[asset].wanted)
        return;
    lengths->films[asset] = (struct lengths_film){
        .wanted = true, .tries_left = FILM_LENGTHS_TRIES, .wait_ns = FILM_LENGTHS_WAIT_NS};
    lengths->left++;
}

bool film_lengths_begin(struct film_lengths *lengths, struct edition *edition, int64_t limit_ms)
{
    const struct playlist *playlist = edition->playlist;
    drop_edition(lengths);
    lengths->edition = edition;
    lengths->limit_ms = limit_ms;
    lengths->film_ms = calloc(playlist->asset_count + 1, sizeof *lengths->film_ms);
    lengths->films = calloc(playlist->asset_count + 1, sizeof *lengths->films);
    if (!lengths->known)
        lengths->known = calloc(FILM_LENGTHS_KNOWN_MAX, sizeof *lengths->known);
    if (!lengths->film_ms || !lengths->films || !lengths->known) {
        drop_edition(lengths);
        return false;
    }
    for (size_t i = 0; i < playlist->asset_count; i++)
        lengths->film_ms[i] = playlist->assets[i].duration_ms;
    for (size_t i = 0; i < playlist->spot_count; i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        if (!spot->is_video)
            continue;
        want(lengths, spot->asset_landscape);
        want(lengths, spot->asset_portrait);
    }
    return true;
}

static struct lengths_known *find_known(const struct film_lengths *lengths, const uint8_t *identity)
{
    for (size_t i = 0; i < FILM_LENGTHS_KNOWN_MAX; i++)
        if (lengths->known[i].used && memcmp(lengths->known[i].identity, identity, HASH_BYTES) == 0)
            return &lengths->known[i];
    return NULL;
}

static void keep(struct film_lengths *lengths, const struct lengths_film *film, int32_t ms,
                 bool given_up)
{
    if (!film->identified)
        return;
    struct lengths_known *known = find_known(lengths, film->identity);
    if (!known) {
        known = &lengths->known[lengths->known_next];
        lengths->known_next = (lengths->known_next + 1) % FILM_LENGTHS_KNOWN_MAX;
    }
    *known = (struct lengths_known){.used = true, .given_up = given_up, .ms = ms};
    memcpy(known->identity, film->identity, HASH_BYTES);
}

static void settle(struct film_lengths *lengths, size_t asset, int32_t ms)
{
    lengths->film_ms[asset] = ms;
    lengths->films[asset].wanted = false;
    lengths->left--;
}

/* What trying again can't change: the file itself is wrong. ERR_LIMIT is not that: FFmpeg may have
 * been out of memory, which is no property of the file. */
static bool is_final(const struct err *err)
{
    return err->code == ERR_INPUT;
}

static void fail(struct film_lengths *lengths, size_t asset, const struct err *err, int64_t now_ns)
{
    struct lengths_film *film = &lengths->films[asset];
    const char *path = lengths->edition->playlist->assets[asset].path;
    /* A crash is most likely the file's doing: it counts twice. */
    film->tries_left -= err->code == ERR_WORKER ? 2 : 1;
    if (is_final(err) || film->tries_left <= 0) {
        log_warn("a film's length is unknown, the default is taken path=\"%s\" reason=\"%s\"", path,
                 err->text);
        keep(lengths, film, 0, !is_final(err));
        settle(lengths, asset, 0);
        return;
    }
    log_warn("a film can't be looked at yet, trying again path=\"%s\" reason=\"%s\"", path,
             err->text);
    film->again_ns = now_ns + film->wait_ns;
    film->wait_ns *= 2;
}

static void end_look(struct film_lengths *lengths, int index, const struct err *err, int64_t now_ns)
{
    struct film_client *look = lengths->looks[index].film;
    size_t asset = lengths->looks[index].asset;
    struct lengths_film *film = &lengths->films[asset];
    const struct film_client_facts *facts = film_client_facts(look);
    film->looked_at = false;
    if (facts) {
        int64_t ms = facts->duration_us / 1000;
        int32_t kept_ms = ms > INT32_MAX ? INT32_MAX : (int32_t)ms;
        keep(lengths, film, kept_ms, false);
        settle(lengths, asset, kept_ms);
    } else {
        fail(lengths, asset, err, now_ns);
    }
    film_client_stop(look);
    lengths->looks[index].film = NULL;
}

static void end_looks(struct film_lengths *lengths, int64_t now_ns)
{
    for (int i = 0; i < FILM_LENGTHS_LOOKS_MAX; i++) {
        struct err err = {0};
        if (lengths->looks[i].film &&
            film_client_poll(lengths->looks[i].film, now_ns, &err) != FILM_CLIENT_PENDING)
            end_look(lengths, i, &err, now_ns);
    }
}

/* True when nothing need be done for a film, as its file was seen before. */
static bool is_known(struct film_lengths *lengths, size_t asset)
{
    struct lengths_film *film = &lengths->films[asset];
    film->identified = quarantine_identify(lengths->edition, (int)asset, film->identity);
    const struct lengths_known *known =
        film->identified ? find_known(lengths, film->identity) : NULL;
    if (known && known->given_up && film->tries_left == FILM_LENGTHS_TRIES)
        film->tries_left = 1; /* it held an edition up before */
    if (!known || known->given_up)
        return false;
    settle(lengths, asset, known->ms);
    return true;
}

static void begin_look(struct film_lengths *lengths, int index, size_t asset, int64_t now_ns)
{
    const struct film_client_request request = {.canvas_width_px = 1,
                                                .canvas_height_px = 1,
                                                .probe_only = true,
                                                .limit_ms = lengths->limit_ms};
    struct err err = {0};
    struct film_client *look = NULL;
    int file = edition_open(lengths->edition, (int)asset, &err);
    if (file >= 0) {
        look = film_client_start(&request, file, &err);
        close(file);
    }
    if (!look) {
        fail(lengths, asset, &err, now_ns);
        return;
    }
    lengths->looks[index].film = look;
    lengths->looks[index].asset = asset;
    lengths->films[asset].looked_at = true;
}

static int free_look(const struct film_lengths *lengths)
{
    for (int i = 0; i < FILM_LENGTHS_LOOKS_MAX; i++)
        if (!lengths->looks[i].film)
            return i;
    return -1;
}

static void begin_looks(struct film_lengths *lengths, int64_t now_ns)
{
    size_t count = lengths->edition->playlist->asset_count;
    int index;
    for (size_t i = 0; i < count && (index = free_look(lengths)) >= 0; i++) {
        const struct lengths_film *film = &lengths->films[i];
        if (film->wanted && !film->looked_at && film->again_ns <= now_ns && !is_known(lengths, i))
            begin_look(lengths, index, i, now_ns);
    }
}

bool film_lengths_poll(struct film_lengths *lengths, int64_t now_ns)
{
    if (lengths->left > 0) {
        end_looks(lengths, now_ns);
        begin_looks(lengths, now_ns);
    }
    return lengths->left == 0;
}

/* One descriptor for all looks. What a look waits on may change, and its number come to mean
 * another file, so the set is made anew. */
static void watch_looks(struct film_lengths *lengths)
{
    if (!lengths->can_watch) {
        lengths->watch_fd = epoll_create1(EPOLL_CLOEXEC);
        lengths->can_watch = lengths->watch_fd >= 0;
    }
    for (int i = 0; i < FILM_LENGTHS_LOOKS_MAX; i++) {
        if (lengths->looks[i].is_watched)
            epoll_ctl(lengths->watch_fd, EPOLL_CTL_DEL, lengths->looks[i].watched_fd, NULL);
        lengths->looks[i].is_watched = false;
    }
    for (int i = 0; lengths->can_watch && i < FILM_LENGTHS_LOOKS_MAX; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        int fd = lengths->looks[i].film ? film_client_fd(lengths->looks[i].film) : -1;
        if (fd < 0)
            continue;
        lengths->looks[i].watched_fd = fd;
        lengths->looks[i].is_watched = epoll_ctl(lengths->watch_fd, EPOLL_CTL_ADD, fd, &event) == 0;
    }
}

static int64_t next_try_ns(const struct film_lengths *lengths)
{
    int64_t next_ns = INT64_MAX;
    for (size_t i = 0; i < lengths->edition->playlist->asset_count; i++) {
        const struct lengths_film *film = &lengths->films[i];
        if (film->wanted && !film->looked_at && film->again_ns < next_ns)
            next_ns = film->again_ns;
    }
    return next_ns;
}

int film_lengths_poll_fds(struct film_lengths *lengths, struct pollfd *fds, int64_t *deadline_ns)
{
    int looks = 0;
    if (lengths->left == 0)
        return 0;
    int64_t due_ns = free_look(lengths) >= 0 ? next_try_ns(lengths) : INT64_MAX;
    watch_looks(lengths);
    for (int i = 0; i < FILM_LENGTHS_LOOKS_MAX; i++) {
        if (!lengths->looks[i].film)
            continue;
        int64_t look_ns = film_client_deadline_ns(lengths->looks[i].film);
        due_ns = look_ns < due_ns ? look_ns : due_ns;
        /* Without a set (no descriptors are left) one look is better than none. */
        if (looks++ == 0)
            fds[0] =
                (struct pollfd){.fd = lengths->can_watch ? lengths->watch_fd
                                                         : film_client_fd(lengths->looks[i].film),
                                .events = POLLIN};
    }
    if (due_ns < *deadline_ns)
        *deadline_ns = due_ns;
    return looks > 0;
}

void film_lengths_wait(struct film_lengths *lengths)
{
    int64_t now_ns;
    while (!film_lengths_poll(lengths, now_ns = clock_mono_ns())) {
        struct pollfd fd;
        int64_t deadline_ns = INT64_MAX;
        int count = film_lengths_poll_fds(lengths, &fd, &deadline_ns);
        int64_t ms = deadline_ns == INT64_MAX ? 1000 : (deadline_ns - now_ns) / 1000000 + 1;
        poll(&fd, (nfds_t)count, ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms);
    }
}

struct edition *film_lengths_take(struct film_lengths *lengths)
{
    struct edition *edition = lengths->edition;
    stop_looks(lengths);
    lengths->edition = NULL;
    lengths->left = 0;
    return edition;
}
