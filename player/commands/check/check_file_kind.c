#include "commands/check/check_file_kind.h"

#include "commands/check/check_container.h"
#include "core/film_boxes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOXES_MAX 10000 /* a fragmented MP4 has many boxes, but its index comes before them */
#define MOTION_BYTES_MAX ((size_t)8 << 20) /* a picture of Motion JPEG is smaller */
#define TROUBLE_BYTES 160
#define ENCRYPTED                                                                                  \
    "it is encrypted (DRM), and players have no key: get a copy without copy protection"

static bool read_part(void *context, uint64_t at, uint8_t *bytes, size_t count)
{
    const int *file = context;
    return at <= INT64_MAX - count && pread(*file, bytes, count, (off_t)at) == (ssize_t)count;
}

/* Whether an MP4 has no box "moov" (ISO/IEC 14496-12, 4.2): it is written last, but for those that
 * are made for streams. */
static bool lacks_index(int file, uint64_t size)
{
    struct film_boxes boxes = {.read = read_part, .context = &file, .left = BOXES_MAX};
    struct film_boxes_span all = {0, size};
    struct film_box box;
    enum film_boxes_result result;
    while ((result = film_boxes_next(&boxes, &all, &box)) == FILM_BOXES_BOX)
        if (film_boxes_is_type(&box, "moov"))
            return false;
    return result == FILM_BOXES_END; /* else it is not for want of an end */
}

/* Codecs that are often in films, and are not played: beginnings of sample entries and codec IDs. */
static const struct codec {
    const char *start, *name;
} codecs[] = {
    {"ap", "ProRes"},
    {"AVd", "DNxHD"},
    {"v210", "uncompressed"},
    {"v216", "uncompressed"},
    {"v308", "uncompressed"},
    {"v408", "uncompressed"},
    {"v410", "uncompressed"},
    {"2vuy", "uncompressed"},
    {"yuv", "uncompressed"},
    {"raw ", "uncompressed"},
    {"jpeg", "Motion JPEG"},
    {"mjp2", "JPEG 2000"},
    {"mjp", "Motion JPEG"},
    {"mjpg", "Motion JPEG"},
    {"AVDJ", "Motion JPEG"},
    {"mp4v", "MPEG-4 Part 2"},
    {"s263", "H.263"},
    {"h263", "H.263"},
    {"rle ", "QuickTime Animation"},
    {"png ", "PNG pictures"},
    {"CFHD", "CineForm"},
    {"Hap", "Hap"},
    {"cvid", "Cinepak"},
    {"SVQ", "Sorenson Video"},
    {"dv", "DV"},
    {"xd", "MPEG-2 (XDCAM)"},
    {"hdv", "MPEG-2 (HDV)"},
    {"mx", "MPEG-2 (IMX)"},
    {"m2v", "MPEG-2"},
    {"br", "Blackmagic RAW"},
    {"vvc1", "VVC"},
    {"vvi1", "VVC"},
    {"vc-1", "VC-1"},
    {"V_PRORES", "ProRes"},
    {"V_MJPEG", "Motion JPEG"},
    {"V_MPEG1", "MPEG-1"},
    {"V_MPEG2", "MPEG-2"},
    {"V_MPEG4/ISO/ASP", "MPEG-4 Part 2"},
    {"V_MPEG4/ISO/SP", "MPEG-4 Part 2"},
    {"V_MPEG4/ISO/AP", "MPEG-4 Part 2"},
    {"V_THEORA", "Theora"},
    {"V_FFV1", "FFV1"},
    {"V_UNCOMPRESSED", "uncompressed"},
    {"V_MS/VFW", "an old one of AVI files"},
    {"V_REAL", "RealVideo"},
};

