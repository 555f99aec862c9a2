/* Many files to a web server: several HEADs or PUTs at a time, each tried again where the connection
 * broke. */
#include "target/target_internal.h"

#include "base/clock.h"

#include <stdlib.h>

#define PUTS_MAX 4
#define HEADS_MAX 8
#define TURN_MS 200 /* how long a turn waits at most, so that progress and pauses are on time */

/* One of the transfers that run at the same time. */
struct lane {
    struct target_file *file; /* NULL: free */
    struct target_local_file source;
    struct http_transfer *transfer; /* NULL: pausing before it is tried again */
    int failures;
    int64_t due_ns; /* end of the pause */
    int64_t sent_bytes;
};

struct batch {
    struct target *target;
    struct target_file *files;
    size_t count, next;
    bool puts; /* else HEADs */
    struct lane lanes[HEADS_MAX];
    int lane_count;
    struct target_meter meter;
    int64_t done_bytes; /* of files that have arrived */
    struct err err;     /* the first that trying again can't help; nothing is begun after it */
};

static MUST_CHECK bool count_and_hash(void *context, int64_t offset, const void *data, size_t size,
                                      struct err *err)
{
    struct lane *lane = context;
    lane->sent_bytes = offset + (int64_t)size;
    return target_local_file_pass(&lane->source, offset, data, size, err);
}

static MUST_CHECK bool begin_put(struct batch *batch, struct lane *lane,
                                 const struct http_request *request, struct err *err)
{
    if (!target_local_file_open(&lane->source, lane->file, err))
        return false;
    const struct http_body body = {.fd = lane->source.fd,
                                   .bytes = lane->file->bytes,
                                   .sha256 = lane->file->sha256,
                                   .content_type = target_http_type(lane->file->name),
                                   .cache_control = target_http_caching(true),
                                   .pass = count_and_hash,
                                   .context = lane};
    lane->transfer = http_put(batch->target->http, request, &body, err);
    return lane->transfer != NULL;
}

static void begin_transfer(struct batch *batch, struct lane *lane)
{
    struct target *target = batch->target;
    struct err err = {0};
    bool ok = false;
    char *url = target_join(target->base, lane->file->name);
    const struct http_request request = {.url = url, .no_cache = !batch->puts, .s3 = target->s3};
    if (!url)
        err_oom(&err);
    else if (batch->puts)
        ok = begin_put(batch, lane, &request, &err);
    else
        ok = (lane->transfer = http_head(target->http, &request, &err)) != NULL;
    free(url);
    if (ok)
        return;
    if (batch->err.code == ERR_NONE)
        batch->err = err;
    target_local_file_close(&lane->source);
    lane->file = NULL;
}

/* A HEAD that says "not there" has not failed. A store that doesn't let
 * us list the bucket answers 403 for what is not there; if we may not write either, the PUT fails. */
static MUST_CHECK bool is_absent(const struct batch *batch, const struct http_response *head,
                                 const struct err *err)
{
    return !batch->puts && (err->code == ERR_MISSING || (head->status == 403 && batch->target->s3));
}

static void end_transfer(struct batch *batch, struct lane *lane)
{
    struct http_response head;
    struct err err = {0};
    struct target_file *file = lane->file;
    bool ok = target_http_result(batch->target, file->name, lane->transfer, &head, &err);
    http_end(lane->transfer);
    target_local_file_close(&lane->source);
    lane->transfer = NULL;
    lane->sent_bytes = 0;
    if (!ok && !is_absent(batch, &head, &err)) {
        if (++lane->failures < TARGET_TRIES && target_http_is_passing(&head, &err)) {
            lane->due_ns = clock_mono_ns() + target_http_pause_ms(lane->failures) * 1000000;
            return;
        }
        if (batch->err.code == ERR_NONE)
            batch->err = err;
    } else if (batch->puts) {
        file->there = true;
        batch->done_bytes += file->bytes;
    } else {
        file->there = ok && (file->bytes < 0 || head.content_bytes == file->bytes);
        file->found_bytes = ok ? head.content_bytes : TARGET_ABSENT;
    }
    lane->file = NULL;
}

/* The next file that needs something done. */
static struct target_file *next_file(struct batch *batch)
{
    while (batch->next < batch->count) {
        struct target_file *file = &batch->files[batch->next++];
        if (!batch->puts || !file->there)
            return file;
    }
    return NULL;
}

/* Whether the lane still has something to do. */
static bool move_lane(struct batch *batch, struct lane *lane)
{
    if (lane->transfer && http_finished(lane->transfer))
        end_transfer(batch, lane);
    bool going_on = batch->err.code == ERR_NONE;
    if (!lane->file && going_on && (lane->file = next_file(batch))) {
        lane->failures = 0;
        lane->due_ns = 0;
    }
    if (lane->file && !lane->transfer) {
        if (!going_on)
            lane->file = NULL;
        else if (clock_mono_ns() >= lane->due_ns)
            begin_transfer(batch, lane);
    }
    return lane->file != NULL;
}

static bool move_lanes(struct batch *batch)
{
    bool busy = false;
    int64_t bytes = batch->done_bytes;
    for (int i = 0; i < batch->lane_count; i++) {
        busy = move_lane(batch, &batch->lanes[i]) || busy;
        bytes += batch->lanes[i].sent_bytes;
    }
    /* What a server has not confirmed may not have arrived: the whole is reported only at the end. */
    if (batch->puts && busy && bytes < batch->meter.total_bytes)
        target_meter_move(&batch->meter, bytes);
    return busy;
}

static MUST_CHECK bool run_batch(struct batch *batch, struct err *err)
{
    bool ok = true;
    while (ok && move_lanes(batch))
        ok = http_run(batch->target->http, TURN_MS, &batch->err);
    for (int i = 0; i < batch->lane_count; i++) {
        http_end(batch->lanes[i].transfer);
        target_local_file_close(&batch->lanes[i].source);
    }
    if (batch->err.code != ERR_NONE)
        return err_set(err, batch->err.code, "%s", batch->err.text);
    return true;
}

bool target_upload_look(struct target *target, struct target_file *files, size_t count,
                        struct err *err)
{
    struct batch batch = {
        .target = target, .files = files, .count = count, .lane_count = HEADS_MAX};
    return run_batch(&batch, err);
}

bool target_upload_files(struct target *target, struct target_file *files, size_t count,
                         const struct target_progress *progress, struct err *err)
{
    struct batch batch = {
        .target = target, .files = files, .count = count, .puts = true, .lane_count = PUTS_MAX};
    target_meter_begin(&batch.meter, progress, files, count);
    if (!run_batch(&batch, err))
        return false;
    target_meter_move(&batch.meter, batch.meter.total_bytes);
    return true;
}
