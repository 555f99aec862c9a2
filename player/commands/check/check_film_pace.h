/* How fast a film's worker decodes, by the processor time that it uses: the same on a machine that
 * is busy with other things. Main thread. */
#ifndef COMMANDS_CHECK_CHECK_FILM_PACE_H
#define COMMANDS_CHECK_CHECK_FILM_PACE_H

#include "decode/film_client.h"

/* Zeroed: no frame came yet. */
struct check_film_pace {
    int frames;                    /* that came, */
    int first_frames, last_frames; /* and when usage was read first and last */
    struct worker_usage first, last;
    struct film_client_counts counts; /* at last */
};

/* Takes note of a frame that has come. */
void check_film_pace_add(struct check_film_pace *pace, const struct film_client *film);

/* Frames in a second, if nothing else used the machine; 0: too few came to tell. An interlaced frame
 * is one, though it comes as two. */
double check_film_pace_rate(const struct check_film_pace *pace);

#endif
