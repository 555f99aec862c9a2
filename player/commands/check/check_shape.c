#include "commands/check/check_shape.h"

#include "core/layout.h"

#include <math.h>

#define CROPPED_PART 0.4
#define ENLARGED 1.0005 /* more than rounding */

enum shape check_shape_of(const struct playlist_spot *spot, const struct check_screen *screen)
{
    return shape_nearest(spot->shapes, screen->width_px, screen->height_px);
}

struct check_place check_shape_place(const struct playlist_spot *spot, enum shape shape)
{
    const char *name = playlist_spot_has_one_file(spot) ? NULL : shape_name(shape);
    if (!*spot->name)
        return (struct check_place){{"house", name}};
    return (struct check_place){{"spots", spot->name, spot->is_video ? "video" : "image", name}};
}

int check_shape_asset(const struct playlist_spot *spot, const struct check_screen *screen)
{
    return playlist_spot_asset(spot, screen->width_px, screen->height_px);
}

bool check_shape_is_judged(const struct check_screens *screens, const struct check_screen *screen,
                           const struct playlist_spot *spot, int width, int height)
{
    bool is_upright = width < height, any_of_own = false;
    for (int i = 0; i < screens->count; i++)
        any_of_own |= !screens->list[i].stands_in &&
                      check_screens_is_upright(&screens->list[i]) == is_upright;
    if (screen->stands_in)
        return false;
    return !playlist_spot_has_one_file(spot) || !any_of_own ||
           check_screens_is_upright(screen) == is_upright;
}

void check_shape_judge(struct check_report *report, const struct check_screens *screens,
                       const struct check_screen *screen, const struct playlist_spot *spot,
                       int width, int height)
{
    struct check_place place = check_shape_place(spot, check_shape_of(spot, screen));
    const char *what = spot->is_video ? "film" : "picture";
    if (!check_shape_is_judged(screens, screen, spot, width, height))
        return;
    struct playlist_point focus = playlist_spot_focus(spot, screen->width_px, screen->height_px);
    struct layout_fitted fitted =
        layout_fit(width, height, screen->width_px, screen->height_px, spot->fit, focus.x, focus.y);
    double cropped = 1 - fitted.source.width * fitted.source.height / ((double)width * height);
    double enlarged = fmax(fitted.target.width / fitted.source.width,
                           fitted.target.height / fitted.source.height);
    bool crops = cropped > CROPPED_PART;
    bool is_upright = width < height;
    if (width != height && is_upright != check_screens_is_upright(screen))
        check_report_add(report, CHECK_WARNING, &place, "a %s %s (%d × %d) on %s%s",
                         is_upright ? "portrait" : "landscape", what, width, height, screen->words,
                         crops ? ", which crop most of it" : "");
    else if (crops)
        check_report_add(report, CHECK_WARNING, &place, "%s crop %.0f %% of the %s (%d × %d)",
                         screen->words, cropped * 100, what, width, height);
    if (enlarged > ENLARGED)
        check_report_add(report, CHECK_WARNING, &place,
                         "only %d × %d pixels: enlarged %.2f times on a screen of %d × %d", width,
                         height, enlarged, screen->width_px, screen->height_px);
}
