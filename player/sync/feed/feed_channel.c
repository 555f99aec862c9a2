/* A signed channel as a source: its playlists, its takeovers, and which of them is shown. */
#include "sync/feed/feed_source.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "sync/feed/feed_loop.h"
#include "sync/feed/feed_pointer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "feed_channel"

#define ROLLOUT_NAME_BYTES 96
#define NANO_PER_MS 1000000
/* How long until a state that could not be written is tried again. */
#define UNSAVED_NS INT64_C(60000000000)

/* Stands in where a takeover ends and no playlist is in force yet: nothing is scheduled, so the
 * house card is shown. */
static const char EMPTY_PLAYLIST[] =
    "{\"format\":\"duckling/1\",\"name\":\"nothing\",\"spots\":{\"none\":{\"tagline\":\"-\"}},"
    "\"loops\":{\"none\":[\"none\"]},"
    "\"schedule\":[{\"loop\":\"none\",\"end\":\"1970-01-02T00:00:00Z\"}]}";

/* What was handed over last. AGAIN: whatever it was, it has to be handed over once more. */
enum edition_choice { CHOICE_NONE, CHOICE_CARD, CHOICE_PLAYLIST, CHOICE_TAKEOVER, CHOICE_AGAIN };

struct feed_channel {
    struct feed_source source;
    struct store *store;
    struct fetch *fetch;
    struct trust *trust;
    struct state_file *state;
    char name[POINTER_CHANNEL_BYTES];
    char *bases[FEED_SOURCES_MAX]; /* each ending in '/' */
    size_t base_count;
    char shown[FEED_SHOWN_BYTES]; /* the first base for people */
    char rollout_names[POINTER_KINDS][ROLLOUT_NAME_BYTES];
    struct rollout *rollouts[POINTER_KINDS];
    struct feed_pointer *pointers[POINTER_KINDS];
    struct feed_loop loop;
    enum edition_choice posted;
    unsigned failures; /* to hand over, in a row */
    unsigned rejected; /* how often the main thread could not use this edition */
    int64_t post_due_ns;
    int64_t unsaved_due_ns;
    int64_t logged_takeover; /* version of the takeover whose start was logged; 0: none is shown */
    bool logged_stale;       /* that the playlist in force has expired */
    struct retry_policy fast_retry;
    int64_t poll_ms;
};

static struct edition *make_empty_edition(const struct feed_channel *channel)
{
    struct playlist_faults *faults = calloc(1, sizeof *faults);
    struct playlist *playlist =
        faults ? playlist_parse(EMPTY_PLAYLIST, sizeof EMPTY_PLAYLIST - 1, faults) : NULL;
    char **paths = playlist ? calloc(1, sizeof *paths) : NULL;
    if (faults)
        playlist_faults_finish(faults);
    free(faults);
    if (!paths) {
        playlist_destroy(playlist);
        return NULL;
    }
    return edition_create(playlist, paths, channel->shown);
}

static void set_following(struct feed_channel *channel)
{
    feed_mailbox_set_status(channel->source.mailbox, "following %s", channel->shown);
}

/* Once for each takeover, and once more where a clock that was set brings it back. */
static void log_takeover(struct feed_channel *channel, enum edition_choice choice)
{
    const struct pointer *pointer = feed_pointer_in_force(channel->pointers[POINTER_TAKEOVER]);
    if (choice == CHOICE_TAKEOVER && pointer && pointer->version != channel->logged_takeover) {
        log_info("takeover started version=%lld", (long long)pointer->version);
        channel->logged_takeover = pointer->version;
    } else if (choice != CHOICE_TAKEOVER && channel->logged_takeover) {
        log_info("takeover ended version=%lld", (long long)channel->logged_takeover);
        channel->logged_takeover = 0;
    }
}

