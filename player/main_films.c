/* The second program, duckling-films: decodes and encodes films, and is the only one that is linked
 * to FFmpeg and its two hundred shared libraries. The player starts it with the first film, and
 * forks each film's worker from it; so neither the player's own start nor that of the workers which
 * draw pictures loads any of them. */
#include "base/program.h"
#include "commands/preview/film_encoder.h"
#include "commands/version_films.h"
#include "worker/worker_film.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int answer_version(void)
{
    FILE *stream = fdopen(PROGRAM_FD, "w");
    if (!stream)
        return 1;
    version_films_print(stream);
    return fclose(stream) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (strcmp(argv[0], PROTOCOL_WORKER_FILM_NAME) == 0)
        _exit(argc == 2 ? worker_serve(&worker_film, argv[1])
                        : worker_main(&worker_film)); /* no cleanup */
    if (argc == 2 && strcmp(argv[0], FILM_ENCODER_NAME) == 0)
        return film_encoder_main(argv[1]);
    if (argc == 1 && strcmp(argv[0], VERSION_FILMS_NAME) == 0)
        return answer_version();
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts(PROTOCOL_WORKER_FILM_PROGRAM " " DUCKLING_VERSION);
        version_films_print(stdout);
        return 0;
    }
    fputs(PROTOCOL_WORKER_FILM_PROGRAM " is started by duckling, not by hand\n", stderr);
    return 2;
}
