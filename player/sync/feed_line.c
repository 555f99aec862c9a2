#include "sync/feed_line.h"

#include "base/clock.h"
#include "base/log.h"
#include "sync/feed_poll.h"
#include "sync/feed_source.h"
#include "sync/feed_wanted.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_BYTES 512
#define WHOLE_EACH 8

/* The pointer at one origin. An origin is in trouble as long as it gives no answer, or one that is
 * refused; the next is asked only then. */
struct origin {
    struct feed_poll *poll;
    char *location;
    char shown[SHOWN_BYTES];
    bool asked;      /* is asked at all */
    int64_t version; /* of the pointer that was accepted from it last; 0: none */
    bool troubled;
    char told[ERR_TEXT_BYTES]; /* trouble that was logged last */
};

/* A pointer that was accepted, and its bytes. */
struct accepted {
    struct pointer pointer;
    char text[POINTER_BYTES_MAX + 1];
    bool given;
};

struct feed_line {
    struct feed_line_config config;
    struct origin origins[FEED_SOURCES_MAX];
    struct accepted newest, in_force;
    struct feed_wanted *wanted;
    bool refused; /* what the newest pointer signs can't be played; there is no use in asking again
                   */
    char told[ERR_TEXT_BYTES];
    char trouble[ERR_TEXT_BYTES];
};

static const char *kind_words(const struct feed_line *line)
{
    return line->config.kind == POINTER_TAKEOVER ? "takeover" : "playlist";
}

static bool make_origin(struct feed_line *line, size_t at, struct err *err)
{
    const struct feed_line_config *config = &line->config;
    struct origin *origin = &line->origins[at];
    bool takeover = config->kind == POINTER_TAKEOVER;
    origin->location = fetch_resolve(config->bases[at],
                                     takeover ? "takeover.minisig" : "latest.minisig", true, err);
    if (!origin->location)
        return false;
    const struct feed_poll_config poll = {
        .fetch = config->fetch,
        .location = origin->location,
        .policy = &config->poll,
        .total_ms = config->total_ms,
        .limit_bytes = POINTER_BYTES_MAX,
        .may_be_missing = takeover,
        .whole_each = WHOLE_EACH,
    };
    fetch_public(origin->location, origin->shown, sizeof origin->shown);
    origin->poll = feed_poll_create(&poll);
    return origin->poll || err_set(err, ERR_SYSTEM, "out of memory");
}

struct feed_line *feed_line_create(const struct feed_line_config *config, struct err *err)
{
    struct feed_line *line = calloc(1, sizeof *line);
    if (!line) {
        err_set(err, ERR_SYSTEM, "out of memory");
        return NULL;
    }
    line->config = *config;
    for (size_t i = 0; i < config->base_count; i++)
        if (!make_origin(line, i, err)) {
            feed_line_destroy(line);
            return NULL;
        }
    line->origins[0].asked = true;
    return line;
}

void feed_line_destroy(struct feed_line *line)
{
    if (!line)
        return;
    for (size_t i = 0; i < line->config.base_count; i++) {
        feed_poll_destroy(line->origins[i].poll);
        free(line->origins[i].location);
    }
    feed_wanted_destroy(line->wanted);
    free(line);
}

/* Verifies a pointer's signature and reads it; err begins with the fault's name. */
static bool open_pointer(const struct feed_line *line, const char *bytes, size_t size,
                         struct trust_seal *seal, struct pointer *pointer, struct err *err)
{
    return trust_open(line->config.trust, bytes, size, seal, err) &&
           (pointer_parse(seal->comment, pointer, err) || err_prefix(err, "malformed pointer: "));
}

static void keep_accepted(struct accepted *to, const struct pointer *pointer, const char *bytes,
                          size_t size)
{
    to->pointer = *pointer;
    memcpy(to->text, bytes, size);
    to->text[size] = '\0';
    to->given = true;
}

/* What the store has kept must be signed by a key that is pinned now, and by nobody else: the disk
 * is not trusted either. */
