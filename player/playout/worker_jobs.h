/* Starts the workers for a spot's picture, film and tagline, and for the house card; for the loader
 * and for check. Main thread. */
#ifndef PLAYOUT_WORKER_JOBS_H
#define PLAYOUT_WORKER_JOBS_H

#include "decode/film_client.h"
#include "decode/picture_client.h"
#include "playout/media_opener.h"
#include "sync/edition.h"

/* What all jobs for one screen have in common. */
struct worker_jobs_canvas {
    int width_px, height_px; /* of the canvas, after rotation */
    int rotation;
    int64_t limit_ms;            /* the longest that a worker may take */
    bool sound;                  /* the sound of films whose spot has a volume is decoded */
    struct media_opener *opener; /* borrowed; NULL: files are opened at once, by the caller */
};

/* Whether the files that a spot needs may be read. INTEGRITY_UNCHECKED: they are being verified;
 * ask again later. INTEGRITY_DAMAGED: one of them is not what the playlist names.
 * INTEGRITY_REFUSED: its visual cannot be used, and the log says why; a font that cannot be is
 * replaced. */
enum integrity_state worker_jobs_check_files(const struct worker_jobs_canvas *canvas,
                                             const struct edition *edition, int spot,
                                             const char *language);

/* Whether the files are open, or known not to open, that the workers of a spot need: of its visual,
 * of its tagline, or of both. Ask again later while they are waited for. */
enum media_opener_state worker_jobs_request_files(const struct worker_jobs_canvas *canvas,
                                                  const struct edition *edition, int spot,
                                                  const char *language, bool visual, bool tagline);

/* Starts the worker for a spot's visual, or for its texts in a language. Its files must have been
 * requested and be ready. NULL on failure. */
struct picture_client *worker_jobs_start_visual(const struct worker_jobs_canvas *canvas,
                                                const struct edition *edition, int spot,
                                                struct err *err);
struct picture_client *worker_jobs_start_tagline(const struct worker_jobs_canvas *canvas,
                                                 const struct edition *edition, int spot,
                                                 const char *language, struct err *err);

/* The same for the letters of one of its texts, where they stand: without what is behind them (shadow,
 * scrim), and not seen through. */
struct picture_client *worker_jobs_start_ink(const struct worker_jobs_canvas *canvas,
                                             const struct edition *edition, int spot,
                                             enum text_level level, const char *language,
                                             struct err *err);

/* The same for a spot's film, offset_us after the film's start. NULL on failure. */
struct film_client *worker_jobs_start_film(const struct worker_jobs_canvas *canvas,
                                           const struct edition *edition, int spot,
                                           int64_t offset_us, struct err *err);

/* Starts the worker for a text that is no spot's: in the player's own fonts where those have its
 * characters and `own_fonts` is set, else in the system's. NULL on failure. */
struct picture_client *worker_jobs_start_words(const struct worker_jobs_canvas *canvas,
                                               const struct playlist_style *style,
                                               const struct playlist_text *text, bool own_fonts,
                                               struct err *err);

/* Start the workers for the house card's background (plain: as house_card_paint), and for its
 * words. NULL on failure. */
struct picture_client *worker_jobs_start_house_card(const struct worker_jobs_canvas *canvas,
                                                    bool plain, struct err *err);
struct picture_client *worker_jobs_start_house_text(const struct worker_jobs_canvas *canvas,
                                                    const char *words, const char *language,
                                                    struct err *err);

#endif
