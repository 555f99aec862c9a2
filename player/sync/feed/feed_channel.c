/* A signed channel as a source: its playlists, its takeovers, and which of them is on. */
#include "sync/feed/feed_source.h"

#include "base/clock.h"
#include "base/feed_retry.h"
#include "base/log.h"
#include "sync/feed/feed_loop.h"
#include "sync/feed/feed_pointer.h"
#include "sync/feed_remember.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "feed_channel"

#define TRACK_NAME_BYTES 96
#define NANO_PER_MS 1000000
/* Until a state that could not be written is tried again. */
#define UNSAVED_NS INT64_C(60000000000)

/* Stands in where a takeover ends and no playlist is in force yet: nothing is scheduled, so the
 * house card is shown. */
static const char NOTHING[] =
    "{\"format\":\"duckling/1\",\"name\":\"nothing\",\"spots\":{\"none\":{\"tagline\":\"-\"}},"
    "\"loops\":{\"none\":[\"none\"]},"
    "\"schedule\":[{\"loop\":\"none\",\"end\":\"1970-01-02T00:00:00Z\"}]}";

/* What was handed over last; AGAIN: whatever it was, it is to be handed over once more. */
enum offer { OFFER_NONE, OFFER_CARD, OFFER_PLAYLIST, OFFER_TAKEOVER, OFFER_AGAIN };

struct feed_channel {
    struct feed_mailbox *slot;
    struct store *store;
    struct fetch *fetch;
    struct trust *trust;
    struct state_file *state;
    char name[POINTER_CHANNEL_BYTES];
    char *bases[FEED_SOURCES_MAX]; /* each ending in '/' */
    size_t base_count;
    char shown[FEED_SHOWN_BYTES]; /* the first base for people */
    char track_names[2][TRACK_NAME_BYTES];
    /* By enum pointer_kind. */
    struct rollout *tracks[2];
    struct feed_pointer *lines[2];
    struct feed_loop run;
    enum offer offered;
    unsigned failures;   /* to hand over, in a row */
    unsigned given_back; /* how often the main thread could not use this edition */
    int64_t offer_due_ns;
    int64_t unsaved_due_ns;
    int64_t told_on; /* the takeover that the log tells to be on; 0: none */
    bool told_stale;
    struct retry_policy brisk;
    int64_t poll_ms;
};

static struct edition *make_nothing(const struct feed_channel *c)
{
    struct playlist_faults *faults = calloc(1, sizeof *faults);
    struct playlist *playlist = faults ? playlist_parse(NOTHING, sizeof NOTHING - 1, faults) : NULL;
    char **paths = playlist ? calloc(1, sizeof *paths) : NULL;
    if (faults)
        playlist_faults_finish(faults);
    free(faults);
    if (!paths) {
        playlist_destroy(playlist);
        return NULL;
    }
    return edition_create(playlist, paths, c->shown);
}

static void tell_following(struct feed_channel *c)
{
    feed_mailbox_tell(c->slot, "following %s", c->shown);
}

/* Once for each takeover, and once more where a clock that was set brings it back. */
static void tell_takeover(struct feed_channel *c, enum offer what)
{
    const struct pointer *on = feed_pointer_in_force(c->lines[POINTER_TAKEOVER]);
    if (what == OFFER_TAKEOVER && on && on->version != c->told_on) {
        log_info("takeover is on version=%lld", (long long)on->version);
        c->told_on = on->version;
    } else if (what != OFFER_TAKEOVER && c->told_on) {
        log_info("takeover is over version=%lld", (long long)c->told_on);
        c->told_on = 0;
    }
}

static void hand_over(struct feed_channel *c, enum offer what, struct edition *edition, bool wake)
{
    tell_takeover(c, what);
    c->offered = what;
    c->failures = 0;
    feed_mailbox_offer(c->slot, edition, wake);
}

