#include "decode/system_fonts.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Faces of Noto Sans CJK's collections, in their order. */
enum { FACE_JP, FACE_KR, FACE_SC, FACE_TC, FACE_HK };

static const char *const folders[] = {
    "/usr/share/fonts/opentype/noto", /* Debian, Ubuntu */
    "/usr/share/fonts/noto-cjk",      /* Arch, openSUSE */
    "/usr/local/share/fonts",
};

/* Whether a language tag has a subtag, in any case of letters. */
static bool has_subtag(const char *language, const char *subtag)
{
    size_t length = strlen(subtag);
    while (*language) {
        size_t part = strcspn(language, "-_");
        if (part == length && strncasecmp(language, subtag, length) == 0)
            return true;
        language += part;
        language += *language != '\0';
    }
    return false;
}

static bool has_language(const char *language, const char *primary)
{
    size_t length = strcspn(language, "-_");
    return strlen(primary) == length && strncasecmp(language, primary, length) == 0;
}

static int face_for_language(const char *language)
{
    if (has_language(language, "ja"))
        return FACE_JP;
    if (has_language(language, "yue"))
        return FACE_HK;
    if (!has_language(language, "zh"))
        return FACE_KR;
    if (has_subtag(language, "Hans"))
        return FACE_SC;
    if (has_subtag(language, "HK") || has_subtag(language, "MO"))
        return FACE_HK;
    return has_subtag(language, "Hant") || has_subtag(language, "TW") ? FACE_TC : FACE_SC;
}

bool system_fonts_find(const char *language, enum playlist_weight weight, char *path,
                       size_t path_bytes, int *index)
{
    bool bold = weight == PLAYLIST_WEIGHT_BOLD;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        int length = snprintf(path, path_bytes, "%s/NotoSansCJK-%s.ttc", folders[i],
                              bold ? "Bold" : "Regular");
        if (length > 0 && (size_t)length < path_bytes && access(path, R_OK) == 0) {
            *index = face_for_language(language);
            return true;
        }
    }
    *index = 0;
    return file_find_shipped(bold ? "fonts/duckling-bold.otf" : "fonts/duckling-regular.otf", path,
                             path_bytes);
}