static bool check_kept(struct feed_line *line, const struct playlist *playlist, const char *bytes,
                       size_t size, struct err *err)
{
    const struct manifest *manifest = track_manifest(line->config.track);
    struct pointer pointer;
    struct trust_seal *seal = calloc(1, sizeof *seal);
    size_t length = strlen(manifest->pointer);
    bool ok = seal || err_set(err, ERR_SYSTEM, "out of memory");
    if (ok && length > POINTER_BYTES_MAX)
        ok = err_set(err, ERR_INPUT, "damaged");
    ok = ok && open_pointer(line, manifest->pointer, length, seal, &pointer, err) &&
         trust_check(line->config.trust, seal, bytes, size, err);
    if (ok &&
        (pointer.kind != line->config.kind || strcmp(pointer.channel, line->config.channel) != 0))
        ok = err_set(err, ERR_TRUST, "wrong channel or kind");
    for (size_t i = 0; ok && i < playlist->asset_count; i++)
        if (i >= manifest->file_count ||
            memcmp(playlist->assets[i].sha256, manifest->files[i].sha256, HASH_BYTES) != 0)
            ok = err_set(err, ERR_TRUST, "its list of files is not the playlist's");
    if (ok)
        keep_accepted(&line->in_force, &pointer, manifest->pointer, length);
    free(seal);
    return ok;
}

/* The pointer as every origin gave it last. */
static void set_seen(struct feed_line *line)
{
    struct feed_poll_body seen = {0};
    const char *text = line->in_force.text;
    if (!hash_bytes(text, strlen(text), seen.sha256))
        return;
    for (size_t i = 0; i < line->config.base_count; i++) {
        feed_poll_set_seen(line->origins[i].poll, &seen);
        line->origins[i].version = line->in_force.pointer.version;
    }
}

struct edition *feed_line_recall(struct feed_line *line)
{
    struct track *track = line->config.track;
    struct err err = {0};
    char *bytes = NULL;
    size_t size;
    struct playlist *playlist = track_recall(track, &bytes, &size, &err);
    bool ok = playlist && check_kept(line, playlist, bytes, size, &err);
    free(bytes);
    if (!ok) {
        playlist_destroy(playlist);
        if (err.code != ERR_MISSING || track_manifest(track))
            log_warn("channel", "the stored %s is not used: %s", kind_words(line), err.text);
        return NULL;
    }
    const struct pointer *pointer = &line->in_force.pointer;
    struct state seen = {.floor_ms = pointer->signed_ms};
    seen.version[pointer->kind] = pointer->version;
    if (!state_raise(line->config.state, &seen, &err))
        log_error("channel", "what must be remembered can't be kept: %s", err.text);
    struct edition *edition = NULL;
    if (pointer->version == state_get(line->config.state)->version[pointer->kind] ||
        pointer->kind == POINTER_PLAYLIST)
        edition = track_resume(track, playlist, " from the store");
    else /* a takeover that was called off, or followed by another */
        playlist_destroy(playlist);
    if (!edition) {
        line->in_force.given = false;
        return NULL;
    }
    line->newest = line->in_force;
    set_seen(line);
    return edition;
}

/* Once, until there is other trouble or none. */
static void refuse(struct feed_line *line, struct origin *origin, const char *name,
                   const char *detail)
{
    char told[ERR_TEXT_BYTES];
    snprintf(told, sizeof told, "%s %s", name, detail);
    if (strcmp(told, origin->told) != 0)
        log_warn("channel", "%s pointer refused attack=\"%s\" source=%s%s%s", kind_words(line),
                 name, origin->shown, detail[0] ? ": " : "", detail);
    memcpy(origin->told, told, sizeof origin->told);
    snprintf(line->trouble, sizeof line->trouble, "%s: %s", name, origin->shown);
    origin->troubled = true;
}

/* A fault's name stands before the first colon of its words. */
static void refuse_for(struct feed_line *line, struct origin *origin, const struct err *err)
{
    size_t length = strcspn(err->text, ":");
    char name[ERR_TEXT_BYTES];
    snprintf(name, sizeof name, "%.*s", (int)length, err->text);
    const char *detail = err->text + length;
    refuse(line, origin, name, detail[0] ? detail + 1 + strspn(detail + 1, " ") : "");
}

