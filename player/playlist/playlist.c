#include "playlist/playlist.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void playlist_destroy(struct playlist *playlist)
{
    if (!playlist)
        return;
    arena_finish(&playlist->arena);
    free(playlist);
}

void playlist_faults_finish(struct playlist_faults *faults)
{
    if (!faults)
        return;
    arena_finish(&faults->arena);
    memset(faults, 0, sizeof *faults);
}

/* RFC 4647, section 3.4: removes the last subtag, and a single-letter one before it, too. */
static size_t shorten(const char *language, size_t length)
{
    while (length && language[length - 1] != '-')
        length--;
    length -= length ? 1 : 0;
    if (length >= 2 && language[length - 2] == '-')
        length -= 2;
    return length;
}

static bool equals(const char *tag, const char *language, size_t length)
{
    return strlen(tag) == length && !strncasecmp(tag, language, length);
}

/* Chinese that is tagged by region, as is common, counts as its script: a player's language names
 * the script. */
static const char *script_of(const char *tag)
{
    static const char *const regions[][2] = {{"zh-CN", "zh-Hans"},
                                             {"zh-SG", "zh-Hans"},
                                             {"zh-TW", "zh-Hant"},
                                             {"zh-HK", "zh-Hant"},
                                             {"zh-MO", "zh-Hant"}};
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++)
        if (!strcasecmp(tag, regions[i][0]))
            return regions[i][1];
    return tag;
}

static bool same_language(const char *tag, const char *language, size_t length)
{
    return equals(tag, language, length) || equals(script_of(tag), language, length);
}

const struct playlist_text *playlist_choose_text(const struct playlist_text *texts, size_t count,
                                                 const char *language)
{
    const char *asked = language ? language : "";
    for (size_t length = strlen(asked); length; length = shorten(asked, length))
        for (size_t i = 0; i < count; i++)
            if (same_language(texts[i].language, asked, length))
                return &texts[i];
    for (size_t i = 0; i < count; i++)
        if (same_language(texts[i].language, "en", 2))
            return &texts[i];
    return count ? &texts[0] : NULL;
}

int playlist_choose_font(const struct playlist_style *style, const char *language)
{
    const char *asked = language ? language : "";
    for (size_t length = strlen(asked); length; length = shorten(asked, length))
        for (size_t i = 0; i < style->font_count; i++)
            if (same_language(style->fonts[i].language, asked, length))
                return style->fonts[i].asset;
    for (size_t i = 0; i < style->font_count; i++)
        if (!style->fonts[i].language[0])
            return style->fonts[i].asset;
    return -1;
}

int playlist_spot_asset(const struct playlist_spot *spot, int width_px, int height_px)
{
    if (!spot->has_visual)
        return -1;
    return height_px > width_px ? spot->asset_portrait : spot->asset_landscape;
}
