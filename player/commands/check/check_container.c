#include "commands/check/check_container.h"

#include "core/film_boxes.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* Of boxes and elements that are looked at in one file: hostile ones have any number. */
#define STEPS_MAX 20000
#define TO_THE_END UINT64_MAX

struct reader {
    int file;
    int steps;
    struct check_container *found;
};

static bool read_at(struct reader *reader, uint64_t at, void *bytes, size_t size)
{
    return at <= INT64_MAX - 64 && reader->steps++ < STEPS_MAX &&
           pread(reader->file, bytes, size, (off_t)at) == (ssize_t)size;
}

static bool read_part(void *context, uint64_t at, uint8_t *bytes, size_t count)
{
    return read_at(context, at, bytes, count);
}

/* Reads the box at span->at and moves that on to the next one. False at the end, or at nonsense. */
static bool next_box(struct reader *reader, struct film_boxes_span *span, struct film_box *box)
{
    struct film_boxes boxes = {.read = read_part, .context = reader, .left = 1};
    return film_boxes_next(&boxes, span, box) == FILM_BOXES_BOX;
}

/* Finds a box within another. */
static bool find_box(struct reader *reader, struct film_boxes_span in, const char *type,
                     struct film_box *box)
{
    while (next_box(reader, &in, box))
        if (film_boxes_is_type(box, type))
            return true;
    return false;
}

static bool find_box_at(struct reader *reader, struct film_boxes_span in, const char *const path[4],
                        struct film_box *box)
{
    for (int i = 0; i < 4 && path[i]; i++) {
        if (!find_box(reader, in, path[i], box))
            return false;
        in = box->body;
    }
    return true;
}

