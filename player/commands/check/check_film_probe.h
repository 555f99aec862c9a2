/* Decodes a film as a player would, sandboxed, and measures it: how fast, by the processor time that
 * the worker uses. Main thread. One worker runs at a time. */
#ifndef COMMANDS_CHECK_CHECK_FILM_PROBE_H
#define COMMANDS_CHECK_CHECK_FILM_PROBE_H

#include "decode/film_client.h"
#include "sync/edition.h"

/* How much of a film is decoded from its start; and of a longer one of known length, before its
 * end. */
#define CHECK_FILM_PROBE_US INT64_C(120000000)
#define CHECK_FILM_PROBE_END_US INT64_C(5000000)
/* A film longer than this is decoded in its middle, too, as long as at its end. */
#define CHECK_FILM_PROBE_LONG_US INT64_C(600000000)
/* How much of its start is timed. */
#define CHECK_FILM_PROBE_TIMED_US INT64_C(5000000)

enum { CHECK_FILM_PROBE_PASSAGES = 3 };

/* A film's file, and how to decode it. */
struct check_film_probe {
    const struct edition *edition; /* its media may be missing */
    int asset;
    /* A frame may take FILM_CLIENT_PATIENCE times as long, in processor time; a worker that gets
     * none is waited for (check_patience.h). */
    int64_t limit_ms;
    bool want_sound;
};

/* A passage of the film that was decoded. */
struct check_film_probe_passage {
    int64_t from_us;
    int64_t shown_us;     /* when the last frame begins; -1: no frame began after from_us */
    int64_t stands_us;    /* the longest that one frame lasted, */
    int64_t stands_at_us; /* and when that one began */
    bool any;             /* there were frames */
    bool ended;           /* the film's end was reached */
    bool failed;          /* `err` says why */
    struct err err;
};

struct check_film_probe_sound {
    int64_t decoded_sound_us; /* how much was decoded; 0: nothing */
    int64_t end_us;           /* where the sound ends in the first passage */
    int64_t missing_us;       /* how much is missing between what was decoded, in all */
    int64_t gap_us;           /* where the first missing part begins */
};

struct check_film_probe_result {
    bool usable; /* it has facts, and a frame at its start; else `err` says why not */
    struct err err;
    struct film_client_facts facts;
    struct check_film_probe_passage
        passages[CHECK_FILM_PROBE_PASSAGES]; /* the first is its start */
    int passage_count;
    double pace; /* frames decoded per second (check_film_pace_rate); 0: too few to measure */
    /* How much longer the first frame takes within the film than at its start, on this machine,
     * were it idle:
     * the longest of the places that were tried, its end, then its middle if the end was fast. */
    int64_t join_us;
    int64_t damaged, damaged_us; /* frames; when the first of them begins */
    int64_t received;            /* frames that came */
    int64_t deinterlaced;        /* of these: fields of interlaced ones */
    int flashes;
    int64_t flashes_us;
    struct check_film_probe_sound sound;
};

/* Reads the facts that the file states, without decoding. False: `err` says why there are none. */
MUST_CHECK bool check_film_probe_facts(const struct check_film_probe *probe,
                                       struct film_client_facts *facts, struct err *err);

/* Decodes the film. A faulty film is a result, not an error. ERR_SYSTEM when out of memory. */
MUST_CHECK bool check_film_probe_run(const struct check_film_probe *probe,
                                     struct check_film_probe_result *result, struct err *err);

/* Decodes the beginning of a film that was decoded before, and fills in the speeds of its result:
 * `pace` and `join_us`. ERR_SYSTEM when out of memory. */
MUST_CHECK bool check_film_probe_time(const struct check_film_probe *probe,
                                      struct check_film_probe_result *result, struct err *err);

#endif
