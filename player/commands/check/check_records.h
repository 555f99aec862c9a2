/* What check has found out about media by decoding them, kept for the next run: films, pictures,
 * taglines, each under everything that the result depends on. Only what decoded well is kept, and no
 * speeds: how fast this machine is may be another matter tomorrow. Main thread. */
#ifndef COMMANDS_CHECK_CHECK_RECORDS_H
#define COMMANDS_CHECK_CHECK_RECORDS_H

#include "commands/check/check_cache.h"
#include "commands/check/check_file_hash.h"
#include "commands/check/check_film_probe.h"
#include "commands/check/check_screens.h"
#include "sandbox/protocol.h"

/* Two films that take no more of this machine than this can be decoded at once. */
#define CHECK_RECORDS_UNHURRIED_LOAD 0.5

/* Zeroed: nothing is kept, nothing to close. */
struct check_records {
    struct check_cache *cache;
    struct check_cache_key decoders;
    const struct edition *edition;
    int64_t limit_ms;
    struct check_records_asset {
        bool asked, known;
        struct check_file_hash hash;
    } * assets;
    int found, decoded; /* of films, pictures and taglines; the second is counted by callers */
};

/* Opens the cache for the media of an edition, which must outlive the records. `limit_ms`: what a
 * worker may take. */
void check_records_open(struct check_records *records, const struct edition *edition,
                        int64_t limit_ms);
void check_records_close(struct check_records *records);

/* What a film's file states. */
bool check_records_get_facts(struct check_records *records, int asset,
                             struct film_client_facts *facts);
void check_records_put_facts(struct check_records *records, int asset,
                             const struct film_client_facts *facts);

/* A film with its sound or without; `pace` and `join_us` are 0. *unhurried: it took no more than
 * CHECK_RECORDS_UNHURRIED_LOAD of this machine, and there was no wait where it is joined. If not,
 * it is to be timed again. */
bool check_records_get_film(struct check_records *records, int asset, bool want_sound,
                            struct check_film_probe_result *result, bool *unhurried);
void check_records_put_film(struct check_records *records, int asset, bool want_sound,
                            const struct check_film_probe_result *result);

/* A spot's picture as it is decoded for a screen. */
bool check_records_get_picture(struct check_records *records, int spot,
                               const struct check_screen *screen, struct protocol_facts *facts);
void check_records_put_picture(struct check_records *records, int spot,
                               const struct check_screen *screen,
                               const struct protocol_facts *facts);

/* A spot's tagline on a screen, and over its picture. */
struct check_records_text {
    struct protocol_facts facts;
    double contrast[TEXT_LEVELS];  /* with the picture; INFINITY: there is none */
    bool is_under_qr[TEXT_LEVELS]; /* letters of it, or they touch its quiet zone */
};

/* Names a spot's texts in a language that they are set by. */
struct check_records_tagline {
    int spot;
    const char *language;
    const struct check_screen *screen;
};

bool check_records_get_text(struct check_records *records,
                            const struct check_records_tagline *tagline,
                            struct check_records_text *text);
void check_records_put_text(struct check_records *records,
                            const struct check_records_tagline *tagline,
                            const struct check_records_text *text);

#endif