/* Protected entries: of ISO/IEC 14496-12, 8.12, and Apple's own. */
static bool is_protected(const struct film_box *entry)
{
    static const char *const types[] = {"encv", "enca", "encs", "drmi", "drms", "drmt"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (film_boxes_is_type(entry, types[i]))
            return true;
    return false;
}

/* A track's sample entries; a handler of another kind (subtitles, data) is passed over. */
static void read_track(struct reader *reader, struct film_boxes_span track)
{
    static const char *const to_handler[4] = {"mdia", "hdlr"};
    static const char *const to_entries[4] = {"mdia", "minf", "stbl", "stsd"};
    struct check_container *found = reader->found;
    struct film_box handler, list, entry;
    uint8_t type[4];
    if (!find_box_at(reader, track, to_handler, &handler) ||
        !read_at(reader, handler.body.at + 8, type, sizeof type))
        return;
    bool pictures = memcmp(type, "vide", 4) == 0, sound = memcmp(type, "soun", 4) == 0;
    if ((!pictures && !sound) || !find_box_at(reader, track, to_entries, &list))
        return;
    struct film_boxes_span entries = {list.body.at + 8,
                                      list.body.end}; /* after version, flags and count */
    while (next_box(reader, &entries, &entry)) {
        found->encrypted = found->encrypted || is_protected(&entry);
        if (pictures && !found->has_pictures)
            memcpy(found->codec, entry.type, sizeof entry.type);
        found->has_pictures = found->has_pictures || pictures;
        found->has_sound = found->has_sound || sound;
    }
}

static bool read_mp4(struct reader *reader)
{
    struct film_boxes_span all = {0, TO_THE_END};
    struct film_box movie, track;
    off_t size = lseek(reader->file, 0, SEEK_END);
    all.end = size > 0 ? (uint64_t)size : 0;
    if (!find_box(reader, all, "moov", &movie))
        return false;
    struct film_boxes_span tracks = movie.body;
    while (next_box(reader, &tracks, &track))
        if (film_boxes_is_type(&track, "trak"))
            read_track(reader, track.body);
    return reader->found->has_pictures || reader->found->has_sound;
}

/* Matroska's elements (RFC 8794, RFC 9559). */
enum {
    EBML_HEAD = 0x1a45dfa3,
    SEGMENT = 0x18538067,
    CLUSTER = 0x1f43b675,
    TRACKS = 0x1654ae6b,
    TRACK = 0xae,
    TRACK_TYPE = 0x83,
    CODEC_ID = 0x86,
    ENCODINGS = 0x6d80,
    ENCODING = 0x6240,
    ENCRYPTION = 0x5035,
};

struct element {
    uint64_t id;
    struct film_boxes_span body;
};

/* Reads a number whose first byte tells its length (RFC 8794, 4); 0: nonsense. */
static int read_varying(struct reader *reader, uint64_t at, bool with_mark, uint64_t *value)
{
    uint8_t bytes[8];
    int length = 1;
    if (!read_at(reader, at, bytes, 1) || bytes[0] == 0)
        return 0;
    while (!(bytes[0] & 0x80 >> (length - 1)))
        length++;
    if (!read_at(reader, at, bytes, (size_t)length))
        return 0;
    if (!with_mark)
        bytes[0] = (uint8_t)(bytes[0] & (0x7f >> (length - 1)));
    *value = film_boxes_number(bytes, (size_t)length);
    /* All ones: the size is not known. */
    if (!with_mark && *value == (UINT64_C(1) << 7 * length) - 1)
        *value = TO_THE_END;
    return length;
}

static bool next_element(struct reader *reader, struct film_boxes_span *span,
                         struct element *element)
{
    uint64_t size;
    if (span->at >= span->end)
        return false;
    int id_bytes = read_varying(reader, span->at, true, &element->id);
    int size_bytes =
        id_bytes ? read_varying(reader, span->at + (uint64_t)id_bytes, false, &size) : 0;
    if (!size_bytes)
        return false;
    uint64_t begin = span->at + (uint64_t)(id_bytes + size_bytes);
    if (begin > span->end)
        return false;
    if (size > span->end - begin)
        size = span->end - begin;
    element->body = (struct film_boxes_span){begin, begin + size};
    span->at = begin + size;
    return true;
}

static bool has_element(struct reader *reader, struct film_boxes_span in, uint64_t id)
{
    struct element element;
    while (next_element(reader, &in, &element))
        if (element.id == id)
            return true;
    return false;
}

static void read_matroska_track(struct reader *reader, struct film_boxes_span track)
{
    struct check_container *found = reader->found;
    struct element element, encoding;
    char codec[CHECK_CONTAINER_CODEC_BYTES] = "";
    uint8_t type = 0;
    while (next_element(reader, &track, &element)) {
        size_t size = (size_t)(element.body.end - element.body.at);
        if (element.id == TRACK_TYPE && size > 0 &&
            !read_at(reader, element.body.end - 1, &type, 1))
            type = 0;
        if (element.id == CODEC_ID && size < sizeof codec &&
            !read_at(reader, element.body.at, codec, size))
            codec[0] = '\0';
        struct film_boxes_span encodings = element.body;
        while (element.id == ENCODINGS && next_element(reader, &encodings, &encoding))
            if (encoding.id == ENCODING && has_element(reader, encoding.body, ENCRYPTION))
                found->encrypted = true;
    }
    if (type == 1 && !found->has_pictures)
        memcpy(found->codec, codec, sizeof codec);
    found->has_pictures = found->has_pictures || type == 1;
    found->has_sound = found->has_sound || type == 2;
}

static bool read_matroska(struct reader *reader)
{
    struct film_boxes_span all = {0, TO_THE_END - 64};
    struct element element;
    if (!next_element(reader, &all, &element) || element.id != EBML_HEAD ||
        !next_element(reader, &all, &element) || element.id != SEGMENT)
        return false;
    struct film_boxes_span segment = element.body;
    while (next_element(reader, &segment, &element) && element.id != TRACKS)
        if (element.id == CLUSTER) /* tracks come before what is in them */
            return false;
    if (element.id != TRACKS)
        return false;
    struct film_boxes_span tracks = element.body;
    while (next_element(reader, &tracks, &element))
        if (element.id == TRACK)
            read_matroska_track(reader, element.body);
    return reader->found->has_pictures || reader->found->has_sound;
}

bool check_container_read(int file, enum media_kind kind, struct check_container *container)
{
    struct reader reader = {.file = file, .found = container};
    *container = (struct check_container){.codec = ""};
    return kind == MEDIA_KIND_MP4 ? read_mp4(&reader) : read_matroska(&reader);
}
