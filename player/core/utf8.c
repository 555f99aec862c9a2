#include "core/utf8.h"

#include <string.h>

size_t utf8_next(const char *text, size_t size, uint32_t *code)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text;
    if (!size)
        return 0;
    size_t length = 0;
    if (bytes[0] < 0x80)
        length = 1;
    else if ((bytes[0] & 0xe0) == 0xc0)
        length = 2;
    else if ((bytes[0] & 0xf0) == 0xe0)
        length = 3;
    else if ((bytes[0] & 0xf8) == 0xf0)
        length = 4;
    if (!length || length > size)
        return 0;
    uint32_t value = length == 1 ? bytes[0] : bytes[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (bytes[i] & 0x3fU);
    }
    if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *code = value;
    return length;
}

bool utf8_is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f);
}

bool utf8_is_deceptive(uint32_t code)
{
    return utf8_is_control(code) || code == 0x61c || (code >= 0x200e && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0xfeff;
}

size_t utf8_copy_clean(const char *text, size_t size, char *out, size_t out_bytes)
{
    size_t length = 0;
    for (size_t i = 0; i < size;) {
        uint32_t code = 0;
        size_t step = utf8_next(text + i, size - i, &code);
        bool bad = !step || utf8_is_deceptive(code);
        size_t need = bad ? 1 : step;
        if (length + need >= out_bytes)
            break;
        if (bad)
            out[length] = '?';
        else
            memcpy(out + length, text + i, step);
        length += need;
        i += step ? step : 1;
    }
    out[length] = '\0';
    return length;
}
