#include "commands/setup/setup_answers.h"

#include "base/file.h"
#include "http/http.h"
#include "sync/feed/feed.h"
#include "sync/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define QUESTIONS 6
#define KEY_FILE_BYTES_MAX 4096
#define KEY_LINE_LETTERS 56

/* One question: what it says, what Enter means, and what takes an answer. */
struct question {
    enum setting setting;
    int number; /* 0: an offer */
    enum setup_word words;
    const char *usual; /* NULL: there must be an answer */
    /* ERR_INPUT: it won't do; the text completes the option's name. */
    bool (*take)(struct setup_asker *asker, struct setup_answers *answers, const char *text,
                 struct err *err);
};

static const char *say(const struct setup_asker *asker, enum setup_word word)
{
    return setup_word(asker->language, word);
}

/* What an option or the file of answers says; NULL: neither. */
static const char *given_text(const struct setup_asker *asker, enum setting setting)
{
    const struct option_value *typed = &asker->typed->values[setting];
    const struct option_value *written = asker->file ? &asker->file->values[setting] : NULL;
    if (typed->given)
        return typed->text_count > 0 ? typed->texts[0] : typed->text;
    if (!written || written->origin.kind != OPTION_FROM_FILE)
        return NULL;
    return written->text_count > 0 ? written->texts[0] : written->text;
}

/* What is in force now; NULL: nothing. */
static const char *present_text(const struct setup_asker *asker, enum setting setting)
{
    const struct option_value *value = &asker->present->values[setting];
    if (value->origin.kind == OPTION_FROM_DEFAULT)
        return NULL;
    return value->text_count > 0 ? value->texts[0] : value->text;
}

static enum setup_outcome stop(const struct setup_asker *asker, enum setup_input input)
{
    printf("\n%s%s%s\n", say(asker, input == SETUP_INPUT_ENDED ? SETUP_ENDED : SETUP_INTERRUPTED),
           asker->is_written ? "" : " ",
           asker->is_written ? "" : say(asker, SETUP_NOTHING_WRITTEN));
    return SETUP_STOPPED;
}

static enum setup_outcome ask(struct setup_asker *asker, struct setup_answers *answers,
                              const struct question *question)
{
    char line[SETUP_LINE_BYTES];
    const char *usual = question->usual ? question->usual : "";
    for (;;) {
        struct err err = {0};
        if (question->number)
            printf("\n%d/%d  ", question->number, QUESTIONS);
        else
            printf("\n");
        printf("%s\n", say(asker, question->words));
        printf("%s%s%s> ", *usual ? "[" : "", usual, *usual ? "] " : "");
        fflush(stdout);
        enum setup_input input = setup_terminal_read(line);
        if (input != SETUP_INPUT_LINE)
            return stop(asker, input);
        if (question->take(asker, answers, line[0] ? line : usual, &err))
            return SETUP_ANSWERED;
        setup_word_tell(asker->language, SETUP_WRONG, err.text, NULL);
    }
}

static enum setup_outcome get(struct setup_asker *asker, struct setup_answers *answers,
                              const struct question *question, struct err *err)
{
    const char *text = given_text(asker, question->setting);
    if (!text && asker->asks)
        return ask(asker, answers, question);
    if (!text)
        text = question->usual;
    if (text && question->take(asker, answers, text, err))
        return SETUP_ANSWERED;
    if (!text)
        err_set(err, ERR_INPUT, "is missing");
    err_prefix(err, "option --%s ", settings_table.rows[question->setting].name);
    return SETUP_REFUSED;
}

enum setup_outcome setup_ask_yes(struct setup_asker *asker, const char *question, int usual,
                                 bool *yes)
{
    static const char *const yes_words[] = {"y", "yes", "예", "네", "是", "是的"};
    static const char *const no_words[] = {"n", "no", "아니오", "아니요", "否", "不"};
    static const char *const hints[] = {"[y/n]", "[y/N]", "[Y/n]"};
    char line[SETUP_LINE_BYTES];
    for (;;) {
        printf("\n%s %s > ", question, hints[usual + 1]);
        fflush(stdout);
        enum setup_input input = setup_terminal_read(line);
        if (input != SETUP_INPUT_LINE)
            return stop(asker, input);
        *yes = usual > 0;
        if (!line[0] && usual >= 0)
            return SETUP_ANSWERED;
        for (size_t i = 0; i < sizeof yes_words / sizeof *yes_words; i++) {
            *yes = strcasecmp(line, yes_words[i]) == 0;
            if (*yes || strcasecmp(line, no_words[i]) == 0)
                return SETUP_ANSWERED;
        }
        printf("%s\n", say(asker, SETUP_ANSWER_YES_OR_NO));
    }
}

