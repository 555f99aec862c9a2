/* Workers that fail before they are ready, or are not so as they should be; for films and
 * pictures. */
#ifndef TESTS_UNIT_UNREADY_WORKER_H
#define TESTS_UNIT_UNREADY_WORKER_H

#include "core/err.h"

#include <signal.h>
#include <stdio.h>

#include "worker_script.h"

static inline void send_error(uint32_t code)
{
    struct protocol_event event = {.kind = PROTOCOL_EVENT_ERROR, .code = code};
    snprintf(event.text, sizeof event.text, "no threads");
    send_event(event, -1);
}

static inline void play_unready_error(void)
{
    send_error(ERR_SYSTEM);
}

static inline void play_unready_error_of_input(void)
{
    send_error(ERR_INPUT);
}

/* As worker.c ends where the magic is another. */
static inline void play_unready_other_version(void)
{
    _exit(1);
}

/* As the dynamic loader ends. */
static inline void play_unready_no_library(void)
{
    _exit(127);
}

static inline void play_unready_exit(void)
{
    _exit(9);
}

static inline void play_unready_hang(void)
{
    for (;;)
        pause();
}

static inline void play_unready_signal(void)
{
    raise(SIGALRM);
}

static inline void play_unready_end(void)
{
    send_event((struct protocol_event){.kind = PROTOCOL_EVENT_END}, -1);
}

static inline void play_unready_film(void)
{
    send_event(honest_film(), make_memory(FILM_BYTES, FILM_SEALS));
}

static inline void play_unready_byte(void)
{
    send_packet("d", 1, NULL, 0);
}

static inline void play_ready_twice(void)
{
    send_ready(0);
    send_ready(0);
}

static inline void play_ready_late(void)
{
    send_ready(0);
    send_event(honest_film(), make_memory(FILM_BYTES, FILM_SEALS));
    send_ready(0);
}

static inline void play_ready_with_a_file(void)
{
    send_event((struct protocol_event){.kind = PROTOCOL_EVENT_READY}, PROTOCOL_FD);
}

static inline void play_ready_with_a_code(void)
{
    send_ready(2);
}

static inline void play_ready_with_a_time(void)
{
    send_event((struct protocol_event){.kind = PROTOCOL_EVENT_READY, .used_ns = -1}, -1);
}

static inline void play_short(void)
{
    send_ready(1);
    send_error(ERR_SYSTEM);
}

static inline void play_short_limit(void)
{
    send_ready(1);
    send_error(ERR_LIMIT);
}

static inline void play_short_input(void)
{
    send_ready(1);
    send_error(ERR_INPUT);
}

static inline void play_short_signal(void)
{
    send_ready(1);
    raise(SIGALRM);
}

static inline void send_forbidden(uint32_t call, int fd)
{
    send_event((struct protocol_event){.kind = PROTOCOL_EVENT_FORBIDDEN, .code = call}, fd);
}

static inline void play_forbidden_nothing(void)
{
    send_ready(0);
    send_forbidden(UINT32_MAX, -1);
    raise(SIGSYS);
}

static inline void play_forbidden_lie(void)
{
    send_ready(0);
    send_forbidden(0, -1);
    raise(SIGALRM);
}

static inline void play_forbidden_twice(void)
{
    send_ready(0);
    send_forbidden(0, -1);
    send_forbidden(0, -1);
}

static inline void play_forbidden_with_a_file(void)
{
    send_ready(0);
    send_forbidden(0, PROTOCOL_FD);
}

static inline void play_unready_forbidden(void)
{
    send_forbidden(0, -1);
    raise(SIGSYS);
}

static const struct hostile_part unready_parts[] = {
    {"unready error", play_unready_error},
    {"unready error of input", play_unready_error_of_input},
    {"unready other version", play_unready_other_version},
    {"unready no library", play_unready_no_library},
    {"unready exit", play_unready_exit},
    {"unready hang", play_unready_hang},
    {"unready signal", play_unready_signal},
    {"unready end", play_unready_end},
    {"unready film", play_unready_film},
    {"unready byte", play_unready_byte},
    {"ready twice", play_ready_twice},
    {"ready late", play_ready_late},
    {"ready with a file", play_ready_with_a_file},
    {"ready with a code", play_ready_with_a_code},
    {"ready with a time", play_ready_with_a_time},
    {"forbidden nothing", play_forbidden_nothing},
    {"forbidden lie", play_forbidden_lie},
    {"forbidden twice", play_forbidden_twice},
    {"forbidden with a file", play_forbidden_with_a_file},
    {"unready forbidden", play_unready_forbidden},
    {"short", play_short},
    {"short limit", play_short_limit},
    {"short input", play_short_input},
    {"short signal", play_short_signal},
};

/* What its link must say of each. */
static const struct unready_end {
    const char *part;
    enum err_code code;
    const char *text;
} unready_ends[] = {
    {"unready error", ERR_SYSTEM, "no threads"},
    {"unready error of input", ERR_SYSTEM, "no threads"},
    {"unready other version", ERR_SYSTEM, " is of a different version than the player"},
    {"unready no library", ERR_SYSTEM, " cannot start: a library"},
    {"unready exit", ERR_SYSTEM, " exited at startup (status 9)"},
    {"unready signal", ERR_SYSTEM, " crashed at startup (signal 14)"},
    {"unready end", ERR_WORKER, "invalid message"},
    {"unready film", ERR_WORKER, "invalid message"},
    {"unready byte", ERR_WORKER, "invalid message"},
    {"ready twice", ERR_WORKER, "invalid message"},
    {"ready with a file", ERR_WORKER, "invalid message"},
    {"ready with a code", ERR_WORKER, "invalid message"},
    {"ready with a time", ERR_WORKER, "invalid message"},
    {"forbidden nothing", ERR_SANDBOX, "forbidden system call (number 4294967295)"},
    {"forbidden lie", ERR_WORKER, "the worker crashed (signal 14)"},
    {"forbidden twice", ERR_WORKER, "invalid message"},
    {"forbidden with a file", ERR_WORKER, "invalid message"},
    {"unready forbidden", ERR_SYSTEM, " was killed at startup for a forbidden system call (read)"},
    {"short", ERR_SYSTEM, "no threads"},
    {"short limit", ERR_SYSTEM, "no threads"},
    {"short input", ERR_INPUT, "no threads"},
    {"short signal", ERR_WORKER, "the worker crashed (signal 14)"},
};
#define UNREADY_ENDS (sizeof unready_ends / sizeof *unready_ends)

/* For each part: false where it is none of these, and then it has said that it is ready. */
static inline bool play_beginning(const char *name)
{
    if (play_part(unready_parts, sizeof unready_parts / sizeof *unready_parts, name))
        return true;
    send_ready(0);
    return false;
}

#endif
