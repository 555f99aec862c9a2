/* Private to the feed: raises the state of a channel, and tells once that it can't be kept. */
#ifndef SYNC_FEED_REMEMBER_H
#define SYNC_FEED_REMEMBER_H

#include "sync/state.h"

/* As state_raise. */
void feed_remember(struct state_file *file, const struct state *at_least);

/* As state_lower_floor. */
void feed_remember_lower(struct state_file *file, int64_t floor_ms);

#endif
