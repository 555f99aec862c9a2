#include "core/hours.h"

#include <string.h>

#define TEXT_BYTES_MAX 2048
#define MINUTE_MS 60000
#define SPILL_DAYS 2 /* a span ends at 48:00 at the latest */
#define WORD_BYTES 24

static const char *const weekday_names[] = {"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"};
static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

struct parser {
    const char *at;
    enum hours_kind kind;
    struct err *err;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static void skip_blanks(struct parser *parser)
{
    parser->at += strspn(parser->at, " \t");
}

/* Whether the text begins with a word, in any case, and no letter follows. Moves behind it. */
static bool take_word(struct parser *parser, const char *word)
{
    size_t length = strlen(word);
    for (size_t i = 0; i < length; i++)
        if (lower(parser->at[i]) != lower(word[i]))
            return false;
    if (is_letter(parser->at[length]))
        return false;
    parser->at += length;
    skip_blanks(parser);
    return true;
}

static bool take_sign(struct parser *parser, char sign)
{
    if (*parser->at != sign)
        return false;
    parser->at++;
    skip_blanks(parser);
    return true;
}

static int take_name(struct parser *parser, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (take_word(parser, names[i]))
            return i;
    return -1;
}

/* One to `digits` digits; -1: none, or more. */
static int take_number(struct parser *parser, int digits)
{
    int value = 0, count = 0;
    while (count < digits && is_digit(parser->at[count]))
        value = value * 10 + (parser->at[count++] - '0');
    if (count == 0 || is_digit(parser->at[count]))
        return -1;
    parser->at += count;
    return value;
}

/* The word that the text begins with, as it is. */
static void copy_word(const struct parser *parser, char word[static WORD_BYTES])
{
    size_t length = strcspn(parser->at, " \t;,");
    if (length >= WORD_BYTES) {
        length = WORD_BYTES - 1;
        while (length > 0 && ((unsigned char)parser->at[length] & 0xc0) == 0x80)
            length--;
    }
    memcpy(word, parser->at, length);
    word[length] = '\0';
}

/* Words that people use elsewhere, and what they are here. */
static const struct {
    const char *word, *instead;
} foreign_words[] = {
    {"PH", "name the dates of holidays, such as Dec 25 off"},
    {"SH", "name the dates of holidays, such as Dec 25 off"},
    {"daily", "leave it out: times without days are for every day"},
    {"everyday", "leave it out: times without days are for every day"},
    {"weekdays", "did you mean Mo-Fr?"},
    {"weekend", "did you mean Sa,Su?"},
    {"weekends", "did you mean Sa,Su?"},
    {"closed", "did you mean off?"},
    {"Di", "days are Mo Tu We Th Fr Sa Su"},
    {"Mi", "days are Mo Tu We Th Fr Sa Su"},
    {"Do", "days are Mo Tu We Th Fr Sa Su"},
    {"So", "days are Mo Tu We Th Fr Sa Su"},
    {"sunrise", "only times of the clock can be used"},
    {"sunset", "only times of the clock can be used"},
};

/* A weekday or month that is written out, or the like: NULL: none. */
static const char *long_name_of(const char *word, const char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        size_t length = strlen(names[i]), same = 0;
        while (same < length && lower(word[same]) == lower(names[i][same]))
            same++;
        if (same == length && is_letter(word[length]))
            return names[i];
    }
    return NULL;
}

static bool refuse_day(struct parser *parser)
{
    struct parser ahead = *parser;
    char word[WORD_BYTES];
    copy_word(parser, word);
    for (size_t i = 0; i < sizeof foreign_words / sizeof *foreign_words; i++)
        if (take_word(&ahead, foreign_words[i].word))
            return err_set(parser->err, ERR_INPUT, "has \"%s\", which is no day; %s", word,
                           foreign_words[i].instead);
    /* "Mon" is a Monday, "Mar" no Saturday. */
    const char *name = long_name_of(word, month_names, 12);
    if (!name)
        name = long_name_of(word, weekday_names, 7);
    if (name)
        return err_set(parser->err, ERR_INPUT, "has \"%s\", which is no day; did you mean %s?",
                       word, name);
    return err_set(
        parser->err, ERR_INPUT,
        "has \"%s\" where a day or a time is needed, as in Mo-Fr 07:00-23:00; Dec 25 off",
        *word ? word : "nothing");
}

static bool refuse_time(struct parser *parser)
{
    char word[WORD_BYTES];
    copy_word(parser, word);
    return err_set(parser->err, ERR_INPUT,
                   "has \"%s\" where a span of times of 24 hours is needed, such as 07:00-23:00",
                   *word ? word : "nothing");
}

