/* Watches a film for check: opened, decoded and listened to as a player would, sandboxed, as fast
 * as this machine can. Main thread; one worker at a time, and no other beside it, for it is
 * timed. */
#ifndef COMMANDS_CHECK_CHECK_FILM_PROBE_H
#define COMMANDS_CHECK_CHECK_FILM_PROBE_H

#include "decode/film_client.h"
#include "sync/edition.h"

/* So much of a film is watched from its start; and of a longer one, which tells its length, so much
 * before its end. */
#define CHECK_FILM_PROBE_US INT64_C(120000000)
#define CHECK_FILM_PROBE_END_US INT64_C(5000000)
/* Of one longer than this as much in the middle. */
#define CHECK_FILM_PROBE_LONG_US INT64_C(600000000)
/* And so much of its start is timed. */
#define CHECK_FILM_PROBE_TIMED_US INT64_C(5000000)

enum { CHECK_FILM_PROBE_PASSAGES = 3 };

/* A film's file, and how to watch it. */
struct check_film_probe {
    const struct edition *edition; /* its media may be missing */
    int asset;
    int64_t limit_ms; /* how long a worker may take for the next thing */
    bool want_sound;
};

/* A stretch of the film that was watched. */
struct check_film_probe_passage {
    int64_t from_us;
    int64_t shown_us;     /* when the last picture that came begins; -1: not after from_us */
    int64_t stands_us;    /* the longest that one picture stood before the next one, */
    int64_t stands_at_us; /* and from when on */
    bool any;             /* pictures came */
    bool ended;           /* there are no more */
    bool failed;          /* err tells why */
    struct err err;
};

struct check_film_probe_sound {
    int64_t decoded_sound_us; /* so much came; 0: nothing */
    int64_t end_us;           /* where the last of it ended in the first passage */
    int64_t missing_us;       /* so much did not come between what did, in all */
    int64_t gap_us;           /* where the first of that begins */
};

struct check_film_probe_result {
    bool usable; /* it has facts, and a picture at its start; else err tells */
    struct err err;
    struct film_client_facts facts;
    struct check_film_probe_passage
        passages[CHECK_FILM_PROBE_PASSAGES]; /* the first is its start */
    int passage_count;
    double pace; /* pictures a second; 0: too few to tell */
    /* How much longer the first picture takes within the film than at its start, on this machine,
     * at most, as far as was tried; its end is tried first, its middle where that was fast. */
    int64_t join_us;
    int64_t damaged, damaged_us; /* pictures; when the first of them begins */
    int flashes;
    int64_t flashes_us;
    struct check_film_probe_sound sound;
};

/* What its file says, and nothing more. False: err tells why there is nothing. */
MUST_CHECK bool check_film_probe_facts(const struct check_film_probe *probe,
                                       struct film_client_facts *facts, struct err *err);

/* What is wrong with the film is found, and no failure. ERR_SYSTEM when out of memory. */
MUST_CHECK bool check_film_probe_run(const struct check_film_probe *probe,
                                     struct check_film_probe_result *result, struct err *err);

/* The length of each asset's film in milliseconds, for programme_create: what the playlist says,
 * else what the film's file says. 0 where neither does; check_film.h reports that. The edition's
 * media may be missing. limit_ms: how long a worker may take. The caller frees it. NULL when out of
 * memory. */
int32_t *check_film_probe_lengths(const struct edition *edition, int64_t limit_ms);

#endif
