#include "playout/loader.h"

#include "base/clock.h"
#include "base/log.h"
#include "decode/picture_notes.h"
#include "decode/worker_process.h"
#include "playout/loader_entry.h"
#include "playout/loader_failures.h"
#include "playout/loader_film.h"
#include "playout/loader_house_card.h"
#include "playout/quarantine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LOG_MODULE "loader"

#define ENTRIES_MAX 16

struct loader {
    struct worker_jobs_canvas canvas;
    char language[LOADER_FAILURES_LANGUAGE_BYTES];
    struct loader_entry entries[ENTRIES_MAX];
    struct loader_failures failures;
    struct quarantine *quarantine, own_quarantine;
    struct loader_house_card house;
    bool words_told; /* that the table of words is missing */
};

struct loader *loader_create(const struct loader_config *config)
{
    struct loader *loader = calloc(1, sizeof *loader);
    if (!loader)
        return NULL;
    loader->canvas = (struct worker_jobs_canvas){.width_px = config->screen_width_px,
                                                 .height_px = config->screen_height_px,
                                                 .rotation = config->rotation,
                                                 .limit_ms = config->limit_ms,
                                                 .sound = config->sound,
                                                 .opener = config->opener};
    layout_rotate_size(config->rotation, &loader->canvas.width_px, &loader->canvas.height_px);
    loader->quarantine = config->quarantine ? config->quarantine : &loader->own_quarantine;
    loader_entry_copy_text(loader->language, sizeof loader->language, config->language);
    loader_house_card_init(&loader->house);
    return loader;
}

void loader_destroy(struct loader *loader)
{
    if (!loader)
        return;
    for (int i = 0; i < ENTRIES_MAX; i++)
        loader_entry_finish(&loader->entries[i]);
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

static int count_picture_workers(const struct loader *loader)
{
    const struct loader_part *parts[2 * ENTRIES_MAX + 2];
    int count, sum = 0;
    collect_parts(loader, parts, &count);
    for (int i = 0; i < count; i++)
        sum += parts[i]->client != NULL;
    return sum;
}

static int count_film_workers(const struct loader *loader)
{
    int sum = 0;
    for (int i = 0; i < ENTRIES_MAX; i++)
        sum += loader->entries[i].film.client != NULL;
    return sum;
}

static void add_poll_fd(struct pollfd *fds, int *used, int fd, int64_t due_ns, int64_t *deadline_ns)
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
        const struct loader_entry *entry = &loader->entries[i];
        const struct film_client *film = entry->film.client;
        int64_t retry_ns = loader_film_retry_ns(&entry->film, now_ns);
        if (film)
            add_poll_fd(fds, &used, film_client_fd(film), film_client_deadline_ns(film),
                        deadline_ns);
        if (retry_ns < *deadline_ns)
            *deadline_ns = retry_ns;
    }
    collect_parts(loader, parts, &count);
    for (int i = 0; i < count && used < LOADER_FDS_MAX; i++)
        if (parts[i]->client)
            add_poll_fd(fds, &used, picture_client_fd(parts[i]->client),
                        picture_client_deadline_ns(parts[i]->client), deadline_ns);
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

/* Whether other bytes are what would help. */
static bool is_of_no_use(enum err_code code)
{
    return code == ERR_INPUT || code == ERR_LIMIT || code == ERR_WORKER;
}

static bool is_quarantined(const struct loader *loader, const struct loader_entry *entry)
{
    return entry->has_identity &&
           quarantine_has(loader->quarantine, entry->identity, clock_mono_ns());
}

/* True when this fault of the entry's file was not known before. */
static bool is_new_fault(struct loader *loader, const struct loader_entry *entry,
                         enum loader_failures_fault fault)
{
    return loader_failures_add_fault(&loader->failures, fault,
                                     entry->has_identity ? entry->identity : NULL);
}

/* Counts a failure of a visual against its file. True where it does not count: a library may
 * make a forbidden system call once in its life, so another worker tries again. A film that stalls
 * repeatedly while it is on counts only once, as one cause is likely, such as a disk that was busy
 * for some seconds. */