/* The name of a codec that is not played; NULL: it is, or is not known. */
static const char *refused_codec(const char *codec)
{
    /* Dolby Vision's HEVC, and 3D's H.264, begin as DV does and are played. */
    if (strncmp(codec, "dvh", 3) == 0 || strncmp(codec, "dva", 3) == 0 ||
        strncmp(codec, "dav1", 4) == 0)
        return NULL;
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (strncmp(codec, codecs[i].start, strlen(codecs[i].start)) == 0)
            return codecs[i].name;
    return NULL;
}

/* Why what is in a container can't be played, and what to do; false: nothing is known of that. */
static bool container_trouble(int file, enum media_kind kind, char text[TROUBLE_BYTES])
{
    struct check_container container;
    if ((kind != MEDIA_KIND_MP4 && kind != MEDIA_KIND_MATROSKA) ||
        !check_container_read(file, kind, &container))
        return false;
    const char *codec = refused_codec(container.codec);
    if (container.encrypted)
        snprintf(text, TROUBLE_BYTES, ENCRYPTED);
    else if (!container.has_pictures)
        snprintf(text, TROUBLE_BYTES,
                 "it has sound and no pictures: name the film that the sound belongs to");
    else if (codec)
        snprintf(text, TROUBLE_BYTES,
                 "its codec is %s, which is not played: export it as H.264 or HEVC in an MP4",
                 codec);
    else
        return false;
    return true;
}

/* Whether a JPEG file goes on with another picture: Motion JPEG without a container. Phones and
 * cameras append pictures, too, and say so (Multi-Picture Format). */
static bool is_motion_jpeg(int file)
{
    uint8_t *bytes = malloc(MOTION_BYTES_MAX);
    ssize_t size = bytes ? pread(file, bytes, MOTION_BYTES_MAX, 0) : -1;
    bool found = false;
    for (ssize_t i = 2; !found && i + 5 < size; i++) {
        if (memcmp(bytes + i, "MPF", 4) == 0)
            break;
        found = memcmp(bytes + i, "\xff\xd9\xff\xd8\xff", 5) == 0;
    }
    free(bytes);
    return found;
}

enum { AS_IMAGE, AS_VIDEO, PLACES };

/* What to do about a file of a kind in the place of a picture, and of a film; NULL: nothing is
 * known. */
static const char *const advice[][PLACES] = {
    [MEDIA_KIND_UNKNOWN] = {NULL, NULL},
    [MEDIA_KIND_MP4] = {": name it in \"video\"", NULL},
    [MEDIA_KIND_MATROSKA] = {": name it in \"video\"", NULL},
    [MEDIA_KIND_JPEG] = {NULL, ": name it in \"image\""},
    [MEDIA_KIND_PNG] = {NULL, ": name it in \"image\""},
    [MEDIA_KIND_WEBP] = {NULL, ": name it in \"image\""},
    [MEDIA_KIND_GIF] = {NULL, ", which is not played: convert it to an MP4"},
};

#define FILM_FIRST MEDIA_KIND_AVI
#define FILM_LAST MEDIA_KIND_REALMEDIA
#define PHOTO_FIRST MEDIA_KIND_HEIF
#define PHOTO_LAST MEDIA_KIND_INDESIGN

static const char *advice_of_document(enum media_kind kind, bool is_video)
{
    switch ((int)kind) {
    case MEDIA_KIND_HLS:
    case MEDIA_KIND_DASH:
        return ", not a film: get the film itself as one MP4";
    case MEDIA_KIND_SOUND:
        return ", without pictures: only films have sound here";
    case MEDIA_KIND_OFFICE:
    case MEDIA_KIND_OPENDOCUMENT:
    case MEDIA_KIND_IWORK:
        return is_video ? ", not a film: export it as an MP4 film"
                        : ", not a picture: export its pages as PNG pictures";
    case MEDIA_KIND_ARCHIVE:
        return is_video ? ", not a film: unpack it, and name the film in it"
                        : ", not a picture: unpack it, and name the picture in it";
    case MEDIA_KIND_APPLE_DOUBLE:
        return ": name the file without ._ before its name";
    case MEDIA_KIND_DS_STORE:
        return is_video ? ", not a film: name the film" : ", not a picture: name the picture";
    case MEDIA_KIND_HTML:
        return is_video ? ", not a film: check where it was downloaded from"
                        : ", not a picture: check where it was downloaded from";
    case MEDIA_KIND_LFS:
        return is_video ? " in place of the film: run git lfs pull"
                        : " in place of the picture: run git lfs pull";
    default:
        return NULL;
    }
}