/* "2026-12-25"; false, with nothing taken, where it is none. */
static bool take_iso_date(struct parser *parser, int32_t *days)
{
    char text[11];
    if (strnlen(parser->at, 10) < 10 || is_digit(parser->at[10]))
        return false;
    memcpy(text, parser->at, 10);
    text[10] = '\0';
    if (!civil_parse_date(text, days))
        return false;
    parser->at += 10;
    skip_blanks(parser);
    return true;
}

/* "25", "25-26" or "24-Jan 2" behind a month. */
static MUST_CHECK bool read_month_days(struct parser *parser, int month, struct hours_dates *dates)
{
    int last_month = month, day = take_number(parser, 2), last_day = day;
    skip_blanks(parser);
    if (day >= 0 && take_sign(parser, '-')) {
        int named = take_name(parser, month_names, 12);
        last_month = named >= 0 ? named : month;
        last_day = take_number(parser, 2);
        skip_blanks(parser);
    }
    if (day < 1 || day > month_days[month] || last_day < 1 || last_day > month_days[last_month])
        return err_set(parser->err, ERR_INPUT, "has no day of the month behind %s",
                       month_names[day < 1 || day > month_days[month] ? month : last_month]);
    *dates = (struct hours_dates){true, (month + 1) * 100 + day, (last_month + 1) * 100 + last_day};
    return true;
}

static MUST_CHECK bool add_dates(struct parser *parser, struct hours_rule *rule,
                                 const struct hours_dates *dates)
{
    if (rule->date_count == HOURS_DATES_MAX)
        return err_set(parser->err, ERR_INPUT, "has more than %d dates in a rule", HOURS_DATES_MAX);
    rule->dates[rule->date_count++] = *dates;
    return true;
}

static void add_weekdays(struct hours_rule *rule, int first, int last)
{
    for (int day = first;; day = (day + 1) % 7) {
        rule->weekdays = (uint8_t)(rule->weekdays | 1U << day);
        if (day == last)
            return;
    }
}

/* One item of a list of days. *found: there was one. */
static MUST_CHECK bool read_day(struct parser *parser, struct hours_rule *rule, bool *found)
{
    struct hours_dates dates = {0};
    *found = true;
    if (take_iso_date(parser, &dates.first)) {
        dates.last = dates.first;
        if (take_sign(parser, '-') && !take_iso_date(parser, &dates.last))
            return err_set(parser->err, ERR_INPUT,
                           "has a span of dates without an end such as 2026-12-31");
        if (dates.last < dates.first)
            return err_set(parser->err, ERR_INPUT,
                           "has a span of dates that ends before it begins");
        return add_dates(parser, rule, &dates);
    }
    int month = take_name(parser, month_names, 12);
    if (month >= 0)
        return read_month_days(parser, month, &dates) && add_dates(parser, rule, &dates);
    int first = take_name(parser, weekday_names, 7), last = first;
    if (first >= 0 && take_sign(parser, '-')) {
        last = take_name(parser, weekday_names, 7);
        if (last < 0)
            return refuse_day(parser);
    }
    if (first >= 0)
        add_weekdays(rule, first, last);
    *found = first >= 0;
    return true;
}

static MUST_CHECK bool read_days(struct parser *parser, struct hours_rule *rule)
{
    bool found;
    do {
        if (!read_day(parser, rule, &found))
            return false;
        if (!found && (rule->weekdays || rule->date_count > 0))
            return refuse_day(parser);
    } while (found && take_sign(parser, ','));
    if (!found && is_digit(*parser->at) == false && lower(*parser->at) != 'o')
        return refuse_day(parser);
    if (take_sign(parser, ':'))
        return err_set(parser->err, ERR_INPUT, "has a \":\" behind the days; leave it out");
    return true;
}

/* "7:00" or "07:00". False, with nothing said, where it is none. */
static bool take_time(struct parser *parser, int32_t *ms)
{
    int hour = take_number(parser, 2);
    if (hour < 0 || *parser->at != ':' || !is_digit(parser->at[1]) || !is_digit(parser->at[2]))
        return false;
    parser->at++;
    int minute = take_number(parser, 2);
    if (minute < 0 || minute > 59 || hour > 48 || (hour == 48 && minute > 0) ||
        is_letter(*parser->at))
        return false;
    *ms = (hour * 60 + minute) * MINUTE_MS;
    skip_blanks(parser);
    return true;
}

/* "1", "0.4": in no locale. */
static bool parse_level(const char *text, double *value)
{
    double digits = 0, unit = 1;
    if (*text != '0' && *text != '1')
        return false;
    digits = *text++ - '0';
    if (*text == '.' && is_digit(text[1]))
        for (text++; is_digit(*text); text++, unit *= 10)
            digits = digits * 10 + (*text - '0');
    *value = digits / unit;
    return !*text && *value <= 1;
}

