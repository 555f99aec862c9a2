/* Loads the house card; also struct loader_part, one worker's share of a picture. Main thread. */
#ifndef PLAYOUT_LOADER_HOUSE_CARD_H
#define PLAYOUT_LOADER_HOUSE_CARD_H

#include "playout/worker_jobs.h"
#include "screen/picture.h"

/* A part of a picture: its visual or its text. */
struct loader_part {
    struct picture_client *client; /* the worker; NULL: none runs */
    struct frame *frame;           /* the result; NULL: none yet */
    bool needs_worker;             /* one is to be started */
    uint32_t notes;                /* with a frame: enum protocol_still_note, of a visual */
    bool lacks_words;              /* with a frame: as protocol_facts has it, of a text */
};

bool loader_part_pending(const struct loader_part *part);

/* True when the part's worker has ended; *failed becomes true where it failed. */
MUST_CHECK bool loader_part_poll(struct loader_part *part, int64_t now_ns, bool *failed,
                                 struct err *err);

void loader_part_finish(struct loader_part *part);

struct loader_house_card {
    bool requested;
    bool plain; /* it has no words, and so nothing that needs an eye */
    char words[512];
    struct loader_part ground, text;
    struct picture *picture;
};

void loader_house_card_init(struct loader_house_card *house);
void loader_house_card_finish(struct loader_house_card *house);

/* As loader_request_house_card, starting at most workers_left workers. */
struct picture *loader_house_card_request(struct loader_house_card *house,
                                          const struct worker_jobs_canvas *canvas,
                                          const char *words, const char *language,
                                          int workers_left);

/* True when a worker has ended. */
bool loader_house_card_poll(struct loader_house_card *house, int64_t now_ns);

/* Frees the house card if it was not requested since the last call. */
void loader_house_card_end_round(struct loader_house_card *house);

#endif
