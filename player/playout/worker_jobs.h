/* The jobs that workers do for a spot, for the loader and for check. */
#ifndef PLAYOUT_WORKER_JOBS_H
#define PLAYOUT_WORKER_JOBS_H

#include "decode/film_client.h"
#include "decode/picture_client.h"
#include "sync/edition.h"

/* The canvas that jobs are made for. */
struct worker_jobs_canvas {
    int width_px, height_px; /* upright */
    int rotation;
    int64_t limit_ms; /* how long a worker may take */
    bool sound;       /* films whose spot has a volume are heard: their sound is decoded too */
};

/* Whether the files that a spot needs may be read: INTEGRITY_UNCHECKED has them checked first, and is
 * to be asked again; INTEGRITY_DAMAGED: one of them is not what it should be. */
enum integrity_state worker_jobs_check_files(const struct worker_jobs_canvas *canvas,
                                             const struct edition *edition, int spot,
                                             const char *language);

/* Starts the worker for a spot's visual, or for its tagline in a language. NULL on failure. */
struct picture_client *worker_jobs_start_visual(const struct worker_jobs_canvas *canvas,
                                                const struct edition *edition, int spot,
                                                struct err *err);
struct picture_client *worker_jobs_start_tagline(const struct worker_jobs_canvas *canvas,
                                                 const struct edition *edition, int spot,
                                                 const char *language, struct err *err);

/* Starts the worker for a spot's film, from so long after its start on. */
struct film_client *worker_jobs_start_film(const struct worker_jobs_canvas *canvas,
                                           const struct edition *edition, int spot,
                                           int64_t offset_us, struct err *err);

/* The house card's ground, and its words. */
struct picture_client *worker_jobs_start_house_card(const struct worker_jobs_canvas *canvas,
                                                    struct err *err);
struct picture_client *worker_jobs_start_house_text(const struct worker_jobs_canvas *canvas,
                                                    const char *words, const char *language,
                                                    struct err *err);

#endif
