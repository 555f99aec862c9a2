#include "sync/edition.h"

#include "base/file.h"
#include "base/file_alike.h"
#include "base/log.h"
#include "base/zone.h"
#include "core/media_kind.h"
#include "playlist/playlist_fault.h"
#include "sync/media_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_MODULE "edition"

static void free_paths(char **paths, size_t count)
{
    for (size_t i = 0; paths && i < count; i++)
        free(paths[i]);
    free(paths);
}

static struct edition_stamp read_stamp(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return (struct edition_stamp){0};
    return (struct edition_stamp){.device = (int64_t)st.st_dev,
                                  .inode = (int64_t)st.st_ino,
                                  .size_bytes = st.st_size,
                                  .modified_s = st.st_mtim.tv_sec,
                                  .modified_ns = st.st_mtim.tv_nsec};
}

struct edition *edition_create(struct playlist *playlist, char **paths, const char *origin)
{
    struct edition *edition = calloc(1, sizeof *edition);
    char *copy = strdup(origin);
    struct edition_stamp *stamps = calloc(playlist->asset_count + 1, sizeof *stamps);
    if (!edition || !copy || !stamps) {
        free(edition);
        free(copy);
        free(stamps);
        free_paths(paths, playlist->asset_count);
        playlist_destroy(playlist);
        return NULL;
    }
    for (size_t i = 0; i < playlist->asset_count; i++)
        stamps[i] = read_stamp(paths[i]);
    *edition = (struct edition){
        .playlist = playlist, .paths = paths, .origin = copy, .stamps = stamps, .self = edition};
    atomic_init(&edition->holders, 1);
    return edition;
}

struct edition *edition_hold(const struct edition *edition)
{
    atomic_fetch_add(&edition->self->holders, 1);
    return edition->self;
}

void edition_destroy(struct edition *edition)
{
    if (!edition || atomic_fetch_sub(&edition->holders, 1) > 1)
        return;
    free(edition->stamps);
    free(edition->hashes);
    free_paths(edition->paths, edition->playlist->asset_count);
    playlist_destroy(edition->playlist);
    integrity_release(edition->integrity);
    free(edition->refused);
    free(edition->absent);
    free(edition->origin);
    free(edition);
}

/* A missing file that an operator sees under another name, as on Windows or macOS, which take A.JPG
 * for a.jpg. */
static bool set_missing_error(const char *path, struct err *err)
{
    char alike[PATH_MAX];
    if (!file_alike_find(path, alike))
        return err_set_errno(err, ERR_MISSING, ENOENT, "%s", path);
    return err_set(err, ERR_MISSING,
                   "%s: No such file or directory; there is %s, whose name differs in capital "
                   "letters or in the encoding of its characters",
                   path, alike);
}

/* flags: of open(2), besides those that are always set. *st: the file's. */
static int open_media_file(const char *path, int flags, struct stat *st, struct err *err)
{
    /* O_NONBLOCK: a FIFO in the place of a film must not hang the player. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);
    if (fd < 0 && errno == ENOENT && !(flags & O_NOFOLLOW)) { /* stored files have no names */
        set_missing_error(path, err);
        return -1;
    }
    if (fd < 0) {
        err_set_errno(err, errno == ENOENT || errno == ENOTDIR ? ERR_MISSING : ERR_SYSTEM, errno,
                      "%s", path);
        return -1;
    }
    if (fstat(fd, st) < 0)
        err_set_errno(err, ERR_SYSTEM, errno, "%s", path);
    else if (!S_ISREG(st->st_mode))
        err_set(err, ERR_INPUT, "%s: not a regular file", path);
    else if (st->st_size == 0)
        err_set(err, ERR_INPUT, "%s: the file is empty: copy it again", path);
    else
        return fd;
    close(fd);
    return -1;
}

bool edition_has_refused(const struct edition *edition, int asset)
{
    return edition->refused && asset >= 0 && (size_t)asset < edition->playlist->asset_count &&
           edition->refused[asset];
}