static bool count_failure(struct loader *loader, const struct loader_entry *entry,
                          enum err_code code)
{
    if (code == ERR_SANDBOX && entry->has_identity &&
        is_new_fault(loader, entry, LOADER_FAILURES_FORBIDDEN))
        return true;
    if (is_of_no_use(code) && entry->integrity && entry->asset >= 0)
        integrity_doubt(entry->integrity, (size_t)entry->asset);
    bool again = is_transient(code) && entry->film.failures > 0;
    if (!again && entry->has_identity && is_fault_of_file(code) &&
        quarantine_count_failure(loader->quarantine, entry->identity,
                                 loader_film_failed_us(&entry->film), clock_mono_ns()))
        log_error("file quarantined, not trying it again spot=\"%s\" file=\"%s\" failures=%d "
                  "retry_after_h=%d",
                  entry->name, entry->file, QUARANTINE_FAILURES, QUARANTINE_HOURS);
    return false;
}

/* Gives a spot up for half a minute. True when this reason has not been logged. */
static bool give_entry_up(struct loader *loader, struct loader_entry *entry, const char *reason)
{
    loader_part_finish(&entry->visual);
    loader_part_finish(&entry->text);
    loader_film_stop(&entry->film, entry->name);
    entry->failed = true;
    return loader_failures_add(&loader->failures, entry->serial, entry->spot, entry->language,
                               reason, clock_mono_ns());
}

/* The same; the log gets each reason once. */
static void fail_entry(struct loader *loader, struct loader_entry *entry, const struct err *err)
{
    if (give_entry_up(loader, entry, err->text))
        log_error("cannot show spot, keeping the previous picture spot=\"%s\" file=\"%s\" "
                  "reason=\"%s\"",
                  entry->name, entry->file, err->text);
}

/* Whether anyone but the loader holds the picture: it is on screen, or was a moment ago. */
static bool is_on_screen(const struct loader_entry *entry)
{
    return entry->picture && entry->picture->holders > 1;
}

/* Drops the picture of a film that failed before it was on screen: the film's next worker makes
 * another. */
static void drop_unseen_picture(struct loader_entry *entry)
{
    entry->text.frame = frame_hold(entry->picture->text);
    picture_release(entry->picture);
    entry->picture = NULL;
}

/* Handles the failure of a film's worker: its last frame stays until another worker goes on with
 * it. False where there is no frame to show, and no other worker will come. */
static bool handle_film_failure(struct loader *loader, struct loader_entry *entry,
                                const struct err *err, int64_t now_ns, bool discounted)
{
    bool again = (entry->picture || discounted || is_transient(err->code)) &&
                 !is_quarantined(loader, entry) &&
                 loader_film_schedule_restart(&entry->film, now_ns);
    entry->film.needs_worker = again;
    if (entry->picture && !is_on_screen(entry))
        drop_unseen_picture(entry);
    if (again)
        log_warn("film decoding failed, restarting it spot=\"%s\" file=\"%s\" reason=\"%s\"",
                 entry->name, entry->file, err->text);
    else if (entry->picture)
        log_error("film decoding failed, keeping its last frame spot=\"%s\" file=\"%s\" "
                  "reason=\"%s\"",
                  entry->name, entry->file, err->text);
    if (entry->picture)
        entry->picture->playing = false;
    if (!again)
        loader_film_stop(&entry->film, entry->name);
    return again || entry->picture;
}

/* Whether the files of an entry's next workers are open, or known not to open; those of a file in
 * quarantine are not waited for. A disk that does not answer costs the spot. */
static bool are_files_open(struct loader *loader, struct loader_entry *entry,
                           const struct edition *edition, bool film)
{
    struct err err = {0};
    bool visual = film || entry->visual.needs_worker;
    enum media_opener_state files = worker_jobs_request_files(
        &loader->canvas, edition, entry->spot, entry->language, visual, entry->text.needs_worker);
    if (files == MEDIA_OPENER_LATE && !entry->picture) {
        media_opener_set_late_error(loader->canvas.limit_ms, &err);
        fail_entry(loader, entry, &err);
    }
    if (files != MEDIA_OPENER_READY)
        return false;
    const struct playlist_spot *spot = &edition->playlist->spots[entry->spot];
    int asset =
        edition_spot_asset(edition, spot, loader->canvas.width_px, loader->canvas.height_px);
    if (visual && !entry->has_identity)
        entry->has_identity =
            media_opener_identify(loader->canvas.opener, edition, asset, entry->identity);
    return entry->picture || !is_quarantined(loader, entry);
}