static MUST_CHECK bool read_level(struct parser *parser, double *value)
{
    char word[WORD_BYTES];
    copy_word(parser, word);
    if (!parse_level(word, value))
        return err_set(parser->err, ERR_INPUT,
                       "has \"%s\" where a number from 0 to 1 is needed, as in 22:00-06:00 0.4",
                       *word ? word : "nothing");
    parser->at += strlen(word);
    skip_blanks(parser);
    return true;
}

/* "200k": thousands, millions and so on, as the option for all hours has them. */
static bool parse_rate(const char *text, double *value)
{
    static const char units[] = "kMGT";
    *value = 0;
    if (!is_digit(*text))
        return false;
    for (; is_digit(*text); text++)
        *value = *value * 10 + (*text - '0');
    const char *unit = *text ? strchr(units, *text == 'K' ? 'k' : *text) : NULL;
    for (const char *u = units; unit && u <= unit; u++)
        *value *= 1000;
    return (!*text || (unit && !text[1])) && *value >= HOURS_RATE_MIN && *value <= HOURS_RATE_MAX;
}

static MUST_CHECK bool read_rate(struct parser *parser, double *value)
{
    char word[WORD_BYTES];
    copy_word(parser, word);
    if (!parse_rate(word, value))
        return err_set(parser->err, ERR_INPUT,
                       "has \"%s\" where a number of bytes from 16k to 1T is needed, as in "
                       "09:00-18:00 200k",
                       *word ? word : "nothing");
    parser->at += strlen(word);
    skip_blanks(parser);
    return true;
}

static MUST_CHECK bool read_value(struct parser *parser, double *value)
{
    switch (parser->kind) {
    case HOURS_OPEN:
        return true;
    case HOURS_LEVEL:
        return read_level(parser, value);
    case HOURS_RATE:
        return read_rate(parser, value);
    }
    return true;
}

static MUST_CHECK bool read_span(struct parser *parser, struct hours_rule *rule)
{
    struct hours_span span = {.value = 1};
    struct parser begin = *parser;
    if (!take_time(parser, &span.start_ms) || !take_sign(parser, '-') ||
        !take_time(parser, &span.end_ms))
        return refuse_time(&begin);
    if (span.start_ms > CIVIL_DAY_MS)
        return refuse_time(&begin);
    if (span.start_ms == span.end_ms)
        return err_set(parser->err, ERR_INPUT,
                       "has a span that ends when it begins; for the whole day write 00:00-24:00");
    if (span.end_ms < span.start_ms)
        span.end_ms += CIVIL_DAY_MS;
    if (!read_value(parser, &span.value))
        return false;
    if (rule->span_count == HOURS_SPANS_MAX)
        return err_set(parser->err, ERR_INPUT, "has more than %d times in a rule", HOURS_SPANS_MAX);
    rule->spans[rule->span_count++] = span;
    return true;
}

static MUST_CHECK bool read_times(struct parser *parser, struct hours_rule *rule)
{
    if (take_word(parser, "off") || (parser->kind == HOURS_OPEN && take_word(parser, "closed")))
        return true;
    do
        if (!read_span(parser, rule))
            return false;
    while (take_sign(parser, ','));
    return true;
}

static MUST_CHECK bool read_rule(struct parser *parser, struct hours_rule *rule)
{
    if (strncmp(parser->at, "24/7", 4) == 0) {
        parser->at += 4;
        skip_blanks(parser);
        rule->weekdays = 0x7f;
        rule->spans[rule->span_count++] = (struct hours_span){0, CIVIL_DAY_MS, 1};
        return parser->kind == HOURS_OPEN || read_level(parser, &rule->spans[0].value);
    }
    if (!read_days(parser, rule) || !read_times(parser, rule))
        return false;
    if (!rule->weekdays && rule->date_count == 0)
        rule->weekdays = 0x7f;
    return true;
}

/* What input methods and word processors write in the place of - : ; , */
static void copy_plain(const char *text, char *out)
{
    static const struct {
        const char *pretty;
        char plain;
    } signs[] = {{"\u2013", '-'}, {"\u2014", '-'}, {"\u2212", '-'}, {"\uff0d", '-'},
                 {"\uff5e", '-'}, {"\uff1a", ':'}, {"\uff1b", ';'}, {"\uff0c", ','},
                 {"\u3000", ' '}, {"\u00a0", ' '}};
    while (*text) {
        size_t taken = 1;
        *out = *text;
        for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
            if (strncmp(text, signs[i].pretty, strlen(signs[i].pretty)) == 0) {
                taken = strlen(signs[i].pretty);
                *out = signs[i].plain;
            }
        text += taken;
        out++;
    }
    *out = '\0';
}

/* A rule for all days after others hides them: who writes that means more times of a day. */
static bool hides_others(const struct hours *hours, const struct hours_rule *rule)
{
    return hours->rule_count > 0 && rule->weekdays == 0x7f;
}

