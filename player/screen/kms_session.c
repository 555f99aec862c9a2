#include "screen/kms_session.h"

#include "base/log.h"

#define LOG_MODULE "kms_session"

static bool is_kept(const struct kms_session *session)
{
    return session->keeper && session->keeper->keeps(session->keeper->context);
}

/* Whoever keeps the card would stay its master, so that nobody else could be: it closes its
 * descriptor, too, and this takes it a moment. The process that has opened the card sets it free at
 * once; the kernel lets no other (drm_master_check_perm). */
static void release_card(struct kms_session *session)
{
    if (session->keeper) {
        if (is_kept(session))
            (void)session->card.calls->drop_master(session->card.fd);
        session->keeper->forget(session->keeper->context);
    }
    kms_card_close(&session->card);
}

void kms_session_close(struct kms_session *session, bool restore)
{
    if (!session->has_card)
        return;
    if (restore && session->modes_set)
        kms_saved_restore(&session->card, &session->saved);
    kms_buffers_finish(&session->left, &session->card);
    kms_saved_forget(&session->card, &session->saved);
    kms_inherited_remove(&session->inherited, &session->card);
    kms_inherited_finish(&session->inherited);
    release_card(session);
    session->has_card = session->modes_set = false;
}

bool kms_session_end(struct kms_session *session)
{
    if (!session->has_card || !is_kept(session)) {
        kms_session_close(session, true);
        return false;
    }
    kms_buffers_leave(&session->left, &session->card);
    kms_saved_forget(&session->card, &session->saved);
    kms_inherited_finish(&session->inherited);
    kms_card_close(&session->card);
    session->has_card = session->modes_set = false;
    return true;
}

void kms_session_inherit(struct kms_session *session, const struct kms_calls *calls, int fd)
{
    struct err err = {0};
    if (kms_card_adopt(&session->card, calls, fd, &err)) {
        session->has_card = session->modes_set = true;
        kms_inherited_take(&session->inherited, &session->card);
        return;
    }
    log_warn("cannot go on with the graphics card of the player before, opening it anew "
             "reason=\"%s\"",
             err.text);
    if (session->keeper)
        session->keeper->forget(session->keeper->context);
}

static void keep_card(struct kms_session *session, const struct kms_card *card)
{
    kms_session_close(session, true);
    session->card = *card;
    session->has_card = true;
    kms_saved_take(&session->card, &session->saved);
    if (session->keeper)
        session->keeper->keep(session->keeper->context, session->card.fd);
}

/* Whether a card is worth being held while its monitor is waited for: then no text appears on that
 * meanwhile. */
static bool is_worth_keeping(const struct kms_card *card, const struct display_wish *wish)
{
    return wish->connector_count == 0 || kms_plan_find_connector(card, wish->connectors[0]);
}

/* The outputs of this card that are to be used; 0: none. The card is session->card after that. */
static int look_at_card(struct kms_session *session, const struct kms_calls *calls, int index,
                        const struct display_wish *wish, struct kms_output *outputs,
                        struct err *err)
{
    struct kms_card card;
    if (session->has_card && session->card.index == index) {
        if (kms_card_read_connectors(&session->card, err))
            return kms_plan_outputs(&session->card, wish, outputs, err);
        kms_session_close(session, false);
    }
    if (!kms_card_open(&card, calls, index, err))
        return 0;
    int count = kms_plan_outputs(&card, wish, outputs, err);
    if (count > 0 || (!session->has_card && is_worth_keeping(&card, wish)))
        keep_card(session, &card);
    else
        kms_card_close(&card);
    return count;
}

/* Of two reasons the one that says more: a card that is there, before one that is not. */
static void keep_reason(struct err *err, const struct err *other)
{
    bool first = err->code == ERR_NONE || err->code == ERR_MISSING;
    if (first && (err->code == ERR_NONE || other->code != ERR_MISSING))
        *err = *other;
}

int kms_session_find_outputs(struct kms_session *session, const struct kms_calls *calls,
                             const struct display_wish *wish, struct kms_output *outputs,
                             struct err *err)
{
    struct err reason = {0};
    int first = session->has_card ? session->card.index : 0;
    for (int i = 0; i < KMS_CARDS_MAX; i++) {
        struct err other = {0};
        int count =
            look_at_card(session, calls, (first + i) % KMS_CARDS_MAX, wish, outputs, &other);
        if (count > 0)
            return count;
        keep_reason(&reason, &other);
    }
    if (err)
        *err = reason;
    return 0;
}

struct canvas kms_session_picture(const struct kms_session *session)
{
    return session->left.buffers[0].handle ? session->left.buffers[session->left_shown].canvas
                                           : session->inherited.picture;
}

void kms_session_drop_pictures(struct kms_session *session)
{
    kms_buffers_finish(&session->left, &session->card);
    kms_inherited_remove(&session->inherited, &session->card);
}
