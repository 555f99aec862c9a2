#include "core/media_kind.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define PACKET_BYTES ((size_t)188) /* of a transport stream, ISO/IEC 13818-1 */
#define PACKET_SYNC 0x47

struct signature {
    size_t at;
    const char *bytes;
    size_t size;
    enum media_kind kind;
};

#define SIGNATURE(at, bytes, kind)                                                                 \
    {                                                                                              \
        at, bytes, sizeof(bytes) - 1, kind                                                         \
    }

static const struct signature signatures[] = {
    SIGNATURE(4, "ftyp", MEDIA_KIND_MP4),
    SIGNATURE(4, "moov", MEDIA_KIND_MP4),
    SIGNATURE(4, "mdat", MEDIA_KIND_MP4),
    SIGNATURE(4, "wide", MEDIA_KIND_MP4),
    SIGNATURE(4, "styp", MEDIA_KIND_MP4),
    SIGNATURE(0, "\x1a\x45\xdf\xa3", MEDIA_KIND_MATROSKA),
    SIGNATURE(0, "\xff\xd8\xff", MEDIA_KIND_JPEG),
    SIGNATURE(0, "\x89PNG\r\n\x1a\n", MEDIA_KIND_PNG),
    SIGNATURE(8, "WEBP", MEDIA_KIND_WEBP),
    SIGNATURE(8, "AVI ", MEDIA_KIND_AVI),
    SIGNATURE(0, "GIF8", MEDIA_KIND_GIF),
    SIGNATURE(0, "FLV\x01", MEDIA_KIND_FLV),
    SIGNATURE(0, "\0\0\1\xba", MEDIA_KIND_MPEG),
    SIGNATURE(0, "\0\0\1\xb3", MEDIA_KIND_MPEG),
    SIGNATURE(0, "version https://git-lfs.", MEDIA_KIND_LFS),
};

/* Whether the bytes before a signature fit it: the name of its container, or a box's size, which
 * is not text. */
static bool has_container_start(const uint8_t *bytes, size_t at)
{
    return at == 0 || (at == 4 && bytes[0] < ' ') || (at == 8 && memcmp(bytes, "RIFF", 4) == 0);
}

static bool is_transport(const uint8_t *bytes, size_t size)
{
    return size > 2 * PACKET_BYTES && bytes[0] == PACKET_SYNC &&
           bytes[PACKET_BYTES] == PACKET_SYNC && bytes[2 * PACKET_BYTES] == PACKET_SYNC;
}

/* A page may begin with a byte order mark and blanks; case does not matter. */
static bool is_html(const uint8_t *bytes, size_t size)
{
    static const char *const starts[] = {"<!doctype html", "<html", "<head", "<body"};
    const char *text = (const char *)bytes;
    size_t at = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < size && strchr(" \t\r\n", text[at]) && text[at])
        at++;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        size_t length = strlen(starts[i]);
        if (size - at >= length && strncasecmp(text + at, starts[i], length) == 0)
            return true;
    }
    return false;
}

enum media_kind media_kind_of(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const struct signature *signature = &signatures[i];
        if (size >= signature->at + signature->size && has_container_start(bytes, signature->at) &&
            memcmp(bytes + signature->at, signature->bytes, signature->size) == 0)
            return signature->kind;
    }
    if (is_transport(bytes, size))
        return MEDIA_KIND_MPEG;
    return is_html(bytes, size) ? MEDIA_KIND_HTML : MEDIA_KIND_UNKNOWN;
}

const char *media_kind_name(enum media_kind kind)
{
    static const char *const names[] = {
        [MEDIA_KIND_UNKNOWN] = "a file of an unknown kind",
        [MEDIA_KIND_MP4] = "an MP4 or MOV film",
        [MEDIA_KIND_MATROSKA] = "a WebM or Matroska film",
        [MEDIA_KIND_JPEG] = "a JPEG picture",
        [MEDIA_KIND_PNG] = "a PNG picture",
        [MEDIA_KIND_WEBP] = "a WebP picture",
        [MEDIA_KIND_GIF] = "a GIF picture",
        [MEDIA_KIND_AVI] = "an AVI film",
        [MEDIA_KIND_FLV] = "an FLV film",
        [MEDIA_KIND_MPEG] = "an MPEG stream",
        [MEDIA_KIND_HTML] = "a web page (HTML)",
        [MEDIA_KIND_LFS] = "a Git LFS pointer",
    };
    return names[kind];
}