static const char *advice_of(enum media_kind kind, bool is_video)
{
    if (kind < sizeof advice / sizeof *advice)
        return advice[kind][is_video ? AS_VIDEO : AS_IMAGE];
    if (kind >= FILM_FIRST && kind <= FILM_LAST)
        return is_video ? ", which is not played: convert it to an MP4"
                        : ", which is not played: convert it to an MP4 for \"video\"";
    if (kind >= PHOTO_FIRST && kind <= PHOTO_LAST)
        return is_video ? ", not a film: export it as a JPEG or PNG, and name that in \"image\""
                        : ", which is not shown: export it as a JPEG or PNG";
    return advice_of_document(kind, is_video);
}

/* What systems and programs put beside files, and is known by its name. */
static const char *trouble_of_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (strcasecmp(name, "Thumbs.db") == 0 || strcasecmp(name, "desktop.ini") == 0)
        return "the file is one that Windows makes for itself: name the picture or film";
    if (strncmp(name, "~$", 2) == 0)
        return "the file is a lock of Office, left over from an open document: name the document's "
               "exported picture or film";
    return NULL;
}

static bool hint_of(int file, const char *path, bool is_video, char hint[CHECK_FILE_KIND_BYTES])
{
    uint8_t bytes[MEDIA_KIND_BYTES];
    char trouble[TROUBLE_BYTES];
    struct stat st;
    ssize_t size = pread(file, bytes, sizeof bytes, 0);
    if (size <= 0 || fstat(file, &st) < 0)
        return false;
    enum media_kind kind = media_kind_of(bytes, (size_t)size);
    const char *what = advice_of(kind, is_video), *name = trouble_of_name(path);
    if (name)
        snprintf(hint, CHECK_FILE_KIND_BYTES, "%s", name);
    else if (kind == MEDIA_KIND_MP4 && lacks_index(file, (uint64_t)st.st_size))
        snprintf(hint, CHECK_FILE_KIND_BYTES,
                 "the file is an MP4 without its index: was the upload cut off after %jd bytes?",
                 (intmax_t)st.st_size);
    else if (container_trouble(file, kind, trouble))
        snprintf(hint, CHECK_FILE_KIND_BYTES, "the file is %s, but %s", media_kind_name(kind),
                 trouble);
    else if (is_video && kind == MEDIA_KIND_JPEG && is_motion_jpeg(file))
        snprintf(hint, CHECK_FILE_KIND_BYTES,
                 "the file is Motion JPEG, which is not played: convert it to an MP4");
    else if (what)
        snprintf(hint, CHECK_FILE_KIND_BYTES, "the file is %s%s", media_kind_name(kind), what);
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
    bool known = hint_of(file, edition->paths[asset], is_video, hint);
    close(file);
    return known;
}

bool check_file_kind_allows(const struct edition *edition, int asset, struct err *err)
{
    uint8_t bytes[MEDIA_KIND_BYTES];
    struct check_container container = {.encrypted = false};
    int file = edition_open(edition, asset, NULL);
    if (file < 0)
        return true; /* whoever decodes it says why */
    ssize_t size = pread(file, bytes, sizeof bytes, 0);
    enum media_kind kind = size > 0 ? media_kind_of(bytes, (size_t)size) : MEDIA_KIND_UNKNOWN;
    bool encrypted = (kind == MEDIA_KIND_MP4 || kind == MEDIA_KIND_MATROSKA) &&
                     check_container_read(file, kind, &container) && container.encrypted;
    close(file);
    return !encrypted || err_set(err, ERR_INPUT, ENCRYPTED);
}