static void hand_over(struct feed_channel *channel, enum edition_choice choice,
                      struct edition *edition, bool wake)
{
    log_takeover(channel, choice);
    channel->posted = choice;
    channel->failures = 0;
    feed_mailbox_post(channel->source.mailbox, edition, wake);
}

/* What should be shown now. */
static enum edition_choice choose_edition(const struct feed_channel *channel)
{
    if (feed_pointer_is_active(channel->pointers[POINTER_TAKEOVER], clock_mono_ns()))
        return CHOICE_TAKEOVER;
    if (rollout_is_in_force(channel->rollouts[POINTER_PLAYLIST]))
        return CHOICE_PLAYLIST;
    return channel->posted == CHOICE_NONE ? CHOICE_NONE : CHOICE_CARD;
}

/* Withdraws a takeover that will not be shown again, whatever is on screen and whatever can be put
 * there instead. One that is over only by a clock that may be wrong stays, and is not shown. */
static void end_takeover(struct feed_channel *channel)
{
    struct feed_pointer *takeover = channel->pointers[POINTER_TAKEOVER];
    int64_t now_ns = clock_mono_ns();
    struct trusted_time_now time = feed_mailbox_time(channel->source.mailbox, now_ns);
    if (!feed_pointer_in_force(takeover) || !feed_pointer_is_over(takeover, now_ns))
        return;
    /* At the next start the clock may be dead, and the floor an hour old. */
    state_remember(channel->state, &(struct state){.floor_ms = time.floor_ms});
    feed_pointer_withdrawn(takeover);
    rollout_withdraw(channel->rollouts[POINTER_TAKEOVER]);
}

static struct edition *make_channel_edition(struct feed_channel *channel,
                                            enum edition_choice choice, struct err *err)
{
    if (choice == CHOICE_TAKEOVER)
        return rollout_make_edition(channel->rollouts[POINTER_TAKEOVER], err);
    if (choice == CHOICE_PLAYLIST)
        return rollout_make_edition(channel->rollouts[POINTER_PLAYLIST], err);
    struct edition *edition = make_empty_edition(channel);
    if (!edition)
        err_oom(err);
    return edition;
}

/* What should be shown can't be made now, and is tried again. Meanwhile the pictures of a takeover
 * that has ended must not stay: the house card takes their place. */
static void postpone_edition(struct feed_channel *channel, enum edition_choice choice,
                             const char *reason)
{
    if (!channel->failures)
        log_error("cannot activate the playlist, retrying kind=%s reason=\"%s\"",
                  choice == CHOICE_TAKEOVER ? "takeover" : "playlist", reason);
    bool takeover_stays = channel->posted == CHOICE_TAKEOVER && choice == CHOICE_PLAYLIST;
    struct edition *card = takeover_stays ? make_empty_edition(channel) : NULL;
    if (card) {
        unsigned failures = channel->failures;
        hand_over(channel, CHOICE_CARD, card, true);
        channel->failures = failures;
    }
    channel->failures++;
    channel->post_due_ns =
        retry_due_ns(&channel->fast_retry, channel->failures, random_u32(), clock_mono_ns());
}

/* The main thread was not able to use what was handed over last. */
static void handle_rejected_edition(struct feed_channel *channel)
{
    if (channel->posted != CHOICE_NONE)
        channel->posted = CHOICE_AGAIN;
    channel->rejected++;
    channel->failures = 1;
    channel->post_due_ns =
        retry_due_ns(&channel->fast_retry, channel->rejected, random_u32(), clock_mono_ns());
}

/* Hands over what should be shown, where that is something else than what was handed over last. */
static void step_edition(struct feed_channel *channel)
{
    struct err err = {0};
    if (atomic_exchange(&channel->source.mailbox->again, false))
        handle_rejected_edition(channel);
    enum edition_choice choice = choose_edition(channel);
    if (choice == channel->posted)
        channel->failures = 0;
    if (choice == channel->posted || (channel->failures && clock_mono_ns() < channel->post_due_ns))
        return;
    struct edition *edition = make_channel_edition(channel, choice, &err);
    if (edition)
        hand_over(channel, choice, edition, true);
    else
        postpone_edition(channel, choice, err.text);
}

