#include "playout/loader.h"

#include "base/clock.h"
#include "base/log.h"
#include "decode/worker_process.h"
#include "playout/loader_failures.h"
#include "playout/loader_film.h"
#include "playout/loader_house_card.h"
#include "playout/quarantine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "loader"

#define ENTRIES_MAX 16
#define SAME_MS 1 /* clocks are added up in fractions */

struct entry {
    bool used;
    bool recent; /* asked for in this round */
    uint64_t serial;
    int spot;
    char language[LOADER_FAILURES_LANGUAGE_BYTES];
    char name[80];  /* of the spot, for the log */
    char file[120]; /* of its visual, likewise; its end, where it is longer */
    struct loader_part visual, text;
    bool is_film;
    struct loader_film film; /* in place of visual.frames and visual.frame */
    double begin_ms;         /* of a film, and its look: as in struct loader_key */
    uint64_t look;
    double volume;
    uint32_t background;
    enum layout_motion motion;
    struct picture *picture; /* when ready */
    bool failed;
    bool has_identity;
    uint8_t identity[HASH_BYTES]; /* of the visual's file */
};

struct loader {
    struct worker_jobs_canvas canvas;
    char language[LOADER_FAILURES_LANGUAGE_BYTES];
    struct entry entries[ENTRIES_MAX];
    struct loader_failures failures;
    struct quarantine *quarantine, own_quarantine;
    struct loader_house_card house;
};

static void copy_text(char *target, size_t bytes, const char *text)
{
    size_t length = strnlen(text, bytes - 1);
    memcpy(target, text, length);
    target[length] = '\0';
}

struct loader *loader_create(const struct loader_config *config)
{
    struct loader *loader = calloc(1, sizeof *loader);
    if (!loader)
        return NULL;
    loader->canvas = (struct worker_jobs_canvas){config->screen_width_px, config->screen_height_px,
                                                 config->rotation, config->limit_ms, config->sound};
    layout_rotate_size(config->rotation, &loader->canvas.width_px, &loader->canvas.height_px);
    loader->quarantine = config->quarantine ? config->quarantine : &loader->own_quarantine;
    copy_text(loader->language, sizeof loader->language, config->language);
    loader_house_card_init(&loader->house);
    return loader;
}

static void entry_finish(struct entry *entry)
{
    loader_part_finish(&entry->visual);
    loader_part_finish(&entry->text);
    loader_film_stop(&entry->film, entry->name);
    picture_release(entry->picture);
    *entry = (struct entry){0};
}

void loader_destroy(struct loader *loader)
{
    if (!loader)
        return;
    for (int i = 0; i < ENTRIES_MAX; i++)
        entry_finish(&loader->entries[i]);
    loader_house_card_finish(&loader->house);
    free(loader);
}

static void collect_parts(const struct loader *loader, const struct loader_part *parts[],
                          int *count)
{
    *count = 0;
    for (int i = 0; i < ENTRIES_MAX; i++) {
        parts[(*count)++] = &loader->entries[i].visual;
        parts[(*count)++] = &loader->entries[i].text;
    }
    parts[(*count)++] = &loader->house.ground;
    parts[(*count)++] = &loader->house.text;
}

static int running(const struct loader *loader)
{
    const struct loader_part *parts[2 * ENTRIES_MAX + 2];
    int count, sum = 0;
    collect_parts(loader, parts, &count);
    for (int i = 0; i < count; i++)
        sum += parts[i]->frames != NULL;
    return sum;
}

static int films(const struct loader *loader)
{
    int sum = 0;
    for (int i = 0; i < ENTRIES_MAX; i++)
        sum += loader->entries[i].film.film != NULL;
    return sum;
}

static void add_fd(struct pollfd *fds, int *used, int fd, int64_t due_ns, int64_t *deadline_ns)
{
    fds[(*used)++] = (struct pollfd){.fd = fd, .events = POLLIN};
    if (due_ns < *deadline_ns)
        *deadline_ns = due_ns;
}