int64_t feed_line_floor_ms(const struct state_file *state)
{
    int64_t floor_ms = state_get(state)->floor_ms;
    return floor_ms < CLOCK_RELEASE_MS ? CLOCK_RELEASE_MS : floor_ms;
}

static void raise_state(struct feed_line *line, const struct pointer *pointer)
{
    struct state seen = {.floor_ms = pointer->signed_ms};
    struct err err = {0};
    seen.version[pointer->kind] = pointer->version;
    if (!state_raise(line->config.state, &seen, &err))
        log_error("channel", "what must be remembered can't be kept: %s", err.text);
    atomic_store(&line->config.slot->floor_ms, feed_line_floor_ms(line->config.state));
}

static void want(struct feed_line *line, const struct pointer *pointer,
                 const struct trust_seal *seal, size_t base)
{
    const struct feed_wanted_config config = {
        .fetch = line->config.fetch,
        .trust = line->config.trust,
        .bases = line->config.bases,
        .base_count = line->config.base_count,
        .policy = &line->config.brisk,
        .total_ms = line->config.total_ms,
    };
    feed_wanted_destroy(line->wanted);
    line->wanted = feed_wanted_create(&config, pointer, seal, base);
    line->refused = false;
    line->told[0] = '\0';
    if (!line->wanted)
        log_error("channel", "version %" PRId64 " can't be fetched: out of memory",
                  pointer->version);
}

/* A pointer that is right. */
static void accept(struct feed_line *line, size_t base, const struct pointer *pointer,
                   const struct trust_seal *seal, int64_t wall_ms)
{
    struct origin *origin = &line->origins[base];
    const struct feed_poll_body *body = feed_poll_body(origin->poll);
    bool same = line->newest.given && strlen(line->newest.text) == body->size &&
                memcmp(line->newest.text, body->bytes, body->size) == 0;
    bool on = line->in_force.given && line->in_force.pointer.version == pointer->version;
    raise_state(line, pointer);
    if (same && (on || line->wanted || line->refused || track_is_coming(line->config.track)))
        return;
    if (on && !track_is_whole(line->config.track) && track_is_coming(line->config.track))
        return; /* being repaired */
    log_info("channel", "%s pointer accepted version=%" PRId64 " source=%s", kind_words(line),
             pointer->version, origin->shown);
    keep_accepted(&line->newest, pointer, body->bytes, body->size);
    feed_wanted_destroy(line->wanted);
    line->wanted = NULL;
    track_drop_coming(line->config.track);
    int64_t floor_ms = feed_line_floor_ms(line->config.state);
    int64_t now_ms = wall_ms < floor_ms ? floor_ms : wall_ms;
    bool over = pointer->kind == POINTER_TAKEOVER && pointer->expires_ms <= now_ms;
    if (!on && !over)
        want(line, pointer, seal, base);
}

static void refuse_version(struct feed_line *line, struct origin *origin,
                           enum pointer_verdict verdict, int64_t version)
{
    char detail[96];
    snprintf(detail, sizeof detail, "version=%" PRId64 " highest=%" PRId64, version,
             state_get(line->config.state)->version[line->config.kind]);
    refuse(line, origin, pointer_verdict_words(verdict), detail);
}

static void judge(struct feed_line *line, size_t base, int64_t wall_ms)
{
    struct origin *origin = &line->origins[base];
    const struct feed_poll_body *body = feed_poll_body(origin->poll);
    const struct state *state = state_get(line->config.state);
    struct trust_seal *seal = calloc(1, sizeof *seal);
    struct pointer pointer;
    struct err err = {0};
    if (!seal)
        err_set(&err, ERR_SYSTEM, "out of memory");
    if (!seal || !open_pointer(line, body->bytes, body->size, seal, &pointer, &err)) {
        refuse_for(line, origin, &err);
        free(seal);
        return;
    }
    const struct pointer_rules rules = {
        .channel = line->config.channel,
        .kind = line->config.kind,
        .highest_version = state->version[line->config.kind],
        .now_ms = wall_ms,
        .floor_ms = feed_line_floor_ms(line->config.state),
    };
    enum pointer_verdict verdict = pointer_judge(&pointer, &rules);
    if (verdict == POINTER_NEW || verdict == POINTER_SAME) {
        if (origin->told[0])
            log_info("channel", "the pointer is good again source=%s", origin->shown);
        origin->told[0] = line->trouble[0] = '\0';
        origin->troubled = false;
        origin->version = pointer.version;
        accept(line, base, &pointer, seal, wall_ms);
        feed_poll_accept(origin->poll);
    } else
        refuse_version(line, origin, verdict, pointer.version);
    free(seal);
}

