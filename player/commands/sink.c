#include "commands/sink.h"

#include <errno.h>
#include <string.h>

#define MINUTE_MS 60000
#define HOUR_MS INT64_C(3600000)
#define DATE_AND_HOUR_BYTES 14 /* "2026-02-06T20:" */

void sink_init(struct sink *sink, FILE *stream, const struct civil_zone *zone)
{
    sink->stream = stream;
    sink->zone = zone;
    sink->failed = false;
    sink->error = 0;
    sink->hour = INT64_MIN;
    sink->used = 0;
}

static void write_out(struct sink *sink)
{
    if (!sink->failed && fwrite(sink->bytes, 1, sink->used, sink->stream) < sink->used) {
        sink->failed = true;
        sink->error = errno;
    }
    sink->used = 0;
}

void sink_put(struct sink *sink, const char *bytes, size_t size)
{
    while (size > 0) {
        size_t room = SINK_BYTES - sink->used, part = size < room ? size : room;
        memcpy(sink->bytes + sink->used, bytes, part);
        sink->used += part;
        bytes += part;
        size -= part;
        if (sink->used == SINK_BYTES)
            write_out(sink);
    }
}

size_t sink_put_number(struct sink *sink, int64_t number)
{
    char text[24], *at = text + sizeof text;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do
        *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (number < 0)
        *--at = '-';
    size_t size = (size_t)(text + sizeof text - at);
    sink_put(sink, at, size);
    return size;
}

static char *put_digits(char *at, int value, int digits)
{
    for (int i = digits - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
    return at + digits;
}

/* "MM:SS", and ".mmm" only where not zero. */
static char *put_in_hour(char *at, int ms)
{
    at = put_digits(at, ms / MINUTE_MS, 2);
    *at++ = ':';
    at = put_digits(at, ms / 1000 % 60, 2);
    if (ms % 1000) {
        *at++ = '.';
        at = put_digits(at, ms % 1000, 3);
    }
    return at;
}

/* civil_format divides days into dates and goes through printf; within an hour of one offset only
 * minutes and seconds differ. */
size_t sink_put_time(struct sink *sink, int64_t t_ms)
{
    int64_t offset_ms = civil_offset_ms(sink->zone, t_ms);
    int32_t offset_min = (int32_t)(offset_ms / MINUTE_MS - (offset_ms % MINUTE_MS < 0));
    int64_t local_ms = t_ms + (int64_t)offset_min * MINUTE_MS;
    int64_t hour = local_ms / HOUR_MS - (local_ms % HOUR_MS < 0);
    if (hour != sink->hour || offset_min != sink->offset_min) {
        civil_format(sink->zone, t_ms, sink->hour_text);
        sink->hour = hour;
        sink->offset_min = offset_min;
    }
    char text[40];
    memcpy(text, sink->hour_text, DATE_AND_HOUR_BYTES);
    char *at = put_in_hour(text + DATE_AND_HOUR_BYTES, (int)(local_ms - hour * HOUR_MS));
    memcpy(at, sink->hour_text + strlen(sink->hour_text) - 6, 6); /* "+09:00" */
    at += 6;
    sink_put(sink, text, (size_t)(at - text));
    return (size_t)(at - text);
}

size_t sink_put_length(struct sink *sink, int64_t ms)
{
    char text[16] = ":";
    size_t size = (size_t)(put_in_hour(text + 1, (int)(ms % HOUR_MS)) - text);
    size_t hours_size = sink_put_number(sink, ms / HOUR_MS);
    sink_put(sink, text, size);
    return hours_size + size;
}

bool sink_flush(struct sink *sink, struct err *err)
{
    write_out(sink);
    if (!sink->failed && fflush(sink->stream) != 0) {
        sink->failed = true;
        sink->error = errno;
    }
    return !sink->failed || err_set_errno(err, ERR_DISK, sink->error, "writing the listing");
}
