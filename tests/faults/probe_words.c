/* Cuts texts into words, for a test that holds them against jieba's.
 *
 *     probe_words TABLE
 *
 * Reads lines of Chinese characters, and prints each with a space between its words. */
#include "worker/text/linebreak.h"
#include "worker/text/linebreak_words.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_cut(const struct linebreak_words *words, const char *text, size_t bytes)
{
    static uint32_t characters[LINEBREAK_TEXT_BYTES_MAX];
    static unsigned char begins[LINEBREAK_TEXT_BYTES_MAX];
    size_t count = 0, length;
    for (size_t at = 0; at < bytes; at += length)
        characters[count++] = linebreak_character(text, at, &length);
    linebreak_words_cut(words, characters, count, begins);
    count = 0;
    for (size_t at = 0; at < bytes; at += length, count++) {
        linebreak_character(text, at, &length);
        printf("%s%.*s", begins[count] && at > 0 ? " " : "", (int)length, text + at);
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    struct err err = {0};
    int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
    struct linebreak_words *words = linebreak_words_open(fd, &err);
    if (!words) {
        fprintf(stderr, "probe_words: %s\n", err.text);
        return 2;
    }
    char *line = NULL;
    size_t size = 0;
    ssize_t bytes;
    while ((bytes = getline(&line, &size, stdin)) > 0) {
        if (line[bytes - 1] == '\n')
            bytes--;
        if (bytes <= LINEBREAK_TEXT_BYTES_MAX)
            print_cut(words, line, (size_t)bytes);
    }
    free(line);
    linebreak_words_close(words);
    close(fd);
    return 0;
}
