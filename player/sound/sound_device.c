#include "sound/sound_device.h"

#include "base/clock.h"
#include "base/log.h"
#include "core/retry.h"

#include <SDL.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define LOG_MODULE "sound_device"

/* 21 ms: what is heard is put so much earlier, so it need not be smaller. A power of two: some of
 * SDL 2.26's drivers round another number up to one, and then overrun the buffer that they made. */
#define PERIOD_PAIRS 1024
#define LOOK_MS 500  /* how often an open device is looked after */
#define SILENT_MAX 4 /* looks at one that takes nothing any more */
#define JOIN_MS 500
#define RETRY_MAX_MS 60000
/* A device works when it has taken this since it was opened: a screen's output that nothing comes
 * out of still fills its buffer, a few hundredths of a second. */
#define WORKS_PAIRS SOUND_QUEUE_HZ

enum state {
    STATE_UNKNOWN, /* not tried since it was wanted */
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
    bool stop, wanted; /* protected by mutex; only the main thread writes them */
    /* The thread's: */
    SDL_AudioDeviceID id; /* 0: not open */
    _Atomic unsigned device;
    int period;        /* pairs */
    unsigned failures; /* in a row: it did not open, or was lost */
    int64_t opened_at; /* what had been taken when it was opened */
    int64_t taken;     /* when it was last looked at */
    int silent;        /* looks in a row at which nothing had been taken */
    bool told;         /* that there is none, or it was lost; until one works */
};

