#include "commands/check/check_file_kind.h"

#include "core/media_kind.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOXES_MAX 10000 /* a fragmented MP4 has many boxes, but its index comes before them */
#define BOX_HEAD_BYTES 16

static uint64_t box_number(const uint8_t *bytes, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* Whether an MP4 has no box "moov" (ISO/IEC 14496-12, 4.2): it is written last, but for those that
 * are made for streams. */
static bool lacks_index(int file, uint64_t size)
{
    uint64_t at = 0;
    for (int i = 0; i < BOXES_MAX && at < size; i++) {
        uint8_t head[BOX_HEAD_BYTES] = {0};
        ssize_t got = pread(file, head, sizeof head, (off_t)at);
        if (got < 8)
            return got >= 0;
        uint64_t box = box_number(head, 4);
        if (memcmp(head + 4, "moov", 4) == 0)
            return false;
        if (box == 1)
            box = box_number(head + 8, 8);
        if (box == 0 || box > size - at) /* to the end, or beyond it */
            return true;
        if (box < 8)
            return false; /* nonsense, and not for want of an end */
        at += box;
    }
    return at >= size;
}

static const char *film_advice(enum media_kind kind)
{
    switch (kind) {
    case MEDIA_KIND_JPEG:
    case MEDIA_KIND_PNG:
    case MEDIA_KIND_WEBP:
        return ": name it in \"image\"";
    case MEDIA_KIND_GIF:
        return ", which is not played: convert it to an MP4";
    case MEDIA_KIND_AVI:
    case MEDIA_KIND_FLV:
    case MEDIA_KIND_MPEG:
        return ", which is not played: convert it to an MP4";
    case MEDIA_KIND_HTML:
        return ", not a film: check where it was downloaded from";
    case MEDIA_KIND_LFS:
        return " in place of the film: run git lfs pull";
    case MEDIA_KIND_MP4:
    case MEDIA_KIND_MATROSKA:
    case MEDIA_KIND_UNKNOWN:
        break;
    }
    return NULL;
}

static const char *still_advice(enum media_kind kind)
{
    switch (kind) {
    case MEDIA_KIND_MP4:
    case MEDIA_KIND_MATROSKA:
        return ": name it in \"video\"";
    case MEDIA_KIND_AVI:
    case MEDIA_KIND_FLV:
    case MEDIA_KIND_MPEG:
        return ", which is not played: convert it to an MP4 for \"video\"";
    case MEDIA_KIND_HTML:
        return ", not a picture: check where it was downloaded from";
    case MEDIA_KIND_LFS:
        return " in place of the picture: run git lfs pull";
    case MEDIA_KIND_JPEG:
    case MEDIA_KIND_PNG:
    case MEDIA_KIND_WEBP:
    case MEDIA_KIND_GIF:
    case MEDIA_KIND_UNKNOWN:
        break;
    }
    return NULL;
}

static bool hint_of(int file, bool is_video, char hint[CHECK_FILE_KIND_BYTES])
{
    uint8_t bytes[MEDIA_KIND_BYTES];
    struct stat st;
    ssize_t size = pread(file, bytes, sizeof bytes, 0);
    if (size <= 0 || fstat(file, &st) < 0)
        return false;
    enum media_kind kind = media_kind_of(bytes, (size_t)size);
    const char *advice = is_video ? film_advice(kind) : still_advice(kind);
    if (is_video && kind == MEDIA_KIND_MP4 && lacks_index(file, (uint64_t)st.st_size))
        snprintf(hint, CHECK_FILE_KIND_BYTES,
                 "the file is an MP4 without its index: was the upload cut off after %jd bytes?",
                 (intmax_t)st.st_size);
    else if (advice)
        snprintf(hint, CHECK_FILE_KIND_BYTES, "the file is %s%s", media_kind_name(kind), advice);
    else
        return false;
    return true;
}

bool check_file_kind_hint(const struct edition *edition, int asset, bool is_video,
                          char hint[CHECK_FILE_KIND_BYTES])
{
    struct err err = {0};
    int file = edition_open(edition, asset, &err);
    if (file < 0)
        return false;
    bool known = hint_of(file, is_video, hint);
    close(file);
    return known;
}
