#include "loader.h"

#include "base/clock.h"
#include "base/log.h"
#include "decode/film.h"
#include "decode/link.h"
#include "loader_jobs.h"
#include "quarantine.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 16
#define RETRY_NS ((int64_t)30 * 1000000000)
#define FAILURES_MAX 64
#define LANGUAGE_BYTES 64

/* One worker's part of a picture. */
struct part {
    struct frames *frames; /* running */
    struct frame *frame;   /* finished */
    bool wanted;           /* still to be made */
};

struct entry {
    bool used, recent;
    uint64_t serial;
    int spot;
    char language[LANGUAGE_BYTES];
    char name[80]; /* of the spot, for the log */
    struct part visual, text;
    struct film *film; /* in place of visual.frames and visual.frame */
    bool film_wanted;
    bool heard;       /* its sound is decoded */
    int64_t start_ms; /* of a film's slot */
    uint64_t jumps;
    uint32_t background;
    enum playlist_motion motion;
    struct picture *picture; /* when ready */
    bool failed;
    bool has_identity;
    uint8_t identity[HASH_BYTES]; /* of the visual's file */
};

/* A spot that could not be shown, remembered for longer than its entry lives. */
struct failure {
    uint64_t serial; /* 0: free */
    int spot;
    char language[LANGUAGE_BYTES];
    int64_t retry_ns;
    char reason[160];
};

struct house {
    bool recent;
    char words[512];
    struct part ground, text;
    struct picture *picture;
};

struct loader {
    struct loader_canvas canvas;
    char language[LANGUAGE_BYTES];
    struct entry entries[ENTRIES_MAX];
    struct failure failures[FAILURES_MAX];
    size_t failures_next; /* the one to forget when there is no room */
    struct quarantine quarantine;
    struct house house;
    bool needs_sound;
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
    loader->canvas = (struct loader_canvas){config->screen_width_px, config->screen_height_px,
                                            config->rotation, config->limit_ms, config->sound};
    layout_rotate_size(config->rotation, &loader->canvas.width_px, &loader->canvas.height_px);
    copy_text(loader->language, sizeof loader->language, config->language);
    loader->house.ground.wanted = true;
    return loader;
}

static void part_finish(struct part *part)
{
    frames_stop(part->frames);
    frame_release(part->frame);
    *part = (struct part){0};
}

/* Also where there is none. */
static void end_film(struct entry *entry)
{
    int64_t came, late;
    if (entry->film) {
        film_counts(entry->film, &came, &late);
        log_debug("loader", "film over spot=\"%s\" frames=%lld late=%lld", entry->name,
                  (long long)came, (long long)late);
    }
    film_stop(entry->film);
    entry->film = NULL;
}

static void entry_finish(struct entry *entry)
{
    part_finish(&entry->visual);
    part_finish(&entry->text);
    end_film(entry);
    picture_release(entry->picture);
    *entry = (struct entry){0};
}

void loader_destroy(struct loader *loader)
{
    if (!loader)
        return;
    for (int i = 0; i < ENTRIES_MAX; i++)
        entry_finish(&loader->entries[i]);
    part_finish(&loader->house.ground);
    part_finish(&loader->house.text);
    picture_release(loader->house.picture);
    link_reap(true);
    free(loader);
}

static void collect_parts(const struct loader *loader, const struct part *parts[], int *count)
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
    const struct part *parts[2 * ENTRIES_MAX + 2];
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
        sum += loader->entries[i].film != NULL;
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
    const struct part *parts[2 * ENTRIES_MAX + 2];
    int count, used = 0;
    for (int i = 0; i < ENTRIES_MAX; i++) {
        const struct film *film = loader->entries[i].film;
        if (film)
            add_fd(fds, &used, film_fd(film), film_deadline_ns(film), deadline_ns);
    }
    collect_parts(loader, parts, &count);
    for (int i = 0; i < count && used < LOADER_FDS_MAX; i++)
        if (parts[i]->frames)
            add_fd(fds, &used, frames_fd(parts[i]->frames), frames_deadline_ns(parts[i]->frames),
                   deadline_ns);
    return used;
}

