#include "sound/sound_device.h"

#include "base/clock.h"
#include "base/log.h"
#include "core/retry.h"

#include <SDL.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOG_MODULE "sound_device"

/* 21 ms. It need not be smaller, as sound is put into the queue early enough. A power of two:
 * some of SDL 2.26's drivers round other sizes up to one, and then overrun the buffer that they
 * made. */
#define PERIOD_PAIRS 1024
#define CHECK_MS 500 /* how often an open device is checked */
#define SILENT_MAX 4 /* checks in a row that find a device taking nothing */
#define JOIN_MS 500
#define RETRY_MAX_MS 60000
/* A device works when it has taken this much since it was opened: a screen's output from which
 * nothing is heard still fills its buffer, a few hundredths of a second. */
#define WORKS_PAIRS SOUND_QUEUE_HZ

enum device_state {
    STATE_UNKNOWN, /* not tried since it became needed */
    STATE_NONE,
    STATE_OPEN,
};

struct sound_device {
    struct sound_queue queue;
    _Atomic int state;
    bool started; /* main thread */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stop, needed; /* protected by mutex; only the main thread writes them */
    /* Only the device's own thread: */
    SDL_AudioDeviceID id;     /* 0: not open */
    _Atomic unsigned opening; /* counts devices that were opened */
    int period;               /* pairs */
    unsigned failures;        /* in a row, to open a device or to keep it */
    int64_t opened_at;        /* sound_queue_taken when the device was opened */
    int64_t taken;            /* sound_queue_taken at the last check */
    int silent;               /* checks in a row at which nothing had been taken */
    bool is_loss_logged;      /* until a device works again */
};

