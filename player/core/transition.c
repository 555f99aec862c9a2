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

double transition_ease(double passed)
{
    return transition_smoothstep(0, 1, passed);
}

double transition_text_leaving(const struct transition *transition, double passed)
{
    return 1 - transition_smoothstep(0, transition->text_out, passed);
}

double transition_text_coming(const struct transition *transition, double passed)
{
    return transition_smoothstep(1 - transition->text_in, 1, passed);
}
