#include "commands/check/check_shape.h"

#include "core/layout.h"

#include <math.h>

#define CROPPED_PART 0.4
#define ENLARGED 1.0005 /* more than rounding */

const struct check_screen check_screens[CHECK_SCREENS] = {{1920, 1080, "landscape"},
                                                          {1080, 1920, "portrait"}};

struct check_place check_shape_place(const struct playlist_spot *spot, int screen)
{
    bool one = spot->asset_landscape == spot->asset_portrait;
    return (struct check_place){{"spots", spot->name, spot->is_video ? "video" : "image",
                                 one ? NULL : check_screens[screen].words}};
}

int check_shape_asset(const struct playlist_spot *spot, int screen)
{
    return playlist_spot_asset(spot, check_screens[screen].width_px,
                               check_screens[screen].height_px);
}

void check_shape_judge(struct check_report *report, const struct playlist_spot *spot, int index,
                       int width, int height)
{
    const struct check_screen *screen = &check_screens[index];
    struct check_place place = check_shape_place(spot, index);
    const char *what = spot->is_video ? "film" : "picture";
    if (spot->asset_landscape == spot->asset_portrait && index != (width < height))
        return;
    struct layout_fitted fitted = layout_fit(width, height, screen->width_px, screen->height_px,
                                             spot->fit, spot->focus_x, spot->focus_y);
    double cropped = 1 - fitted.source.width * fitted.source.height / ((double)width * height);
    double enlarged = fmax(fitted.target.width / fitted.source.width,
                           fitted.target.height / fitted.source.height);
    bool crops = cropped > CROPPED_PART;
    if (width != height && (width < height) != (screen->width_px < screen->height_px))
        check_report_add(report, CHECK_WARNING, &place, "a %s %s (%d × %d) on %s screens%s",
                         check_screens[width < height].words, what, width, height, screen->words,
                         crops ? ", which crop most of it" : "");
    else if (crops)
        check_report_add(report, CHECK_WARNING, &place,
                         "%s screens crop %.0f %% of the %s (%d × %d)", screen->words,
                         cropped * 100, what, width, height);
    if (enlarged > ENLARGED)
        check_report_add(report, CHECK_WARNING, &place,
                         "only %d × %d pixels: enlarged %.2f times on a screen of %d × %d", width,
                         height, enlarged, screen->width_px, screen->height_px);
}