struct sound_device *sound_device_create(void)
{
    struct sound_device *device = calloc(1, sizeof *device);
    pthread_condattr_t attributes;
    if (!device)
        return NULL;
    pthread_mutex_init(&device->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&device->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    return device;
}

static void SDLCALL fill_device_buffer(void *context, Uint8 *bytes, int size)
{
    struct sound_device *device = context;
    void *samples = bytes; /* SDL allocates it */
    sound_queue_take(&device->queue, device->opening, samples, size / (int)(2 * sizeof(float)),
                     clock_mono_ns());
}

static void log_device_opened(const struct sound_device *device)
{
    log_info("sound device opened driver=\"%s\" period_ms=%.1f", SDL_GetCurrentAudioDriver(),
             device->period * 1000.0 / SOUND_QUEUE_HZ);
}

/* By SDL_AudioInit, as SDL_InitSubSystem counts its users without a lock, and the main thread
 * may be opening a screen. */
static bool open_device(struct sound_device *device)
{
    SDL_AudioSpec have;
    const SDL_AudioSpec want = {
        .freq = SOUND_QUEUE_HZ,
        .format = AUDIO_F32SYS,
        .channels = 2,
        .samples = PERIOD_PAIRS,
        .callback = fill_device_buffer,
        .userdata = device,
    };
    if (SDL_AudioInit(NULL) != 0)
        return false;
    device->opening++;
    /* ALSA would complain on standard error if a device was opened where there is none. */
    device->id = SDL_GetNumAudioDevices(0) == 0
                     ? 0
                     : SDL_OpenAudioDevice(NULL, 0, &want, &have, SDL_AUDIO_ALLOW_SAMPLES_CHANGE);
    if (!device->id) {
        SDL_AudioQuit();
        return false;
    }
    device->period = have.samples;
    if (!device->is_loss_logged)
        log_device_opened(device);
    device->silent = 0;
    device->opened_at = device->taken = sound_queue_taken(&device->queue);
    device->state = STATE_OPEN;
    SDL_PauseAudioDevice(device->id, 0);
    return true;
}

/* Sets the state first, as closing may hang. */
static void close_device(struct sound_device *device, enum device_state state)
{
    device->state = state;
    if (!device->id)
        return;
    SDL_CloseAudioDevice(device->id);
    device->id = 0;
    SDL_AudioQuit();
}

static bool is_lost(struct sound_device *device)
{
    int64_t taken = sound_queue_taken(&device->queue);
    device->silent = taken == device->taken ? device->silent + 1 : 0;
    device->taken = taken;
    return device->silent >= SILENT_MAX ||
           SDL_GetAudioDeviceStatus(device->id) == SDL_AUDIO_STOPPED;
}

/* Ends the series of failures once a device has played for a second: some open, and take
 * nothing. */
static void note_working_device(struct sound_device *device)
{
    if (device->taken - device->opened_at < WORKS_PAIRS)
        return;
    device->failures = 0;
    if (device->is_loss_logged)
        log_device_opened(device);
    device->is_loss_logged = false;
}

/* Opens the device, or closes one that was lost; returns how long to wait before the next check. */
static int64_t check_device(struct sound_device *device)
{
    if (device->id && !is_lost(device)) {
        note_working_device(device);
        return CHECK_MS;
    }
    if (!device->id && open_device(device))
        return CHECK_MS;
    if (device->id) {
        if (!device->is_loss_logged)
            log_warn("sound device lost, films are silent until one works");
        close_device(device, STATE_NONE);
    } else if (!device->is_loss_logged) {
        log_info("no sound device, films are silent reason=\"%s\"", SDL_GetError());
    }
    device->is_loss_logged = true;
    device->state = STATE_NONE;
    const struct retry_policy policy = {CHECK_MS, RETRY_MAX_MS};
    return retry_delay_ms(&policy, ++device->failures, UINT32_MAX);
}

static struct timespec time_after_ms(clockid_t clock, int64_t ms)
{
    struct timespec at;
    clock_gettime(clock, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += ms % 1000 * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_nsec -= 1000000000;
        at.tv_sec++;
    }
    return at;
}

/* Closes the device while there is nothing to play, and forgets past failures. */
static void close_unneeded_device(struct sound_device *device)
{
    if (device->id && !device->is_loss_logged)
        log_info("sound device closed, nothing to play");
    close_device(device, STATE_UNKNOWN);
    device->failures = 0;
}

/* Waits until the need changes or the thread should end; while needed, at most limit_ms. */
static void wait_for_request(struct sound_device *device, bool needed, int64_t limit_ms)
{
    struct timespec until = time_after_ms(CLOCK_MONOTONIC, limit_ms);
    int status = 0;
    while (!device->stop && device->needed == needed && status == 0)
        status = needed ? pthread_cond_timedwait(&device->wake, &device->mutex, &until)
                        : pthread_cond_wait(&device->wake, &device->mutex);
}

static void *run_device_thread(void *context)
{
    struct sound_device *device = context;
    pthread_mutex_lock(&device->mutex);
    while (!device->stop) {
        bool needed = device->needed;
        pthread_mutex_unlock(&device->mutex);
        int64_t limit_ms = 0;
        if (needed)
            limit_ms = check_device(device);
        else
            close_unneeded_device(device);
        pthread_mutex_lock(&device->mutex);
        wait_for_request(device, needed, limit_ms);
    }
    pthread_mutex_unlock(&device->mutex);
    close_device(device, STATE_NONE);
    SDL_TLSCleanup(); /* frees this thread's SDL_GetError */
    return NULL;
}

static void start_device_thread(struct sound_device *device)
{
    int number = pthread_create(&device->thread, NULL, run_device_thread, device);
    device->started = number == 0;
    if (device->started)
        return;
    if (device->state == STATE_UNKNOWN)
        log_warn("cannot start the sound thread, films are silent reason=\"%s\"", strerror(number));
    device->state = STATE_NONE;
}

void sound_device_set_needed(struct sound_device *device, bool needed)
{
    if (device->needed != needed) {
        pthread_mutex_lock(&device->mutex);
        device->needed = needed;
        pthread_cond_signal(&device->wake);
        pthread_mutex_unlock(&device->mutex);
    }
    if (needed && !device->started)
        start_device_thread(device);
}

bool sound_device_is_available(const struct sound_device *device)
{
    return device->state != STATE_NONE;
}

bool sound_device_is_open(const struct sound_device *device)
{
    return device->state == STATE_OPEN;
}

struct sound_queue *sound_device_queue(struct sound_device *device)
{
    return &device->queue;
}

bool sound_device_destroy(struct sound_device *device)
{
    if (!device)
        return true;
    if (device->started) {
        pthread_mutex_lock(&device->mutex);
        device->stop = true;
        pthread_cond_signal(&device->wake);
        pthread_mutex_unlock(&device->mutex);
        struct timespec until = time_after_ms(CLOCK_MONOTONIC, JOIN_MS);
        if (pthread_clockjoin_np(device->thread, NULL, CLOCK_MONOTONIC, &until) != 0) {
            log_warn("sound device hangs, exiting without closing it");
            return false;
        }
    }
    pthread_cond_destroy(&device->wake);
    pthread_mutex_destroy(&device->mutex);
    free(device);
    return true;
}
