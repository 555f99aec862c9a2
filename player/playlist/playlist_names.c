#include "playlist/playlist_names.h"

#include "core/nearest.h"

#include <stdlib.h>
#include <string.h>

static int compare_names(const void *left, const void *right)
{
    const struct playlist_name *a = left, *b = right;
    int order = strcmp(a->text, b->text);
    return order ? order : (a->index > b->index) - (a->index < b->index);
}

void playlist_names_sort(struct playlist_names *names)
{
    qsort(names->items, names->count, sizeof *names->items, compare_names);
}

int playlist_names_find(const struct playlist_names *names, const char *text)
{
    size_t low = 0, high = names->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(names->items[middle].text, text);
        if (!order)
            return names->items[middle].index;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

const char *playlist_names_nearest(const struct playlist_names *names, const char *text)
{
    struct nearest nearest;
    nearest_init(&nearest, text);
    for (size_t i = 0; i < names->count; i++)
        nearest_consider(&nearest, names->items[i].text);
    return nearest.word;
}

const char *playlist_words_nearest(const char *const *words, size_t count, const char *text)
{
    struct nearest nearest;
    nearest_init(&nearest, text);
    for (size_t i = 0; i < count; i++)
        nearest_consider(&nearest, words[i]);
    return nearest.word;
}
