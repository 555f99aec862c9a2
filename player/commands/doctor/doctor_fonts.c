/* The check of fonts in the doctor command: a text in each language that the playlist has, and
 * in the player's own, is set by a worker as it would be for the screen. */
#include "commands/doctor/doctor_internal.h"

#include "base/clock.h"
#include "base/language.h"
#include "core/frame.h"
#include "decode/picture_client.h"
#include "playout/worker_jobs.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define LANGUAGES_MAX 16
#define NAMES_BYTES 256
#define WAIT_MS_MAX 1000

/* For the player's own language, where the playlist has no text in it. */
static const struct sample {
    const char *primary, *text;
} samples[] = {
    {"ko", "작은 것의 위대함을 위하여"}, {"zh", "相信小的伟大"}, {"ja", "小さな偉大さへ"}};

/* A text in each language, the first that the playlist has. */
struct texts {
    struct playlist_text items[LANGUAGES_MAX];
    int count;
};

static void add_text(struct texts *texts, const char *language, const char *text)
{
    for (int i = 0; i < texts->count; i++)
        if (strcasecmp(texts->items[i].language, language) == 0)
            return;
    if (texts->count < LANGUAGES_MAX && language[0])
        texts->items[texts->count++] = (struct playlist_text){language, text, NULL, 0};
}

static const char *sample_of(const char *language)
{
    size_t length = strcspn(language, "-");
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        if (strlen(samples[i].primary) == length &&
            strncasecmp(language, samples[i].primary, length) == 0)
            return samples[i].text;
    return "To the greatness of small.";
}

static void list_texts(const struct doctor *doctor, const char *own, struct texts *texts)
{
    const struct playlist *playlist = doctor->playlist;
    for (size_t i = 0; playlist && i < playlist->spot_count; i++)
        for (size_t k = 0; k < playlist->spots[i].text_count; k++) {
            const struct playlist_text *text = &playlist->spots[i].texts[k];
            add_text(texts, *text->language ? text->language : own, text->text);
        }
    add_text(texts, own, sample_of(own));
}

static enum picture_client_state wait_for_text(struct picture_client *client, struct err *err)
{
    enum picture_client_state state;
    while ((state = picture_client_poll(client, clock_mono_ns(), err)) == PICTURE_CLIENT_PENDING) {
        struct pollfd fd = {.fd = picture_client_fd(client), .events = POLLIN};
        int64_t left_ms = (picture_client_deadline_ns(client) - clock_mono_ns()) / 1000000 + 1;
        if (left_ms < 0)
            left_ms = 0;
        poll(&fd, 1, left_ms < WAIT_MS_MAX ? (int)left_ms : WAIT_MS_MAX);
    }
    return state;
}

/* What became of a text. */
struct setting_result {
    int missing;      /* so many of its characters no font has */
    bool lacks_words; /* it is Chinese, and the table of words cannot be used */
    bool is_late;     /* the worker was not done in its time */
    struct err err;
};

static double limit_seconds(const struct doctor *doctor)
{
    return doctor_value(doctor, SETTING_DECODE_TIMEOUT)->number;
}

static bool set_text(const struct doctor *doctor, const struct playlist_text *text,
                     struct setting_result *result)
{
    const struct worker_jobs_canvas canvas = {
        .width_px = 1280,
        .height_px = 720,
        .limit_ms = (int64_t)(limit_seconds(doctor) * 1000),
    };
    const struct playlist_style style = {
        .name = "",
        .weight = PLAYLIST_WEIGHT_BOLD,
        .text = {.size = 0.05, .color = 0xffffff, .valign = TEXT_ALIGN_END, .opacity = 1}};
    *result = (struct setting_result){.missing = 0};
    struct picture_client *client =
        worker_jobs_start_words(&canvas, &style, text, false, &result->err);
    if (!client)
        return false;
    bool ok = wait_for_text(client, &result->err) == PICTURE_CLIENT_READY;
    if (ok) {
        result->missing = picture_client_facts(client)->texts[0].missing_glyphs;
        result->lacks_words = picture_client_facts(client)->lacks_words;
        frame_release(picture_client_take(client));
    }
    result->is_late = picture_client_is_late(client);
    picture_client_stop(client);
    return ok;
}

#define FONTS_REMEDY "apt install fonts-noto-cjk"

static void tell_failure(struct doctor *doctor, const char *language,
                         const struct setting_result *result)
{
    bool lacks_font = result->err.code == ERR_INPUT || result->err.code == ERR_MISSING;
    if (result->is_late)
        doctor_report_say(doctor->report, DOCTOR_WRONG,
                          "run duckling doctor again when the machine has less to do",
                          "%s: this machine took longer than %.3g s to set a line: it may be busy",
                          language, limit_seconds(doctor));
    else
        doctor_report_say(doctor->report, DOCTOR_WRONG,
                          lacks_font ? FONTS_REMEDY
                                     : "run duckling doctor again; if it says the same, reinstall "
                                       "duckling",
                          "%s: %s", language, result->err.text);
}

void doctor_check_fonts(struct doctor *doctor)
{
    struct texts texts = {.count = 0};
    char own[LANGUAGE_BYTES], right[NAMES_BYTES] = "";
    language_choose(doctor_value(doctor, SETTING_LANGUAGE)->text, own);
    doctor_report_begin(doctor->report, "fonts");
    if (!doctor->can_sandbox) {
        doctor_report_say(doctor->report, DOCTOR_NOTE, NULL, "not looked at without a sandbox");
        return;
    }
    list_texts(doctor, own, &texts);
    for (int i = 0; i < texts.count; i++) {
        const struct playlist_text *text = &texts.items[i];
        struct setting_result result;
        size_t used = strlen(right);
        if (!set_text(doctor, text, &result))
            tell_failure(doctor, text->language, &result);
        else if (result.missing > 0)
            doctor_report_say(doctor->report, DOCTOR_WRONG, FONTS_REMEDY,
                              "%s: no font has %d of the characters of a text", text->language,
                              result.missing);
        else if (result.lacks_words)
            doctor_report_say(doctor->report, DOCTOR_WRONG, "make install, or reinstall duckling",
                              "%s: the table of Chinese words is missing or damaged, so lines may "
                              "end inside words",
                              text->language);
        else
            snprintf(right + used, sizeof right - used, "%s%s", used ? ", " : "", text->language);
    }
    if (right[0])
        doctor_report_say(doctor->report, DOCTOR_OK, NULL, "texts can be set in %s", right);
}
