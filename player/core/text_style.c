#include "core/text_style.h"

#include <string.h>

void text_style_numbers(const struct text_style *style, double numbers[TEXT_STYLE_NUMBERS])
{
    const struct text_shadow *shadow = &style->shadow;
    const double all[TEXT_STYLE_NUMBERS] = {
        style->size,      style->color,     style->align,
        style->valign,    style->has_box,   style->box.x,
        style->box.y,     style->box.width, style->box.height,
        style->lines_max, style->tracking,  style->leading,
        style->autospace, style->hangs,     style->is_tabular,
        style->opacity,   shadow->kind,     shadow->has_color ? shadow->color : -1.0,
        shadow->strength, shadow->blur,     shadow->drop,
        style->scrim};
    memcpy(numbers, all, sizeof all);
}
