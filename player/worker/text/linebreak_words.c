#include "worker/text/linebreak_words.h"

#include "sandbox/sandbox.h"
#include "worker/text/linebreak.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define HEAD_BYTES 20
#define GROUP_BYTES 12
#define WORD_MAX 32 /* characters of a word, as in packaging/words/compile */

struct linebreak_words {
    void *mapped;
    const unsigned char *bytes; /* the same, to read */
    size_t size, groups;
    uint32_t unknown_cost;
};

/* Words with the same first character and of the same length. */
struct group {
    uint32_t first;
    size_t length; /* of a word, in characters */
    size_t count;
    const unsigned char *records;
};

/* A way to cut the text from a character on. */
struct cut {
    uint32_t cost;
    size_t length; /* of its first word */
};

static uint32_t read_u16(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 8 | bytes[1];
}

static uint32_t read_u32(const unsigned char *bytes)
{
    return read_u16(bytes) << 16 | read_u16(bytes + 2);
}

/* Words of one character are listed with that character; longer ones without their first. */
static size_t key_bytes(size_t length)
{
    return 2 * (length > 1 ? length - 1 : 1);
}

static struct group group_at(const struct linebreak_words *words, size_t index)
{
    const unsigned char *head = words->bytes + HEAD_BYTES + index * GROUP_BYTES;
    return (struct group){.first = read_u16(head),
                          .length = read_u16(head + 2),
                          .count = read_u32(head + 4),
                          .records = words->bytes + read_u32(head + 8)};
}

static bool head_is_valid(const struct linebreak_words *words)
{
    return words->size >= HEAD_BYTES && memcmp(words->bytes, "duckwrd1", 8) == 0 &&
           read_u32(words->bytes + 8) == words->size &&
           words->groups <= (words->size - HEAD_BYTES) / GROUP_BYTES &&
           words->unknown_cost <= 0xffff;
}

static bool groups_are_valid(const struct linebreak_words *words)
{
    uint32_t before = 0;
    for (size_t i = 0; i < words->groups; i++) {
        const unsigned char *head = words->bytes + HEAD_BYTES + i * GROUP_BYTES;
        uint32_t order = read_u32(head), offset = read_u32(head + 8);
        struct group group = group_at(words, i);
        if (group.length < 1 || group.length > WORD_MAX || offset > words->size ||
            group.count > (words->size - offset) / (key_bytes(group.length) + 2) ||
            (i > 0 && order <= before))
            return false;
        before = order;
    }
    return true;
}

struct linebreak_words *linebreak_words_open(int fd, struct err *err)
{
    struct stat status;
    if (sandbox_fstat(fd, &status) < 0) {
        err_set_errno(err, ERR_SYSTEM, errno, "cannot read the table of words");
        return NULL;
    }
    if (!S_ISREG(status.st_mode) || status.st_size < HEAD_BYTES ||
        status.st_size > (off_t)LINEBREAK_WORDS_BYTES_MAX) {
        err_set(err, ERR_INPUT, "not a table of words");
        return NULL;
    }
    struct linebreak_words *words = calloc(1, sizeof *words);
    if (!words) {
        err_oom(err);
        return NULL;
    }
    words->size = (size_t)status.st_size;
    void *bytes = mmap(NULL, words->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED) {
        err_set_errno(err, ERR_SYSTEM, errno, "cannot map the table of words");
        free(words);
        return NULL;
    }
    words->bytes = words->mapped = bytes;
    words->groups = read_u32(words->bytes + 12);
    words->unknown_cost = read_u32(words->bytes + 16);
    if (head_is_valid(words) && groups_are_valid(words))
        return words;
    err_set(err, ERR_INPUT, "the table of words is damaged");
    linebreak_words_close(words);
    return NULL;
}

void linebreak_words_close(struct linebreak_words *words)
{
    if (!words)
        return;
    munmap(words->mapped, words->size);
    free(words);
}

bool linebreak_words_serve(const char *language)
{
    static const char *const traditional[] = {"Hant", "TW", "HK", "MO", "yue"};
    while (*language) {
        size_t part = strcspn(language, "-_");
        for (size_t i = 0; i < sizeof traditional / sizeof *traditional; i++)
            if (strlen(traditional[i]) == part && strncasecmp(language, traditional[i], part) == 0)
                return false;
        if (part == 4 && strncasecmp(language, "Hans", part) == 0)
            return true;
        language += part;
        language += *language != '\0';
    }
    return true;
}

/* The index of the first group whose words begin with a character; 0: words of one character. */
static size_t find_groups(const struct linebreak_words *words, uint32_t first)
{
    size_t low = 0, high = words->groups;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (group_at(words, middle).first < first)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The cost of the word whose listed characters are `key`; false if it is no word. */
static bool find_word(const struct group *group, const unsigned char *key, uint32_t *cost)
{
    size_t bytes = key_bytes(group->length), low = 0, high = group->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const unsigned char *record = group->records + middle * (bytes + 2);
        int order = memcmp(record, key, bytes);
        if (order == 0) {
            *cost = read_u16(record + bytes);
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* The best way to cut the `left` characters at `from`, of which `keys` has the codes; `cuts` has
 * the best ways from the characters behind. Of two as good ones the longer word wins. */
static struct cut best_cut(const struct linebreak_words *words, uint32_t first, size_t left,
                           const unsigned char *keys, const struct cut *cuts)
{
    struct cut best = {UINT32_MAX, 1};
    uint32_t cost;
    size_t single = find_groups(words, 0);
    struct group group = {0};
    if (first > 0xffff) /* not in the table, which has codes of 16 bits */
        return (struct cut){words->unknown_cost + cuts[1].cost, 1};
    if (single < words->groups)
        group = group_at(words, single);
    if (group.length == 1 && group.first == 0 && find_word(&group, keys, &cost))
        best.cost = cost + cuts[1].cost;
    for (size_t i = find_groups(words, first); i < words->groups; i++) {
        group = group_at(words, i);
        if (group.first != first || group.length > left)
            break;
        if (group.length > 1 && find_word(&group, keys + 2, &cost) &&
            cost + cuts[group.length].cost <= best.cost)
            best = (struct cut){cost + cuts[group.length].cost, group.length};
    }
    /* A character that no word begins with. */
    if (best.cost == UINT32_MAX)
        best.cost = words->unknown_cost + cuts[1].cost;
    return best;
}

void linebreak_words_cut(const struct linebreak_words *words, const uint32_t *characters,
                         size_t count, unsigned char *begins)
{
    struct cut cuts[LINEBREAK_TEXT_BYTES_MAX + 1];
    unsigned char keys[LINEBREAK_TEXT_BYTES_MAX * 2];
    for (size_t i = 0; i < count; i++) {
        /* U+FFFF is in no word. */
        uint32_t code = characters[i] > 0xffff ? 0xffff : characters[i];
        keys[2 * i] = (unsigned char)(code >> 8);
        keys[2 * i + 1] = (unsigned char)code;
    }
    memset(begins, 0, count);
    cuts[count] = (struct cut){0};
    for (size_t i = count; i-- > 0;)
        cuts[i] = best_cut(words, characters[i], count - i, keys + 2 * i, cuts + i);
    for (size_t i = 0; i < count; i += cuts[i].length)
        begins[i] = 1;
}