struct sound_device *sound_device_create(void)
{
    struct sound_device *sound = calloc(1, sizeof *sound);
    pthread_condattr_t attributes;
    if (!sound)
        return NULL;
    pthread_mutex_init(&sound->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&sound->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    return sound;
}

static void SDLCALL feed(void *context, Uint8 *bytes, int size)
{
    struct sound_device *sound = context;
    void *samples = bytes; /* SDL allocates it */
    sound_queue_take(&sound->queue, sound->device, samples, size / (int)(2 * sizeof(float)),
                     clock_mono_ns());
}

static void tell_open(const struct sound_device *sound)
{
    log_info("sound device open driver=\"%s\" period_ms=%.1f", SDL_GetCurrentAudioDriver(),
             sound->period * 1000.0 / SOUND_QUEUE_HZ);
}

/* SDL_AudioInit, not SDL_InitSubSystem: SDL's counts of who uses what are not for two threads, and
 * the main thread may be opening a screen. */
static bool open_device(struct sound_device *sound)
{
    SDL_AudioSpec have;
    const SDL_AudioSpec want = {
        .freq = SOUND_QUEUE_HZ,
        .format = AUDIO_F32SYS,
        .channels = 2,
        .samples = PERIOD_PAIRS,
        .callback = feed,
        .userdata = sound,
    };
    if (SDL_AudioInit(NULL) != 0)
        return false;
    sound->device++;
    /* Asked for where there is none, ALSA complains on standard error. */
    sound->id = SDL_GetNumAudioDevices(0) == 0
                    ? 0
                    : SDL_OpenAudioDevice(NULL, 0, &want, &have, SDL_AUDIO_ALLOW_SAMPLES_CHANGE);
    if (!sound->id) {
        SDL_AudioQuit();
        return false;
    }
    sound->period = have.samples;
    if (!sound->told)
        tell_open(sound);
    sound->silent = 0;
    sound->opened_at = sound->taken = sound_queue_taken(&sound->queue);
    sound->state = STATE_OPEN;
    SDL_PauseAudioDevice(sound->id, 0);
    return true;
}

/* It may hang in this, which leaves the state behind that it is said to become. */
static void close_device(struct sound_device *sound, enum state state)
{
    sound->state = state;
    if (!sound->id)
        return;
    SDL_CloseAudioDevice(sound->id);
    sound->id = 0;
    SDL_AudioQuit();
}

static bool is_lost(struct sound_device *sound)
{
    int64_t taken = sound_queue_taken(&sound->queue);
    sound->silent = taken == sound->taken ? sound->silent + 1 : 0;
    sound->taken = taken;
    return sound->silent >= SILENT_MAX || SDL_GetAudioDeviceStatus(sound->id) == SDL_AUDIO_STOPPED;
}

/* Only now is what went wrong before over: some open, and take nothing. */
static void note_work(struct sound_device *sound)
{
    if (sound->taken - sound->opened_at < WORKS_PAIRS)
        return;
    sound->failures = 0;
    if (sound->told)
        tell_open(sound);
    sound->told = false;
}

/* Does what there is to do; returns how long to wait before the next time. */
static int64_t look_after(struct sound_device *sound)
{
    if (sound->id && !is_lost(sound)) {
        note_work(sound);
        return LOOK_MS;
    }
    if (!sound->id && open_device(sound))
        return LOOK_MS;
    if (sound->id) {
        if (!sound->told)
            log_warn("sound device lost: films are silent until one works again");
        close_device(sound, STATE_NONE);
    } else if (!sound->told) {
        log_info("no sound device: films are silent reason=\"%s\"", SDL_GetError());
    }
    sound->told = true;
    sound->state = STATE_NONE;
    const struct retry_policy policy = {LOOK_MS, RETRY_MAX_MS};
    return retry_delay_ms(&policy, ++sound->failures, UINT32_MAX);
}

static struct timespec after_ms(clockid_t clock, int64_t ms)
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

/* Nothing is to be heard. What was tried before says nothing about the next time. */
static void rest(struct sound_device *sound)
{
    if (sound->id && !sound->told)
        log_info("sound device closed: nothing to hear");
    close_device(sound, STATE_UNKNOWN);
    sound->failures = 0;
}

/* Until it is wanted otherwise, or should end; at most limit_ms where it is wanted. */
static void wait_for_news(struct sound_device *sound, bool wanted, int64_t limit_ms)
{
    struct timespec until = after_ms(CLOCK_MONOTONIC, limit_ms);
    int status = 0;
    while (!sound->stop && sound->wanted == wanted && status == 0)
        status = wanted ? pthread_cond_timedwait(&sound->wake, &sound->mutex, &until)
                        : pthread_cond_wait(&sound->wake, &sound->mutex);
}

static void *run(void *context)
{
    struct sound_device *sound = context;
    pthread_mutex_lock(&sound->mutex);
    while (!sound->stop) {
        bool wanted = sound->wanted;
        pthread_mutex_unlock(&sound->mutex);
        int64_t limit_ms = 0;
        if (wanted)
            limit_ms = look_after(sound);
        else
            rest(sound);
        pthread_mutex_lock(&sound->mutex);
        wait_for_news(sound, wanted, limit_ms);
    }
    pthread_mutex_unlock(&sound->mutex);
    close_device(sound, STATE_NONE);
    SDL_TLSCleanup(); /* its errors' words */
    return NULL;
}

static void start(struct sound_device *sound)
{
    sound->started = pthread_create(&sound->thread, NULL, run, sound) == 0;
    if (sound->started)
        return;
    if (sound->state == STATE_UNKNOWN)
        log_warn("no thread for the sound device: films are silent");
    sound->state = STATE_NONE;
}

void sound_device_want(struct sound_device *sound, bool wanted)
{
    if (sound->wanted != wanted) {
        pthread_mutex_lock(&sound->mutex);
        sound->wanted = wanted;
        pthread_cond_signal(&sound->wake);
        pthread_mutex_unlock(&sound->mutex);
    }
    if (wanted && !sound->started)
        start(sound);
}

bool sound_device_is_possible(const struct sound_device *sound)
{
    return sound->state != STATE_NONE;
}

bool sound_device_is_open(const struct sound_device *sound)
{
    return sound->state == STATE_OPEN;
}

struct sound_queue *sound_device_queue(struct sound_device *sound)
{
    return &sound->queue;
}

bool sound_device_destroy(struct sound_device *sound)
{
    if (!sound)
        return true;
    if (sound->started) {
        pthread_mutex_lock(&sound->mutex);
        sound->stop = true;
        pthread_cond_signal(&sound->wake);
        pthread_mutex_unlock(&sound->mutex);
        struct timespec until = after_ms(CLOCK_MONOTONIC, JOIN_MS);
        if (pthread_clockjoin_np(sound->thread, NULL, CLOCK_MONOTONIC, &until) != 0) {
            log_warn("the sound device hangs, and is left behind");
            return false;
        }
    }
    pthread_cond_destroy(&sound->wake);
    pthread_mutex_destroy(&sound->mutex);
    free(sound);
    return true;
}