static struct failure *failure_of(struct loader *loader, uint64_t serial, int spot,
                                  const char *language)
{
    for (int i = 0; i < FAILURES_MAX; i++) {
        struct failure *failure = &loader->failures[i];
        if (failure->serial == serial && failure->spot == spot &&
            strcmp(failure->language, language) == 0)
            return failure;
    }
    return NULL;
}

/* Whether a failure is the file's own: another try would end like this one. */
static bool is_the_files(enum err_code code)
{
    return code == ERR_WORKER || code == ERR_TIMEOUT || code == ERR_INPUT || code == ERR_LIMIT;
}

/* A visual that failed. */
static void strike(struct loader *loader, const struct entry *entry, enum err_code code)
{
    if (entry->has_identity && is_the_files(code) &&
        quarantine_strike(&loader->quarantine, entry->identity))
        log_error("loader",
                  "quarantined after %d failures, not tried again while the file is the same "
                  "spot=\"%s\"",
                  QUARANTINE_STRIKES, entry->name);
}

/* Told once for each reason, and tried again in half a minute. */
static void fail(struct loader *loader, struct entry *entry, const struct err *err)
{
    struct failure *failure = failure_of(loader, entry->serial, entry->spot, entry->language);
    bool known = failure && strncmp(failure->reason, err->text, sizeof failure->reason - 1) == 0;
    if (!known)
        log_error("loader",
                  "spot can't be shown, the picture before it stays spot=\"%s\" reason=\"%s\"",
                  entry->name, err->text);
    if (!failure) {
        failure = &loader->failures[loader->failures_next];
        loader->failures_next = (loader->failures_next + 1) % FAILURES_MAX;
        *failure = (struct failure){.serial = entry->serial, .spot = entry->spot};
        copy_text(failure->language, sizeof failure->language, entry->language);
    }
    copy_text(failure->reason, sizeof failure->reason, err->text);
    failure->retry_ns = clock_mono_ns() + RETRY_NS;
    part_finish(&entry->visual);
    part_finish(&entry->text);
    end_film(entry);
    entry->failed = true;
}

