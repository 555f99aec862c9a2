#include "core/frame.h"

struct frame *frame_hold(struct frame *frame)
{
    if (frame)
        frame->holders++;
    return frame;
}

struct layout_rect frame_source(const struct frame *frame)
{
    return frame->source.width > 0 ? frame->source : (struct layout_rect){0, 0, 1, 1};
}

void frame_release(struct frame *frame)
{
    if (frame && --frame->holders == 0)
        frame->free(frame);
}