const uint8_t *edition_hash(const struct edition *edition, int asset)
{
    static const uint8_t none[HASH_BYTES];
    const struct playlist *playlist = edition->playlist;
    if (asset < 0 || (size_t)asset >= playlist->asset_count)
        return NULL;
    if (playlist->assets[asset].has_sha256)
        return playlist->assets[asset].sha256;
    bool is_known = edition->hashes && memcmp(edition->hashes[asset], none, HASH_BYTES) != 0;
    return is_known ? edition->hashes[asset] : NULL;
}

bool edition_can_show(const struct edition *edition)
{
    const struct playlist *playlist = edition->playlist;
    for (size_t i = 0; i < playlist->spot_count; i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        if (!spot->has_visual)
            return true;
        for (enum shape shape = 0; shape < SHAPE_COUNT; shape++)
            if (spot->shapes & 1U << shape && !edition_has_refused(edition, spot->assets[shape]))
                return true;
    }
    return false;
}

bool edition_is_absent(const struct edition *edition, int asset)
{
    return edition->absent && asset >= 0 && (size_t)asset < edition->playlist->asset_count &&
           edition->absent[asset];
}

int edition_spot_asset(const struct edition *edition, const struct playlist_spot *spot,
                       int width_px, int height_px)
{
    struct playlist_spot there = *spot;
    for (enum shape shape = 0; shape < SHAPE_COUNT; shape++)
        if (edition_is_absent(edition, spot->assets[shape]))
            there.shapes &= ~(1U << shape);
    return playlist_spot_asset(there.shapes ? &there : spot, width_px, height_px);
}

enum integrity_state edition_request_asset(const struct edition *edition, int asset)
{
    if (edition_has_refused(edition, asset))
        return INTEGRITY_REFUSED;
    if (!edition->integrity || asset < 0 || (size_t)asset >= integrity_count(edition->integrity))
        return INTEGRITY_GOOD;
    return integrity_request(edition->integrity, (size_t)asset);
}

int edition_open(const struct edition *edition, int asset, struct err *err)
{
    if (asset < 0 || (size_t)asset >= edition->playlist->asset_count) {
        err_set(err, ERR_INPUT, "the playlist has no asset %d", asset);
        return -1;
    }
    struct stat st;
    bool stored = edition->integrity && (size_t)asset < integrity_count(edition->integrity);
    int fd = open_media_file(edition->paths[asset], stored ? O_NOFOLLOW : 0, &st, err);
    if (!stored)
        return fd;
    /* A link or nothing in its place can't be opened either. */
    if (fd < 0 && lstat(edition->paths[asset], &st) < 0)
        st = (struct stat){0};
    const struct file_stamp now = file_stamp_of(&st);
    if (integrity_confirm(edition->integrity, (size_t)asset, &now))
        return fd;
    if (fd >= 0)
        close(fd);
    err_set(err, ERR_TRUST, "%s was replaced or changed after it was verified",
            edition->paths[asset]);
    return -1;
}

/* Why an asset can't be used. */
struct asset_trouble {
    char *text;      /* NULL: it can */
    bool as_picture; /* only where it is shown as one */
};

static const char *find_asset_problem(const struct asset_trouble *troubles, int asset,
                                      bool is_picture)
{
    return troubles[asset].as_picture && !is_picture ? NULL : troubles[asset].text;
}

