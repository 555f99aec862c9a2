#include "sync/feed/feed_file_media.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

struct watched_file {
    char *path;
    enum edition_use use;
    bool refused;
    struct feed_file_version loaded, seen; /* seen: at the last look */
};

struct feed_file_media {
    size_t count;
    int watches[FEED_FILE_MEDIA_FOLDERS_MAX]; /* of inotify */
    size_t watch_count;
    struct watched_file files[];
};

struct feed_file_version feed_file_version_read(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return (struct feed_file_version){0};
    return (struct feed_file_version){
        .device = st.st_dev, .inode = st.st_ino, .size = st.st_size, .modified = st.st_mtim};
}

bool feed_file_version_equal(const struct feed_file_version *a, const struct feed_file_version *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec;
}

struct feed_file_media *feed_file_media_create(const struct edition *edition)
{
    size_t count = edition->playlist->asset_count;
    struct feed_file_media *media = calloc(1, sizeof *media + count * sizeof *media->files);
    for (size_t i = 0; media && i < count; i++) {
        struct watched_file *file = &media->files[i];
        media->count = i + 1;
        file->path = strdup(edition->paths[i]);
        if (!file->path) {
            feed_file_media_destroy(media);
            return NULL;
        }
        file->use = edition_use_of(edition->playlist, (int)i);
        file->loaded = file->seen = feed_file_version_read(file->path);
    }
    return media;
}

void feed_file_media_destroy(struct feed_file_media *media)
{
    for (size_t i = 0; media && i < media->count; i++)
        free(media->files[i].path);
    free(media);
}

void feed_file_media_set_refused(struct feed_file_media *media, const struct edition *edition)
{
    for (size_t i = 0; i < media->count; i++)
        media->files[i].refused = edition_has_refused(edition, (int)i);
}

static bool has_watch(const struct feed_file_media *media, int watch)
{
    for (size_t i = 0; i < media->watch_count; i++)
        if (media->watches[i] == watch)
            return true;
    return false;
}

void feed_file_media_watch(struct feed_file_media *media, const struct feed_file_media *before,
                           int watch_fd, int keep)
{
    char folder[PATH_MAX];
    for (size_t i = 0; i < media->count && media->watch_count < FEED_FILE_MEDIA_FOLDERS_MAX; i++) {
        const char *path = media->files[i].path, *slash = strrchr(path, '/');
        snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 2,
                 slash ? path : "./");
        int watch = inotify_add_watch(watch_fd, folder, IN_CLOSE_WRITE | IN_MOVED_TO);
        if (watch >= 0 && watch != keep && !has_watch(media, watch))
            media->watches[media->watch_count++] = watch;
    }
    for (size_t i = 0; before && i < before->watch_count; i++)
        if (!has_watch(media, before->watches[i]))
            inotify_rm_watch(watch_fd, before->watches[i]);
}

enum feed_file_media_state feed_file_media_look(struct feed_file_media *media)
{
    enum feed_file_media_state state = FEED_FILE_MEDIA_UNCHANGED;
    for (size_t i = 0; i < media->count; i++) {
        struct watched_file *file = &media->files[i];
        struct feed_file_version now = feed_file_version_read(file->path);
        bool settled = feed_file_version_equal(&now, &file->seen);
        bool changed = !feed_file_version_equal(&now, &file->loaded);
        file->seen = now;
        if (changed && !settled)
            state = FEED_FILE_MEDIA_SETTLING;
        else if (changed || (file->refused && edition_check_file(file->path, file->use, NULL)))
            return FEED_FILE_MEDIA_CHANGED;
    }
    return state;
}
