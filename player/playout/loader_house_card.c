#include "playout/loader_house_card.h"

#include "base/log.h"
#include "playout/loader.h"

#include <string.h>

#define LOG_MODULE "loader_house_card"

bool loader_part_pending(const struct loader_part *part)
{
    return part->needs_worker || part->client;
}

bool loader_part_poll(struct loader_part *part, int64_t now_ns, bool *failed, struct err *err)
{
    if (!part->client)
        return false;
    enum picture_client_state state = picture_client_poll(part->client, now_ns, err);
    if (state == PICTURE_CLIENT_PENDING)
        return false;
    const struct protocol_facts *facts = picture_client_facts(part->client);
    part->notes = facts ? facts->still_notes : 0;
    part->lacks_words = facts && facts->lacks_words;
    part->frame = picture_client_take(part->client);
    picture_client_stop(part->client);
    part->client = NULL;
    *failed |= state == PICTURE_CLIENT_FAILED;
    return true;
}

void loader_part_finish(struct loader_part *part)
{
    picture_client_stop(part->client);
    frame_release(part->frame);
    *part = (struct loader_part){0};
}

void loader_house_card_init(struct loader_house_card *house)
{
    *house = (struct loader_house_card){.ground.needs_worker = true, .plain = true};
}

void loader_house_card_finish(struct loader_house_card *house)
{
    loader_part_finish(&house->ground);
    loader_part_finish(&house->text);
    picture_release(house->picture);
    loader_house_card_init(house);
}

static struct picture *create_house_card_picture(struct loader_house_card *house)
{
    struct picture *picture = picture_create(LOADER_HOUSE_GROUND, frame_hold(house->ground.frame),
                                             frame_hold(house->text.frame));
    if (picture) {
        picture_release(house->picture);
        house->picture = picture;
    }
    return house->picture;
}

struct picture *loader_house_card_request(struct loader_house_card *house,
                                          const struct worker_jobs_canvas *canvas,
                                          const char *words, const char *language, int workers_left)
{
    struct err err = {0};
    bool plain = words[0] == '\0';
    house->requested = true;
    if (house->plain != plain) { /* what is on screen stays until the other one is drawn */
        loader_part_finish(&house->ground);
        loader_part_finish(&house->text);
        house->words[0] = '\0';
        house->ground.needs_worker = true;
        house->plain = plain;
    }
    if (house->ground.needs_worker && workers_left > 0) {
        workers_left--;
        house->ground.needs_worker = false;
        house->ground.client = worker_jobs_start_house_card(canvas, plain, &err);
        if (!house->ground.client)
            log_warn("cannot complete the house card reason=\"%s\"", err.text);
    }
    if (!plain && strncmp(house->words, words, sizeof house->words - 1) != 0 && workers_left > 0) {
        size_t length = strnlen(words, sizeof house->words - 1);
        memcpy(house->words, words, length);
        house->words[length] = '\0';
        loader_part_finish(&house->text);
        house->text.client = worker_jobs_start_house_text(canvas, house->words, language, &err);
    }
    return house->picture ? house->picture : create_house_card_picture(house);
}

bool loader_house_card_poll(struct loader_house_card *house, int64_t now_ns)
{
    struct err err = {0};
    bool failed = false;
    bool changed = loader_part_poll(&house->ground, now_ns, &failed, &err);
    changed |= loader_part_poll(&house->text, now_ns, &failed, &err);
    if (failed)
        log_warn("cannot complete the house card reason=\"%s\"", err.text);
    if (changed)
        create_house_card_picture(house);
    return changed;
}

void loader_house_card_end_round(struct loader_house_card *house)
{
    if (!house->requested && house->picture && !house->ground.client && !house->text.client)
        loader_house_card_finish(house);
    house->requested = false;
}