/* An edition came into force just now, or was repaired; NULL: it could not be made. One that should
 * not be shown now is made when its time comes. */
static void take_switched(struct feed_channel *channel, enum pointer_kind kind,
                          struct edition *edition)
{
    enum edition_choice choice = kind == POINTER_TAKEOVER ? CHOICE_TAKEOVER : CHOICE_PLAYLIST;
    bool is_due = choose_edition(channel) == choice;
    channel->rejected = 0;
    if (edition && is_due) {
        hand_over(channel, choice, edition, true);
        return;
    }
    edition_destroy(edition);
    if (is_due)
        channel->posted = CHOICE_AGAIN;
}

static void step_channel_rollout(struct feed_channel *channel, enum pointer_kind kind,
                                 int64_t now_ns)
{
    struct rollout *rollout = channel->rollouts[kind];
    if (rollout_step(rollout, now_ns)) {
        const struct manifest *before = rollout_manifest(rollout);
        bool was_pending = rollout_is_pending(rollout);
        struct edition *edition = rollout_switch(rollout, now_ns);
        if (was_pending && !rollout_is_pending(rollout)) {
            feed_pointer_activated(channel->pointers[kind]);
            set_following(channel);
            if (kind == POINTER_PLAYLIST)
                channel->logged_stale = false;
        }
        if (rollout_manifest(rollout) != before)
            take_switched(channel, kind, edition);
    }
    if (rollout_scrub(rollout, now_ns))
        feed_mailbox_wake(channel->source.mailbox);
}

/* Puts what the channel waits for on the house card, as long as nothing is in force. */
static void show_progress(struct feed_channel *channel, int64_t now_ns)
{
    const char *trouble = feed_pointer_trouble(channel->pointers[POINTER_PLAYLIST]);
    struct rollout *rollout = channel->rollouts[POINTER_PLAYLIST];
    struct feed_mailbox *mailbox = channel->source.mailbox;
    if (rollout_is_in_force(rollout))
        return;
    if (rollout_is_pending(rollout)) {
        char words[FEED_STATUS_BYTES];
        rollout_describe_pending(rollout, words, sizeof words);
        feed_mailbox_set_progress(mailbox, now_ns, "fetching %s: %s", channel->shown, words);
    } else if (trouble[0]) {
        feed_mailbox_set_progress(mailbox, now_ns, "waiting for %s: %s", channel->shown, trouble);
    }
}

static void log_stale(struct feed_channel *channel)
{
    const struct feed_pointer *playlist = channel->pointers[POINTER_PLAYLIST];
    const struct pointer *pointer = feed_pointer_in_force(playlist);
    if (!pointer || channel->logged_stale ||
        pointer_end_ms(pointer) > feed_pointer_now_ms(playlist, clock_mono_ns()))
        return;
    log_warn("playlist is stale, playing it until a newer one is published version=%lld",
             (long long)pointer->version);
    channel->logged_stale = true;
}

/* Saves now and then how late it is, and what could not be saved before. */
static void save_state(struct feed_channel *channel, int64_t now_ns)
{
    enum trusted_time_news news = feed_mailbox_follow_clock(channel->source.mailbox);
    int64_t floor_ms = feed_mailbox_time(channel->source.mailbox, now_ns).floor_ms;
    if (news == TRUSTED_TIME_LOWER)
        state_remember_floor(channel->state, floor_ms);
    else if (news == TRUSTED_TIME_SAVE)
        state_remember(channel->state, &(struct state){.floor_ms = floor_ms});
    if (!state_unsaved(channel->state)) {
        channel->unsaved_due_ns = now_ns + UNSAVED_NS;
    } else if (now_ns >= channel->unsaved_due_ns) {
        channel->unsaved_due_ns = now_ns + UNSAVED_NS;
        state_remember(channel->state, &(struct state){0});
    }
}

