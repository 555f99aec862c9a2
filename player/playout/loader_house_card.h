/* The house card in the loader, and the parts that pictures are made of, with one worker each.
 * Main thread. */
#ifndef PLAYOUT_LOADER_HOUSE_CARD_H
#define PLAYOUT_LOADER_HOUSE_CARD_H

#include "playout/worker_jobs.h"
#include "screen/picture.h"

/* One worker's part of a picture. */
struct loader_part {
    struct picture_client *frames; /* running */
    struct frame *frame;           /* finished */
    bool wanted;                   /* still to be made */
};

bool loader_part_pending(const struct loader_part *part);

/* True when the part's worker has ended, well or badly (then *failed). */
MUST_CHECK bool loader_part_poll(struct loader_part *part, int64_t now_ns, bool *failed,
                                 struct err *err);

void loader_part_finish(struct loader_part *part);

struct loader_house_card {
    bool recent;
    char words[512];
    struct loader_part ground, text;
    struct picture *picture;
};

void loader_house_card_init(struct loader_house_card *house);
void loader_house_card_finish(struct loader_house_card *house);

/* As loader_want_house; `room`: how many workers may be started. */
struct picture *loader_house_card_want(struct loader_house_card *house,
                                       const struct worker_jobs_canvas *canvas, const char *words,
                                       const char *language, int room);

/* True when a worker has ended. */
bool loader_house_card_poll(struct loader_house_card *house, int64_t now_ns);

/* Lets it go where it was not wanted since the last call. */
void loader_house_card_end_round(struct loader_house_card *house);

#endif
