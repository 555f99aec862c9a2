#include "playout/film_lengths.h"

#include "base/clock.h"
#include "base/log.h"
#include "decode/film_client.h"
#include "playout/media_opener.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LOG_MODULE "film_lengths"

/* An asset. */
struct lengths_film {
    bool is_pending; /* a film whose length is still unknown */
    bool is_probed;  /* a worker reads it now */
    bool is_opening; /* its file is not open yet */
    bool identified; /* identity is set */
    int tries_left;
    int64_t wait_ns;  /* before the next try, if this one fails */
    int64_t retry_ns; /* not to be read before */
    uint8_t identity[HASH_BYTES];
};

/* What was found out about a film's file. */
struct lengths_known {
    bool used, given_up; /* given_up: it could not be read */
    int32_t ms;          /* 0: it has none */
    uint8_t identity[HASH_BYTES];
};

static void stop_probes(struct film_lengths *lengths)
{
    for (int i = 0; i < FILM_LENGTHS_PROBES_MAX; i++)
        film_client_stop(lengths->probes[i].film);
    memset(lengths->probes, 0, sizeof lengths->probes);
    /* With the probes' descriptors in it: their numbers will mean other files. */
    if (lengths->can_watch)
        close(lengths->watch_fd);
    lengths->can_watch = false;
}

static void drop_edition(struct film_lengths *lengths)
{
    stop_probes(lengths);
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
    *lengths = (struct film_lengths){.opener = lengths->opener};
}