int loader_poll_fds(const struct loader *loader, struct pollfd *fds, int64_t *deadline_ns)
{
    const struct loader_part *parts[2 * ENTRIES_MAX + 2];
    int count, used = 0;
    int64_t now_ns = clock_mono_ns();
    for (int i = 0; i < ENTRIES_MAX; i++) {
        const struct entry *entry = &loader->entries[i];
        const struct film_client *film = entry->film.film;
        int64_t retry_ns = loader_film_retry_ns(&entry->film, now_ns);
        if (film)
            add_fd(fds, &used, film_client_fd(film), film_client_deadline_ns(film), deadline_ns);
        if (retry_ns < *deadline_ns)
            *deadline_ns = retry_ns;
    }
    collect_parts(loader, parts, &count);
    for (int i = 0; i < count && used < LOADER_FDS_MAX; i++)
        if (parts[i]->frames)
            add_fd(fds, &used, picture_client_fd(parts[i]->frames),
                   picture_client_deadline_ns(parts[i]->frames), deadline_ns);
    return used;
}

/* Whether a failure is the file's own: another try would end like this one. */
static bool is_fault_of_file(enum err_code code)
{
    return code == ERR_WORKER || code == ERR_SANDBOX || code == ERR_TIMEOUT || code == ERR_INPUT ||
           code == ERR_LIMIT;
}

/* Whether a failure may have its cause outside of the file, and be over soon. */
static bool is_transient(enum err_code code)
{
    return code == ERR_KILLED || code == ERR_TIMEOUT;
}

static bool is_quarantined(const struct loader *loader, const struct entry *entry)
{
    return entry->has_identity &&
           quarantine_has(loader->quarantine, entry->identity, clock_mono_ns());
}

/* True when this fault of the entry's file was not known before. */
static bool is_new_fault(struct loader *loader, const struct entry *entry,
                         enum loader_failures_fault fault)
{
    return loader_failures_add_fault(&loader->failures, fault,
                                     entry->has_identity ? entry->identity : NULL);
}

/* A visual that failed. True where that does not count yet: a forbidden system call may be a
 * library's doing, at something that it does once, and another worker is to try it. A film that came
 * to a stand more than once while it was on had one cause as likely as many: a disk that was busy
 * for some seconds, say. */
static bool strike(struct loader *loader, const struct entry *entry, enum err_code code)
{
    if (code == ERR_SANDBOX && entry->has_identity &&
        is_new_fault(loader, entry, LOADER_FAILURES_FORBIDDEN))
        return true;
    bool again = is_transient(code) && entry->film.breaks > 0;
    if (!again && entry->has_identity && is_fault_of_file(code) &&
        quarantine_strike(loader->quarantine, entry->identity, loader_film_place_us(&entry->film),
                          clock_mono_ns()))
        log_error("quarantined after %d failures, not tried again for %d hours while the file is "
                  "the same spot=\"%s\"",
                  QUARANTINE_STRIKES, QUARANTINE_HOURS, entry->name);
    return false;
}

/* Told once for each reason, and tried again in half a minute. */
static void fail(struct loader *loader, struct entry *entry, const struct err *err)
{
    if (loader_failures_add(&loader->failures, entry->serial, entry->spot, entry->language,
                            err->text, clock_mono_ns()))
        log_error("spot can't be shown, the picture before it stays spot=\"%s\" file=\"%s\" "
                  "reason=\"%s\"",
                  entry->name, entry->file, err->text);
    loader_part_finish(&entry->visual);
    loader_part_finish(&entry->text);
    loader_film_stop(&entry->film, entry->name);
    entry->failed = true;
}

/* Whether anybody but the loader has it: it is on screen, or was a moment ago. */
static bool is_shown(const struct entry *entry)
{
    return entry->picture && entry->picture->holders > 1;
}

/* The picture of a film that broke before anybody saw it is made anew, with the film. */
static void unmake_picture(struct entry *entry)
{
    entry->text.frame = frame_hold(entry->picture->text);
    picture_release(entry->picture);
    entry->picture = NULL;
}

/* A film that breaks off stands still until another worker goes on with it. False where there is
 * nothing to show for it, and no other worker to come. */
