/* Finds the word that was probably intended by a mistyped one: "did you mean ...?"
 *
 * Pure; any thread. */
#ifndef CORE_NEAREST_H
#define CORE_NEAREST_H

struct nearest {
    const char *typed;
    const char *word; /* the best word so far; NULL: none is near enough */
    unsigned limit, distance;
};

/* `typed` must outlive the search, and the words must outlive its result. */
void nearest_init(struct nearest *nearest, const char *typed);

/* Of words that are equally near, the first stays. A word is near when few letters are changed,
 * added, dropped or swapped with their neighbour: two in a long word, one in a short one. Case
 * doesn't matter in ASCII. */
void nearest_consider(struct nearest *nearest, const char *word);

#endif
