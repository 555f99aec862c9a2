#include "decode/picture_notes.h"

#include "sandbox/protocol.h"

#include <stddef.h>

static const struct {
    enum protocol_still_note note;
    const char *text;
} words[] = {
    {PROTOCOL_STILL_MOVES, "the picture is an animation, of which only the first picture is shown; "
                           "to play it, convert it "
                           "to an MP4 for \"video\""},
    {PROTOCOL_STILL_PROFILE_DAMAGED, "the picture's color profile is damaged, so it is ignored and "
                                     "colors may be wrong; save the picture as sRGB"},
    {PROTOCOL_STILL_PROFILE_LARGE,
     "the picture's color profile has more than 8 MB, so it is ignored "
     "and colors may be wrong; save the picture as sRGB"},
    {PROTOCOL_STILL_PROFILE_UNFIT,
     "the picture's color profile is for another kind of picture, so "
     "it is ignored and colors may be wrong; save the picture as sRGB"},
    {PROTOCOL_STILL_INKS_UNKNOWN, "the picture is CMYK without a color profile, so its colors are "
                                  "approximate; save it as sRGB"},
};

const char *picture_notes_next(uint32_t *notes)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (*notes & words[i].note) {
            *notes &= ~(uint32_t)words[i].note;
            return words[i].text;
        }
    *notes = 0;
    return NULL;
}