static bool film_broke(struct loader *loader, struct entry *entry, const struct err *err,
                       int64_t now_ns, bool pardoned)
{
    bool again = (entry->picture || pardoned || is_transient(err->code)) &&
                 !is_quarantined(loader, entry) && loader_film_again(&entry->film, now_ns);
    entry->film.wanted = again;
    if (entry->picture && !is_shown(entry))
        unmake_picture(entry);
    if (entry->picture || again)
        log_error("film broke off, %s spot=\"%s\" file=\"%s\" reason=\"%s\"",
                  again ? "and is started again" : "its last frame stays", entry->name, entry->file,
                  err->text);
    if (entry->picture)
        entry->picture->playing = false;
    if (!again)
        loader_film_stop(&entry->film, entry->name);
    return again || entry->picture;
}

static void start_parts(struct loader *loader, struct entry *entry, const struct edition *edition,
                        int64_t offset_us)
{
    struct err err = {0};
    bool film = entry->film.wanted && clock_mono_ns() >= entry->film.retry_ns &&
                !is_quarantined(loader, entry);
    if (!entry->visual.wanted && !entry->text.wanted && !film)
        return;
    enum integrity_state files =
        worker_jobs_check_files(&loader->canvas, edition, entry->spot, entry->language);
    if (files == INTEGRITY_DAMAGED && !entry->picture)
        fail(loader, entry, &(struct err){.text = "its file is damaged, and is fetched again"});
    if (files != INTEGRITY_GOOD)
        return;
    if (entry->visual.wanted && running(loader) < LOADER_JOBS_MAX) {
        entry->visual.frames =
            worker_jobs_start_visual(&loader->canvas, edition, entry->spot, &err);
        entry->visual.wanted = false;
        if (!entry->visual.frames)
            fail(loader, entry, &err);
    }
    if (film && entry->picture)
        offset_us += loader_film_lead_us(&entry->film);
    if (film && films(loader) < LOADER_FILMS_MAX &&
        !loader_film_start(&entry->film, &loader->canvas, edition, entry->spot, offset_us, &err) &&
        !film_broke(loader, entry, &err, clock_mono_ns(), false))
        fail(loader, entry, &err);
    if (entry->text.wanted && running(loader) < LOADER_JOBS_MAX) {
        entry->text.frames =
            worker_jobs_start_tagline(&loader->canvas, edition, entry->spot, entry->language, &err);
        entry->text.wanted = false;
        if (!entry->text.frames)
            fail(loader, entry, &err);
    }
}

static void make_picture(struct loader *loader, struct entry *entry)
{
    struct picture *picture =
        picture_create(entry->background, entry->visual.frame, entry->text.frame);
    if (picture)
        picture->playing = entry->film.film != NULL;
    entry->visual.frame = entry->text.frame = NULL;
    if (!picture) {
        struct err err = {0};
        err_oom(&err);
        fail(loader, entry, &err);
        return;
    }
    picture->motion = entry->motion;
    picture->rotation = loader->canvas.rotation;
    picture->portrait = loader->canvas.height_px > loader->canvas.width_px;
    memcpy(picture->name, entry->name, sizeof picture->name);
    entry->picture = picture;
}

static void warn_of_flaws(struct loader *loader, struct entry *entry)
{
    int64_t at_us, told_us;
    if (loader_film_tell_short(&entry->film, &at_us, &told_us) &&
        is_new_fault(loader, entry, LOADER_FAILURES_SHORT))
        log_warn("film breaks off at %.1f s of %.1f s spot=\"%s\" file=\"%s\"", (double)at_us / 1e6,
                 (double)told_us / 1e6, entry->name, entry->file);
    if (loader_film_tell_damaged(&entry->film, &at_us) &&
        is_new_fault(loader, entry, LOADER_FAILURES_DAMAGED))
        log_warn("film has damaged pictures, the first at %.1f s spot=\"%s\" file=\"%s\"",
                 (double)at_us / 1e6, entry->name, entry->file);
}

/* True when the film has its first frame, or has failed without one (then *failed). */
static bool film_part_poll(struct loader *loader, struct entry *entry, int64_t now_ns, bool *failed,
                           struct err *err)
{
    enum film_client_state state = loader_film_poll(&entry->film, now_ns, err);
    warn_of_flaws(loader, entry);
    if (state == FILM_CLIENT_FAILED) {
        bool pardoned = strike(loader, entry, err->code);
        *failed = !film_broke(loader, entry, err, now_ns, pardoned);
        return true;
    }
    return state == FILM_CLIENT_READY && !entry->picture && !entry->visual.frame;
}