static void tell_silence(struct feed_line *line, struct origin *origin)
{
    const char *trouble = feed_poll_trouble(origin->poll);
    if (strncmp(origin->told, trouble, sizeof origin->told - 1) != 0)
        log_warn("channel", "no %s pointer source=%s: %s", kind_words(line), origin->shown,
                 trouble);
    snprintf(origin->told, sizeof origin->told, "%s", trouble);
    snprintf(line->trouble, sizeof line->trouble, "%s: %s", origin->shown, trouble);
    origin->troubled = true;
}

static void be_well(struct feed_line *line, struct origin *origin)
{
    if (origin->told[0])
        log_info("channel", "the server answers again source=%s", origin->shown);
    origin->told[0] = line->trouble[0] = '\0';
    origin->troubled = false;
}

/* The same as before may be too old by now, where another origin has had something newer. */
static void unchanged(struct feed_line *line, struct origin *origin)
{
    if (origin->version < state_get(line->config.state)->version[line->config.kind])
        refuse_version(line, origin, POINTER_ROLLBACK, origin->version);
    else
        be_well(line, origin);
}

static void step_origin(struct feed_line *line, size_t at, int64_t now_ns, int64_t wall_ms)
{
    struct origin *origin = &line->origins[at];
    switch (feed_poll_step(origin->poll, now_ns)) {
    case FEED_POLL_NONE:
        return;
    case FEED_POLL_FAILED:
        tell_silence(line, origin);
        break;
    case FEED_POLL_CHANGED:
        judge(line, at, wall_ms);
        break;
    case FEED_POLL_UNCHANGED:
        unchanged(line, origin);
        break;
    case FEED_POLL_MISSING:
        be_well(line, origin);
        break;
    }
    fetch_watch(line->config.fetch, line->config.bases[at]);
}

/* The first origin, and each one after such as are in trouble. */
static void step_origins(struct feed_line *line, int64_t now_ns, int64_t wall_ms)
{
    bool asked = true;
    for (size_t i = 0; i < line->config.base_count; i++) {
        struct origin *origin = &line->origins[i];
        if (asked && !origin->asked)
            feed_poll_hurry(origin->poll);
        /* One that is under way is let finish. */
        if (asked || feed_poll_due_ns(origin->poll) == INT64_MAX)
            step_origin(line, i, now_ns, wall_ms);
        origin->asked = asked;
        asked = asked && origin->troubled;
    }
}

/* What keeps a playlist that was signed from being played. False with faults or err. */
static bool bring(struct feed_line *line, const char *bytes, size_t size,
                  struct playlist_faults *faults, struct err *err)
{
    const struct pointer *pointer = &line->newest.pointer;
    struct track_body body = {
        .bytes = bytes,
        .size = size,
        .etag = "",
        .last_modified = "",
        .pointer = line->newest.text,
    };
    struct playlist *playlist = playlist_parse(bytes, size, faults);
    if (!playlist)
        return err_set(err, faults->count ? ERR_INPUT : ERR_SYSTEM, "out of memory");
    int64_t needed_bytes = 0;
    for (size_t i = 0; i < playlist->asset_count; i++)
        needed_bytes += playlist->assets[i].size_bytes;
    if (!hash_bytes(bytes, size, body.sha256))
        err_set(err, ERR_SYSTEM, "out of memory");
    else if (!playlist->channel || strcmp(playlist->channel, pointer->channel) != 0 ||
             playlist->version != pointer->version)
        err_set(err, ERR_TRUST, "does not match its pointer: another channel or version");
    else if (line->config.quota_bytes && needed_bytes > line->config.quota_bytes)
        err_set(err, ERR_LIMIT,
                "too large: its media need %" PRId64 " bytes, the quota is %" PRId64, needed_bytes,
                line->config.quota_bytes);
    else if (edition_check_zone(playlist, faults, err))
        return track_bring(line->config.track, playlist, &body, err);
    playlist_destroy(playlist);
    return false;
}