/* When what a pointer has in force expires, on the monotonic clock. */
static int64_t end_ns(const struct feed_pointer *follower, int64_t now_ns)
{
    int64_t end_ms = pointer_end_ms(feed_pointer_in_force(follower));
    int64_t now_ms = feed_pointer_now_ms(follower, now_ns);
    int64_t wait_ms = end_ms > now_ms ? end_ms - now_ms : 0;
    if (wait_ms > (INT64_MAX - now_ns) / NANO_PER_MS)
        return INT64_MAX;
    return now_ns + wait_ms * NANO_PER_MS;
}

/* When the takeover or the playlist in force expires, on the monotonic clock. */
static int64_t expiry_ns(const struct feed_channel *channel, int64_t now_ns)
{
    const struct feed_pointer *takeover = channel->pointers[POINTER_TAKEOVER];
    const struct feed_pointer *playlist = channel->pointers[POINTER_PLAYLIST];
    int64_t due_ns = INT64_MAX;
    /* One that is not shown any more can be withdrawn at any later turn. */
    if (feed_pointer_in_force(takeover) && channel->posted == CHOICE_TAKEOVER && !channel->failures)
        due_ns = end_ns(takeover, now_ns);
    if (feed_pointer_in_force(playlist) && !channel->logged_stale)
        due_ns = clock_earlier_ns(due_ns, end_ns(playlist, now_ns));
    return due_ns;
}

static int64_t channel_due_ns(const struct feed_channel *channel)
{
    int64_t now_ns = clock_mono_ns(), due_ns = expiry_ns(channel, now_ns);
    for (enum pointer_kind kind = 0; kind < POINTER_KINDS; kind++) {
        due_ns = clock_earlier_ns(due_ns, feed_pointer_due_ns(channel->pointers[kind]));
        due_ns = clock_earlier_ns(due_ns, rollout_due_ns(channel->rollouts[kind]));
    }
    if (channel->failures)
        due_ns = clock_earlier_ns(due_ns, channel->post_due_ns);
    if (!rollout_is_in_force(channel->rollouts[POINTER_PLAYLIST]))
        due_ns = clock_earlier_ns(due_ns, now_ns + channel->poll_ms * NANO_PER_MS);
    return due_ns;
}

static void feed_channel_run(struct feed_source *source)
{
    struct feed_channel *channel = (struct feed_channel *)source;
    feed_loop_begin(&channel->loop);
    while (!atomic_load(&source->mailbox->stop)) {
        bool folder_changed = fetch_changed(channel->fetch);
        for (enum pointer_kind kind = 0; folder_changed && kind < POINTER_KINDS; kind++)
            feed_pointer_poll_soon(channel->pointers[kind]);
        for (enum pointer_kind kind = 0; kind < POINTER_KINDS; kind++) {
            feed_pointer_step(channel->pointers[kind], clock_mono_ns());
            step_channel_rollout(channel, kind, clock_mono_ns());
        }
        rollout_hold(channel->rollouts[POINTER_PLAYLIST],
                     rollout_is_moving(channel->rollouts[POINTER_TAKEOVER]));
        end_takeover(channel);
        step_edition(channel);
        show_progress(channel, clock_mono_ns());
        log_stale(channel);
        save_state(channel, clock_mono_ns());
        feed_loop_clean(&channel->loop, channel->rollouts, POINTER_KINDS);
        feed_loop_wait(&channel->loop, channel_due_ns(channel));
    }
}

