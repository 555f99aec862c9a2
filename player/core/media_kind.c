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
    SIGNATURE(0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", MEDIA_KIND_ASF),
    SIGNATURE(0, "\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02", MEDIA_KIND_MXF),
    SIGNATURE(4, "RED1", MEDIA_KIND_RED),
    SIGNATURE(4, "RED2", MEDIA_KIND_RED),
    SIGNATURE(0, "OggS", MEDIA_KIND_OGG),
    SIGNATURE(0, ".RMF", MEDIA_KIND_REALMEDIA),
    SIGNATURE(0, "#EXTM3U", MEDIA_KIND_HLS),
    SIGNATURE(0, "ID3", MEDIA_KIND_SOUND),
    SIGNATURE(0, "\xff\xfb", MEDIA_KIND_SOUND), /* MP3 */
    SIGNATURE(0, "\xff\xfa", MEDIA_KIND_SOUND),
    SIGNATURE(0, "\xff\xf3", MEDIA_KIND_SOUND),
    SIGNATURE(0, "\xff\xf2", MEDIA_KIND_SOUND),
    SIGNATURE(0, "\xff\xf1", MEDIA_KIND_SOUND), /* AAC */
    SIGNATURE(0, "\xff\xf9", MEDIA_KIND_SOUND),
    SIGNATURE(0, "fLaC", MEDIA_KIND_SOUND),
    SIGNATURE(8, "WAVE", MEDIA_KIND_SOUND),
    SIGNATURE(8, "AIFF", MEDIA_KIND_SOUND),
    SIGNATURE(0, "\xff\x0a", MEDIA_KIND_JPEG_XL),
    SIGNATURE(0, "\0\0\0\x0cJXL \r\n\x87\n", MEDIA_KIND_JPEG_XL),
    SIGNATURE(0, "\0\0\0\x0cjP  \r\n\x87\n", MEDIA_KIND_JPEG_2000),
    SIGNATURE(0, "\xff\x4f\xff\x51", MEDIA_KIND_JPEG_2000),
    SIGNATURE(0, "FUJIFILMCCD-RAW", MEDIA_KIND_RAW),
    SIGNATURE(0, "IIU\0", MEDIA_KIND_RAW),
    SIGNATURE(0, "IIRO", MEDIA_KIND_RAW),
    SIGNATURE(0, "II*\0", MEDIA_KIND_TIFF),
    SIGNATURE(0, "MM\0*", MEDIA_KIND_TIFF),
    SIGNATURE(0, "II+\0", MEDIA_KIND_TIFF),
    SIGNATURE(0, "MM\0+", MEDIA_KIND_TIFF),
    SIGNATURE(0, "DDS |\0\0\0", MEDIA_KIND_DDS),
    SIGNATURE(0, "8BPS", MEDIA_KIND_PHOTOSHOP),
    SIGNATURE(0, "gimp xcf", MEDIA_KIND_GIMP),
    SIGNATURE(0, "%!PS", MEDIA_KIND_POSTSCRIPT),
    SIGNATURE(0, "\xc5\xd0\xd3\xc6", MEDIA_KIND_POSTSCRIPT),
    SIGNATURE(0, "%PDF-", MEDIA_KIND_PDF),
    SIGNATURE(0, "\x06\x06\xed\xf5\xd8\x1d\x46\xe5", MEDIA_KIND_INDESIGN),
    SIGNATURE(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", MEDIA_KIND_OFFICE),
    SIGNATURE(0, "{\\rtf", MEDIA_KIND_OFFICE),
    SIGNATURE(0, "\x37\x7a\xbc\xaf\x27\x1c", MEDIA_KIND_ARCHIVE),
    SIGNATURE(0, "Rar!\x1a\7", MEDIA_KIND_ARCHIVE),
    SIGNATURE(0, "\x1f\x8b\x08", MEDIA_KIND_ARCHIVE),
    SIGNATURE(0, "\0\5\x16\7", MEDIA_KIND_APPLE_DOUBLE),
    SIGNATURE(0, "\0\5\x16\0", MEDIA_KIND_APPLE_DOUBLE),
    SIGNATURE(0, "\0\0\0\1Bud1", MEDIA_KIND_DS_STORE),
};

/* The brands of a file that begins with a box "ftyp" (ISO/IEC 14496-12, 4.3): the first is what it
 * is, the others what it can be taken for as well. */
static const struct brand {
    const char *name;
    enum media_kind kind;
} brands[] = {
    {"avif", MEDIA_KIND_AVIF}, {"avis", MEDIA_KIND_AVIF}, {"heic", MEDIA_KIND_HEIF},
    {"heix", MEDIA_KIND_HEIF}, {"heim", MEDIA_KIND_HEIF}, {"heis", MEDIA_KIND_HEIF},
    {"hevc", MEDIA_KIND_HEIF}, {"hevx", MEDIA_KIND_HEIF}, {"mif1", MEDIA_KIND_HEIF},
    {"msf1", MEDIA_KIND_HEIF}, {"crx ", MEDIA_KIND_RAW},
};

static enum media_kind kind_of_brand(const uint8_t *name)
{
    for (size_t i = 0; i < sizeof brands / sizeof *brands; i++)
        if (memcmp(name, brands[i].name, 4) == 0)
            return brands[i].kind;
    return MEDIA_KIND_UNKNOWN;
}

/* A film may be taken for a sequence of pictures, so only its first brand counts; but that of a
 * photo may be the general one, and the next ones say how it is coded. */
static enum media_kind kind_of_brands(const uint8_t *bytes, size_t size)
{
    size_t end = (size_t)bytes[2] << 8 | bytes[3];
    if (size < 12 || bytes[0] || bytes[1])
        return MEDIA_KIND_MP4;
    enum media_kind kind = kind_of_brand(bytes + 8);
    for (size_t at = 16; kind == MEDIA_KIND_HEIF && at + 4 <= end && at + 4 <= size; at += 4)
        if (kind_of_brand(bytes + at) == MEDIA_KIND_AVIF)
            kind = MEDIA_KIND_AVIF;
    return kind == MEDIA_KIND_UNKNOWN ? MEDIA_KIND_MP4 : kind;
}

/* The name of a ZIP archive's first file tells documents from other archives (ECMA-376-2, OpenDocument
 * 1.3-2). */
static enum media_kind kind_of_zip(const uint8_t *bytes, size_t size)
{
    static const struct first {
        const char *start;
        enum media_kind kind;
    } firsts[] = {
        {"[Content_Types].xml", MEDIA_KIND_OFFICE},
        {"_rels/.rels", MEDIA_KIND_OFFICE},
        {"docProps/", MEDIA_KIND_OFFICE},
        {"mimetypeapplication/vnd.oasis.opendocument", MEDIA_KIND_OPENDOCUMENT},
        {"Index/", MEDIA_KIND_IWORK},
        {"Index.zip", MEDIA_KIND_IWORK},
        {"index.apxl", MEDIA_KIND_IWORK},
    };
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
        size_t length = strlen(firsts[i].start);
        if (size >= 30 + length && memcmp(bytes + 30, firsts[i].start, length) == 0)
            return firsts[i].kind;
    }
    return MEDIA_KIND_ARCHIVE;
}