static void start_parts(struct loader *loader, struct entry *entry, const struct edition *edition,
                        int64_t offset_us)
{
    struct err err = {0};
    if (!entry->visual.wanted && !entry->text.wanted && !entry->film_wanted)
        return;
    enum marks_state files =
        loader_look_at_files(&loader->canvas, edition, entry->spot, entry->language);
    if (files == MARKS_DAMAGED)
        fail(loader, entry, &(struct err){.text = "its file is damaged, and is fetched again"});
    if (files != MARKS_GOOD)
        return;
    if (entry->visual.wanted && running(loader) < LOADER_JOBS_MAX) {
        entry->visual.frames = loader_start_visual(&loader->canvas, edition, entry->spot, &err);
        entry->visual.wanted = false;
        if (!entry->visual.frames)
            fail(loader, entry, &err);
    }
    if (entry->film_wanted && films(loader) < LOADER_FILMS_MAX) {
        entry->film = loader_start_film(&loader->canvas, edition, entry->spot, offset_us, &err);
        entry->film_wanted = false;
        entry->heard = loader->canvas.sound && edition->playlist->spots[entry->spot].volume > 0;
        if (!entry->film)
            fail(loader, entry, &err);
    }
    if (entry->text.wanted && running(loader) < LOADER_JOBS_MAX) {
        entry->text.frames =
            loader_start_text(&loader->canvas, edition, entry->spot, entry->language, &err);
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
        picture->playing = entry->film != NULL;
    entry->visual.frame = entry->text.frame = NULL;
    if (!picture) {
        fail(loader, entry, &(struct err){.text = "out of memory"});
        return;
    }
    picture->motion = entry->motion;
    picture->rotation = loader->canvas.rotation;
    picture->portrait = loader->canvas.height_px > loader->canvas.width_px;
    memcpy(picture->name, entry->name, sizeof picture->name);
    entry->picture = picture;
}

static bool part_pending(const struct part *part)
{
    return part->wanted || part->frames;
}

/* True when the part's worker has ended, well or badly (then *failed). */
static bool part_poll(struct part *part, int64_t now_ns, bool *failed, struct err *err)
{
    if (!part->frames)
        return false;
    enum frames_state state = frames_poll(part->frames, now_ns, err);
    if (state == FRAMES_PENDING)
        return false;
    part->frame = frames_take(part->frames);
    frames_stop(part->frames);
    part->frames = NULL;
    *failed |= state == FRAMES_FAILED;
    return true;
}

/* A film that breaks off stays where it is: its last frame holds until the slot ends. */
static void film_broke(struct loader *loader, struct entry *entry, const struct err *err)
{
    log_error("loader", "film broke off, its last frame stays spot=\"%s\" reason=\"%s\"",
              entry->name, err->text);
    strike(loader, entry, err->code);
    end_film(entry);
    entry->picture->playing = false;
}

/* True when the film has its first frame, or has failed without one (then *failed). */
static bool film_part_poll(struct loader *loader, struct entry *entry, int64_t now_ns, bool *failed,
                           struct err *err)
{
    if (!entry->film)
        return false;
    enum film_state state = film_poll(entry->film, now_ns, err);
    if (state == FILM_FAILED && entry->picture)
        film_broke(loader, entry, err);
    else if (state == FILM_FAILED)
        return *failed = true;
    return state == FILM_READY && !entry->picture && !entry->visual.frame;
}

static bool entry_poll(struct loader *loader, struct entry *entry, int64_t now_ns)
{
    struct err err = {0};
    bool failed = false;
    bool news = part_poll(&entry->visual, now_ns, &failed, &err);
    news |= film_part_poll(loader, entry, now_ns, &failed, &err);
    if (failed)
        strike(loader, entry, err.code);
    else
        news |= part_poll(&entry->text, now_ns, &failed, &err);
    if (failed) {
        fail(loader, entry, &err);
        return true;
    }
    if (!news || part_pending(&entry->visual) || part_pending(&entry->text) || entry->picture)
        return false;
    if (entry->film && !(entry->visual.frame = frame_hold(film_frame_at(entry->film, 0))))
        return false;
    make_picture(loader, entry);
    return true;
}

static struct picture *make_house(struct house *house)
{
    struct picture *picture = picture_create(LOADER_HOUSE_GROUND, frame_hold(house->ground.frame),
                                             frame_hold(house->text.frame));
    if (picture) {
        picture_release(house->picture);
        house->picture = picture;
    }
    return house->picture;
}

static bool house_poll(struct house *house, int64_t now_ns)
{
    struct err err = {0};
    bool failed = false;
    bool news = part_poll(&house->ground, now_ns, &failed, &err);
    news |= part_poll(&house->text, now_ns, &failed, &err);
    if (failed)
        log_warn("loader", "house card is incomplete reason=\"%s\"", err.text);
    if (news)
        make_house(house);
    return news;
}

bool loader_poll(struct loader *loader)
{
    int64_t now_ns = clock_mono_ns();
    link_reap(false);
    bool news = house_poll(&loader->house, now_ns);
    for (int i = 0; i < ENTRIES_MAX; i++)
        if (loader->entries[i].used)
            news |= entry_poll(loader, &loader->entries[i], now_ns);
    return news;
}

static bool is_film(const struct loader_key *key)
{
    return key->edition->playlist->spots[key->spot].is_video;
}

static struct entry *find(struct loader *loader, const struct loader_key *key, const char *language)
{
    for (int i = 0; i < ENTRIES_MAX; i++) {
        struct entry *entry = &loader->entries[i];
        if (entry->used && entry->serial == key->serial && entry->spot == key->spot &&
            strcmp(entry->language, language) == 0 &&
            (!is_film(key) || (entry->start_ms == key->start_ms && entry->jumps == key->jumps)))
            return entry;
    }
    return NULL;
}

static struct entry *add(struct loader *loader, const struct loader_key *key, const char *language)
{
    for (int i = 0; i < ENTRIES_MAX; i++) {
        struct entry *entry = &loader->entries[i];
        if (entry->used)
            continue;
        const struct playlist_spot *spot = &key->edition->playlist->spots[key->spot];
        entry->used = true;
        entry->serial = key->serial;
        entry->spot = key->spot;
        copy_text(entry->language, sizeof entry->language, language);
        copy_text(entry->name, sizeof entry->name, spot->name);
        entry->background = spot->background;
        entry->motion = spot->motion;
        entry->visual.wanted = spot->has_visual && !spot->is_video;
        entry->film_wanted = spot->is_video;
        loader->needs_sound |= spot->is_video && spot->volume > 0;
        entry->start_ms = key->start_ms;
        entry->jumps = key->jumps;
        int asset = playlist_spot_asset(spot, loader->canvas.width_px, loader->canvas.height_px);
        entry->has_identity = quarantine_identify(key->edition, asset, entry->identity);
        entry->text.wanted = spot->text_count > 0;
        return entry;
    }
    return NULL;
}

/* Puts the frame into the picture that is on at this time. */
static void advance(struct entry *entry, int64_t offset_us)
{
    struct picture *picture = entry->picture;
    struct frame *frame = film_frame_at(entry->film, offset_us);
    if (frame && frame != picture->visual)
        picture_set_visual(picture, frame_hold(frame));
    picture->playing = film_next_us(entry->film) != INT64_MAX;
}

enum loader_state loader_want(struct loader *loader, const struct loader_key *key,
                              struct picture **picture)
{
    const char *language = key->language ? key->language : loader->language;
    *picture = NULL;
    const struct failure *failure = failure_of(loader, key->serial, key->spot, language);
    if (failure && clock_mono_ns() < failure->retry_ns)
        return LOADER_FAILED;
    struct entry *entry = find(loader, key, language);
    if (entry && entry->failed) {
        entry_finish(entry);
        entry = NULL;
    }
    if (!entry)
        entry = add(loader, key, language);
    if (!entry)
        return LOADER_LOADING; /* full: a later round has room */
    entry->recent = true;
    if (entry->has_identity && quarantine_has(&loader->quarantine, entry->identity) &&
        !entry->picture)
        return LOADER_FAILED;
    int64_t offset_us = key->offset_ms > 0 ? (int64_t)(key->offset_ms * 1000) : 0;
    if (!entry->failed)
        start_parts(loader, entry, key->edition, offset_us);
    if (entry->film && entry->picture)
        advance(entry, offset_us);
    *picture = entry->picture;
    return entry->failed ? LOADER_FAILED : entry->picture ? LOADER_READY : LOADER_LOADING;
}

void loader_set_sound(struct loader *loader, bool sound)
{
    loader->canvas.sound = sound;
}

bool loader_needs_sound(const struct loader *loader)
{
    return loader->needs_sound;
}

struct film *loader_heard_film(struct loader *loader, const struct loader_key *key)
{
    const struct entry *entry = find(loader, key, key->language ? key->language : loader->language);
    return entry && entry->heard && entry->picture ? entry->film : NULL;
}

struct picture *loader_want_house(struct loader *loader, const char *words)
{
    struct house *house = &loader->house;
    struct err err = {0};
    house->recent = true;
    if (house->ground.wanted && running(loader) < LOADER_JOBS_MAX) {
        house->ground.wanted = false;
        house->ground.frames = loader_start_house(&loader->canvas, &err);
        if (!house->ground.frames)
            log_warn("loader", "house card is incomplete reason=\"%s\"", err.text);
    }
    if (strncmp(house->words, words, sizeof house->words - 1) != 0 &&
        running(loader) < LOADER_JOBS_MAX) {
        copy_text(house->words, sizeof house->words, words);
        part_finish(&house->text);
        house->text.frames =
            loader_start_house_words(&loader->canvas, house->words, loader->language, &err);
    }
    return house->picture ? house->picture : make_house(house);
}

void loader_end_round(struct loader *loader)
{
    for (int i = 0; i < ENTRIES_MAX; i++) {
        struct entry *entry = &loader->entries[i];
        if (entry->used && !entry->recent)
            entry_finish(entry);
        entry->recent = false;
    }
    struct house *house = &loader->house;
    if (!house->recent && house->picture && !house->ground.frames && !house->text.frames) {
        part_finish(&house->ground);
        part_finish(&house->text);
        picture_release(house->picture);
        *house = (struct house){.ground.wanted = true};
    }
    house->recent = false;
}
