#include "core/edid.h"

#include <stdio.h>
#include <string.h>

#define DESCRIPTORS_AT 54
#define DESCRIPTOR_BYTES 18
#define DESCRIPTOR_COUNT 4
#define TAG_SERIAL 0xff
#define TAG_NAME 0xfc

static bool is_whole(const uint8_t *bytes, size_t count)
{
    static const uint8_t head[8] = {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0};
    uint8_t sum = 0;
    if (count < EDID_BLOCK_BYTES || memcmp(bytes, head, sizeof head) != 0)
        return false;
    for (size_t i = 0; i < EDID_BLOCK_BYTES; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum == 0;
}

/* Thirteen bytes, ended by a line feed where they are fewer, then filled with spaces. */
static void read_text(const uint8_t *from, char *text)
{
    size_t length = 0;
    while (length < EDID_NAME_BYTES - 1 && from[length] != '\n' && from[length]) {
        bool printable = from[length] >= ' ' && from[length] <= '~';
        text[length] = (char)(printable ? from[length] : '?');
        length++;
    }
    while (length > 0 && text[length - 1] == ' ')
        length--;
    text[length] = '\0';
}

static bool is_near(int mm, int whole_cm_mm)
{
    return mm > whole_cm_mm - 10 && mm < whole_cm_mm + 10;
}

/* A timing says the picture's size in millimeters, where the block has whole centimeters. Some say
 * 16:9 there, whatever the size is. */
static void read_timing(const uint8_t *from, struct edid *edid)
{
    int width_mm = from[12] | (from[14] & 0xf0) << 4;
    int height_mm = from[13] | (from[14] & 0x0f) << 8;
    if (is_near(width_mm, edid->width_mm) && is_near(height_mm, edid->height_mm)) {
        edid->width_mm = width_mm;
        edid->height_mm = height_mm;
    }
}

static void read_descriptor(const uint8_t *from, struct edid *edid)
{
    if (from[0] || from[1])
        read_timing(from, edid);
    else if (from[3] == TAG_NAME)
        read_text(from + 5, edid->name);
    else if (from[3] == TAG_SERIAL)
        read_text(from + 5, edid->serial);
}

bool edid_parse(const uint8_t *bytes, size_t count, struct edid *edid)
{
    *edid = (struct edid){0};
    if (!is_whole(bytes, count))
        return false;
    unsigned maker = (unsigned)bytes[8] << 8 | bytes[9];
    for (int i = 0; i < 3; i++) {
        unsigned letter = maker >> (10 - 5 * i) & 31;
        edid->maker[i] = (char)(letter >= 1 && letter <= 26 ? 'A' + letter - 1 : '?');
    }
    edid->product = (unsigned)bytes[11] << 8 | bytes[10];
    if (bytes[21] && bytes[22]) { /* one alone is a ratio, of a projector */
        edid->width_mm = bytes[21] * 10;
        edid->height_mm = bytes[22] * 10;
    }
    for (size_t i = 0; i < DESCRIPTOR_COUNT; i++)
        read_descriptor(bytes + DESCRIPTORS_AT + i * DESCRIPTOR_BYTES, edid);
    return true;
}

void edid_describe(const struct edid *edid, char *text, size_t text_bytes)
{
    if (!edid->maker[0])
        snprintf(text, text_bytes, "%s", "");
    else if (edid->name[0])
        snprintf(text, text_bytes, "%s %s", edid->maker, edid->name);
    else
        snprintf(text, text_bytes, "%s %04x", edid->maker, edid->product);
}