/* What is to be on now. */
static enum offer choose(const struct feed_channel *c)
{
    if (feed_pointer_is_on(c->lines[POINTER_TAKEOVER], clock_mono_ns()))
        return OFFER_TAKEOVER;
    if (rollout_is_in_force(c->tracks[POINTER_PLAYLIST]))
        return OFFER_PLAYLIST;
    return c->offered == OFFER_NONE ? OFFER_NONE : OFFER_CARD;
}

/* A takeover that will not be on again goes, whatever is on screen and whatever can be put there
 * instead. One that is over by a clock that may be wrong stays, and is only not shown. */
static void end_takeover(struct feed_channel *c)
{
    const struct feed_pointer *line = c->lines[POINTER_TAKEOVER];
    int64_t now_ns = clock_mono_ns();
    struct trusted_time_now time = feed_mailbox_time(c->slot, now_ns);
    if (!feed_pointer_in_force(line) || !feed_pointer_is_done(line, now_ns))
        return;
    /* At the next start the clock may be dead, and the floor an hour old. */
    feed_remember(c->state, &(struct state){.floor_ms = time.floor_ms});
    feed_pointer_ended(c->lines[POINTER_TAKEOVER]);
    rollout_end(c->tracks[POINTER_TAKEOVER]);
}

static struct edition *make(struct feed_channel *c, enum offer what, struct err *err)
{
    if (what == OFFER_TAKEOVER)
        return rollout_edition(c->tracks[POINTER_TAKEOVER], err);
    if (what == OFFER_PLAYLIST)
        return rollout_edition(c->tracks[POINTER_PLAYLIST], err);
    err_oom(err);
    return make_nothing(c);
}

/* What is to be on can't be made now. Nothing of what was handed over counts as it: it is tried
 * again. A takeover's pictures must not stay meanwhile. */
static void put_off(struct feed_channel *c, enum offer what, const char *why)
{
    if (!c->failures)
        log_error("what is to be on can't be made yet reason=\"%s\"", why);
    struct edition *card =
        c->offered == OFFER_TAKEOVER && what == OFFER_PLAYLIST ? make_nothing(c) : NULL;
    if (card) {
        unsigned failures = c->failures;
        hand_over(c, OFFER_CARD, card, true);
        c->failures = failures;
    }
    c->failures++;
    c->offer_due_ns = feed_retry_ns(&c->brisk, c->failures, clock_mono_ns());
}

/* Hands over what is to be on, where that is something else than what was handed over last. */
static void offer(struct feed_channel *c)
{
    struct err err = {0};
    if (atomic_exchange(&c->slot->again, false)) { /* the main thread has not been able to use it */
        c->offered = c->offered == OFFER_NONE ? OFFER_NONE : OFFER_AGAIN;
        c->given_back++;
        c->failures = 1;
        c->offer_due_ns = feed_retry_ns(&c->brisk, c->given_back, clock_mono_ns());
    }
    enum offer what = choose(c);
    if (what == c->offered)
        c->failures = 0;
    if (what == c->offered || (c->failures && clock_mono_ns() < c->offer_due_ns))
        return;
    struct edition *edition = make(c, what, &err);
    if (edition)
        hand_over(c, what, edition, true);
    else
        put_off(c, what, err.text);
}

/* An edition that came into force just now, or was mended. Another's is made when its time
 * comes. */
static void take_switched(struct feed_channel *c, enum pointer_kind kind, struct edition *edition)
{
    enum offer what = kind == POINTER_TAKEOVER ? OFFER_TAKEOVER : OFFER_PLAYLIST;
    bool is_to_be_on = choose(c) == what;
    c->given_back = 0;
    if (edition && is_to_be_on) {
        hand_over(c, what, edition, true);
        return;
    }
    edition_destroy(edition);
    if (is_to_be_on)
        c->offered = OFFER_AGAIN;
}

