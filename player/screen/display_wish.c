#include "screen/display_wish.h"

#include <stdlib.h>
#include <string.h>

#define SIDE_MIN_PX 64
#define HZ_MAX 1000

/* Reads a whole number of at most five digits, and what must follow it. */
static bool read_number(const char **text, char end, int *number)
{
    const char *at = *text;
    int value = 0;
    while (*at >= '0' && *at <= '9' && at - *text < 5)
        value = value * 10 + (*at++ - '0');
    if (at == *text || *at != end)
        return false;
    *text = end ? at + 1 : at;
    *number = value;
    return true;
}

static bool is_size(int width_px, int height_px)
{
    return width_px >= SIDE_MIN_PX && width_px <= DISPLAY_SIDE_MAX_PX && height_px >= SIDE_MIN_PX &&
           height_px <= DISPLAY_SIDE_MAX_PX;
}

static bool read_mode(const char *text, struct display_mode *mode)
{
    const char *rate = strchr(text, '@');
    if (!read_number(&text, 'x', &mode->width_px) ||
        !read_number(&text, rate ? '@' : '\0', &mode->height_px))
        return false;
    if (!rate)
        return is_size(mode->width_px, mode->height_px);
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    mode->hz = strtod(text, &end);
    return mode->hz > 0 && mode->hz <= HZ_MAX && *end == '\0' &&
           is_size(mode->width_px, mode->height_px);
}

bool display_wish_read_mode(const char *text, struct display_mode *mode, struct err *err)
{
    struct display_mode read = {0};
    if (!read_mode(text, &read))
        return err_set(err, ERR_INPUT, "needs WxH or WxH@HZ, such as 1920x1080@60, not \"%s\"",
                       text);
    if (mode)
        *mode = read;
    return true;
}

static bool read_canvas(const char *text, struct display_canvas *canvas)
{
    return read_number(&text, 'x', &canvas->width_px) &&
           read_number(&text, '+', &canvas->height_px) && read_number(&text, '+', &canvas->x_px) &&
           read_number(&text, '\0', &canvas->y_px) &&
           is_size(canvas->width_px, canvas->height_px) && canvas->x_px < canvas->width_px &&
           canvas->y_px < canvas->height_px;
}

bool display_wish_read_canvas(const char *text, struct display_canvas *canvas, struct err *err)
{
    struct display_canvas read = {0};
    if (!read_canvas(text, &read))
        return err_set(err, ERR_INPUT,
                       "needs WxH+X+Y, the wall's size and this screen's place on it, such as "
                       "3840x1080+1920+0, not \"%s\"",
                       text);
    if (canvas)
        *canvas = read;
    return true;
}

bool display_wish_check_mode(const char *text, struct err *err)
{
    return display_wish_read_mode(text, NULL, err);
}

bool display_wish_check_canvas(const char *text, struct err *err)
{
    return display_wish_read_canvas(text, NULL, err);
}