static bool take_language(struct setup_asker *asker, struct setup_answers *answers,
                          const char *text, struct err *err)
{
    static const char *const numbered[] = {"ko", "zh-Hans", "en"};
    if (text[0] >= '1' && text[0] <= '3' && !text[1])
        text = numbered[text[0] - '1'];
    if (!language_check(text, err))
        return false;
    language_choose(text, answers->language);
    if (asker->can_cjk)
        asker->language = setup_language_of(answers->language);
    return true;
}

static bool take_source(struct setup_asker *asker, struct setup_answers *answers, const char *text,
                        struct err *err)
{
    char *clean = NULL;
    size_t length = strlen(text);
    if (http_is_url(text))
        clean = http_url_clean(text, err);
    else if (length > 1 && text[0] == '/' && text[length - 1] == '/') /* a stick, perhaps */
        clean = strdup(text);
    else if (length > 0 && !strstr(text, "://"))
        clean = realpath(text, NULL);
    bool ok = clean && strlen(clean) < sizeof answers->source && !strpbrk(clean, "\"\n");
    if (ok)
        snprintf(answers->source, sizeof answers->source, "%s", clean);
    free(clean);
    return ok || err_set(err, ERR_INPUT, "%s", say(asker, SETUP_NEEDS_CHANNEL));
}

/* The key itself, of a file or of what was typed. */
static MUST_CHECK bool read_key_line(const char *text, char key[SETUP_KEY_BYTES], struct err *err)
{
    char *bytes = NULL;
    size_t size;
    if (strlen(text) == KEY_LINE_LETTERS && strncmp(text, "RW", 2) == 0) {
        snprintf(key, SETUP_KEY_BYTES, "%s", text);
        return true;
    }
    if (!file_read(text, KEY_FILE_BYTES_MAX, &bytes, &size, err))
        return false;
    bool found = false;
    for (char *rest = bytes, *line; !found && (line = strsep(&rest, "\r\n"));) {
        found = strlen(line) == KEY_LINE_LETTERS && strncmp(line, "RW", 2) == 0;
        if (found)
            snprintf(key, SETUP_KEY_BYTES, "%s", line);
    }
    free(bytes);
    return found || err_set(err, ERR_INPUT, "%s: no public key of minisign", text);
}

static bool read_key_id(const char *key, char id[17], struct err *err)
{
    struct trust *trust = trust_create();
    bool ok = trust ? trust_pin(trust, key, err) : err_oom(err);
    if (ok)
        trust_key_id(trust, 0, id);
    trust_destroy(trust);
    return ok;
}

static bool take_key(struct setup_asker *asker, struct setup_answers *answers, const char *text,
                     struct err *err)
{
    char id[17];
    (void)asker;
    if (!text[0])
        return err_set(err, ERR_INPUT, "needs a file or a key");
    if (read_key_id(text, id, err) && read_key_line(text, answers->key, err))
        return true;
    static const char begin[] = "key: "; /* of what trust_pin says */
    char why[ERR_TEXT_BYTES];
    bool begins = strncmp(err->text, begin, sizeof begin - 1) == 0;
    snprintf(why, sizeof why, "%s", err->text + (begins ? sizeof begin - 1 : 0));
    return err_set(err, ERR_INPUT, "needs a public key: %s", why);
}

static bool take_zone(struct setup_asker *asker, struct setup_answers *answers, const char *text,
                      struct err *err)
{
    (void)asker;
    if (!zone_check(text, err))
        return false;
    snprintf(answers->zone, sizeof answers->zone, "%s", text);
    return true;
}

static bool take_name(struct setup_asker *asker, struct setup_answers *answers, const char *text,
                      struct err *err)
{
    size_t length = strlen(text);
    bool ok = length > 0 && length < 64 && text[0] != '-' && text[length - 1] != '-' &&
              strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
    if (!ok)
        return err_set(err, ERR_INPUT, "%s", say(asker, SETUP_NEEDS_NAME));
    snprintf(answers->name, sizeof answers->name, "%s", text);
    return true;
}