/* Hands over what the store holds: a takeover that is active, else the playlist. */
static void post_stored_edition(struct feed_channel *channel)
{
    int64_t floor_ms = state_get(channel->state)->floor_ms;
    feed_mailbox_set_floor(channel->source.mailbox,
                           floor_ms < CLOCK_RELEASE_MS ? CLOCK_RELEASE_MS : floor_ms);
    int64_t now_ns = clock_mono_ns();
    struct feed_pointer *const *pointers = channel->pointers;
    struct edition *playlist = feed_pointer_load_stored(pointers[POINTER_PLAYLIST], now_ns);
    struct edition *takeover = feed_pointer_load_stored(pointers[POINTER_TAKEOVER], now_ns);
    bool active = takeover && feed_pointer_is_active(pointers[POINTER_TAKEOVER], clock_mono_ns());
    edition_destroy(active ? playlist : takeover);
    if (!active && !playlist)
        return;
    set_following(channel);
    if (active)
        hand_over(channel, CHOICE_TAKEOVER, takeover, false);
    else
        hand_over(channel, CHOICE_PLAYLIST, playlist, false);
}

/* The channel's name is the last part of its address; every origin must have the same. */
static MUST_CHECK bool set_channel_name(struct feed_channel *channel, const char *base,
                                        struct err *err)
{
    const char *end = base + strlen(base) - 1, *start = end; /* the '/' at the end */
    while (start > base && start[-1] != '/')
        start--;
    char name[POINTER_CHANNEL_BYTES];
    int length = snprintf(name, sizeof name, "%.*s", (int)(end - start), start);
    if (length <= 0 || (size_t)length >= sizeof name || !pointer_channel_is_valid(name))
        return err_set(err, ERR_INPUT, "%s is not a channel's address, which ends in /NAME/", base);
    if (channel->name[0] && strcmp(channel->name, name) != 0)
        return err_set(err, ERR_INPUT,
                       "all sources must be of one channel, but they name %s and %s", channel->name,
                       name);
    memcpy(channel->name, name, sizeof name);
    return true;
}

static MUST_CHECK bool read_channel_config(struct feed_channel *channel,
                                           const struct feed_config *config, struct err *err)
{
    channel->trust = trust_create();
    if (!channel->trust)
        return err_oom(err);
    for (size_t i = 0; i < config->key_count; i++)
        if (!trust_pin(channel->trust, config->keys[i], err))
            return err_prefix(err, "--key: ");
    for (size_t i = 0; i < config->source_count; i++) {
        channel->bases[channel->base_count] = fetch_base_clean(config->sources[i], err);
        if (!channel->bases[channel->base_count])
            return false;
        channel->base_count++;
        if (!set_channel_name(channel, channel->bases[i], err))
            return false;
    }
    fetch_public(channel->bases[0], channel->shown, sizeof channel->shown);
    return true;
}

static MUST_CHECK bool make_rollout_and_pointer(struct feed_channel *channel,
                                                enum pointer_kind kind,
                                                const struct feed_config *config,
                                                const struct feed_limits *limits, struct err *err)
{
    bool takeover = kind == POINTER_TAKEOVER;
    char *name = channel->rollout_names[kind];
    snprintf(name, ROLLOUT_NAME_BYTES, "channel:%s/%s", channel->name,
             takeover ? "takeover" : "latest");
    const struct rollout_config rollout = {
        .fetch = channel->fetch,
        .store = channel->store,
        .stop = &channel->source.mailbox->stop,
        .screen = &channel->source.mailbox->screen,
        .name = name,
        .shown = channel->shown,
        .bases = (const char *const *)channel->bases,
        .base_count = channel->base_count,
        .trusted_only = true,
        .takeover = takeover,
        .retry = channel->fast_retry,
        .left_out = config->left_out,
        .scrub_ms = limits ? limits->scrub_ms : 0,
    };
    channel->rollouts[kind] = rollout_create(&rollout);
    if (!channel->rollouts[kind])
        return err_oom(err);
    const struct feed_pointer_config pointer = {
        .fetch = channel->fetch,
        .trust = channel->trust,
        .state = channel->state,
        .rollout = channel->rollouts[kind],
        .mailbox = channel->source.mailbox,
        .kind = kind,
        .channel = channel->name,
        .bases = (const char *const *)channel->bases,
        .base_count = channel->base_count,
        .poll = feed_source_poll_policy(config, limits),
        .fast_retry = channel->fast_retry,
        .tour = feed_source_tour_policy(config, limits),
        .total_ms = feed_source_playlist_ms(limits),
        .quota_bytes = config->quota_bytes,
    };
    channel->pointers[kind] = feed_pointer_create(&pointer, err);
    return channel->pointers[kind] != NULL;
}

