#include "core/frame.h"

struct frame *frame_hold(struct frame *frame)
{
    if (frame)
        frame->holders++;
    return frame;
}

void frame_release(struct frame *frame)
{
    if (frame && --frame->holders == 0)
        frame->free(frame);
}