/* One pass over the places that name media. */
static void add_visual_faults(const struct playlist *playlist, const struct asset_trouble *troubles,
                              struct playlist_faults *faults)
{
    const struct playlist_node root = {0}, spots = {.parent = &root, .key = "spots"};
    for (size_t i = 0; i < playlist_visual_count(playlist); i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        if (!spot->has_visual)
            continue;
        const struct playlist_node node = {.parent = &spots, .key = spot->name};
        const struct playlist_node of_spot = {.parent = &node,
                                              .key = spot->is_video ? "video" : "image"};
        const struct playlist_node of_house = {.parent = &root, .key = "house"};
        const struct playlist_node visual = i < playlist->spot_count ? of_spot : of_house;
        bool one = playlist_spot_has_one_file(spot);
        for (enum shape shape = shape_first(spot->shapes); shape < SHAPE_COUNT; shape++) {
            const struct playlist_node of_shape = {.parent = &visual, .key = shape_name(shape)};
            const char *problem =
                spot->shapes & 1U << shape
                    ? find_asset_problem(troubles, spot->assets[shape], !spot->is_video)
                    : NULL;
            if (problem)
                playlist_fault_add(faults, one ? &visual : &of_shape, "%s", problem);
            if (one)
                break;
        }
    }
}

static void add_font_faults(const struct playlist *playlist, const struct asset_trouble *troubles,
                            struct playlist_faults *faults)
{
    const struct playlist_node root = {0}, styles = {.parent = &root, .key = "styles"};
    for (size_t i = 0; i < playlist->style_count; i++) {
        const struct playlist_style *style = &playlist->styles[i];
        const struct playlist_node node = {.parent = &styles, .key = style->name};
        const struct playlist_node font = {.parent = &node, .key = "font"};
        for (size_t j = 0; j < style->font_count; j++) {
            const struct playlist_font *face = &style->fonts[j];
            const struct playlist_node language = {.parent = &font, .key = face->language};
            const char *text = find_asset_problem(troubles, face->asset, false);
            if (text)
                playlist_fault_add(faults, face->language[0] ? &language : &font, "%s", text);
        }
    }
}

/* For media files that only "files" of the compiled form names. */
static void add_unnamed_faults(const struct playlist *playlist,
                               const struct asset_trouble *troubles, struct playlist_faults *faults)
{
    const struct playlist_node root = {0}, files = {.parent = &root, .key = "files"};
    for (size_t i = 0; i < playlist->asset_count; i++) {
        const struct playlist_node node = {.parent = &files, .key = playlist->assets[i].path};
        if (troubles[i].text)
            playlist_fault_add(faults, &node, "%s", troubles[i].text);
    }
}

/* The local file of each asset, beside the playlist; NULL when out of memory. */
static char **find_paths_beside(const struct playlist *playlist, const char *playlist_path)
{
    const char *slash = strrchr(playlist_path, '/');
    int folder = slash ? (int)(slash - playlist_path) + 1 : 0;
    char **paths = calloc(playlist->asset_count + 1, sizeof *paths);
    for (size_t i = 0; paths && i < playlist->asset_count; i++) {
        if (asprintf(&paths[i], "%.*s%s", folder, playlist_path, playlist->assets[i].path) < 0) {
            paths[i] = NULL;
            free_paths(paths, i);
            return NULL;
        }
    }
    return paths;
}

struct edition *edition_create_unchecked(struct playlist *playlist, const char *path)
{
    char **paths = find_paths_beside(playlist, path);
    if (paths)
        return edition_create(playlist, paths, path);
    playlist_destroy(playlist);
    return NULL;
}

enum edition_use edition_use_of(const struct playlist *playlist, int asset)
{
    if (media_verify_is_still(playlist, asset))
        return EDITION_STILL;
    return media_verify_is_font(playlist, asset) ? EDITION_FONT : EDITION_FILM;
}

bool edition_check_file(const char *path, enum edition_use use, struct err *err)
{
    struct stat st;
    int fd = open_media_file(path, 0, &st, err);
    if (fd < 0)
        return false;
    close(fd);
    bool ok = true;
    if (use == EDITION_STILL)
        ok = media_verify_still(path, err);
    else if (use == EDITION_FONT)
        ok = media_verify_font(path, err);
    return ok || err_prefix(err, "%s: ", path);
}

