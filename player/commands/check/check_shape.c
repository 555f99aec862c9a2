#include "commands/check/check_shape.h"

#include "core/layout.h"

#include <math.h>

#define CROPPED_PART 0.4
#define ENLARGED 1.0005 /* more than rounding */

static bool is_for_both(const struct playlist_spot *spot)
{
    return spot->asset_landscape == spot->asset_portrait;
}

struct check_place check_shape_place(const struct playlist_spot *spot, enum check_shape shape)
{
    if (!*spot->name)
        return (struct check_place){
            {"house", is_for_both(spot) ? NULL : check_screens_shape_name(shape)}};
    return (struct check_place){{"spots", spot->name, spot->is_video ? "video" : "image",
                                 is_for_both(spot) ? NULL : check_screens_shape_name(shape)}};
}

int check_shape_asset(const struct playlist_spot *spot, enum check_shape shape)
{
    if (!spot->has_visual)
        return -1;
    return shape == CHECK_PORTRAIT ? spot->asset_portrait : spot->asset_landscape;
}

bool check_shape_is_judged(const struct check_screens *screens, const struct check_screen *screen,
                           const struct playlist_spot *spot, int width, int height)
{
    enum check_shape own = width < height ? CHECK_PORTRAIT : CHECK_LANDSCAPE;
    bool any_of_own = false;
    for (int i = 0; i < screens->count; i++)
        any_of_own |= !screens->list[i].stands_in && check_screens_shape(&screens->list[i]) == own;
    if (screen->stands_in)
        return false;
    return !is_for_both(spot) || !any_of_own || check_screens_shape(screen) == own;
}

void check_shape_judge(struct check_report *report, const struct check_screens *screens,
                       const struct check_screen *screen, const struct playlist_spot *spot,
                       int width, int height)
{
    struct check_place place = check_shape_place(spot, check_screens_shape(screen));
    const char *what = spot->is_video ? "film" : "picture";
    if (!check_shape_is_judged(screens, screen, spot, width, height))
        return;
    struct layout_fitted fitted = layout_fit(width, height, screen->width_px, screen->height_px,
                                             spot->fit, spot->focus_x, spot->focus_y);
    double cropped = 1 - fitted.source.width * fitted.source.height / ((double)width * height);
    double enlarged = fmax(fitted.target.width / fitted.source.width,
                           fitted.target.height / fitted.source.height);
    bool crops = cropped > CROPPED_PART;
    enum check_shape own = width < height ? CHECK_PORTRAIT : CHECK_LANDSCAPE;
    if (width != height && own != check_screens_shape(screen))
        check_report_add(report, CHECK_WARNING, &place, "a %s %s (%d × %d) on %s%s",
                         check_screens_shape_name(own), what, width, height, screen->words,
                         crops ? ", which crop most of it" : "");
    else if (crops)
        check_report_add(report, CHECK_WARNING, &place, "%s crop %.0f %% of the %s (%d × %d)",
                         screen->words, cropped * 100, what, width, height);
    if (enlarged > ENLARGED)
        check_report_add(report, CHECK_WARNING, &place,
                         "only %d × %d pixels: enlarged %.2f times on a screen of %d × %d", width,
                         height, enlarged, screen->width_px, screen->height_px);
}