static bool is_zip(const uint8_t *bytes, size_t size)
{
    return size >= 4 && memcmp(bytes, "PK\3\4", 4) == 0;
}

/* Canon's TIFF says so; other makers' are taken for TIFF. */
static bool is_raw_tiff(const uint8_t *bytes, size_t size)
{
    return size >= 12 && memcmp(bytes, "II*\0", 4) == 0 && memcmp(bytes + 8, "CR\2\0", 4) == 0;
}

static bool is_bmp(const uint8_t *bytes, size_t size)
{
    return size >= 14 && memcmp(bytes, "BM", 2) == 0 && memcmp(bytes + 6, "\0\0\0", 4) == 0 &&
           bytes[12] == 0 && bytes[13] == 0;
}

/* Some pictures, the first of which has a reserved byte of 0. */
static bool is_ico(const uint8_t *bytes, size_t size)
{
    return size >= 10 && memcmp(bytes, "\0\0\1\0", 4) == 0 && bytes[4] > 0 && bytes[5] == 0 &&
           bytes[9] == 0;
}

/* Whether the bytes before a signature fit it: the name of its container, or a box's size, which
 * is not text. */
static bool has_container_start(const uint8_t *bytes, size_t at)
{
    return at == 0 || (at == 4 && bytes[0] < ' ') ||
           (at == 8 && (memcmp(bytes, "RIFF", 4) == 0 || memcmp(bytes, "FORM", 4) == 0));
}

static bool is_transport(const uint8_t *bytes, size_t size)
{
    return size > 2 * PACKET_BYTES && bytes[0] == PACKET_SYNC &&
           bytes[PACKET_BYTES] == PACKET_SYNC && bytes[2 * PACKET_BYTES] == PACKET_SYNC;
}

static bool has_start(const char *text, size_t size, const char *start)
{
    size_t length = strlen(start);
    return size >= length && strncasecmp(text, start, length) == 0;
}

