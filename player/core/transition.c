#include "core/transition.h"

double transition_smoothstep(double begin, double end, double value)
{
    if (value <= begin)
        return 0;
    if (value >= end)
        return 1;
    double part = (value - begin) / (end - begin);
    return part * part * (3 - 2 * part);
}

/* Starts and ends gently; exact at 1/2, too. */
static double ease_both(double passed)
{
    return transition_smoothstep(0, 1, passed);
}

/* Begins fast, ends gently. */
static double ease_out(double passed)
{
    double left = 1 - passed;
    return 1 - left * left * left;
}

/* For a kind that has gentle moments of its own. */
static double ease_none(double passed)
{
    return passed;
}

const struct transition_kind transition_kinds[TRANSITION_TYPES] = {
    [TRANSITION_CROSSFADE] = {.name = "crossfade", .ease = ease_both},
    [TRANSITION_DISSOLVE] = {.name = "dissolve", .ease = ease_both},
    [TRANSITION_CUT] = {.name = "cut", .ease = ease_both},
    [TRANSITION_WIPE] = {.name = "wipe", .ease = ease_both},
    [TRANSITION_IRIS] = {.name = "iris", .ease = ease_out},
    [TRANSITION_DIP] = {.name = "dip", .ease = ease_none},
    [TRANSITION_PUSH] = {.name = "push", .ease = ease_both},
};

double transition_text_leaving(const struct transition *transition, double passed)
{
    return 1 - transition_smoothstep(0, transition->text_out, passed);
}

double transition_text_coming(const struct transition *transition, double passed)
{
    return transition_smoothstep(1 - transition->text_in, 1, passed);
}
