/* The tests' own words of Chinese (tests/words/test.txt), as a table. */
#ifndef TESTS_UNIT_SAMPLE_WORDS_H
#define TESTS_UNIT_SAMPLE_WORDS_H

#include "worker/text/linebreak_words.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Opens the table, which make has put beside the tests: build/asan/tests/words for those in
 * build/asan/tests/unit. The caller closes it; NULL if it is not there. */
static struct linebreak_words *sample_words_open(void)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 64);
    if (length <= 0)
        return NULL;
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    snprintf(slash, 64, "/../words/test.words");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct linebreak_words *words = fd >= 0 ? linebreak_words_open(fd, NULL) : NULL;
    if (fd >= 0)
        close(fd);
    return words;
}

#endif
