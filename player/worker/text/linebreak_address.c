#include "worker/text/linebreak_address.h"

#include <string.h>

static bool is_ascii_letter(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_ascii_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

/* Domains may have letters with accents (RFC 5890). */
static bool is_host_letter(uint32_t c)
{
    return is_ascii_letter(c) || (linebreak_is_latin(c) && c > 0x7f);
}

static bool is_in_set(uint32_t c, const char *set)
{
    return c > 0 && c < 0x7f && strchr(set, (int)c) != NULL;
}

/* Brackets and quotes stand around addresses rather than in them. */
static bool is_address_character(uint32_t c)
{
    return is_host_letter(c) || (c > ' ' && c < 0x7f && !is_in_set(c, "\"'`()<>[]{}|\\^"));
}

static bool is_mark(uint32_t c)
{
    return is_in_set(c, ".-?&_/=#%~@");
}

/* Labels of letters, digits and hyphens with dots between them, of which the last, as of a
 * top-level domain, has letters only and at least two: a.m. and 3.5 are none. */
static bool is_host(const uint32_t *c, size_t start, size_t end)
{
    size_t label = start, labels = 0;
    for (size_t i = start; i <= end; i++) {
        if (i < end && c[i] != '.') {
            if (!is_host_letter(c[i]) && !is_ascii_digit(c[i]) && c[i] != '-')
                return false;
            continue;
        }
        if (i == label || c[label] == '-' || c[i - 1] == '-')
            return false;
        labels++;
        if (i < end)
            label = i + 1;
    }
    for (size_t i = label; i < end; i++)
        if (!is_host_letter(c[i]))
            return false;
    return labels >= 2 && end - label >= 2;
}

/* Where the first of `marks` stands in [start, end), else `end`. */
static size_t find_first(const uint32_t *c, size_t start, size_t end, const char *marks)
{
    while (start < end && !is_in_set(c[start], marks))
        start++;
    return start;
}

/* The start of the scheme before "://"; `end` where there is none. */
static size_t find_scheme(const uint32_t *c, size_t start, size_t end)
{
    for (size_t i = start + 1; i + 2 < end; i++) {
        if (c[i] != ':' || c[i + 1] != '/' || c[i + 2] != '/')
            continue;
        while (i > start && (is_ascii_letter(c[i - 1]) || is_in_set(c[i - 1], "+-")))
            i--;
        return is_ascii_letter(c[i]) ? i : end;
    }
    return end;
}

static bool begins_with_www(const uint32_t *c, size_t start, size_t end)
{
    for (size_t i = 0; i < 3; i++)
        if (start + i >= end || (c[start + i] | 32) != 'w')
            return false;
    return end - start > 4 && c[start + 3] == '.';
}

/* The start of the address in a run of characters that may be in one; `end`: none. */
static size_t find_address(const uint32_t *c, size_t start, size_t end)
{
    size_t scheme = find_scheme(c, start, end);
    if (scheme < end)
        return scheme;
    /* "@name" */
    if (c[start] == '@' && end - start > 2 && is_ascii_letter(c[start + 1]))
        return start;
    while (start < end && !is_host_letter(c[start]) && !is_ascii_digit(c[start]))
        start++;
    if (begins_with_www(c, start, end))
        return start;
    size_t at = find_first(c, start, end, "@");
    if (at > start && at < end)
        return is_host(c, at + 1, find_first(c, at, end, "?")) ? start : end;
    return is_host(c, start, find_first(c, start, end, ":/?#")) ? start : end;
}

static void mark_places(const uint32_t *c, size_t start, size_t end, unsigned char *places)
{
    size_t last = end; /* behind the last letter or digit: marks at the end stay with it */
    while (last > start && is_mark(c[last - 1]))
        last--;
    for (size_t i = start + 1; i < end; i++) {
        bool after_mark = is_mark(c[i - 1]) || c[i - 1] == ':';
        places[i] = LINEBREAK_ADDRESS_INSIDE;
        if (after_mark)
            places[i] = LINEBREAK_ADDRESS_AFTER_MARK;
        else if (i < last && is_mark(c[i]))
            places[i] = LINEBREAK_ADDRESS_BEFORE_MARK;
    }
}

void linebreak_address_find(const struct linebreak_text *text, unsigned char *places)
{
    const uint32_t *c = text->characters;
    memset(places, LINEBREAK_ADDRESS_OUTSIDE, text->count);
    for (size_t start = 0, next; start < text->count; start = next) {
        next = start + 1;
        if (!is_address_character(c[start]))
            continue;
        while (next < text->count && is_address_character(c[next]))
            next++;
        size_t end = next;
        while (end > start && is_in_set(c[end - 1], ".,;:!?"))
            end--;
        size_t address = end > start ? find_address(c, start, end) : end;
        if (address < end)
            mark_places(c, address, end, places);
    }
}