static bool take_choice(const char *text, enum setting setting, struct err *err)
{
    struct option_value value = {0};
    return options_take(&settings_table, setting, text, &value, err);
}

static bool take_rotation(struct setup_asker *asker, struct setup_answers *answers,
                          const char *text, struct err *err)
{
    (void)asker;
    if (!take_choice(text, SETTING_ROTATE, err))
        return false;
    answers->rotation = (int)strtol(text, NULL, 10);
    return true;
}

static bool take_time_servers(struct setup_asker *asker, struct setup_answers *answers,
                              const char *text, struct err *err)
{
    (void)asker;
    if (!take_choice(text, SETTING_TIME_SERVERS, err))
        return false;
    snprintf(answers->time_servers, sizeof answers->time_servers, "%s", text);
    return true;
}

static enum setup_outcome get_language(struct setup_asker *asker, struct setup_answers *answers,
                                       struct err *err)
{
    char usual[LANGUAGE_BYTES];
    language_choose(present_text(asker, SETTING_LANGUAGE), usual);
    const struct question question = {
        .setting = SETTING_LANGUAGE, .usual = usual, .take = take_language};
    asker->language = asker->can_cjk ? setup_language_of(usual) : SETUP_ENGLISH;
    if (!asker->asks || given_text(asker, SETTING_LANGUAGE))
        return get(asker, answers, &question, err);
    for (;;) {
        char line[SETUP_LINE_BYTES];
        struct err why = {0};
        printf("\n1/%d  %s\n[%s] > ", QUESTIONS,
               asker->can_cjk ? "1 한국어   2 简体中文   3 English"
                              : "Language of the box: 1 Korean   2 Chinese   3 English "
                                "(this terminal shows English only)",
               usual);
        fflush(stdout);
        enum setup_input input = setup_terminal_read(line);
        if (input != SETUP_INPUT_LINE)
            return stop(asker, input);
        if (take_language(asker, answers, line[0] ? line : usual, &why))
            return SETUP_ANSWERED;
        setup_word_tell(asker->language, SETUP_WRONG, why.text, NULL);
    }
}

/* Whether a key with this number is pinned already. */
static bool is_pinned(const struct setup_asker *asker, const char *id)
{
    const struct option_value *keys = &asker->present->values[SETTING_KEY];
    for (int i = 0; i < keys->text_count; i++) {
        char other[17];
        if (read_key_id(keys->texts[i], other, NULL) && strcmp(other, id) == 0)
            return true;
    }
    return false;
}

/* A key that is new is pinned only after somebody has compared its number, or has given it by an
 * option. */
static enum setup_outcome get_key(struct setup_asker *asker, struct setup_answers *answers,
                                  struct err *err)
{
    const struct question question = {.setting = SETTING_KEY,
                                      .number = 3,
                                      .words = SETUP_ASK_KEY,
                                      .usual = present_text(asker, SETTING_KEY),
                                      .take = take_key};
    for (;;) {
        char id[17], words[256];
        bool yes;
        enum setup_outcome outcome = get(asker, answers, &question, err);
        if (outcome != SETUP_ANSWERED)
            return outcome;
        if (!asker->asks || !read_key_id(answers->key, id, err) || is_pinned(asker, id))
            return SETUP_ANSWERED;
        setup_word_fill(asker->language, SETUP_CONFIRM_KEY, id, NULL, words, sizeof words);
        outcome = setup_ask_yes(asker, words, -1, &yes);
        if (outcome != SETUP_ANSWERED || yes)
            return outcome;
        if (given_text(asker, SETTING_KEY)) { /* there is no other to be had */
            printf("\n%s\n", say(asker, SETUP_NOTHING_WRITTEN));
            return SETUP_STOPPED;
        }
    }
}

