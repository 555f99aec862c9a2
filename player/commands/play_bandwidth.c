/* How much of the line media may take, by the hours, in the play command. */
#include "commands/play_internal.h"

#include "base/log.h"

#define LOG_MODULE "play_bandwidth"

bool play_bandwidth_set(struct play *play, const struct settings *settings, struct err *err)
{
    const char *text = settings->values[SETTING_BANDWIDTH_HOURS].text;
    struct play_bandwidth fresh = {
        .has_hours = text != NULL,
        .otherwise = settings->values[SETTING_BANDWIDTH].number,
        .now = -1, /* the feed is told at the next turn, whatever it is */
    };
    if (text && !hours_parse(&fresh.hours, text, HOURS_RATE, err))
        return false;
    play->bandwidth = fresh;
    play_bandwidth_forget(play);
    return true;
}

void play_bandwidth_forget(struct play *play)
{
    play->bandwidth.since_ms = INT64_MAX;
    play->bandwidth.until_ms = INT64_MIN;
}

void play_bandwidth_turn(struct play *play, double show_ms)
{
    struct play_bandwidth *bandwidth = &play->bandwidth;
    int64_t now_ms = (int64_t)show_ms;
    if (!play->feed || (now_ms >= bandwidth->since_ms && now_ms < bandwidth->until_ms))
        return;
    double rate = bandwidth->otherwise;
    bandwidth->since_ms = now_ms;
    bandwidth->until_ms = INT64_MAX;
    if (bandwidth->has_hours) {
        const struct civil_zone *zone = &play_hours_zone(play)->civil;
        rate = hours_value(&bandwidth->hours, zone, now_ms, rate);
        bandwidth->until_ms =
            hours_next_change(&bandwidth->hours, zone, now_ms, bandwidth->otherwise);
    }
    if (rate == bandwidth->now)
        return;
    feed_set_bandwidth(play->feed, (int64_t)rate);
    if (bandwidth->has_hours)
        log_info("bandwidth of downloads bytes_per_s=%.0f", rate);
    bandwidth->now = rate;
}
