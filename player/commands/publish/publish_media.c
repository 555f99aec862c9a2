#include "commands/publish/publish_media.h"

#include "base/file.h"
#include "commands/publish/publish_terminal.h"
#include "core/still_header.h"
#include "sandbox/protocol.h"
#include "sync/media_verify.h"

#include <errno.h>
#include <fcntl.h>
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

/* The work of publish_media_gather. What follows `lock` is guarded by it. */
struct gathering {
    const struct edition *edition;
    struct playlist_compile_file *files;
    struct stat *states; /* of films, when they were hashed */
    size_t count;
    int64_t total_bytes;
    pthread_mutex_t lock;
    size_t next; /* asset to be hashed */
    int64_t done_bytes;
    struct publish_terminal_bar bar;
    bool failed;
    size_t failed_at; /* the first asset that failed, so that the error doesn't depend on threads */
    struct err err;
};

static size_t take_next_asset(struct gathering *gathering)
{
    pthread_mutex_lock(&gathering->lock);
    size_t taken = gathering->failed ? gathering->count : gathering->next;
    gathering->next += taken < gathering->count;
    pthread_mutex_unlock(&gathering->lock);
    return taken;
}

static void add_hashed_bytes(struct gathering *gathering, size_t bytes)
{
    pthread_mutex_lock(&gathering->lock);
    gathering->done_bytes += (int64_t)bytes;
    publish_terminal_bar_move(&gathering->bar, gathering->done_bytes, gathering->total_bytes);
    pthread_mutex_unlock(&gathering->lock);
}

static void record_failure(struct gathering *gathering, size_t asset, const struct err *err)
{
    pthread_mutex_lock(&gathering->lock);
    if (!gathering->failed || asset < gathering->failed_at) {
        gathering->failed = true;
        gathering->failed_at = asset;
        gathering->err = *err;
    }
    pthread_mutex_unlock(&gathering->lock);
}

static MUST_CHECK bool hash_descriptor(struct gathering *gathering, int fd, struct hash *hash,
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
            ok = err_set_errno(err, ERR_DISK, errno, "cannot read it");
        else if (!hash_add(hash, piece, (size_t)got))
            ok = err_set(err, ERR_SYSTEM, "cannot compute its hash");
        else if ((file->bytes += got) > MEDIUM_BYTES_MAX)
            ok = err_set(err, ERR_LIMIT, "it is larger than 4 GiB, the most that a player fetches");
        if (ok)
            add_hashed_bytes(gathering, (size_t)got);
    }
    free(piece);
    return ok &&
           (hash_result(hash, file->sha256) || err_set(err, ERR_SYSTEM, "cannot compute its hash"));
}

static MUST_CHECK bool hash_film_or_font(struct gathering *gathering, size_t asset, struct err *err)
{
    struct hash *hash = hash_create();
    int fd = hash ? edition_open(gathering->edition, (int)asset, err) : -1;
    bool ok = false;
    if (!hash)
        err_oom(err);
    else if (fd >= 0 && fstat(fd, &gathering->states[asset]) < 0)
        err_set_errno(err, ERR_SYSTEM, errno, "cannot read %s", gathering->edition->paths[asset]);
    else if (fd >= 0)
        ok = hash_descriptor(gathering, fd, hash, &gathering->files[asset], err) ||
             err_prefix(err, "%s: ", gathering->edition->paths[asset]);
    if (fd >= 0)
        close(fd);
    hash_destroy(hash);
    return ok;
}

/* Hashes and measures a still. It is read whole, so that header and hash are of the same bytes,
 * even if the file changes meanwhile. */
static MUST_CHECK bool hash_still(struct gathering *gathering, size_t asset, struct err *err)
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
        ok = err_set(err, ERR_SYSTEM, "%s: cannot compute its hash", path);
    } else {
        bool turned = header.orientation >= 5;
        file->bytes = (int64_t)size;
        file->width = turned ? header.height : header.width;
        file->height = turned ? header.width : header.height;
        add_hashed_bytes(gathering, size);
    }
    free(bytes);
    return ok;
}

static void *hash_assets(void *context)
{
    struct gathering *gathering = context;
    for (size_t asset; (asset = take_next_asset(gathering)) < gathering->count;) {
        struct err err = {0};
        bool is_still = media_verify_is_still(gathering->edition->playlist, (int)asset);
        bool ok = is_still ? hash_still(gathering, asset, &err)
                           : hash_film_or_font(gathering, asset, &err);
        if (ok && gathering->files[asset].bytes == 0)
            ok =
                err_set(&err, ERR_INPUT, "%s: the file is empty", gathering->edition->paths[asset]);
        if (!ok)
            record_failure(gathering, asset, &err);
    }
    return NULL;
}

