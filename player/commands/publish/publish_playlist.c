#include "commands/publish/publish_playlist.h"

#include "base/file.h"
#include "commands/check/check.h"

#include <stdlib.h>
#include <string.h>

static MUST_CHECK bool check_file(const struct publish_playlist *file,
                                  const struct settings *settings, const char *path,
                                  struct err *err)
{
    const struct check_bytes bytes = {file->bytes, file->size};
    struct check_report report = {.stream = stderr};
    bool strict = settings->values[SETTING_STRICT].number > 0;
    if (!check_playlist(settings, path, &bytes, &report, err))
        return false;
    if (report.faults > 0)
        return err_set(err, ERR_INPUT, "%s has %zu fault%s, nothing was published", path,
                       report.faults, report.faults == 1 ? "" : "s");
    if (!strict || report.warnings == 0)
        return true;
    return err_set(err, ERR_INPUT,
                   "%s has %zu warning%s, and --strict is given, so nothing was published", path,
                   report.warnings, report.warnings == 1 ? "" : "s");
}

/* Hashes the media; takes the playlist over. */
static MUST_CHECK bool gather_media(struct publish_playlist *file, const struct settings *settings,
                                    struct playlist *playlist, const char *path, struct err *err)
{
    int64_t limit_ms = (int64_t)(settings->values[SETTING_DECODE_TIMEOUT].number * 1000);
    file->edition = edition_create_unchecked(playlist, path);
    if (!file->edition)
        return err_oom(err);
    struct check_records records = {.edition = file->edition, .limit_ms = limit_ms};
    if (settings->values[SETTING_NO_CACHE].number <= 0)
        check_records_open(&records, file->edition, limit_ms);
    bool ok = publish_media_gather(&records, &file->media, err);
    check_records_close(&records);
    return ok;
}

bool publish_playlist_read(struct publish_playlist *file, const char *path, struct err *err)
{
    *file = (struct publish_playlist){0};
    return edition_check_kind(path, err) &&
           file_read(path, PLAYLIST_BYTES_MAX, &file->bytes, &file->size, err);
}

bool publish_playlist_check(struct publish_playlist *file, const struct settings *settings,
                            const char *path, struct err *err)
{
    struct playlist_faults faults = {0};
    if (!check_file(file, settings, path, err))
        return false;
    struct playlist *playlist = playlist_parse(file->bytes, file->size, &faults);
    playlist_faults_finish(&faults);
    if (!playlist) /* it was just checked, and had no faults */
        return err_oom(err);
    if (playlist->version != 0 || playlist->channel) {
        playlist_destroy(playlist);
        return err_set(err, ERR_INPUT,
                       "%s is a compiled playlist; publish the playlist that it was made from",
                       path);
    }
    return gather_media(file, settings, playlist, path, err);
}

void publish_playlist_finish(struct publish_playlist *file)
{
    if (!file)
        return;
    publish_media_finish(&file->media);
    edition_destroy(file->edition);
    free(file->bytes);
    *file = (struct publish_playlist){0};
}