static void start_workers(struct loader *loader, struct loader_entry *entry,
                          const struct edition *edition, int64_t offset_us)
{
    struct err err = {0};
    bool film = entry->film.needs_worker && clock_mono_ns() >= entry->film.retry_ns &&
                !is_quarantined(loader, entry);
    if (!entry->visual.needs_worker && !entry->text.needs_worker && !film)
        return;
    enum integrity_state files =
        worker_jobs_check_files(&loader->canvas, edition, entry->spot, entry->language);
    if (files == INTEGRITY_DAMAGED && !entry->picture)
        fail_entry(loader, entry,
                   &(struct err){.text = "the file is damaged and is being fetched again"});
    if (files == INTEGRITY_REFUSED && !entry->picture) /* logged when the playlist came */
        give_entry_up(loader, entry, "refused");
    if (files != INTEGRITY_GOOD || !are_files_open(loader, entry, edition, film))
        return;
    if (entry->visual.needs_worker && count_picture_workers(loader) < LOADER_JOBS_MAX) {
        entry->visual.client =
            worker_jobs_start_visual(&loader->canvas, edition, entry->spot, &err);
        entry->visual.needs_worker = false;
        if (!entry->visual.client)
            fail_entry(loader, entry, &err);
    }
    if (film && entry->picture)
        offset_us += loader_film_start_lead_us(&entry->film);
    if (film && count_film_workers(loader) < LOADER_FILMS_MAX &&
        !loader_film_start(&entry->film, &loader->canvas, edition, entry->spot, offset_us, &err) &&
        !handle_film_failure(loader, entry, &err, clock_mono_ns(), false))
        fail_entry(loader, entry, &err);
    if (entry->text.needs_worker && count_picture_workers(loader) < LOADER_JOBS_MAX) {
        entry->text.client =
            worker_jobs_start_tagline(&loader->canvas, edition, entry->spot, entry->language, &err);
        entry->text.needs_worker = false;
        if (!entry->text.client)
            fail_entry(loader, entry, &err);
    }
}

static void create_entry_picture(struct loader *loader, struct loader_entry *entry)
{
    struct picture *picture =
        picture_create(entry->background, entry->visual.frame, entry->text.frame);
    if (picture)
        picture->playing = entry->film.client != NULL;
    entry->visual.frame = entry->text.frame = NULL;
    if (!picture) {
        struct err err = {0};
        err_oom(&err);
        fail_entry(loader, entry, &err);
        return;
    }
    picture->motion = entry->motion;
    picture->text_rises = entry->text_rises;
    picture->focus_x = entry->focus_x;
    picture->focus_y = entry->focus_y;
    picture->rotation = loader->canvas.rotation;
    picture->portrait = loader->canvas.height_px > loader->canvas.width_px;
    memcpy(picture->name, entry->name, sizeof picture->name);
    entry->picture = picture;
}

static void log_film_faults(struct loader *loader, struct loader_entry *entry)
{
    int64_t at_us, length_us;
    if (loader_film_report_short(&entry->film, &at_us, &length_us) &&
        is_new_fault(loader, entry, LOADER_FAILURES_SHORT))
        log_warn("film ends early spot=\"%s\" file=\"%s\" end_s=%.1f length_s=%.1f", entry->name,
                 entry->file, (double)at_us / 1e6, (double)length_us / 1e6);
    if (loader_film_report_damaged(&entry->film, &at_us) &&
        is_new_fault(loader, entry, LOADER_FAILURES_DAMAGED))
        log_warn("film has damaged frames spot=\"%s\" file=\"%s\" first_s=%.1f", entry->name,
                 entry->file, (double)at_us / 1e6);
}

/* True when the film's first frame has come, or the film has failed; *failed: it has failed and
 * there is nothing to show. */
static MUST_CHECK bool poll_film(struct loader *loader, struct loader_entry *entry, int64_t now_ns,
                                 bool *failed, struct err *err)
{
    enum film_client_state state = loader_film_poll(&entry->film, now_ns, err);
    log_film_faults(loader, entry);
    if (state == FILM_CLIENT_FAILED) {
        bool discounted = count_failure(loader, entry, err->code);
        *failed = !handle_film_failure(loader, entry, err, now_ns, discounted);
        return true;
    }
    return state == FILM_CLIENT_READY && !entry->picture && !entry->visual.frame;
}

