#include "sync/feed_remember.h"

#include "base/log.h"

#define LOG_MODULE "feed_remember"

static void tell(bool was_unsaved, bool ok, const struct err *err)
{
    if (!ok && !was_unsaved)
        log_error("what must be remembered can't be kept, and is tried again reason=\"%s\"",
                  err->text);
    if (ok && was_unsaved)
        log_info("what must be remembered is kept again");
}

void feed_remember(struct state_file *file, const struct state *at_least)
{
    struct err err = {0};
    bool was_unsaved = state_unsaved(file);
    bool ok = state_raise(file, at_least, &err);
    tell(was_unsaved, ok, &err);
}

void feed_remember_lower(struct state_file *file, int64_t floor_ms)
{
    struct err err = {0};
    bool was_unsaved = state_unsaved(file);
    bool ok = state_lower_floor(file, floor_ms, &err);
    tell(was_unsaved, ok, &err);
}