static void forgive(struct loader *loader, const struct entry *entry, int64_t to_us)
{
    if (entry->has_identity)
        quarantine_forgive(loader->quarantine, entry->identity, 0, to_us, clock_mono_ns());
}

static bool visual_part_poll(struct loader *loader, struct entry *entry, int64_t now_ns,
                             bool *failed, struct err *err)
{
    if (!loader_part_poll(&entry->visual, now_ns, failed, err))
        return false;
    if (!*failed)
        forgive(loader, entry, INT64_MAX);
    entry->visual.wanted = *failed && strike(loader, entry, err->code);
    if (entry->visual.wanted)
        log_error("picture is tried again spot=\"%s\" file=\"%s\" reason=\"%s\"", entry->name,
                  entry->file, err->text);
    *failed &= !entry->visual.wanted;
    return !entry->visual.wanted;
}

static bool entry_poll(struct loader *loader, struct entry *entry, int64_t now_ns)
{
    struct err err = {0};
    bool failed = false;
    bool news = entry->is_film ? film_part_poll(loader, entry, now_ns, &failed, &err)
                               : visual_part_poll(loader, entry, now_ns, &failed, &err);
    if (!failed)
        news |= loader_part_poll(&entry->text, now_ns, &failed, &err);
    if (failed) {
        fail(loader, entry, &err);
        return true;
    }
    if (!news || loader_part_pending(&entry->visual) || loader_part_pending(&entry->text) ||
        entry->picture)
        return false;
    if (entry->is_film) {
        struct frame *first = loader_film_first(&entry->film);
        if (!first)
            return false;
        entry->visual.frame = frame_hold(first);
    }
    make_picture(loader, entry);
    return true;
}

bool loader_poll(struct loader *loader)
{
    int64_t now_ns = clock_mono_ns();
    worker_process_reap(false);
    bool news = loader_house_card_poll(&loader->house, now_ns);
    for (int i = 0; i < ENTRIES_MAX; i++)
        if (loader->entries[i].used)
            news |= entry_poll(loader, &loader->entries[i], now_ns);
    return news;
}

/* A film's run goes on in another edition where it looks the same; anything else is an edition's
 * own. */
static bool is_same(const struct entry *entry, const struct loader_key *key)
{
    bool own = entry->serial == key->serial && entry->spot == key->spot;
    if (!entry->is_film || !own)
        return own || (entry->is_film && entry->look && entry->look == key->look &&
                       fabs(entry->begin_ms - key->begin_ms) < SAME_MS);
    return fabs(entry->begin_ms - key->begin_ms) < SAME_MS;
}

static struct entry *find(struct loader *loader, const struct loader_key *key, const char *language)
{
    for (int i = 0; i < ENTRIES_MAX; i++) {
        struct entry *entry = &loader->entries[i];
        if (entry->used && is_same(entry, key) && strcmp(entry->language, language) == 0)
            return entry;
    }
    return NULL;
}

/* What the edition calls it, and how loud it has it. */
static void keep_key(struct entry *entry, const struct loader_key *key)
{
    const struct playlist_spot *spot = &key->edition->playlist->spots[key->spot];
    entry->serial = key->serial;
    entry->spot = key->spot;
    entry->volume = spot->volume;
    copy_text(entry->name, sizeof entry->name, spot->name);
    if (entry->picture)
        copy_text(entry->picture->name, sizeof entry->picture->name, spot->name);
}

static void keep_file(struct entry *entry, const struct playlist *playlist, int asset)
{
    const char *path = asset >= 0 ? playlist->assets[asset].path : "";
    size_t length = strlen(path), room = sizeof entry->file - 1;
    copy_text(entry->file, sizeof entry->file, length > room ? path + length - room : path);
}

static struct entry *add(struct loader *loader, const struct loader_key *key, const char *language)
{
    for (int i = 0; i < ENTRIES_MAX; i++) {
        struct entry *entry = &loader->entries[i];
        if (entry->used)
            continue;
        const struct playlist_spot *spot = &key->edition->playlist->spots[key->spot];
        entry->used = true;
        keep_key(entry, key);
        copy_text(entry->language, sizeof entry->language, language);
        entry->background = spot->background;
        entry->motion = spot->motion;
        entry->visual.wanted = spot->has_visual && !spot->is_video;
        entry->is_film = entry->film.wanted = spot->is_video;
        entry->begin_ms = key->begin_ms;
        entry->look = key->look;
        int asset = playlist_spot_asset(spot, loader->canvas.width_px, loader->canvas.height_px);
        keep_file(entry, key->edition->playlist, asset);
        entry->has_identity = quarantine_identify(key->edition, asset, entry->identity);
        entry->text.wanted = spot->text_count > 0;
        return entry;
    }
    return NULL;
}

