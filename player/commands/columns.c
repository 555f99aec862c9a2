#include "commands/columns.h"

#include <stdint.h>
#include <uniwidth.h>

int columns_width(const char *text)
{
    return u8_strwidth((const uint8_t *)text, "UTF-8");
}

void columns_put(FILE *stream, const char *text, int width)
{
    fprintf(stream, "%s%*s", text, width > columns_width(text) ? width - columns_width(text) : 0,
            "");
}