static void add_pending(struct film_lengths *lengths, int asset)
{
    if (asset < 0 || lengths->film_ms[asset] > 0 || lengths->films[asset].is_pending ||
        edition_has_refused(lengths->edition, asset) || edition_is_absent(lengths->edition, asset))
        return;
    lengths->films[asset] = (struct lengths_film){
        .is_pending = true, .tries_left = FILM_LENGTHS_TRIES, .wait_ns = FILM_LENGTHS_WAIT_NS};
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
        for (enum shape shape = 0; shape < SHAPE_COUNT; shape++)
            add_pending(lengths, spot->assets[shape]);
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

static void remember_length(struct film_lengths *lengths, const struct lengths_film *film,
                            int32_t ms, bool given_up)
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

static void set_length(struct film_lengths *lengths, size_t asset, int32_t ms)
{
    lengths->film_ms[asset] = ms;
    lengths->films[asset].is_pending = false;
    lengths->left--;
}

/* Whether the file itself is wrong, so that trying again is of no use. Not so with ERR_LIMIT:
 * FFmpeg may have been out of memory. */
static MUST_CHECK bool is_final(const struct err *err)
{
    return err->code == ERR_INPUT;
}

static void fail_probe(struct film_lengths *lengths, size_t asset, const struct err *err,
                       int64_t now_ns)
{
    struct lengths_film *film = &lengths->films[asset];
    const char *path = lengths->edition->playlist->assets[asset].path;
    /* A crash is most likely caused by the file, and counts twice. */
    film->tries_left -= err->code == ERR_WORKER ? 2 : 1;
    if (is_final(err) || film->tries_left <= 0) {
        log_warn("cannot determine film length, using the default path=\"%s\" reason=\"%s\"", path,
                 err->text);
        remember_length(lengths, film, 0, !is_final(err));
        set_length(lengths, asset, 0);
        return;
    }
    log_warn("cannot read film length yet, retrying path=\"%s\" reason=\"%s\"", path, err->text);
    film->retry_ns = now_ns + film->wait_ns;
    film->wait_ns *= 2;
}

static void finish_probe(struct film_lengths *lengths, int index, const struct err *err,
                         int64_t now_ns)
{
    struct film_client *probe = lengths->probes[index].film;
    size_t asset = lengths->probes[index].asset;
    struct lengths_film *film = &lengths->films[asset];
    const struct film_client_facts *facts = film_client_facts(probe);
    film->is_probed = false;
    if (facts) {
        int64_t ms = facts->duration_us / 1000;
        int32_t length_ms = ms > INT32_MAX ? INT32_MAX : (int32_t)ms;
        remember_length(lengths, film, length_ms, false);
        set_length(lengths, asset, length_ms);
    } else {
        fail_probe(lengths, asset, err, now_ns);
    }
    film_client_stop(probe);
    lengths->probes[index].film = NULL;
}

static void finish_probes(struct film_lengths *lengths, int64_t now_ns)
{
    for (int i = 0; i < FILM_LENGTHS_PROBES_MAX; i++) {
        struct err err = {0};
        if (lengths->probes[i].film &&
            film_client_poll(lengths->probes[i].film, now_ns, &err) != FILM_CLIENT_PENDING)
            finish_probe(lengths, i, &err, now_ns);
    }
}

/* True when the length of a film is known from an earlier edition. */
static bool use_known_length(struct film_lengths *lengths, size_t asset)
{
    struct lengths_film *film = &lengths->films[asset];
    film->identified =
        media_opener_identify(lengths->opener, lengths->edition, (int)asset, film->identity);
    const struct lengths_known *known =
        film->identified ? find_known(lengths, film->identity) : NULL;
    if (known && known->given_up && film->tries_left == FILM_LENGTHS_TRIES)
        film->tries_left = 1; /* it has delayed an edition before */
    if (!known || known->given_up)
        return false;
    set_length(lengths, asset, known->ms);
    return true;
}

static void start_probe(struct film_lengths *lengths, int index, size_t asset, int64_t now_ns)
{
    const struct film_client_request request = {.canvas_width_px = 1,
                                                .canvas_height_px = 1,
                                                .probe_only = true,
                                                .limit_ms = lengths->limit_ms};
    struct err err = {0};
    struct film_client *probe = NULL;
    int file = media_opener_take(lengths->opener, lengths->edition, (int)asset, &err);
    if (file >= 0) {
        probe = film_client_start(&request, file, &err);
        media_opener_close(lengths->opener, file);
    }
    if (!probe) {
        fail_probe(lengths, asset, &err, now_ns);
        return;
    }
    lengths->probes[index].film = probe;
    lengths->probes[index].asset = asset;
    lengths->films[asset].is_probed = true;
}

static int free_probe(const struct film_lengths *lengths)
{
    for (int i = 0; i < FILM_LENGTHS_PROBES_MAX; i++)
        if (!lengths->probes[i].film)
            return i;
    return -1;
}

/* True when the film's file is open, or known not to open. One whose disk does not answer has
 * failed. */
static bool is_file_open(struct film_lengths *lengths, size_t asset, int64_t now_ns)
{
    struct err err = {0};
    enum media_opener_state state =
        media_opener_request(lengths->opener, lengths->edition, (int)asset, lengths->limit_ms);
    lengths->films[asset].is_opening = state == MEDIA_OPENER_WAITING;
    if (state == MEDIA_OPENER_LATE) {
        media_opener_set_late_error(lengths->limit_ms, &err);
        fail_probe(lengths, asset, &err, now_ns);
    }
    return state == MEDIA_OPENER_READY;
}

static void start_probes(struct film_lengths *lengths, int64_t now_ns)
{
    size_t count = lengths->edition->playlist->asset_count;
    int index;
    for (size_t i = 0; i < count && (index = free_probe(lengths)) >= 0; i++) {
        const struct lengths_film *film = &lengths->films[i];
        if (film->is_pending && !film->is_probed && film->retry_ns <= now_ns &&
            is_file_open(lengths, i, now_ns) && !use_known_length(lengths, i))
            start_probe(lengths, index, i, now_ns);
    }
}

bool film_lengths_poll(struct film_lengths *lengths, int64_t now_ns)
{
    if (lengths->left > 0) {
        finish_probes(lengths, now_ns);
        start_probes(lengths, now_ns);
    }
    return lengths->left == 0;
}

/* Fills the set anew with the descriptors of all probes: a probe's descriptor may change, and its
 * number then mean another file. */
static void watch_probes(struct film_lengths *lengths)
{
    if (!lengths->can_watch) {
        lengths->watch_fd = epoll_create1(EPOLL_CLOEXEC);
        lengths->can_watch = lengths->watch_fd >= 0;
    }
    for (int i = 0; i < FILM_LENGTHS_PROBES_MAX; i++) {
        if (lengths->probes[i].is_watched)
            epoll_ctl(lengths->watch_fd, EPOLL_CTL_DEL, lengths->probes[i].watched_fd, NULL);
        lengths->probes[i].is_watched = false;
    }
    for (int i = 0; lengths->can_watch && i < FILM_LENGTHS_PROBES_MAX; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        int fd = lengths->probes[i].film ? film_client_fd(lengths->probes[i].film) : -1;
        if (fd < 0)
            continue;
        lengths->probes[i].watched_fd = fd;
        lengths->probes[i].is_watched =
            epoll_ctl(lengths->watch_fd, EPOLL_CTL_ADD, fd, &event) == 0;
    }
}

static int64_t next_try_ns(const struct film_lengths *lengths)
{
    int64_t next_ns = INT64_MAX;
    for (size_t i = 0; i < lengths->edition->playlist->asset_count; i++) {
        const struct lengths_film *film = &lengths->films[i];
        if (film->is_pending && !film->is_probed && !film->is_opening && film->retry_ns < next_ns)
            next_ns = film->retry_ns;
    }
    return next_ns;
}

int film_lengths_poll_fds(struct film_lengths *lengths, struct pollfd *fds, int64_t *deadline_ns)
{
    int probes = 0;
    if (lengths->left == 0)
        return 0;
    int64_t due_ns = free_probe(lengths) >= 0 ? next_try_ns(lengths) : INT64_MAX;
    watch_probes(lengths);
    for (int i = 0; i < FILM_LENGTHS_PROBES_MAX; i++) {
        if (!lengths->probes[i].film)
            continue;
        int64_t probe_ns = film_client_deadline_ns(lengths->probes[i].film);
        due_ns = probe_ns < due_ns ? probe_ns : due_ns;
        /* Where there was no descriptor left for a set, one probe is watched. */
        if (probes++ == 0)
            fds[0] =
                (struct pollfd){.fd = lengths->can_watch ? lengths->watch_fd
                                                         : film_client_fd(lengths->probes[i].film),
                                .events = POLLIN};
    }
    if (due_ns < *deadline_ns)
        *deadline_ns = due_ns;
    return probes > 0;
}

void film_lengths_wait(struct film_lengths *lengths)
{
    int64_t now_ns;
    while (!film_lengths_poll(lengths, now_ns = clock_mono_ns())) {
        struct pollfd fd;
        int64_t deadline_ns = INT64_MAX;
        int count = film_lengths_poll_fds(lengths, &fd, &deadline_ns);
        int64_t ms = deadline_ns == INT64_MAX ? 1000 : (deadline_ns - now_ns) / 1000000 + 1;
        if (ms > INT_MAX)
            ms = INT_MAX;
        poll(&fd, (nfds_t)count, ms < 0 ? 0 : (int)ms);
    }
}

struct edition *film_lengths_take(struct film_lengths *lengths)
{
    struct edition *edition = lengths->edition;
    stop_probes(lengths);
    lengths->edition = NULL;
    lengths->left = 0;
    return edition;
}
