/* The card that is open from one display to the next, and from one process to the next where
 * somebody keeps it: which one it is, and what it shows meanwhile. Main thread. */
#ifndef SCREEN_KMS_SESSION_H
#define SCREEN_KMS_SESSION_H

#include "screen/card_keeper.h"
#include "screen/kms_buffers.h"
#include "screen/kms_commit.h"
#include "screen/kms_inherited.h"

/* Zeroed: no card, and nobody keeps one. */
struct kms_session {
    const struct card_keeper *keeper; /* NULL: none */
    bool has_card;
    bool modes_set; /* what the card showed before is no longer on */
    struct kms_card card;
    struct kms_saved saved;
    /* On screen until another picture takes its place: */
    struct kms_buffers left; /* of the last display */
    int left_shown;          /* which of them */
    struct kms_inherited inherited;
};

/* Goes on with the card of the process before, by its descriptor, which is closed where it is of no
 * use; the log says why. */
void kms_session_inherit(struct kms_session *session, const struct kms_calls *calls, int fd);

/* The outputs of the first card that has what is asked for, beginning with the one that is open;
 * that card is session->card then. 0: none. A card without a monitor may be open after that, to be
 * waited for: so no text appears on its monitor. */
int kms_session_find_outputs(struct kms_session *session, const struct kms_calls *calls,
                             const struct display_wish *wish, struct kms_output *outputs,
                             struct err *err);

/* What is on screen since before the present display; no pixels: nothing. */
struct canvas kms_session_picture(const struct kms_session *session);

/* The present display's picture is on screen: the memory of those before is given back. The copy of
 * an inherited one stays. */
void kms_session_drop_pictures(struct kms_session *session);

/* Closes the card for everybody, after it shows what it showed before where `restore`. Nothing if
 * there is none. */
void kms_session_close(struct kms_session *session, bool restore);

/* At the process's end, without a display. True: the picture stays on screen, for the next process
 * or until the card is kept no longer. False: it was closed. */
bool kms_session_end(struct kms_session *session);

#endif
