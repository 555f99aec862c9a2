/* Parses playlists for tests/unit/test_schema.py, which holds playlists/playlist.schema.json
 * against the parser.
 *
 * Standard input: each playlist as a line with its size in bytes, then its bytes. Standard output:
 * a line of JSON for each, the list of its faults; [] for a playlist without any. Text that is not
 * UTF-8 in a fault, or a size that is none, ends it with 1. */
#include "playlist/playlist.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* Larger than the parser takes, so that its own bound can be seen. */
#define BLOB_BYTES_MAX (4 * PLAYLIST_BYTES_MAX)

/* False at the end of the input, and where the line is no size: then *ok too. */
static bool read_size(size_t *size, bool *ok)
{
    char line[32], *end;
    *ok = true;
    if (!fgets(line, sizeof line, stdin))
        return false;
    errno = 0;
    unsigned long long value = strtoull(line, &end, 10);
    *ok = !errno && end != line && *end == '\n' && value <= BLOB_BYTES_MAX;
    *size = (size_t)value;
    return *ok;
}

static json_t *list_faults(const struct playlist_faults *faults)
{
    json_t *list = json_array();
    for (size_t i = 0; i < faults->count; i++) {
        json_t *fault =
            json_pack("{ss, ss}", "path", faults->items[i].path, "text", faults->items[i].text);
        if (json_array_append_new(list, fault) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* Parses one playlist and prints its line. */
static bool answer(const char *bytes, size_t size)
{
    struct playlist_faults faults = {.count = 0};
    struct playlist *playlist = playlist_parse(bytes, size, &faults);
    bool consistent = !playlist == (faults.total > 0);
    json_t *list = list_faults(&faults);
    bool ok = consistent && list && json_dumpf(list, stdout, JSON_COMPACT) == 0;
    putchar('\n');
    json_decref(list);
    playlist_destroy(playlist);
    playlist_faults_finish(&faults);
    return ok;
}

int main(void)
{
    size_t size;
    bool ok;
    while (read_size(&size, &ok)) {
        /* Exactly as large as the playlist, so that a read past its end is found. */
        char *bytes = malloc(size ? size : 1);
        ok = bytes && fread(bytes, 1, size, stdin) == size && answer(bytes, size);
        free(bytes);
        if (!ok)
            break;
    }
    return ok && fflush(stdout) == 0 ? 0 : 1;
}