static void clear_failures(struct loader *loader, const struct loader_entry *entry, int64_t to_us)
{
    if (entry->has_identity)
        quarantine_clear(loader->quarantine, entry->identity, 0, to_us, clock_mono_ns());
}

static void log_picture_notes(struct loader *loader, const struct loader_entry *entry)
{
    uint32_t notes = entry->visual.notes;
    if (!notes || !is_new_fault(loader, entry, LOADER_FAILURES_NOTED))
        return;
    for (const char *text; (text = picture_notes_next(&notes));)
        log_warn("picture shown, but not as its file asks spot=\"%s\" file=\"%s\" reason=\"%s\"",
                 entry->name, entry->file, text);
}

static MUST_CHECK bool poll_visual(struct loader *loader, struct loader_entry *entry,
                                   int64_t now_ns, bool *failed, struct err *err)
{
    if (!loader_part_poll(&entry->visual, now_ns, failed, err))
        return false;
    if (!*failed) {
        clear_failures(loader, entry, INT64_MAX);
        log_picture_notes(loader, entry);
    }
    entry->visual.needs_worker = *failed && count_failure(loader, entry, err->code);
    if (entry->visual.needs_worker)
        log_warn("picture decoding failed, retrying spot=\"%s\" file=\"%s\" reason=\"%s\"",
                 entry->name, entry->file, err->text);
    *failed &= !entry->visual.needs_worker;
    return !entry->visual.needs_worker;
}

static void log_lacking_words(struct loader *loader, const struct loader_part *text)
{
    if (!text->lacks_words || loader->words_told)
        return;
    loader->words_told = true;
    log_warn("cannot use the table of Chinese words, lines may end inside words file=\"%s\" "
             "reason=\"missing or damaged\"",
             PROTOCOL_WORDS_FILE);
}

static bool poll_entry(struct loader *loader, struct loader_entry *entry, int64_t now_ns)
{
    struct err err = {0};
    bool failed = false;
    bool changed = entry->is_film ? poll_film(loader, entry, now_ns, &failed, &err)
                                  : poll_visual(loader, entry, now_ns, &failed, &err);
    if (!failed && loader_part_poll(&entry->text, now_ns, &failed, &err)) {
        changed = true;
        log_lacking_words(loader, &entry->text);
    }
    if (failed) {
        fail_entry(loader, entry, &err);
        return true;
    }
    if (!changed || loader_part_pending(&entry->visual) || loader_part_pending(&entry->text) ||
        entry->picture)
        return false;
    if (entry->is_film) {
        struct frame *first = loader_film_first(&entry->film);
        if (!first)
            return false;
        entry->visual.frame = frame_hold(first);
    }
    create_entry_picture(loader, entry);
    return true;
}

bool loader_poll(struct loader *loader)
{
    int64_t now_ns = clock_mono_ns();
    worker_process_reap(false);
    bool changed = loader_house_card_poll(&loader->house, now_ns);
    for (int i = 0; i < ENTRIES_MAX; i++)
        if (loader->entries[i].used)
            changed |= poll_entry(loader, &loader->entries[i], now_ns);
    return changed;
}

static struct loader_entry *find_loader_entry(struct loader *loader, const struct loader_key *key,
                                              const char *language)
{
    for (int i = 0; i < ENTRIES_MAX; i++) {
        struct loader_entry *entry = &loader->entries[i];
        if (loader_entry_matches(entry, key, language))
            return entry;
    }
    return NULL;
}

static struct loader_entry *add_loader_entry(struct loader *loader, const struct loader_key *key,
                                             const char *language)
{
    for (int i = 0; i < ENTRIES_MAX; i++) {
        struct loader_entry *entry = &loader->entries[i];
        if (entry->used)
            continue;
        loader_entry_begin(entry, key, language, &loader->canvas);
        return entry;
    }
    return NULL;
}

/* The state of an entry whose workers have been started as far as possible. */
static enum loader_state entry_state(const struct loader_entry *entry)
{
    if (entry->picture)
        return LOADER_READY;
    /* After the first failure a new worker is there in a moment. */
    bool is_waiting = entry->film.failures > 1 &&
                      loader_film_retry_ns(&entry->film, clock_mono_ns()) != INT64_MAX;
    return entry->failed || is_waiting ? LOADER_FAILED : LOADER_LOADING;
}

