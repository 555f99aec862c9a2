#include "commands/listing.h"

#include <errno.h>
#include <string.h>
#include <uniwidth.h>

#define MINUTE_MS 60000
#define HOUR_MS INT64_C(3600000)
#define DATE_AND_HOUR_BYTES 14 /* "2026-02-06T20:" */

int listing_text_width(const char *text)
{
    return u8_strwidth((const uint8_t *)text, "UTF-8");
}

void listing_print_cell(FILE *stream, const char *text, int width)
{
    int blanks = width - listing_text_width(text);
    fprintf(stream, "%s%*s", text, blanks > 0 ? blanks : 0, "");
}

void listing_init(struct listing *listing, FILE *stream, const struct civil_zone *zone)
{
    listing->stream = stream;
    listing->zone = zone;
    listing->failed = false;
    listing->error = 0;
    listing->hour = INT64_MIN;
    listing->used = 0;
}

static void write_buffer(struct listing *listing)
{
    if (!listing->failed &&
        fwrite(listing->bytes, 1, listing->used, listing->stream) < listing->used) {
        listing->failed = true;
        listing->error = errno;
    }
    listing->used = 0;
}

void listing_put(struct listing *listing, const char *bytes, size_t size)
{
    while (size > 0) {
        size_t space = LISTING_BYTES - listing->used;
        size_t part = size < space ? size : space;
        memcpy(listing->bytes + listing->used, bytes, part);
        listing->used += part;
        bytes += part;
        size -= part;
        if (listing->used == LISTING_BYTES)
            write_buffer(listing);
    }
}

size_t listing_put_number(struct listing *listing, int64_t number)
{
    char text[24], *at = text + sizeof text;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do
        *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (number < 0)
        *--at = '-';
    size_t size = (size_t)(text + sizeof text - at);
    listing_put(listing, at, size);
    return size;
}

static char *print_digits(char *at, int value, int digits)
{
    for (int i = digits - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
    return at + digits;
}

/* "MM:SS", and ".mmm" only where not zero. */
static char *print_minutes(char *at, int ms)
{
    at = print_digits(at, ms / MINUTE_MS, 2);
    *at++ = ':';
    at = print_digits(at, ms / 1000 % 60, 2);
    if (ms % 1000) {
        *at++ = '.';
        at = print_digits(at, ms % 1000, 3);
    }
    return at;
}

/* civil_format divides days into dates and goes through printf; within an hour of one offset only
 * minutes and seconds differ. */
size_t listing_put_time(struct listing *listing, int64_t t_ms)
{
    int64_t offset_ms = civil_offset_ms(listing->zone, t_ms);
    int32_t offset_min = (int32_t)(offset_ms / MINUTE_MS - (offset_ms % MINUTE_MS < 0));
    int64_t local_ms = t_ms + (int64_t)offset_min * MINUTE_MS;
    int64_t hour = local_ms / HOUR_MS - (local_ms % HOUR_MS < 0);
    if (hour != listing->hour || offset_min != listing->offset_min) {
        civil_format(listing->zone, t_ms, listing->hour_text);
        listing->hour = hour;
        listing->offset_min = offset_min;
    }
    char text[40];
    memcpy(text, listing->hour_text, DATE_AND_HOUR_BYTES);
    char *at = print_minutes(text + DATE_AND_HOUR_BYTES, (int)(local_ms - hour * HOUR_MS));
    memcpy(at, listing->hour_text + strlen(listing->hour_text) - 6, 6); /* "+09:00" */
    at += 6;
    listing_put(listing, text, (size_t)(at - text));
    return (size_t)(at - text);
}

size_t listing_put_length(struct listing *listing, int64_t ms)
{
    char text[16] = ":";
    size_t size = (size_t)(print_minutes(text + 1, (int)(ms % HOUR_MS)) - text);
    size_t hours_size = listing_put_number(listing, ms / HOUR_MS);
    listing_put(listing, text, size);
    return hours_size + size;
}

bool listing_flush(struct listing *listing, struct err *err)
{
    write_buffer(listing);
    if (!listing->failed && fflush(listing->stream) != 0) {
        listing->failed = true;
        listing->error = errno;
    }
    return !listing->failed ||
           err_set_errno(err, ERR_DISK, listing->error, "cannot write the listing");
}