static enum setup_outcome get_zone(struct setup_asker *asker, struct setup_answers *answers,
                                   struct err *err)
{
    static const struct {
        const char *language, *zone;
    } zones[] = {{"ko", "Asia/Seoul"},        {"zh-Hant-HK", "Asia/Hong_Kong"},
                 {"zh-HK", "Asia/Hong_Kong"}, {"zh-Hant", "Asia/Taipei"},
                 {"zh", "Asia/Shanghai"},     {"ja", "Asia/Tokyo"}};
    struct zone system = {0};
    struct question question = {.setting = SETTING_TIMEZONE,
                                .number = 4,
                                .words = SETUP_ASK_ZONE,
                                .usual = present_text(asker, SETTING_TIMEZONE),
                                .take = take_zone};
    for (size_t i = 0; !question.usual && i < sizeof zones / sizeof *zones; i++)
        if (strncasecmp(answers->language, zones[i].language, strlen(zones[i].language)) == 0)
            question.usual = zones[i].zone;
    if (!question.usual && zone_load_system(&system, NULL))
        question.usual = system.name;
    enum setup_outcome outcome = get(asker, answers, &question, err);
    zone_finish(&system);
    return outcome;
}

static enum setup_outcome get_watchdog(struct setup_asker *asker, struct setup_answers *answers)
{
    const char *given = given_text(asker, SETTING_WATCHDOG);
    answers->has_watchdog = !asker->watchdog_is_set;
    const char *usual = asker->watchdog_before ? asker->watchdog_before : "yes";
    answers->watchdog = strcmp(given ? given : usual, "yes") == 0;
    if (asker->watchdog_is_set || given || !asker->asks)
        return SETUP_ANSWERED;
    return setup_ask_yes(asker, say(asker, SETUP_ASK_WATCHDOG), answers->watchdog,
                         &answers->watchdog);
}

static enum setup_outcome get_time_servers(struct setup_asker *asker, struct setup_answers *answers,
                                           struct err *err)
{
    struct question question = {.setting = SETTING_TIME_SERVERS,
                                .words = SETUP_ASK_TIME_SERVERS,
                                .usual = "none",
                                .take = take_time_servers};
    if (asker->time_is_set)
        return SETUP_ANSWERED;
    if (asker->time_before)
        question.usual = asker->time_before;
    else if (strcmp(answers->zone, "Asia/Seoul") == 0)
        question.usual = "kr";
    else if (strcmp(answers->zone, "Asia/Shanghai") == 0 ||
             strcmp(answers->zone, "Asia/Urumqi") == 0)
        question.usual = "cn";
    return get(asker, answers, &question, err);
}

static enum setup_outcome get_screen_and_name(struct setup_asker *asker,
                                              struct setup_answers *answers, struct err *err)
{
    const char *rotation = present_text(asker, SETTING_ROTATE);
    const struct question questions[] = {
        {SETTING_NAME, 5, SETUP_ASK_NAME, asker->host[0] ? asker->host : NULL, take_name},
        {SETTING_ROTATE, 6, SETUP_ASK_ROTATION, rotation ? rotation : "0", take_rotation},
    };
    enum setup_outcome outcome = SETUP_ANSWERED;
    /* A name that nobody gives stays, however it is written. */
    if (asker->asks || given_text(asker, SETTING_NAME))
        outcome = get(asker, answers, &questions[0], err);
    return outcome == SETUP_ANSWERED ? get(asker, answers, &questions[1], err) : outcome;
}

enum setup_outcome setup_answers_get(struct setup_asker *asker, struct setup_answers *answers,
                                     struct err *err)
{
    const struct question source = {SETTING_SOURCE, 2, SETUP_ASK_SOURCE,
                                    present_text(asker, SETTING_SOURCE), take_source};
    *answers = (struct setup_answers){.rotation = 0};
    enum setup_outcome outcome = get_language(asker, answers, err);
    if (outcome == SETUP_ANSWERED && asker->asks)
        printf("%s\n", say(asker, SETUP_INTRODUCTION));
    if (outcome == SETUP_ANSWERED)
        outcome = get(asker, answers, &source, err);
    if (outcome == SETUP_ANSWERED &&
        (feed_is_channel(answers->source, false) || given_text(asker, SETTING_KEY)))
        outcome = get_key(asker, answers, err);
    if (outcome == SETUP_ANSWERED)
        outcome = get_zone(asker, answers, err);
    if (outcome == SETUP_ANSWERED)
        outcome = get_screen_and_name(asker, answers, err);
    if (outcome == SETUP_ANSWERED)
        outcome = get_watchdog(asker, answers);
    if (outcome == SETUP_ANSWERED)
        outcome = get_time_servers(asker, answers, err);
    return outcome;
}
