#include "commands/publish/publish_media.h"

#include "base/clock.h"
#include "base/file.h"
#include "commands/publish/publish_terminal.h"
#include "core/still_header.h"
#include "decode/film_client.h"
#include "decode/worker_process.h"
#include "sandbox/protocol.h"
#include "sync/media_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define THREADS_MAX 8
#define PIECE_BYTES ((size_t)1 << 20)
/* What a player fetches at most (sync/feed/feed_media_file). */
#define MEDIUM_BYTES_MAX ((int64_t)4 << 30)
/* What a playlist may say of a film (playlist/playlist_assets). */
#define SIDE_MAX 65535
#define FPS_MIN 0.001

/* One gathering. What follows `lock` is guarded by it. */
struct gathering {
    const struct edition *edition;
    struct playlist_compile_file *files;
    struct stat *states; /* of films, before they were hashed */
    size_t count;
    int64_t total_bytes;
    pthread_mutex_t lock;
    size_t next; /* asset to be taken */
    int64_t done_bytes;
    struct publish_terminal_bar bar;
    bool failed;
    size_t failed_at; /* of the failures the first in order, so that the words are the same */
    struct err err;
};

static size_t take_next(struct gathering *gathering)
{
    pthread_mutex_lock(&gathering->lock);
    size_t taken = gathering->failed ? gathering->count : gathering->next;
    gathering->next += taken < gathering->count;
    pthread_mutex_unlock(&gathering->lock);
    return taken;
}

static void count_bytes(struct gathering *gathering, size_t bytes)
{
    pthread_mutex_lock(&gathering->lock);
    gathering->done_bytes += (int64_t)bytes;
    publish_terminal_bar_move(&gathering->bar, gathering->done_bytes, gathering->total_bytes);
    pthread_mutex_unlock(&gathering->lock);
}

static void fail(struct gathering *gathering, size_t asset, const struct err *err)
{
    pthread_mutex_lock(&gathering->lock);
    if (!gathering->failed || asset < gathering->failed_at) {
        gathering->failed = true;
        gathering->failed_at = asset;
        gathering->err = *err;
    }
    pthread_mutex_unlock(&gathering->lock);
}

