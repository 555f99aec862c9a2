/* One spot that the loader has or brings: its workers, its film, its picture, and which key it is for.
 * Main thread. */
#ifndef PLAYOUT_LOADER_ENTRY_H
#define PLAYOUT_LOADER_ENTRY_H

#include "playout/loader.h"
#include "playout/loader_failures.h"
#include "playout/loader_film.h"
#include "playout/loader_house_card.h"

/* Zeroed: free. */
struct loader_entry {
    bool used;
    bool requested; /* since the last loader_end_round */
    bool failed;
    bool text_rises;
    uint64_t serial;
    int spot;
    char language[LOADER_FAILURES_LANGUAGE_BYTES];
    char name[80];  /* of the spot, for the log */
    char file[120]; /* of its visual, for the log; the end of a long path */
    struct loader_part visual, text;
    bool is_film;
    struct loader_film film; /* instead of visual.client and visual.frame */
    double begin_ms;         /* of a film, as in struct loader_key; so is the fingerprint */
    uint64_t fingerprint;
    double volume;
    uint32_t background;
    enum layout_motion motion;
    double focus_x, focus_y;
    struct picture *picture;     /* when ready */
    struct integrity *integrity; /* of the key's edition; one reference, or NULL */
    int asset;                   /* of the visual; -1: none */
    bool has_identity;
    uint8_t identity[HASH_BYTES]; /* of the visual's file */
};

/* Makes a free entry that of a key: nothing is loaded yet. */
void loader_entry_begin(struct loader_entry *entry, const struct loader_key *key,
                        const char *language, const struct worker_jobs_canvas *canvas);

/* Ends the workers, releases the picture, and frees the entry. */
void loader_entry_finish(struct loader_entry *entry);

/* Whether an entry is the one that a key asks for, in a language. A film runs on through a new
 * edition that has an equal film at the same time; anything else belongs to one edition. */
bool loader_entry_matches(const struct loader_entry *entry, const struct loader_key *key,
                          const char *language);

/* Takes over what the key's edition says: the spot's name and volume, and its file. */
void loader_entry_set_key(struct loader_entry *entry, const struct loader_key *key,
                          const struct worker_jobs_canvas *canvas);

/* Copies what fits; terminated. */
void loader_entry_copy_text(char *target, size_t bytes, const char *text);

#endif