static void tell_wanted(struct feed_line *line, const char *what, const char *trouble)
{
    if (strncmp(line->told, trouble, sizeof line->told - 1) != 0)
        log_warn("channel", "%s %s version=%" PRId64 ": %s", kind_words(line), what,
                 line->newest.pointer.version, trouble);
    snprintf(line->told, sizeof line->told, "%s", trouble);
    snprintf(line->trouble, sizeof line->trouble, "%s %s: %s", kind_words(line), what, trouble);
}

static void receive(struct feed_line *line, int64_t now_ns)
{
    size_t size;
    const char *bytes = feed_wanted_bytes(line->wanted, &size);
    struct playlist_faults *faults = calloc(1, sizeof *faults);
    struct err err = {.code = ERR_SYSTEM, .text = "out of memory"};
    bool ok = faults && bring(line, bytes, size, faults, &err);
    bool again = !ok && (err.code == ERR_SYSTEM || err.code == ERR_DISK);
    if (again) {
        tell_wanted(line, "can't be looked into yet", err.text);
        feed_wanted_again(line->wanted, now_ns);
    } else {
        feed_wanted_destroy(line->wanted);
        line->wanted = NULL;
        line->refused = !ok;
    }
    if (!ok && !again && faults && faults->count) {
        char text[ERR_TEXT_BYTES];
        snprintf(text, sizeof text, "%s: %s", faults->items[0].path, faults->items[0].text);
        tell_wanted(line, "refused", text);
        feed_log_faults(faults);
    } else if (!ok && !again)
        tell_wanted(line, "refused", err.text);
    if (faults)
        playlist_faults_finish(faults);
    free(faults);
}

void feed_line_step(struct feed_line *line, int64_t now_ns, int64_t wall_ms)
{
    struct err err = {0};
    step_origins(line, now_ns, wall_ms);
    if (!line->wanted)
        return;
    switch (feed_wanted_step(line->wanted, now_ns, &err)) {
    case FEED_WANTED_NONE:
        break;
    case FEED_WANTED_ARRIVED:
        receive(line, now_ns);
        break;
    case FEED_WANTED_FAILED:
        tell_wanted(line,
                    err.code == ERR_TRUST || err.code == ERR_LIMIT ? "refused" : "can't be fetched",
                    err.text);
        break;
    }
}

int64_t feed_line_due_ns(const struct feed_line *line)
{
    int64_t due_ns = line->wanted ? feed_wanted_due_ns(line->wanted) : INT64_MAX;
    for (size_t i = 0; i < line->config.base_count; i++) {
        int64_t poll_ns =
            line->origins[i].asked ? feed_poll_due_ns(line->origins[i].poll) : INT64_MAX;
        due_ns = poll_ns < due_ns ? poll_ns : due_ns;
    }
    return due_ns;
}

void feed_line_hurry(struct feed_line *line)
{
    for (size_t i = 0; i < line->config.base_count; i++)
        if (line->origins[i].asked)
            feed_poll_hurry(line->origins[i].poll);
}

const struct pointer *feed_line_newest(const struct feed_line *line)
{
    return line->newest.given ? &line->newest.pointer : NULL;
}

const struct pointer *feed_line_in_force(const struct feed_line *line)
{
    return line->in_force.given ? &line->in_force.pointer : NULL;
}

void feed_line_switched(struct feed_line *line)
{
    /* Else what was in force was mended, while something newer is on its way. */
    if (strcmp(track_manifest(line->config.track)->pointer, line->newest.text) == 0)
        line->in_force = line->newest;
    line->trouble[0] = '\0';
}

void feed_line_ended(struct feed_line *line)
{
    line->in_force.given = false;
}

const char *feed_line_trouble(const struct feed_line *line)
{
    return line->trouble;
}
