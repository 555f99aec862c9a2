#include "worker/film/film_frame_pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct slot {
    struct film_frame_pool *pool;
    bool busy;           /* protected by the mutex */
    int reader_refs;     /* how often the reader has it */
    AVBufferRef *buffer; /* keeps a decoded frame while the reader has it; NULL for a copy */
};

struct film_frame_pool {
    pthread_mutex_t mutex;
    struct film_layout layout;
    uint8_t *ring;
    int count;
    bool direct;               /* frames may go into slots */
    atomic_bool out_of_memory; /* an allocation outside the slots failed */
    struct slot slots[PROTOCOL_FILM_SLOTS_MAX];
};

struct film_frame_pool *film_frame_pool_create(const struct film_layout *layout, void *ring,
                                               int slots)
{
    struct film_frame_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    if (pthread_mutex_init(&pool->mutex, NULL) != 0) {
        free(pool);
        return NULL;
    }
    pool->layout = *layout;
    pool->ring = ring;
    pool->count = slots;
    for (int i = 0; i < slots; i++)
        pool->slots[i].pool = pool;
    return pool;
}

/* The first free slot, so that slots which are not needed are never touched and cost no memory. */
static int take_free_slot(struct film_frame_pool *pool, int reserved)
{
    int first = -1, free_slots = 0;
    pthread_mutex_lock(&pool->mutex);
    for (int i = pool->count - 1; i >= 0; i--) {
        if (pool->slots[i].busy)
            continue;
        first = i;
        free_slots++;
    }
    if (free_slots <= reserved)
        first = -1;
    if (first >= 0)
        pool->slots[first].busy = true;
    pthread_mutex_unlock(&pool->mutex);
    return first;
}

static void free_slot(struct slot *slot)
{
    pthread_mutex_lock(&slot->pool->mutex);
    slot->busy = false;
    pthread_mutex_unlock(&slot->pool->mutex);
}

static void on_buffer_freed(void *opaque, uint8_t *bytes)
{
    (void)bytes;
    free_slot(opaque);
}

static size_t plane_rows(const struct film_layout *layout, int plane)
{
    size_t end = plane < 2 ? layout->offset_bytes[plane + 1] : layout->slot_bytes;
    return (end - layout->offset_bytes[plane]) / layout->stride_bytes[plane];
}

static bool frame_fits_slot(const struct film_layout *layout, AVCodecContext *context,
                            const AVFrame *frame)
{
    if (frame->format != AV_PIX_FMT_YUV420P && frame->format != AV_PIX_FMT_YUVJ420P)
        return false;
    int width = frame->width, height = frame->height;
    int align[AV_NUM_DATA_POINTERS] = {0};
    avcodec_align_dimensions2(context, &width, &height, align);
    for (int i = 0; i < 3; i++) {
        size_t across = i == 0 ? (size_t)width : ((size_t)width + 1) / 2;
        size_t down = i == 0 ? (size_t)height : ((size_t)height + 1) / 2;
        if (across > layout->stride_bytes[i] || down > plane_rows(layout, i))
            return false;
        if (align[i] > 0 && (layout->stride_bytes[i] % (size_t)align[i] != 0 ||
                             layout->offset_bytes[i] % (size_t)align[i] != 0))
            return false;
    }
    return true;
}

/* FFmpeg's get_buffer2; runs on any of the decoder's threads. */
static int get_buffer(AVCodecContext *context, AVFrame *frame, int flags)
{
    struct film_frame_pool *pool = context->opaque;
    bool fit = pool->direct && frame_fits_slot(&pool->layout, context, frame);
    int slot = fit ? take_free_slot(pool, FILM_FRAME_POOL_RESERVED) : -1;
    if (slot < 0) {
        int code = avcodec_default_get_buffer2(context, frame, flags);
        if (code == AVERROR(ENOMEM))
            atomic_store(&pool->out_of_memory, true);
        return code;
    }
    uint8_t *start = pool->ring + (size_t)slot * pool->layout.slot_bytes;
    frame->buf[0] =
        av_buffer_create(start, pool->layout.slot_bytes, on_buffer_freed, &pool->slots[slot], 0);
    if (!frame->buf[0]) {
        free_slot(&pool->slots[slot]);
        return AVERROR(ENOMEM);
    }
    for (int i = 0; i < 3; i++) {
        frame->data[i] = start + pool->layout.offset_bytes[i];
        frame->linesize[i] = (int)pool->layout.stride_bytes[i];
    }
    frame->extended_data = frame->data;
    return 0;
}

void film_frame_pool_attach(struct film_frame_pool *pool, AVCodecContext *context, bool direct)
{
    pool->direct = direct;
    context->opaque = pool;
    context->get_buffer2 = get_buffer;
#if LIBAVCODEC_VERSION_MAJOR < 60
    /* Always the case from 60 on; before that, frame threads would wait for our thread for each
     * buffer. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    context->thread_safe_callbacks = 1;
#pragma GCC diagnostic pop
#endif
}

bool film_frame_pool_out_of_memory(const struct film_frame_pool *pool)
{
    return atomic_load(&pool->out_of_memory);
}

int film_frame_pool_slot_of(const struct film_frame_pool *pool, const AVFrame *frame)
{
    const struct film_layout *layout = &pool->layout;
    uintptr_t first = (uintptr_t)pool->ring, at = (uintptr_t)frame->data[0];
    if (at < first || at - first >= layout->slot_bytes * (size_t)pool->count)
        return -1;
    size_t slot = (at - first) / layout->slot_bytes;
    const uint8_t *start = pool->ring + slot * layout->slot_bytes;
    for (int i = 0; i < 3; i++)
        if (frame->data[i] != start + layout->offset_bytes[i] ||
            frame->linesize[i] != (int)layout->stride_bytes[i])
            return -1;
    return (int)slot;
}

bool film_frame_pool_give(struct film_frame_pool *pool, int slot, const AVFrame *frame)
{
    struct slot *lent = &pool->slots[slot];
    if (lent->reader_refs == 0 && !(lent->buffer = av_buffer_ref(frame->buf[0])))
        return false;
    lent->reader_refs++;
    return true;
}

int film_frame_pool_take(struct film_frame_pool *pool)
{
    int slot = take_free_slot(pool, 0);
    if (slot >= 0)
        pool->slots[slot].reader_refs = 1;
    return slot;
}

void film_frame_pool_planes(const struct film_frame_pool *pool, int slot, uint8_t *planes[3])
{
    for (int i = 0; i < 3; i++)
        planes[i] =
            pool->ring + (size_t)slot * pool->layout.slot_bytes + pool->layout.offset_bytes[i];
}

bool film_frame_pool_release(struct film_frame_pool *pool, int slot)
{
    if (slot < 0 || slot >= pool->count || pool->slots[slot].reader_refs == 0)
        return false;
    struct slot *lent = &pool->slots[slot];
    if (--lent->reader_refs > 0)
        return true;
    if (lent->buffer)
        av_buffer_unref(&lent->buffer);
    else
        free_slot(lent);
    return true;
}

void film_frame_pool_destroy(struct film_frame_pool *pool)
{
    if (!pool)
        return;
    for (int i = 0; i < pool->count; i++)
        av_buffer_unref(&pool->slots[i].buffer);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}