static MUST_CHECK bool open_channel(struct feed_channel *channel, const struct feed_config *config,
                                    const struct feed_limits *limits, struct err *err)
{
    if (!read_channel_config(channel, config, err))
        return false;
    channel->fetch = feed_source_make_fetch(config, limits, channel->source.mailbox, err);
    if (!channel->fetch)
        return false;
    channel->store = store_open(config->store, err);
    if (!channel->store)
        return false;
    channel->state = state_open(config->state, channel->name, channel->trust, err);
    if (channel->state && !store_read_only(channel->store)) {
        char copy[PATH_MAX];
        int length = snprintf(copy, sizeof copy, "%s/state", config->store);
        if (length > 0 && (size_t)length < sizeof copy)
            state_keep_copy(channel->state, copy);
    }
    return channel->state &&
           make_rollout_and_pointer(channel, POINTER_PLAYLIST, config, limits, err) &&
           make_rollout_and_pointer(channel, POINTER_TAKEOVER, config, limits, err);
}

static void feed_channel_destroy(struct feed_source *source)
{
    struct feed_channel *channel = (struct feed_channel *)source;
    if (!channel)
        return;
    for (enum pointer_kind kind = 0; kind < POINTER_KINDS; kind++) {
        feed_pointer_destroy(channel->pointers[kind]);
        rollout_destroy(channel->rollouts[kind]);
    }
    state_close(channel->state);
    fetch_destroy(channel->fetch);
    store_close(channel->store);
    trust_destroy(channel->trust);
    for (size_t i = 0; i < channel->base_count; i++)
        free(channel->bases[i]);
    free(channel);
}

static struct feed_source *feed_channel_create(const struct feed_config *config,
                                               const struct feed_limits *limits,
                                               struct feed_mailbox *mailbox, struct err *err)
{
    struct feed_channel *channel = calloc(1, sizeof *channel);
    if (!channel) {
        err_oom(err);
        return NULL;
    }
    channel->source = (struct feed_source){.ops = &feed_channel_ops, .mailbox = mailbox};
    channel->poll_ms = config->poll_ms;
    channel->fast_retry = feed_source_fast_retry_policy(config, limits);
    if (!open_channel(channel, config, limits, err)) {
        feed_channel_destroy(&channel->source);
        return NULL;
    }
    rollout_set_peer(channel->rollouts[POINTER_PLAYLIST], channel->rollouts[POINTER_TAKEOVER]);
    rollout_set_peer(channel->rollouts[POINTER_TAKEOVER], channel->rollouts[POINTER_PLAYLIST]);
    store_set_quota(channel->store, config->quota_bytes);
    feed_loop_init(&channel->loop, mailbox, channel->fetch, channel->store, channel->fast_retry);
    feed_mailbox_set_status(mailbox, "waiting for %s", channel->shown);
    post_stored_edition(channel);
    return &channel->source;
}

static void feed_channel_wake(struct feed_source *source)
{
    fetch_wake(((struct feed_channel *)source)->fetch);
}

const struct feed_source_ops feed_channel_ops = {
    .create = feed_channel_create,
    .run = feed_channel_run,
    .wake = feed_channel_wake,
    .retry = feed_channel_wake,
    .destroy = feed_channel_destroy,
};
