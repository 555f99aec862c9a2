#include "commands/explain_words.h"

void explain_words_span(int64_t ms, char text[EXPLAIN_WORDS_SPAN_BYTES])
{
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = {{86400000, "day"}, {3600000, "hour"}, {60000, "minute"}, {1000, "second"}};
    const size_t count = sizeof units / sizeof *units;
    size_t i = 0;
    while (i < count && ms < units[i].ms)
        i++;
    if (i == count) {
        snprintf(text, EXPLAIN_WORDS_SPAN_BYTES, "less than a second");
        return;
    }
    long long many = ms / units[i].ms;
    int used = snprintf(text, EXPLAIN_WORDS_SPAN_BYTES, "%lld %s%s", many, units[i].name,
                        many == 1 ? "" : "s");
    if (i + 1 == count || (i == 0 && many >= 7))
        return;
    long long rest = ms % units[i].ms / units[i + 1].ms;
    if (rest > 0)
        snprintf(text + used, EXPLAIN_WORDS_SPAN_BYTES - (size_t)used, " %lld %s%s", rest,
                 units[i + 1].name, rest == 1 ? "" : "s");
}

const char *explain_words_weekday(int32_t day)
{
    static const char *const names[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
    return names[civil_weekday(day)];
}

void explain_words_put_instant(const struct explain_words *words, int64_t ms)
{
    char time[40], span[EXPLAIN_WORDS_SPAN_BYTES];
    civil_format(words->zone, ms, time);
    explain_words_span(ms > words->t_ms ? ms - words->t_ms : words->t_ms - ms, span);
    if (ms == words->t_ms)
        fprintf(words->stream, "%s (now)", time);
    else if (ms > words->t_ms)
        fprintf(words->stream, "%s (in %s)", time, span);
    else
        fprintf(words->stream, "%s (%s ago)", time, span);
}

void explain_words_put_run(const struct explain_words *words, int64_t since_ms, int64_t until_ms)
{
    if (since_ms == PROGRAMME_EXPLAIN_LONG_AGO)
        fputs("for more than a year", words->stream);
    else {
        fputs("since ", words->stream);
        explain_words_put_instant(words, since_ms);
    }
    if (until_ms == PROGRAMME_EXPLAIN_NOT_SOON)
        fputs(", and for more than a year to come", words->stream);
    else {
        fputs(", until ", words->stream);
        explain_words_put_instant(words, until_ms);
    }
}

/* "starts in 3 days, 2026-02-09T20:00:00+09:00". */
static void put_bound(const struct explain_words *words, int64_t bound_ms)
{
    char time[40], span[EXPLAIN_WORDS_SPAN_BYTES];
    bool later = bound_ms > words->t_ms;
    civil_format(words->zone, bound_ms, time);
    explain_words_span(later ? bound_ms - words->t_ms : words->t_ms - bound_ms, span);
    if (later)
        fprintf(words->stream, "starts in %s, %s", span, time);
    else if (bound_ms == words->t_ms)
        fprintf(words->stream, "ended now, %s", time);
    else
        fprintf(words->stream, "ended %s ago, %s", span, time);
}

static void put_time_of_day(FILE *stream, int32_t ms)
{
    fprintf(stream, "%02d:%02d", ms / 3600000, ms / 60000 % 60);
    if (ms % 60000)
        fprintf(stream, ":%02d", ms / 1000 % 60);
}

static void put_idle(const struct explain_words *words, const struct playlist *playlist,
                     const struct programme_explain_daypart *answer,
                     const struct playlist_daypart *daypart)
{
    FILE *stream = words->stream;
    int year, month, day;
    switch (answer->reason) {
    case PROGRAMME_EXPLAIN_RUNS:
    case PROGRAMME_EXPLAIN_NO_SHARE:
        break;
    case PROGRAMME_EXPLAIN_NO_SPOTS:
        fputs("has no spots in its loop", stream);
        break;
    case PROGRAMME_EXPLAIN_BEFORE_START:
    case PROGRAMME_EXPLAIN_BEFORE_START_DATE:
    case PROGRAMME_EXPLAIN_AFTER_END:
    case PROGRAMME_EXPLAIN_AFTER_END_DATE:
        put_bound(words, answer->bound_ms);
        break;
    case PROGRAMME_EXPLAIN_NOT_ON_WEEKDAY:
        fprintf(stream, "not on %s", explain_words_weekday(answer->day));
        break;
    case PROGRAMME_EXPLAIN_EXCEPTED:
        civil_date_of(answer->day, &year, &month, &day);
        fprintf(stream, "not on %04d-%02d-%02d, one of its except_dates", year, month, day);
        break;
    case PROGRAMME_EXPLAIN_OUTSIDE_HOURS:
        fputs("outside its hours, ", stream);
        put_time_of_day(stream, daypart->start_time_ms);
        fputs(" to ", stream);
        put_time_of_day(stream, daypart->end_time_ms);
        break;
    case PROGRAMME_EXPLAIN_OUTRANKED:
        fputs("outranked", stream);
        if (answer->outranked_by >= 0)
            fprintf(stream, " by schedule[%d], priority %d", answer->outranked_by,
                    (int)playlist->schedule[answer->outranked_by].priority);
        break;
    }
}

void explain_words_put_daypart(const struct explain_words *words, const struct playlist *playlist,
                               const struct programme_explain_daypart *answers, size_t index)
{
    const struct programme_explain_daypart *answer = &answers[index];
    bool runs = answer->reason == PROGRAMME_EXPLAIN_RUNS;
    if (runs || answer->reason == PROGRAMME_EXPLAIN_NO_SHARE) {
        fputs(runs ? "runs " : "gets no slots, as others have all of the share of voice, ",
              words->stream);
        explain_words_put_run(words, answer->since_ms, answer->until_ms);
        return;
    }
    put_idle(words, playlist, answer, &playlist->schedule[index]);
    bool is_over = answer->reason == PROGRAMME_EXPLAIN_AFTER_END ||
                   answer->reason == PROGRAMME_EXPLAIN_AFTER_END_DATE ||
                   answer->reason == PROGRAMME_EXPLAIN_NO_SPOTS;
    if (is_over || answer->next_ms == answer->bound_ms ||
        (answer->next_ms == PROGRAMME_EXPLAIN_NOT_SOON &&
         answer->bound_ms > words->t_ms + PROGRAMME_EXPLAIN_HORIZON_MS))
        return;
    if (answer->next_ms == PROGRAMME_EXPLAIN_NOT_SOON) {
        fprintf(words->stream, "; does not run in the next %d days",
                PROGRAMME_EXPLAIN_HORIZON_DAYS);
        return;
    }
    fputs("; runs next at ", words->stream);
    explain_words_put_instant(words, answer->next_ms);
}