static void step_track(struct feed_channel *c, enum pointer_kind kind, int64_t now_ns)
{
    struct rollout *track = c->tracks[kind];
    if (rollout_step(track, now_ns)) {
        const struct manifest *before = rollout_manifest(track);
        bool was_coming = rollout_is_coming(track);
        struct edition *edition = rollout_switch(track, now_ns);
        if (was_coming && !rollout_is_coming(track)) {
            feed_pointer_switched(c->lines[kind]);
            tell_following(c);
            c->told_stale = kind == POINTER_PLAYLIST ? false : c->told_stale;
        }
        if (rollout_manifest(track) != before)
            take_switched(c, kind, edition);
    }
    if (rollout_check(track, now_ns))
        feed_mailbox_wake(c->slot);
}

/* What is waited for, for the house card, as long as nothing is in force. */
static void tell_progress(struct feed_channel *c, int64_t now_ns)
{
    const char *trouble = feed_pointer_trouble(c->lines[POINTER_PLAYLIST]);
    struct rollout *track = c->tracks[POINTER_PLAYLIST];
    if (rollout_is_in_force(track))
        return;
    if (rollout_is_coming(track)) {
        char words[FEED_TEXT_BYTES];
        rollout_describe_coming(track, words, sizeof words);
        feed_mailbox_tell_progress(c->slot, now_ns, "fetching %s: %s", c->shown, words);
    } else if (trouble[0])
        feed_mailbox_tell_progress(c->slot, now_ns, "waiting for %s: %s", c->shown, trouble);
}

static void tell_stale(struct feed_channel *c)
{
    const struct feed_pointer *line = c->lines[POINTER_PLAYLIST];
    const struct pointer *on = feed_pointer_in_force(line);
    if (!on || c->told_stale || pointer_end_ms(on) > feed_pointer_now_ms(line, clock_mono_ns()))
        return;
    log_warn("the playlist is stale: it has expired and nothing newer was published; it goes on "
             "version=%lld",
             (long long)on->version);
    c->told_stale = true;
}

/* Remembers now and then how late it is, and what could not be remembered before. */
static void remember(struct feed_channel *c, int64_t now_ns)
{
    enum trusted_time_news news = feed_mailbox_follow_clock(c->slot);
    int64_t floor_ms = feed_mailbox_time(c->slot, now_ns).floor_ms;
    if (news == TRUSTED_TIME_LOWER)
        feed_remember_lower(c->state, floor_ms);
    else if (news == TRUSTED_TIME_SAVE)
        feed_remember(c->state, &(struct state){.floor_ms = floor_ms});
    if (!state_unsaved(c->state)) {
        c->unsaved_due_ns = now_ns + UNSAVED_NS;
    } else if (now_ns >= c->unsaved_due_ns) {
        c->unsaved_due_ns = now_ns + UNSAVED_NS;
        feed_remember(c->state, &(struct state){0});
    }
}

/* When what is in force here is over, on the monotonic clock. */
static int64_t end_ns(const struct feed_pointer *line, int64_t now_ns)
{
    int64_t end_ms = pointer_end_ms(feed_pointer_in_force(line));
    int64_t now_ms = feed_pointer_now_ms(line, now_ns);
    int64_t wait_ms = end_ms > now_ms ? end_ms - now_ms : 0;
    return wait_ms > (INT64_MAX - now_ns) / NANO_PER_MS ? INT64_MAX
                                                        : now_ns + wait_ms * NANO_PER_MS;
}

/* When a takeover is over, or a playlist stale, on the monotonic clock. */
static int64_t expiry_ns(const struct feed_channel *c, int64_t now_ns)
{
    const struct feed_pointer *takeover = c->lines[POINTER_TAKEOVER];
    const struct feed_pointer *playlist = c->lines[POINTER_PLAYLIST];
    int64_t due = INT64_MAX;
    /* One that is not shown any more needs no turn of its own to go. */
    if (feed_pointer_in_force(takeover) && c->offered == OFFER_TAKEOVER && !c->failures)
        due = end_ns(takeover, now_ns);
    if (feed_pointer_in_force(playlist) && !c->told_stale)
        due = clock_earlier_ns(due, end_ns(playlist, now_ns));
    return due;
}

