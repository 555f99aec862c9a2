#include "sync/feed/feed_media_pace.h"

#include "base/log.h"
#include "base/log_throttle.h"

#include <inttypes.h>

#define LOG_MODULE "feed_media_pace"

#define SECOND_NS INT64_C(1000000000)
#define LOOK_NS (10 * SECOND_NS)
#define FORGET_NS (600 * SECOND_NS)
#define SOONER_S INT64_C(120)
#define FASTER 2               /* less is within the noise of a shared line */
#define SLOW_BYTES_PER_S 65536 /* from here on it is told */
#define SHOWN_BYTES 512        /* of an address in the log */

static int64_t add_bytes(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static bool is_known(const struct feed_media_pace_origin *origin, int64_t now_ns)
{
    return origin->bytes_per_s > 0 && now_ns - origin->measured_ns < FORGET_NS;
}

static bool has_failed(const struct feed_media_file *file, size_t base, int64_t now_ns)
{
    int64_t failed_ns = file->failed_ns[base];
    return file->wrong[base] || (failed_ns && now_ns - failed_ns < FORGET_NS);
}

/* Whether an origin of this speed would have the file, and those that wait behind it, so much sooner
 * that it is worth going there. One that can't go on with what is there begins anew. */
static bool is_sooner(const struct feed_media_file *file, int64_t left_bytes, int64_t bytes_per_s,
                      int64_t here_bytes_per_s)
{
    int64_t again_bytes = file->unjoined ? file->asset->size_bytes - feed_media_file_left(file) : 0;
    return bytes_per_s / FASTER >= here_bytes_per_s &&
           add_bytes(left_bytes, again_bytes) / bytes_per_s + SOONER_S <=
               left_bytes / here_bytes_per_s;
}

/* The fastest origin that is known to be sooner, else one of which nothing is known; or this. */
static size_t find_sooner(const struct feed_media_pace *pace, const struct feed_media_file *file,
                          int64_t left_bytes, int64_t now_ns)
{
    size_t best = file->base;
    int64_t here_bytes_per_s = pace->origins[best].bytes_per_s;
    int64_t best_bytes_per_s = 0;
    for (size_t i = 1; i < file->base_count; i++) {
        size_t base = (file->base + i) % file->base_count;
        const struct feed_media_pace_origin *origin = &pace->origins[base];
        bool known = is_known(origin, now_ns);
        if (has_failed(file, base, now_ns))
            continue;
        if (!known && best == file->base && !file->unjoined)
            best = base;
        if (known && origin->bytes_per_s > best_bytes_per_s &&
            is_sooner(file, left_bytes, origin->bytes_per_s, here_bytes_per_s)) {
            best = base;
            best_bytes_per_s = origin->bytes_per_s;
        }
    }
    return best;
}

static void tell_slow(struct feed_media_pace_origin *origin, const struct feed_media_file *file,
                      int64_t left_bytes, size_t next, int64_t now_ns)
{
    char shown[SHOWN_BYTES], next_shown[SHOWN_BYTES] = "";
    if (origin->told_ns && now_ns - origin->told_ns < LOG_THROTTLE_NS)
        return;
    origin->told_ns = now_ns;
    fetch_public(file->url, shown, sizeof shown);
    if (next != file->base)
        fetch_public(file->config->bases[next], next_shown, sizeof next_shown);
    log_warn("media file arrives slowly path=\"%s\" url=%s bytes_per_s=%" PRId64
             " minutes_left=%" PRId64 " next=\"%s\"",
             file->asset->path, shown, origin->bytes_per_s, left_bytes / origin->bytes_per_s / 60,
             next_shown);
}

static void set_speed(struct feed_media_pace_origin *origin, int64_t bytes, int64_t passed_ns,
                      int64_t now_ns)
{
    int64_t ms = passed_ns / 1000000;
    int64_t bytes_per_s = bytes / ms * 1000 + bytes % ms * 1000 / ms;
    origin->bytes_per_s = bytes_per_s > 0 ? bytes_per_s : 1;
    origin->measured_ns = now_ns;
}

/* Where to go on with so much, at the speed that was measured just now. */
static size_t choose_base(struct feed_media_pace *pace, const struct feed_media_file *file,
                          int64_t left_bytes, int64_t share_bytes_per_s, int64_t now_ns)
{
    struct feed_media_pace_origin *origin = &pace->origins[file->base];
    if (left_bytes / origin->bytes_per_s < SOONER_S)
        return file->base;
    /* The limit is the player's own, and would be the same at any origin. */
    if (share_bytes_per_s && origin->bytes_per_s >= share_bytes_per_s / FASTER)
        return file->base;
    size_t next = find_sooner(pace, file, left_bytes, now_ns);
    bool next_is_known = next != file->base && is_known(&pace->origins[next], now_ns);
    if (origin->bytes_per_s < SLOW_BYTES_PER_S || next_is_known)
        tell_slow(origin, file, left_bytes, next, now_ns);
    return next;
}

size_t feed_media_pace_choose(struct feed_media_pace *pace, struct feed_media_file *file,
                              const struct feed_media_load *load, int64_t now_ns)
{
    int64_t left_bytes = feed_media_file_left(file);
    if (!file->looked_ns) { /* the transfer has just begun */
        file->looked_ns = now_ns;
        file->looked_bytes = file->arrived_bytes;
    }
    if (now_ns - file->looked_ns < LOOK_NS)
        return file->base;
    set_speed(&pace->origins[file->base], file->arrived_bytes - file->looked_bytes,
              now_ns - file->looked_ns, now_ns);
    file->looked_ns = now_ns;
    file->looked_bytes = file->arrived_bytes;
    if (left_bytes < 0)
        return file->base;
    return choose_base(pace, file, add_bytes(left_bytes, load->queued_bytes),
                       load->share_bytes_per_s, now_ns);
}

size_t feed_media_pace_finish(struct feed_media_pace *pace, const struct feed_media_file *file,
                              const struct feed_media_load *load, int64_t now_ns)
{
    struct feed_media_pace_origin *origin = &pace->origins[file->base];
    if (!file->looked_ns)
        return file->base;
    origin->short_ns += now_ns - file->looked_ns;
    origin->short_bytes += file->arrived_bytes - file->looked_bytes;
    if (origin->short_ns < LOOK_NS)
        return file->base;
    set_speed(origin, origin->short_bytes, origin->short_ns, now_ns);
    origin->short_bytes = origin->short_ns = 0;
    return choose_base(pace, file, load->queued_bytes, load->share_bytes_per_s, now_ns);
}

int64_t feed_media_pace_due_ns(const struct feed_media_file *file)
{
    return file->looked_ns ? file->looked_ns + LOOK_NS : 0;
}

void feed_media_pace_failed(struct feed_media_file *file, bool wrong, int64_t now_ns)
{
    file->failed_ns[file->base] = now_ns;
    file->wrong[file->base] |= wrong;
}