bool hours_parse(struct hours *hours, const char *text, enum hours_kind kind, struct err *err)
{
    char plain[TEXT_BYTES_MAX + 1];
    struct hours read = {0};
    struct parser parser = {.at = plain, .kind = kind, .err = err};
    if (strlen(text) > TEXT_BYTES_MAX)
        return err_set(err, ERR_INPUT, "is longer than %d bytes", TEXT_BYTES_MAX);
    copy_plain(text, plain);
    skip_blanks(&parser);
    do {
        struct hours_rule rule = {0};
        if (!*parser.at && read.rule_count > 0)
            break; /* a semicolon at the end */
        if (!read_rule(&parser, &rule))
            return false;
        if (hides_others(&read, &rule))
            return err_set(err, ERR_INPUT,
                           "has a rule for every day after others, which would count for nothing; "
                           "put it first, or a comma between times of the same days");
        if (read.rule_count == HOURS_RULES_MAX)
            return err_set(err, ERR_INPUT, "has more than %d rules", HOURS_RULES_MAX);
        read.rules[read.rule_count++] = rule;
    } while (take_sign(&parser, ';'));
    if (*parser.at) {
        char word[WORD_BYTES];
        copy_word(&parser, word);
        return err_set(err, ERR_INPUT, "has \"%s\" where a rule should end; put a ; between rules",
                       word);
    }
    if (hours)
        *hours = read;
    return true;
}

static bool is_in_dates(const struct hours_dates *dates, int32_t day)
{
    int year, month, of_month;
    if (!dates->yearly)
        return day >= dates->first && day <= dates->last;
    civil_date_of(day, &year, &month, &of_month);
    int32_t at = month * 100 + of_month;
    if (dates->first <= dates->last)
        return at >= dates->first && at <= dates->last;
    return at >= dates->first || at <= dates->last; /* over the new year */
}

static bool is_rule_of(const struct hours_rule *rule, int32_t day)
{
    if (rule->weekdays & 1U << civil_weekday(day))
        return true;
    for (int i = 0; i < rule->date_count; i++)
        if (is_in_dates(&rule->dates[i], day))
            return true;
    return false;
}

/* NULL: none. */
static const struct hours_rule *rule_of_day(const struct hours *hours, int32_t day)
{
    for (int i = hours->rule_count - 1; i >= 0; i--)
        if (is_rule_of(&hours->rules[i], day))
            return &hours->rules[i];
    return NULL;
}

static int64_t instant_of(const struct civil_zone *zone, int32_t day, int32_t ms)
{
    return civil_instant(zone, (int64_t)day * CIVIL_DAY_MS + ms);
}

double hours_value(const struct hours *hours, const struct civil_zone *zone, int64_t t_ms,
                   double otherwise)
{
    int32_t today = civil_local_day(zone, t_ms);
    /* Where clocks go back over midnight, an instant of today may be of tomorrow's spans. */
    for (int32_t day = today + 1; day >= today - SPILL_DAYS; day--) {
        const struct hours_rule *rule = rule_of_day(hours, day);
        for (int i = 0; rule && i < rule->span_count; i++)
            if (t_ms >= instant_of(zone, day, rule->spans[i].start_ms) &&
                t_ms < instant_of(zone, day, rule->spans[i].end_ms))
                return rule->spans[i].value;
    }
    return otherwise;
}

/* The first instant after t_ms at which a span of the days around it begins or ends. */
static int64_t next_edge(const struct hours *hours, const struct civil_zone *zone, int64_t t_ms,
                         int32_t around)
{
    int64_t next_ms = INT64_MAX;
    for (int32_t day = around - SPILL_DAYS; day <= around + 1; day++) {
        const struct hours_rule *rule = rule_of_day(hours, day);
        for (int i = 0; rule && i < rule->span_count; i++) {
            int64_t edges[] = {instant_of(zone, day, rule->spans[i].start_ms),
                               instant_of(zone, day, rule->spans[i].end_ms)};
            for (int e = 0; e < 2; e++)
                if (edges[e] > t_ms && edges[e] < next_ms)
                    next_ms = edges[e];
        }
    }
    return next_ms;
}

int64_t hours_next_change(const struct hours *hours, const struct civil_zone *zone, int64_t t_ms,
                          double otherwise)
{
    double value = hours_value(hours, zone, t_ms, otherwise);
    int32_t first = civil_local_day(zone, t_ms), day = first;
    while (day - first <= HOURS_HORIZON_DAYS) {
        int64_t edge_ms = next_edge(hours, zone, t_ms, day);
        if (edge_ms == INT64_MAX) {
            day++;
            continue;
        }
        if (hours_value(hours, zone, edge_ms, otherwise) != value)
            return edge_ms;
        t_ms = edge_ms;
        if (civil_local_day(zone, t_ms) > day)
            day = civil_local_day(zone, t_ms);
    }
    return INT64_MAX;
}
