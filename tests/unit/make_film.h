/* Films for tests, made by the program ffmpeg in the temporary folder. Include after cmocka.h. */
#ifndef TESTS_UNIT_MAKE_FILM_H
#define TESTS_UNIT_MAKE_FILM_H

#include "temp_folder.h"

#include <spawn.h>
#include <sys/wait.h>

#define MAKE_FILM_X264 "-c:v libx264 -preset ultrafast -threads 1 -pix_fmt yuv420p "

/* What ffmpeg is given: words divided by single spaces, and the film's name. */
static inline void make_film(const char *words, const char *name)
{
    char text[8192], *rest = NULL;
    char *arguments[48] = {NULL};
    int count = 0, status = -1;
    pid_t pid;
    extern char **environ;
    snprintf(text, sizeof text, "ffmpeg -nostdin -v error -y %s%s", words, temp_folder_path(name));
    for (char *word = strtok_r(text, " ", &rest); word && count < 47;
         word = strtok_r(NULL, " ", &rest))
        arguments[count++] = word;
    assert_int_equal(posix_spawnp(&pid, "ffmpeg", NULL, NULL, arguments, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

#endif