/* Fills in why assets can't be used. False when out of memory. */
static MUST_CHECK bool find_troubles(const struct edition *edition, struct asset_trouble *troubles,
                                     bool *any)
{
    for (size_t i = 0; i < edition->playlist->asset_count; i++) {
        struct err err = {0};
        enum edition_use use = edition_use_of(edition->playlist, (int)i);
        if (edition_check_file(edition->paths[i], use, &err))
            continue;
        troubles[i].as_picture =
            use == EDITION_STILL && edition_check_file(edition->paths[i], EDITION_FILM, NULL);
        troubles[i].text = strdup(err.text);
        if (!troubles[i].text)
            return false;
        *any = true;
    }
    return true;
}

/* What is no picture may still be shown by a spot that names it as its film. */
static bool is_refused(const struct playlist *playlist, const struct asset_trouble *troubles,
                       size_t asset)
{
    bool refused = troubles[asset].text != NULL;
    for (size_t i = 0; refused && troubles[asset].as_picture && i < playlist->spot_count; i++) {
        const struct playlist_spot *spot = &playlist->spots[i];
        refused = !spot->is_video || !playlist_spot_uses(spot, (int)asset);
    }
    return refused;
}

static void add_media_faults(const struct playlist *playlist, const struct asset_trouble *troubles,
                             struct playlist_faults *faults)
{
    size_t before = faults->total;
    add_visual_faults(playlist, troubles, faults);
    add_font_faults(playlist, troubles, faults);
    if (faults->total == before)
        add_unnamed_faults(playlist, troubles, faults);
}

bool edition_check_media(struct edition *edition, struct playlist_faults *faults, struct err *err)
{
    size_t count = edition->playlist->asset_count;
    struct asset_trouble *troubles = calloc(count + 1, sizeof *troubles);
    bool *refused = calloc(count + 1, sizeof *refused), any = false;
    bool ok = troubles && refused && find_troubles(edition, troubles, &any);
    if (ok && any)
        add_media_faults(edition->playlist, troubles, faults);
    for (size_t i = 0; troubles && i < count; i++) {
        if (ok)
            refused[i] = is_refused(edition->playlist, troubles, i);
        free(troubles[i].text);
    }
    free(troubles);
    free(edition->refused);
    edition->refused = ok && any ? refused : NULL;
    if (!edition->refused)
        free(refused);
    return ok || err_oom(err);
}

