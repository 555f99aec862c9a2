#include "screen/cec.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <linux/cec.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <string.h>
#include <time.h>

#define LOG_MODULE "cec"

#define FINISH_LIMIT_NS INT64_C(500000000)

static const struct cec_calls *const calls = &cec_calls_kernel;

/* ---- one television ---- */

/* Makes the player a playback device on the bus, as which it may speak. False: the adapter has no
 * address of its own to give, or nothing is connected. */
static bool join_bus(int fd, uint8_t *own_address)
{
    struct cec_log_addrs addresses = {0};
    if (calls->ioctl(fd, CEC_ADAP_G_LOG_ADDRS, &addresses) != 0)
        return false;
    if (addresses.num_log_addrs == 0) {
        addresses = (struct cec_log_addrs){
            .cec_version = CEC_OP_CEC_VERSION_1_4,
            .num_log_addrs = 1,
            .vendor_id = CEC_VENDOR_ID_NONE,
            .primary_device_type = {CEC_OP_PRIM_DEVTYPE_PLAYBACK},
            .log_addr_type = {CEC_LOG_ADDR_TYPE_PLAYBACK},
            .all_device_types = {CEC_OP_ALL_DEVTYPE_PLAYBACK},
            .osd_name = "Duckling",
        };
        if (calls->ioctl(fd, CEC_ADAP_S_LOG_ADDRS, &addresses) != 0)
            return false;
    }
    *own_address = addresses.log_addr[0];
    return addresses.num_log_addrs > 0 && *own_address != CEC_LOG_ADDR_INVALID;
}

static MUST_CHECK bool send_message(int fd, struct cec_msg *message, struct err *err)
{
    if (calls->ioctl(fd, CEC_TRANSMIT, message) != 0)
        return err_set_errno(err, ERR_SYSTEM, errno, "cannot send to the television");
    return message->tx_status & CEC_TX_STATUS_OK ||
           err_set(err, ERR_SYSTEM, "the television did not answer");
}

static MUST_CHECK bool send_to_television(int fd, uint8_t own, uint8_t opcode, struct err *err)
{
    struct cec_msg message = {.len = 2};
    message.msg[0] = (uint8_t)(own << 4 | CEC_LOG_ADDR_TV);
    message.msg[1] = opcode;
    return send_message(fd, &message, err);
}

/* Turned on, it still has to show this input. */
static MUST_CHECK bool claim_input(int fd, uint8_t own, uint16_t place, struct err *err)
{
    struct cec_msg message = {.len = 4};
    message.msg[0] = (uint8_t)(own << 4 | CEC_LOG_ADDR_BROADCAST);
    message.msg[1] = CEC_MSG_ACTIVE_SOURCE;
    message.msg[2] = (uint8_t)(place >> 8);
    message.msg[3] = (uint8_t)(place & 0xff);
    return send_message(fd, &message, err);
}

/* 1: it took it; 0: it did not (`err`); -1: there is none on this adapter. */
static int tell_television(int fd, bool on, struct err *err)
{
    uint16_t place = CEC_PHYS_ADDR_INVALID; /* on the tree of cables */
    uint8_t own;
    if (calls->ioctl(fd, CEC_ADAP_G_PHYS_ADDR, &place) != 0 || place == CEC_PHYS_ADDR_INVALID ||
        place == 0 /* the television's own end */)
        return -1;
    if (!join_bus(fd, &own))
        return err_set(err, ERR_SYSTEM, "the CEC adapter has no address");
    if (!on)
        return send_to_television(fd, own, CEC_MSG_STANDBY, err);
    return send_to_television(fd, own, CEC_MSG_IMAGE_VIEW_ON, err) &&
           claim_input(fd, own, place, err);
}

int cec_tell(bool on, struct err *err)
{
    int told = 0;
    for (int i = 0; i < CEC_DEVICES_MAX; i++) {
        int fd = calls->open(i);
        if (fd < 0)
            continue;
        told += tell_television(fd, on, err) == 1;
        calls->close(fd);
    }
    return told;
}

/* ---- the thread ---- */

/* All protected by the mutex. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t done;
    bool running;
    bool wish;  /* on or off */
    bool again; /* the wish was not told yet */
} thread = {.mutex = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};

static void tell_and_log(bool on)
{
    struct err err = {0};
    cec_tell(on, &err);
    if (err.code)
        log_warn("cannot turn the television on or off over its cable wish=%s reason=\"%s\"",
                 on ? "on" : "off", err.text);
}

static void *run(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&thread.mutex);
    while (thread.again) {
        bool on = thread.wish;
        thread.again = false;
        pthread_mutex_unlock(&thread.mutex);
        tell_and_log(on);
        pthread_mutex_lock(&thread.mutex);
    }
    thread.running = false;
    pthread_cond_broadcast(&thread.done);
    pthread_mutex_unlock(&thread.mutex);
    return NULL;
}

/* Signals are the main thread's. */
static bool start_thread(void)
{
    pthread_t id;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&id, NULL, run, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (ok)
        pthread_detach(id);
    return ok;
}

void cec_start_telling(bool on)
{
    pthread_mutex_lock(&thread.mutex);
    thread.wish = on;
    thread.again = true;
    if (!thread.running)
        thread.running = start_thread();
    pthread_mutex_unlock(&thread.mutex);
}

void cec_finish(void)
{
    int64_t until_ns = clock_mono_ns() + FINISH_LIMIT_NS;
    const struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
    pthread_mutex_lock(&thread.mutex);
    int timed_out = 0;
    while (thread.running && !timed_out)
        timed_out = pthread_cond_clockwait(&thread.done, &thread.mutex, CLOCK_MONOTONIC, &until);
    pthread_mutex_unlock(&thread.mutex);
}