/* A spot of nothing but a background needs no worker. */
static bool is_color_alone(const struct loader_entry *entry)
{
    return !entry->picture && !entry->failed && !entry->is_film &&
           !loader_part_pending(&entry->visual) && !loader_part_pending(&entry->text) &&
           !entry->visual.frame && !entry->text.frame;
}

enum loader_state loader_request(struct loader *loader, const struct loader_key *key,
                                 struct picture **picture)
{
    const char *language = key->language ? key->language : loader->language;
    *picture = NULL;
    struct loader_entry *entry = find_loader_entry(loader, key, language);
    /* Another run of the same spot may have failed while this one is on screen. */
    if (!(entry && entry->picture) &&
        loader_failures_is_resting(&loader->failures, key->serial, key->spot, language,
                                   clock_mono_ns()))
        return LOADER_FAILED;
    if (entry && entry->failed) {
        loader_entry_finish(entry);
        entry = NULL;
    }
    if (!entry)
        entry = add_loader_entry(loader, key, language);
    if (!entry)
        return LOADER_LOADING; /* all entries are in use; a later round has a free one */
    if (entry->serial != key->serial || entry->spot != key->spot)
        loader_entry_set_key(entry, key, &loader->canvas);
    entry->requested = true;
    if (!entry->picture && is_quarantined(loader, entry))
        return LOADER_FAILED;
    int64_t offset_us = key->offset_ms > 0 ? (int64_t)(key->offset_ms * 1000) : 0;
    if (is_color_alone(entry))
        create_entry_picture(loader, entry);
    start_workers(loader, entry, key->edition, offset_us);
    if (!entry->picture && is_quarantined(loader, entry)) /* its identity may be known only now */
        return LOADER_FAILED;
    if (entry->picture || offset_us > 0) /* a film that is loaded ahead starts with its slot */
        loader_film_advance(&entry->film, entry->picture, offset_us);
    *picture = entry->picture;
    return entry_state(entry);
}

void loader_continue_films(struct loader *loader, double now_ms)
{
    for (int i = 0; i < ENTRIES_MAX; i++) {
        struct loader_entry *entry = &loader->entries[i];
        if (!entry->used || entry->requested || !entry->is_film || !is_on_screen(entry))
            continue;
        double offset_ms = now_ms - entry->begin_ms;
        entry->requested = true;
        loader_film_advance(&entry->film, entry->picture,
                            offset_ms > 0 ? (int64_t)(offset_ms * 1000) : 0);
    }
}

void loader_set_sound(struct loader *loader, bool sound)
{
    loader->canvas.sound = sound;
}

struct film_client *loader_audible_film(struct loader *loader, const struct loader_key *key)
{
    const struct loader_entry *entry =
        find_loader_entry(loader, key, key->language ? key->language : loader->language);
    return entry && entry->film.has_sound && entry->picture ? entry->film.client : NULL;
}

struct film_client *loader_shown_film(struct loader *loader, const struct picture *picture,
                                      double *begin_ms, double *volume)
{
    for (int i = 0; i < ENTRIES_MAX; i++) {
        const struct loader_entry *entry = &loader->entries[i];
        if (!entry->used || !entry->film.has_sound || entry->picture != picture)
            continue;
        *begin_ms = entry->begin_ms;
        *volume = entry->volume;
        return entry->film.client;
    }
    return NULL;
}

struct picture *loader_request_house_card(struct loader *loader, const char *words)
{
    return loader_house_card_request(&loader->house, &loader->canvas, words, loader->language,
                                     LOADER_JOBS_MAX - count_picture_workers(loader));
}

void loader_end_round(struct loader *loader)
{
    for (int i = 0; i < ENTRIES_MAX; i++) {
        struct loader_entry *entry = &loader->entries[i];
        int64_t to_us;
        if (entry->used && !entry->requested) {
            if (loader_film_went_well(&entry->film, &to_us))
                clear_failures(loader, entry, to_us);
            loader_entry_finish(entry);
        }
        entry->requested = false;
    }
    loader_house_card_end_round(&loader->house);
}