bool edition_check_kind(const char *path, struct err *err)
{
    uint8_t bytes[MEDIA_KIND_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t size = fd >= 0 ? pread(fd, bytes, sizeof bytes, 0) : -1;
    enum media_kind kind = size > 0 ? media_kind_of(bytes, (size_t)size) : MEDIA_KIND_UNKNOWN;
    if (fd >= 0)
        close(fd);
    if (kind != MEDIA_KIND_UNKNOWN)
        return err_set(err, ERR_INPUT, "%s: %s, not a playlist", path, media_kind_name(kind));
    return true;
}

bool edition_check_zone(const struct playlist *playlist, struct playlist_faults *faults,
                        struct err *err)
{
    const struct playlist_node root = {0}, node = {.parent = &root, .key = "timezone"};
    struct zone zone = {0};
    struct err trouble = {0};
    if (!playlist->timezone || zone_load(&zone, playlist->timezone, &trouble)) {
        zone_finish(&zone);
        return true;
    }
    if (trouble.code == ERR_SYSTEM || trouble.code == ERR_DISK)
        return err_set(err, trouble.code, "%s", trouble.text);
    playlist_fault_add(faults, &node, "%s", trouble.text);
    return err_set(err, ERR_INPUT, "%s", trouble.text);
}

static void set_oom_at(const char *path, struct err *err)
{
    err_oom(err);
    err_prefix(err, "%s: ", path);
}

/* `trouble` is why a playlist without a fault can't be used; ERR_NONE: memory. */
static void set_fault_error(const char *path, const struct playlist_faults *faults,
                            const struct err *trouble, struct err *err)
{
    if (!faults->count && trouble->code != ERR_NONE)
        err_set(err, trouble->code, "%s: %s", path, trouble->text);
    else if (!faults->count)
        set_oom_at(path, err);
    else if (faults->total == 1)
        err_set(err, ERR_INPUT, "%s: %s: %s", path, faults->items[0].path, faults->items[0].text);
    else
        err_set(err, ERR_INPUT, "%s: %zu faults, the first is %s: %s", path, faults->total,
                faults->items[0].path, faults->items[0].text);
}

struct edition *edition_load(const char *path, struct playlist_faults *faults, struct err *err)
{
    char *bytes = NULL;
    size_t size = 0;
    if (!edition_check_kind(path, err) || !file_read(path, PLAYLIST_BYTES_MAX, &bytes, &size, err))
        return NULL;
    /* An unknown zone is told beside the other faults, not instead of them. */
    uint8_t digest[HASH_BYTES] = {0};
    struct playlist *playlist = playlist_parse_media(bytes, size, faults);
    if (playlist && !hash_bytes(bytes, size, digest))
        memset(digest, 0, sizeof digest);
    free(bytes);
    if (playlist && faults->total > 0) {
        (void)!edition_check_zone(playlist, faults, NULL);
        playlist_destroy(playlist);
        playlist = NULL;
    }
    char **paths = playlist ? find_paths_beside(playlist, path) : NULL;
    struct err trouble = {0};
    if (paths && edition_check_zone(playlist, faults, &trouble)) {
        struct edition *edition = edition_create(playlist, paths, path);
        if (edition)
            memcpy(edition->digest, digest, sizeof digest);
        else
            set_oom_at(path, err);
        return edition;
    }
    set_fault_error(path, faults, &trouble, err);
    if (playlist)
        free_paths(paths, playlist->asset_count);
    playlist_destroy(playlist);
    return NULL;
}

void edition_log_tolerated(const struct edition *edition)
{
    const struct playlist_faults *faults = &edition->playlist->tolerated;
    for (size_t i = 0; i < faults->count && i < EDITION_FAULTS_LOGGED_MAX; i++)
        log_warn("language is not known, playing the playlist all the same at=\"%s\" reason=\"%s\"",
                 faults->items[i].path, faults->items[i].text);
}

void edition_log_faults(const struct playlist_faults *faults)
{
    size_t shown =
        faults->count < EDITION_FAULTS_LOGGED_MAX ? faults->count : EDITION_FAULTS_LOGGED_MAX;
    for (size_t i = 0; i < shown; i++)
        log_error("playlist fault at=\"%s\" reason=\"%s\"", faults->items[i].path,
                  faults->items[i].text);
    if (faults->total > shown)
        log_error("playlist has more faults count=%zu", faults->total - shown);
}

static bool has_fault(const struct playlist_faults *faults, const struct playlist_fault *fault)
{
    for (size_t i = 0; faults && i < faults->count; i++)
        if (strcmp(faults->items[i].path, fault->path) == 0 &&
            strcmp(faults->items[i].text, fault->text) == 0)
            return true;
    return false;
}

void edition_log_media_faults(const struct playlist_faults *faults,
                              const struct playlist_faults *known)
{
    size_t added = 0, unlisted = faults->total - faults->count;
    for (size_t i = 0; i < faults->count; i++) {
        if (has_fault(known, &faults->items[i]))
            continue;
        if (++added <= EDITION_FAULTS_LOGGED_MAX)
            log_warn("cannot use media file, playing on without it at=\"%s\" reason=\"%s\"",
                     faults->items[i].path, faults->items[i].text);
    }
    if (added > EDITION_FAULTS_LOGGED_MAX)
        log_warn("more media files cannot be used count=%zu",
                 added - EDITION_FAULTS_LOGGED_MAX + unlisted);
}
