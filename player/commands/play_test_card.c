/* The test card in the play command: for a minute after SIGUSR1, and in `duckling identify`. */
#include "commands/identify.h"
#include "commands/play_internal.h"

#include "base/clock.h"
#include "base/log.h"

#define LOG_MODULE "play_test_card"

#define ON_NS INT64_C(60000000000)
#define CARD_KEY UINT64_MAX /* in the place of a slot's */

bool play_test_card_is_on(const struct play *play)
{
    return play->test_card.until_ns > 0;
}

static void turn_off(struct play *play, const char *reason)
{
    play->test_card.until_ns = 0;
    play->redraw = true;
    log_info("test card off reason=\"%s\"", reason);
}

void play_test_card_toggle(struct play *play)
{
    if (play->command == SETTINGS_IDENTIFY)
        return;
    if (play_test_card_is_on(play)) {
        turn_off(play, "SIGUSR1");
        return;
    }
    play->test_card.until_ns = clock_mono_ns() + ON_NS;
    play->redraw = true;
    log_info("test card on seconds=%d", (int)(ON_NS / 1000000000));
}

static MUST_CHECK bool create_card(struct play *play, double show_ms, struct err *err)
{
    struct play_test_card *own = &play->test_card;
    struct identify_words words;
    language_choose(play_option(play, SETTING_LANGUAGE)->text, own->language);
    identify_describe(&words, &play->settings, play->display, own->width_px, own->height_px,
                      play_hours_zone(play), (int64_t)show_ms);
    const struct test_card_config config = {
        .screen_width_px = own->width_px,
        .screen_height_px = own->height_px,
        .rotation = own->rotation,
        .limit_ms = (int64_t)(play_option(play, SETTING_DECODE_TIMEOUT)->number * 1000),
        .facts = {words.name, words.lines, own->language},
    };
    own->card = test_card_create(&config, err);
    return own->card != NULL;
}

/* A screen of another size, or one that was turned, needs another card. */
static void drop_outgrown_card(struct play *play)
{
    struct play_test_card *own = &play->test_card;
    int width_px, height_px, rotation = (int)play_option(play, SETTING_ROTATE)->number;
    display_size(play->display, &width_px, &height_px);
    if (width_px == own->width_px && height_px == own->height_px && rotation == own->rotation)
        return;
    play_test_card_finish(play);
    own->width_px = width_px;
    own->height_px = height_px;
    own->rotation = rotation;
}

void play_test_card_cover(struct play *play, struct show_frame *frame, double show_ms)
{
    struct play_test_card *own = &play->test_card;
    struct err err = {0};
    if (own->card && play->frame.to_key != CARD_KEY)
        play_test_card_finish(play); /* it has left the screen */
    if (play_test_card_is_on(play) && clock_mono_ns() >= own->until_ns)
        turn_off(play, "its minute is over");
    if (!play_test_card_is_on(play))
        return;
    drop_outgrown_card(play);
    if (!own->card && !create_card(play, show_ms, &err)) {
        turn_off(play, err.text);
        return;
    }
    (void)test_card_poll(own->card);
    int64_t local_ms = civil_local_ms(&play_hours_zone(play)->civil, (int64_t)show_ms);
    struct picture *picture = test_card_picture(own->card, local_ms);
    if (!picture)
        return;
    /* What is on screen is not the show's, so that nothing of it can be frozen: its transition
     * goes on from the picture before. */
    play->show.from_frozen = false;
    *frame = (struct show_frame){.animating = true,
                                 .mix = {.to = {picture, 0}, .mix = 1, .dim = 1},
                                 .to_key = CARD_KEY,
                                 .linear_mix = 1};
}

void play_test_card_finish(struct play *play)
{
    test_card_destroy(play->test_card.card);
    play->test_card.card = NULL;
}