/* Hashes on this thread, and on as many more as there are processors and can be started. */
static void hash_in_threads(struct gathering *gathering)
{
    pthread_t threads[THREADS_MAX];
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t thread_count = processors < 1 ? 1 : (size_t)processors;
    if (thread_count > THREADS_MAX)
        thread_count = THREADS_MAX;
    size_t started = 0;
    thread_count = thread_count < gathering->count ? thread_count : gathering->count;
    while (started + 1 < thread_count &&
           pthread_create(&threads[started], NULL, hash_assets, gathering) == 0)
        started++;
    hash_assets(gathering);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

static bool is_film(const struct playlist *playlist, size_t asset)
{
    for (size_t i = 0; i < playlist_visual_count(playlist); i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        if (spot->is_video && playlist_spot_uses(spot, (int)asset))
            return true;
    }
    return false;
}

/* Takes over a worker's facts within the bounds of duckling-playlist(5), COMPILED FORM. */
static void set_film_facts(struct playlist_compile_file *file,
                           const struct film_client_facts *facts)
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

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Reads what a film's file states, if that is not known from an earlier run. */
static MUST_CHECK bool read_film_facts(struct check_records *records, int asset,
                                       struct film_client_facts *facts, struct err *err)
{
    const struct check_film_probe probe = {
        .edition = records->edition, .asset = asset, .limit_ms = records->limit_ms};
    if (check_records_get_facts(records, asset, facts))
        return true;
    if (!check_film_probe_facts(&probe, facts, err))
        return err_prefix(err, "%s: ", records->edition->paths[asset]);
    check_records_put_facts(records, asset, facts);
    return true;
}

/* Measures a film, and checks that it is still the file that was hashed. */
static MUST_CHECK bool measure_film(const struct gathering *gathering,
                                    struct check_records *records, size_t asset, struct err *err)
{
    struct film_client_facts facts;
    struct stat now;
    if (!read_film_facts(records, (int)asset, &facts, err))
        return false;
    set_film_facts(&gathering->files[asset], &facts);
    int fd = edition_open(gathering->edition, (int)asset, err);
    if (fd < 0)
        return false;
    bool same = fstat(fd, &now) == 0 && is_same_file(&now, &gathering->states[asset]);
    close(fd);
    return same || err_set(err, ERR_INPUT, "%s: the file changed while it was read; try again",
                           gathering->edition->paths[asset]);
}

static MUST_CHECK bool measure_films(const struct gathering *gathering,
                                     struct check_records *records, struct err *err)
{
    for (size_t i = 0; i < gathering->count; i++)
        if (is_film(gathering->edition->playlist, i) && !measure_film(gathering, records, i, err))
            return false;
    return true;
}

static int compare_targets(const void *a, const void *b)
{
    const struct target_file *left = a, *right = b;
    return strcmp(left->name, right->name);
}

/* Sorts the targets by name, and leaves each name once. */
static void remove_duplicate_targets(struct publish_media *media, size_t count)
{
    if (count > 0)
        qsort(media->targets, count, sizeof *media->targets, compare_targets);
    for (size_t i = 0; i < count; i++) {
        size_t count_so_far = media->target_count;
        if (count_so_far == 0 ||
            strcmp(media->targets[count_so_far - 1].name, media->targets[i].name) != 0)
            media->targets[media->target_count++] = media->targets[i];
    }
}

static MUST_CHECK bool allocate_media(struct publish_media *media, size_t count, struct err *err)
{
    media->files = calloc(count + 1, sizeof *media->files);
    media->targets = calloc(count + 1, sizeof *media->targets);
    media->names = calloc(count + 1, sizeof *media->names);
    return (media->files && media->targets && media->names) || err_oom(err);
}

static void fill_targets(struct publish_media *media, const struct edition *edition)
{
    for (size_t i = 0; i < media->file_count; i++) {
        const struct playlist_compile_file *file = &media->files[i];
        playlist_compile_name(file->sha256, file->path, media->names[i]);
        media->targets[i] = (struct target_file){
            .name = media->names[i], .path = edition->paths[i], .bytes = file->bytes};
        memcpy(media->targets[i].sha256, file->sha256, HASH_BYTES);
    }
    remove_duplicate_targets(media, media->file_count);
}

/* Hashes all files. */
static MUST_CHECK bool hash_all(struct gathering *gathering, struct err *err)
{
    int number = pthread_mutex_init(&gathering->lock, NULL);
    if (number != 0)
        return err_set_errno(err, ERR_SYSTEM, number, "cannot create a lock");
    publish_terminal_bar_begin(&gathering->bar, "hashing");
    hash_in_threads(gathering);
    publish_terminal_bar_end(&gathering->bar);
    pthread_mutex_destroy(&gathering->lock);
    if (gathering->failed && err)
        *err = gathering->err;
    return !gathering->failed;
}

bool publish_media_gather(struct check_records *records, struct publish_media *media,
                          struct err *err)
{
    const struct edition *edition = records->edition;
    const struct playlist *playlist = edition->playlist;
    struct gathering gathering = {.edition = edition, .count = playlist->asset_count};
    *media = (struct publish_media){0};
    if (!allocate_media(media, playlist->asset_count, err))
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
    bool ok = hash_all(&gathering, err) && measure_films(&gathering, records, err);
    free(gathering.states);
    if (ok)
        fill_targets(media, edition);
    return ok;
}

bool publish_media_assume(const struct playlist *playlist, struct publish_media *media,
                          struct err *err)
{
    *media = (struct publish_media){0};
    if (!allocate_media(media, playlist->asset_count, err))
        return false;
    for (size_t i = 0; i < playlist->asset_count; i++) {
        const struct playlist_asset *asset = &playlist->assets[i];
        if (!playlist_compile_name_of(asset, media->names[i]))
            return err_set(err, ERR_INPUT, "%s is not one of the channel's media files",
                           asset->path);
        media->targets[i] =
            (struct target_file){.name = media->names[i], .bytes = asset->size_bytes};
        memcpy(media->targets[i].sha256, asset->sha256, HASH_BYTES);
    }
    remove_duplicate_targets(media, playlist->asset_count);
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
