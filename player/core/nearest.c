#include "core/nearest.h"

#include <limits.h>
#include <string.h>

/* Longer words are not compared: the time grows with the square of the length. */
#define NEAR_BYTES_MAX 48

static unsigned lower_byte(char byte)
{
    return (unsigned char)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
}

static unsigned lesser(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many letters must be changed, added, dropped or swapped with their neighbour (optimal string
 * alignment), in ASCII without regard to case. Both at most NEAR_BYTES_MAX bytes. */
static unsigned distance(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    unsigned rows[3][NEAR_BYTES_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_bytes; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= a_bytes; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_bytes; j++) {
            unsigned differ = lower_byte(a[i - 1]) != lower_byte(b[j - 1]);
            row[j] = lesser(lesser(last[j], row[j - 1]) + 1, last[j - 1] + differ);
            if (i > 1 && j > 1 && lower_byte(a[i - 1]) == lower_byte(b[j - 2]) &&
                lower_byte(a[i - 2]) == lower_byte(b[j - 1]))
                row[j] = lesser(row[j], before[j - 2] + 1);
        }
        unsigned *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[b_bytes];
}

/* As distance, but more than any limit where the lengths alone say no. */
static unsigned distance_within(const char *a, const char *b, unsigned limit)
{
    size_t a_bytes = strnlen(a, NEAR_BYTES_MAX + 1), b_bytes = strnlen(b, NEAR_BYTES_MAX + 1);
    size_t difference = a_bytes > b_bytes ? a_bytes - b_bytes : b_bytes - a_bytes;
    if (a_bytes > NEAR_BYTES_MAX || b_bytes > NEAR_BYTES_MAX || difference > limit)
        return UINT_MAX;
    return distance(a, a_bytes, b, b_bytes);
}

/* Two slips in a long word, one in a short one. Anything more is another word. */
static unsigned limit_for(const char *text)
{
    size_t length = strlen(text);
    if (length < 3)
        return 0;
    return length < 5 ? 1 : 2;
}

void nearest_init(struct nearest *nearest, const char *typed)
{
    *nearest = (struct nearest){.typed = typed, .limit = limit_for(typed)};
}

void nearest_consider(struct nearest *nearest, const char *word)
{
    unsigned found = distance_within(word, nearest->typed, nearest->limit);
    if (found > nearest->limit || (nearest->word && found >= nearest->distance))
        return;
    nearest->distance = found;
    nearest->word = word;
}