static bool has_within(const char *text, size_t size, const char *word)
{
    for (size_t at = 0; at < size; at++)
        if (has_start(text + at, size - at, word))
            return true;
    return false;
}

/* Markup may begin with a byte order mark and blanks; case does not matter. */
static enum media_kind kind_of_markup(const uint8_t *bytes, size_t size)
{
    static const char *const pages[] = {"<!doctype html", "<html", "<head", "<body"};
    const char *text = (const char *)bytes;
    size_t at = size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < size && strchr(" \t\r\n", text[at]) && text[at])
        at++;
    text += at;
    size -= at;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (has_start(text, size, pages[i]))
            return MEDIA_KIND_HTML;
    bool xml = has_start(text, size, "<?xml") || has_start(text, size, "<!--") ||
               has_start(text, size, "<!doctype");
    if (has_start(text, size, "<svg") || (xml && has_within(text, size, "<svg")))
        return MEDIA_KIND_SVG;
    if (has_start(text, size, "<mpd") || (xml && has_within(text, size, "<mpd")))
        return MEDIA_KIND_DASH;
    return xml && has_within(text, size, "<html") ? MEDIA_KIND_HTML : MEDIA_KIND_UNKNOWN;
}

enum media_kind media_kind_of(const uint8_t *bytes, size_t size)
{
    if (is_raw_tiff(bytes, size))
        return MEDIA_KIND_RAW;
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const struct signature *signature = &signatures[i];
        if (size >= signature->at + signature->size && has_container_start(bytes, signature->at) &&
            memcmp(bytes + signature->at, signature->bytes, signature->size) == 0)
            return i == 0 ? kind_of_brands(bytes, size) : signature->kind;
    }
    if (is_transport(bytes, size))
        return MEDIA_KIND_MPEG;
    if (is_zip(bytes, size))
        return kind_of_zip(bytes, size);
    if (is_bmp(bytes, size))
        return MEDIA_KIND_BMP;
    return is_ico(bytes, size) ? MEDIA_KIND_ICO : kind_of_markup(bytes, size);
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
        [MEDIA_KIND_ASF] = "a Windows Media film (WMV)",
        [MEDIA_KIND_MXF] = "an MXF film",
        [MEDIA_KIND_RED] = "a RED camera's raw film (R3D)",
        [MEDIA_KIND_OGG] = "an Ogg file",
        [MEDIA_KIND_REALMEDIA] = "a RealMedia film",
        [MEDIA_KIND_HLS] = "a list of a stream's pieces (HLS)",
        [MEDIA_KIND_DASH] = "a list of a stream's pieces (DASH)",
        [MEDIA_KIND_SOUND] = "a sound file",
        [MEDIA_KIND_HEIF] = "a HEIC photo",
        [MEDIA_KIND_AVIF] = "an AVIF picture",
        [MEDIA_KIND_TIFF] = "a TIFF picture",
        [MEDIA_KIND_BMP] = "a BMP picture",
        [MEDIA_KIND_JPEG_XL] = "a JPEG XL picture",
        [MEDIA_KIND_JPEG_2000] = "a JPEG 2000 picture",
        [MEDIA_KIND_RAW] = "a camera's raw photo",
        [MEDIA_KIND_SVG] = "an SVG drawing",
        [MEDIA_KIND_ICO] = "an icon (ICO)",
        [MEDIA_KIND_DDS] = "a DDS texture",
        [MEDIA_KIND_PHOTOSHOP] = "a Photoshop document",
        [MEDIA_KIND_GIMP] = "a GIMP document",
        [MEDIA_KIND_POSTSCRIPT] = "an EPS or PostScript document",
        [MEDIA_KIND_PDF] = "a PDF or Illustrator document",
        [MEDIA_KIND_INDESIGN] = "an InDesign document",
        [MEDIA_KIND_OFFICE] = "an Office document",
        [MEDIA_KIND_OPENDOCUMENT] = "an OpenDocument file",
        [MEDIA_KIND_IWORK] = "a Keynote, Pages or Numbers document",
        [MEDIA_KIND_ARCHIVE] = "an archive (ZIP or the like)",
        [MEDIA_KIND_APPLE_DOUBLE] = "a side file of macOS (._)",
        [MEDIA_KIND_DS_STORE] = "a folder's settings of macOS (.DS_Store)",
        [MEDIA_KIND_HTML] = "a web page (HTML)",
        [MEDIA_KIND_LFS] = "a Git LFS pointer",
    };
    return names[kind];
}