/* What is said of an entry, once what can be started has been. */
static enum loader_state state_of(const struct entry *entry)
{
    if (entry->picture)
        return LOADER_READY;
    /* The first time it will be there in a moment. */
    bool rests =
        entry->film.breaks > 1 && loader_film_retry_ns(&entry->film, clock_mono_ns()) != INT64_MAX;
    return entry->failed || rests ? LOADER_FAILED : LOADER_LOADING;
}

enum loader_state loader_want(struct loader *loader, const struct loader_key *key,
                              struct picture **picture)
{
    const char *language = key->language ? key->language : loader->language;
    *picture = NULL;
    struct entry *entry = find(loader, key, language);
    /* Another run of the same spot may have failed while this one is on screen. */
    if (!(entry && entry->picture) &&
        loader_failures_is_resting(&loader->failures, key->serial, key->spot, language,
                                   clock_mono_ns()))
        return LOADER_FAILED;
    if (entry && entry->failed) {
        entry_finish(entry);
        entry = NULL;
    }
    if (!entry)
        entry = add(loader, key, language);
    if (!entry)
        return LOADER_LOADING; /* full: a later round has room */
    if (entry->serial != key->serial || entry->spot != key->spot)
        keep_key(entry, key);
    entry->recent = true;
    if (!entry->picture && is_quarantined(loader, entry))
        return LOADER_FAILED;
    int64_t offset_us = key->offset_ms > 0 ? (int64_t)(key->offset_ms * 1000) : 0;
    start_parts(loader, entry, key->edition, offset_us);
    if (entry->picture || offset_us > 0) /* a film that is loaded ahead begins when it is on */
        loader_film_advance(&entry->film, entry->picture, offset_us);
    *picture = entry->picture;
    return state_of(entry);
}

void loader_go_on(struct loader *loader, double now_ms)
{
    for (int i = 0; i < ENTRIES_MAX; i++) {
        struct entry *entry = &loader->entries[i];
        if (!entry->used || entry->recent || !entry->is_film || !is_shown(entry))
            continue;
        double offset_ms = now_ms - entry->begin_ms;
        entry->recent = true;
        loader_film_advance(&entry->film, entry->picture,
                            offset_ms > 0 ? (int64_t)(offset_ms * 1000) : 0);
    }
}

void loader_set_sound(struct loader *loader, bool sound)
{
    loader->canvas.sound = sound;
}

struct film_client *loader_heard_film(struct loader *loader, const struct loader_key *key)
{
    const struct entry *entry = find(loader, key, key->language ? key->language : loader->language);
    return entry && entry->film.heard && entry->picture ? entry->film.film : NULL;
}

struct film_client *loader_shown_film(struct loader *loader, const struct picture *picture,
                                      double *begin_ms, double *volume)
{
    for (int i = 0; i < ENTRIES_MAX; i++) {
        const struct entry *entry = &loader->entries[i];
        if (!entry->used || !entry->film.heard || entry->picture != picture)
            continue;
        *begin_ms = entry->begin_ms;
        *volume = entry->volume;
        return entry->film.film;
    }
    return NULL;
}

struct picture *loader_want_house(struct loader *loader, const char *words)
{
    return loader_house_card_want(&loader->house, &loader->canvas, words, loader->language,
                                  LOADER_JOBS_MAX - running(loader));
}

void loader_end_round(struct loader *loader)
{
    for (int i = 0; i < ENTRIES_MAX; i++) {
        struct entry *entry = &loader->entries[i];
        int64_t to_us;
        if (entry->used && !entry->recent) {
            if (loader_film_went_well(&entry->film, &to_us))
                forgive(loader, entry, to_us);
            entry_finish(entry);
        }
        entry->recent = false;
    }
    loader_house_card_end_round(&loader->house);
}