static int64_t due_ns(const struct feed_channel *c)
{
    int64_t now_ns = clock_mono_ns(), due = expiry_ns(c, now_ns);
    for (int kind = 0; kind < 2; kind++)
        due = clock_earlier_ns(due, clock_earlier_ns(feed_pointer_due_ns(c->lines[kind]),
                                                     rollout_due_ns(c->tracks[kind])));
    if (c->failures)
        due = clock_earlier_ns(due, c->offer_due_ns);
    if (!rollout_is_in_force(c->tracks[POINTER_PLAYLIST]))
        due = clock_earlier_ns(due, now_ns + c->poll_ms * NANO_PER_MS);
    return due;
}

void feed_channel_run(struct feed_channel *source)
{
    struct feed_channel *c = source;
    feed_loop_begin(&c->run);
    while (!atomic_load(&c->slot->stop)) {
        if (fetch_changed(c->fetch))
            for (int kind = 0; kind < 2; kind++)
                feed_pointer_hurry(c->lines[kind]);
        for (int kind = 0; kind < 2; kind++) {
            feed_pointer_step(c->lines[kind], clock_mono_ns());
            step_track(c, (enum pointer_kind)kind, clock_mono_ns());
        }
        end_takeover(c);
        offer(c);
        tell_progress(c, clock_mono_ns());
        tell_stale(c);
        remember(c, clock_mono_ns());
        feed_loop_clean(&c->run, c->tracks, 2);
        feed_loop_wait(&c->run, due_ns(c));
    }
}

/* Hands over what the store holds: a takeover that is on, else the playlist. */
static void start_from_store(struct feed_channel *c)
{
    int64_t floor_ms = state_get(c->state)->floor_ms;
    feed_mailbox_set_floor(c->slot, floor_ms < CLOCK_RELEASE_MS ? CLOCK_RELEASE_MS : floor_ms);
    int64_t now_ns = clock_mono_ns();
    struct edition *playlist = feed_pointer_recall(c->lines[POINTER_PLAYLIST], now_ns);
    struct edition *takeover = feed_pointer_recall(c->lines[POINTER_TAKEOVER], now_ns);
    bool on = takeover && feed_pointer_is_on(c->lines[POINTER_TAKEOVER], clock_mono_ns());
    edition_destroy(on ? playlist : takeover);
    if (!on && !playlist)
        return;
    tell_following(c);
    hand_over(c, on ? OFFER_TAKEOVER : OFFER_PLAYLIST, on ? takeover : playlist, false);
}

/* The channel's name is the last part of its address; every origin must have the same. */
static bool set_name(struct feed_channel *c, const char *base, struct err *err)
{
    const char *end = base + strlen(base) - 1, *start = end; /* the '/' at the end */
    while (start > base && start[-1] != '/')
        start--;
    char name[POINTER_CHANNEL_BYTES];
    int length = snprintf(name, sizeof name, "%.*s", (int)(end - start), start);
    if (length <= 0 || (size_t)length >= sizeof name || !pointer_channel_is_valid(name))
        return err_set(err, ERR_INPUT, "%s is no channel's address, which ends in /NAME/", base);
    if (c->name[0] && strcmp(c->name, name) != 0)
        return err_set(err, ERR_INPUT, "one channel at a time, please: %s and %s", c->name, name);
    memcpy(c->name, name, sizeof name);
    return true;
}