static bool hash_open(struct gathering *gathering, int fd, struct hash *hash,
                      struct playlist_compile_file *file, struct err *err)
{
    char *piece = malloc(PIECE_BYTES);
    bool ok = piece || err_oom(err);
    ssize_t got = 1;
    while (ok && got != 0) {
        got = read(fd, piece, PIECE_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            ok = err_set_errno(err, ERR_DISK, errno, "can't read");
        else if (!hash_add(hash, piece, (size_t)got))
            ok = err_set(err, ERR_SYSTEM, "can't be hashed");
        else if ((file->bytes += got) > MEDIUM_BYTES_MAX)
            ok = err_set(err, ERR_LIMIT, "over 4 GiB, which is more than a player fetches");
        if (ok)
            count_bytes(gathering, (size_t)got);
    }
    free(piece);
    return ok && (hash_result(hash, file->sha256) || err_set(err, ERR_SYSTEM, "can't be hashed"));
}

static bool hash_file(struct gathering *gathering, size_t asset, struct err *err)
{
    struct hash *hash = hash_create();
    int fd = hash ? edition_open(gathering->edition, (int)asset, err) : -1;
    bool ok = false;
    if (!hash)
        err_oom(err);
    else if (fd >= 0 && fstat(fd, &gathering->states[asset]) < 0)
        err_set_errno(err, ERR_SYSTEM, errno, "%s", gathering->edition->paths[asset]);
    else if (fd >= 0)
        ok = hash_open(gathering, fd, hash, &gathering->files[asset], err) ||
             err_prefix(err, "%s: ", gathering->edition->paths[asset]);
    if (fd >= 0)
        close(fd);
    hash_destroy(hash);
    return ok;
}

/* A still is read whole: the header that is measured and the bytes that are hashed must be the same
 * ones, whoever writes to the file meanwhile. */
static bool hash_still(struct gathering *gathering, size_t asset, struct err *err)
{
    struct playlist_compile_file *file = &gathering->files[asset];
    struct still_header header;
    char *bytes = NULL, reason[160];
    size_t size = 0;
    const char *path = gathering->edition->paths[asset];
    if (!file_read(path, PROTOCOL_STILL_FILE_BYTES_MAX, &bytes, &size, err))
        return false;
    bool known = still_header_read((const uint8_t *)bytes, size, &header);
    bool ok = still_header_check(known ? &header : NULL, reason, sizeof reason);
    if (!ok) {
        err_set(err, ERR_INPUT, "%s: %s", path, reason);
    } else if (!hash_bytes(bytes, size, file->sha256)) {
        ok = err_set(err, ERR_SYSTEM, "%s: can't be hashed", path);
    } else {
        bool turned = header.orientation >= 5;
        file->bytes = (int64_t)size;
        file->width = turned ? header.height : header.width;
        file->height = turned ? header.width : header.height;
        count_bytes(gathering, size);
    }
    free(bytes);
    return ok;
}

static void *work(void *context)
{
    struct gathering *gathering = context;
    for (size_t asset; (asset = take_next(gathering)) < gathering->count;) {
        struct err err = {0};
        bool is_still = media_verify_is_still(gathering->edition->playlist, (int)asset);
        bool ok = is_still ? hash_still(gathering, asset, &err) : hash_file(gathering, asset, &err);
        if (ok && gathering->files[asset].bytes == 0)
            ok = err_set(&err, ERR_INPUT, "%s: empty", gathering->edition->paths[asset]);
        if (!ok)
            fail(gathering, asset, &err);
    }
    return NULL;
}

/* On this thread and others; fewer of them where no more can be had. */
static void work_together(struct gathering *gathering)
{
    pthread_t threads[THREADS_MAX];
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t wanted = processors < 1             ? 1
                    : processors > THREADS_MAX ? THREADS_MAX
                                               : (size_t)processors;
    size_t started = 0;
    wanted = wanted < gathering->count ? wanted : gathering->count;
    while (started + 1 < wanted && pthread_create(&threads[started], NULL, work, gathering) == 0)
        started++;
    work(gathering);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

static bool is_film(const struct playlist *playlist, size_t asset)
{
    for (size_t i = 0; i < playlist->spot_count; i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        if (spot->has_visual && spot->is_video &&
            (spot->asset_landscape == (int)asset || spot->asset_portrait == (int)asset))
            return true;
    }
    return false;
}

/* What a worker says, as far as a playlist may have it (duckling-playlist(5), COMPILED FORM). */
static void keep_facts(struct playlist_compile_file *file, const struct film_client_facts *facts)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
    int64_t ms = facts->duration_us / 1000;
    if (facts->width_px <= SIDE_MAX && facts->height_px <= SIDE_MAX) {
        file->width = facts->width_px;
        file->height = facts->height_px;
    }
    file->duration_ms = (int32_t)(ms < PLAYLIST_DURATION_MS_MAX ? ms : PLAYLIST_DURATION_MS_MAX);
    file->fps = facts->fps >= FPS_MIN ? facts->fps : 0;
    _Static_assert(sizeof file->codec == sizeof facts->codec, "the same names");
    if (facts->codec[strspn(facts->codec, letters)] == '\0')
        memcpy(file->codec, facts->codec, sizeof file->codec);
}

static bool look_at_open(int fd, int64_t limit_ms, struct playlist_compile_file *file,
                         struct err *err)
{
    const struct film_client_request request = {.probe_only = true, .limit_ms = limit_ms};
    struct film_client *film = film_client_start(&request, fd, err);
    if (!film)
        return false;
    enum film_client_state state;
    while ((state = film_client_poll(film, clock_mono_ns(), err)) == FILM_CLIENT_PENDING) {
        struct pollfd ready = {.fd = film_client_fd(film), .events = POLLIN};
        int64_t left_ms = (film_client_deadline_ns(film) - clock_mono_ns()) / 1000000 + 1;
        poll(&ready, 1, left_ms > 0 ? (int)left_ms : 0);
    }
    if (state == FILM_CLIENT_READY)
        keep_facts(file, film_client_facts(film));
    film_client_stop(film);
    worker_process_reap(false);
    return state == FILM_CLIENT_READY;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* The film that is looked at must be the one that was hashed, whoever writes to it meanwhile. */
static bool look_at(const struct gathering *gathering, size_t asset, int64_t limit_ms,
                    struct err *err)
{
    const char *path = gathering->edition->paths[asset];
    struct stat now;
    int fd = edition_open(gathering->edition, (int)asset, err);
    if (fd < 0)
        return false;
    bool ok =
        look_at_open(fd, limit_ms, &gathering->files[asset], err) || err_prefix(err, "%s: ", path);
    if (ok && (fstat(fd, &now) < 0 || !is_same(&now, &gathering->states[asset])))
        ok = err_set(err, ERR_INPUT, "%s: changed while it was read; try again", path);
    close(fd);
    return ok;
}

static bool look_at_films(const struct gathering *gathering, int64_t limit_ms, struct err *err)
{
    for (size_t i = 0; i < gathering->count; i++)
        if (is_film(gathering->edition->playlist, i) && !look_at(gathering, i, limit_ms, err))
            return false;
    return true;
}

static int compare_targets(const void *a, const void *b)
{
    const struct target_file *left = a, *right = b;
    return strcmp(left->name, right->name);
}

/* Names are in place: each once, in their order. */
static void keep_different(struct publish_media *media, size_t count)
{
    if (count > 0)
        qsort(media->targets, count, sizeof *media->targets, compare_targets);
    for (size_t i = 0; i < count; i++) {
        size_t kept = media->target_count;
        if (kept == 0 || strcmp(media->targets[kept - 1].name, media->targets[i].name) != 0)
            media->targets[media->target_count++] = media->targets[i];
    }
}

static bool make_room(struct publish_media *media, size_t count, struct err *err)
{
    media->files = calloc(count + 1, sizeof *media->files);
    media->targets = calloc(count + 1, sizeof *media->targets);
    media->names = calloc(count + 1, sizeof *media->names);
    return (media->files && media->targets && media->names) || err_oom(err);
}

static void put_targets(struct publish_media *media, const struct edition *edition)
{
    for (size_t i = 0; i < media->file_count; i++) {
        const struct playlist_compile_file *file = &media->files[i];
        playlist_compile_name(file->sha256, file->path, media->names[i]);
        media->targets[i] = (struct target_file){
            .name = media->names[i], .path = edition->paths[i], .bytes = file->bytes};
        memcpy(media->targets[i].sha256, file->sha256, HASH_BYTES);
    }
    keep_different(media, media->file_count);
}

/* Hashes all files. */
static bool hash_all(struct gathering *gathering, struct err *err)
{
    int number = pthread_mutex_init(&gathering->lock, NULL);
    if (number != 0)
        return err_set_errno(err, ERR_SYSTEM, number, "a lock");
    publish_terminal_bar_begin(&gathering->bar, "hashing");
    work_together(gathering);
    publish_terminal_bar_end(&gathering->bar);
    pthread_mutex_destroy(&gathering->lock);
    if (gathering->failed && err)
        *err = gathering->err;
    return !gathering->failed;
}

bool publish_media_gather(const struct edition *edition, int64_t limit_ms,
                          struct publish_media *media, struct err *err)
{
    const struct playlist *playlist = edition->playlist;
    struct gathering gathering = {.edition = edition, .count = playlist->asset_count};
    *media = (struct publish_media){0};
    if (!make_room(media, playlist->asset_count, err))
        return false;
    gathering.files = media->files;
    gathering.states = calloc(playlist->asset_count + 1, sizeof *gathering.states);
    if (!gathering.states)
        return err_oom(err);
    media->file_count = playlist->asset_count;
    for (size_t i = 0; i < media->file_count; i++) {
        struct stat st;
        media->files[i].path = playlist->assets[i].path;
        gathering.total_bytes += stat(edition->paths[i], &st) == 0 ? st.st_size : 0;
    }
    bool ok = hash_all(&gathering, err) && look_at_films(&gathering, limit_ms, err);
    free(gathering.states);
    if (ok)
        put_targets(media, edition);
    return ok;
}

bool publish_media_assume(const struct playlist *playlist, struct publish_media *media,
                          struct err *err)
{
    *media = (struct publish_media){0};
    if (!make_room(media, playlist->asset_count, err))
        return false;
    for (size_t i = 0; i < playlist->asset_count; i++) {
        const struct playlist_asset *asset = &playlist->assets[i];
        if (!playlist_compile_name_of(asset, media->names[i]))
            return err_set(err, ERR_INPUT, "%s is not kept among the channel's media", asset->path);
        media->targets[i] =
            (struct target_file){.name = media->names[i], .bytes = asset->size_bytes};
        memcpy(media->targets[i].sha256, asset->sha256, HASH_BYTES);
    }
    keep_different(media, playlist->asset_count);
    return true;
}

void publish_media_finish(struct publish_media *media)
{
    if (!media)
        return;
    free(media->files);
    free(media->targets);
    free(media->names);
    *media = (struct publish_media){0};
}