static bool read_config(struct feed_channel *c, const struct feed_config *config, struct err *err)
{
    c->trust = trust_create();
    if (!c->trust)
        return err_oom(err);
    for (size_t i = 0; i < config->key_count; i++)
        if (!trust_pin(c->trust, config->keys[i], err))
            return err_prefix(err, "--key: ");
    for (size_t i = 0; i < config->source_count; i++) {
        c->bases[c->base_count] = fetch_base_clean(config->sources[i], err);
        if (!c->bases[c->base_count])
            return false;
        c->base_count++;
        if (!set_name(c, c->bases[i], err))
            return false;
    }
    fetch_public(c->bases[0], c->shown, sizeof c->shown);
    return true;
}

static bool make_line(struct feed_channel *c, enum pointer_kind kind,
                      const struct feed_config *config, const struct feed_limits *limits,
                      struct err *err)
{
    bool takeover = kind == POINTER_TAKEOVER;
    char *name = c->track_names[kind];
    snprintf(name, TRACK_NAME_BYTES, "channel:%s/%s", c->name, takeover ? "takeover" : "latest");
    const struct rollout_config track = {
        .fetch = c->fetch,
        .store = c->store,
        .stop = &c->slot->stop,
        .name = name,
        .shown = c->shown,
        .bases = (const char *const *)c->bases,
        .base_count = c->base_count,
        .trusted_only = true,
        .takeover = takeover,
        .retry = feed_brisk_policy(config, limits),
        .scrub_ms = limits ? limits->scrub_ms : 0,
    };
    c->tracks[kind] = rollout_create(&track);
    if (!c->tracks[kind])
        return err_oom(err);
    const struct feed_pointer_config line = {
        .fetch = c->fetch,
        .trust = c->trust,
        .state = c->state,
        .track = c->tracks[kind],
        .slot = c->slot,
        .kind = kind,
        .channel = c->name,
        .bases = (const char *const *)c->bases,
        .base_count = c->base_count,
        .poll = feed_poll_policy(config, limits),
        .brisk = feed_brisk_policy(config, limits),
        .total_ms = feed_playlist_ms(limits),
        .quota_bytes = config->quota_bytes,
    };
    c->lines[kind] = feed_pointer_create(&line, err);
    return c->lines[kind] != NULL;
}

struct feed_channel *feed_channel_create(const struct feed_config *config,
                                         const struct feed_limits *limits,
                                         struct feed_mailbox *slot, struct err *err)
{
    struct feed_channel *c = calloc(1, sizeof *c);
    if (!c) {
        err_oom(err);
        return NULL;
    }
    c->slot = slot;
    c->poll_ms = config->poll_ms;
    c->brisk = feed_brisk_policy(config, limits);
    if (!read_config(c, config, err) || !(c->fetch = feed_make_fetch(config, limits, err)) ||
        !(c->store = store_open(config->store, err)) ||
        !(c->state = state_open(config->state, c->name, c->trust, err)) ||
        !make_line(c, POINTER_PLAYLIST, config, limits, err) ||
        !make_line(c, POINTER_TAKEOVER, config, limits, err)) {
        feed_channel_destroy(c);
        return NULL;
    }
    for (int kind = 0; kind < 2; kind++)
        rollout_set_peer(c->tracks[kind], c->tracks[1 - kind]);
    store_set_quota(c->store, config->quota_bytes);
    feed_loop_init(&c->run, slot, c->fetch, c->store, c->brisk);
    feed_mailbox_tell(slot, "waiting for %s", c->shown);
    start_from_store(c);
    return c;
}

void feed_channel_wake(struct feed_channel *source)
{
    fetch_wake(source->fetch);
}

void feed_channel_destroy(struct feed_channel *source)
{
    if (!source)
        return;
    for (int kind = 0; kind < 2; kind++) {
        feed_pointer_destroy(source->lines[kind]);
        rollout_destroy(source->tracks[kind]);
    }
    state_close(source->state);
    fetch_destroy(source->fetch);
    store_close(source->store);
    trust_destroy(source->trust);
    for (size_t i = 0; i < source->base_count; i++)
        free(source->bases[i]);
    free(source);
}
