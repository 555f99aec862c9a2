/* The table of commands. */
#include "base/log.h"
#include "decode/link.h"
#include "decode/worker_picture.h"
#include "operate/check.h"
#include "operate/explain.h"
#include "operate/guide.h"
#include "operate/preview.h"
#include "operate/publish.h"
#include "operate/takeover.h"
#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 2

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"play", play_main, "play a playlist on the screen"},
    {"preview", preview_main, "draw what a screen would show, as a picture or a film"},
    {"check", check_main, "tell every fault of a playlist and its media"},
    {"guide", guide_main, "list what is on, slot by slot, or the totals"},
    {"explain", explain_main, "say what is on at an instant, and why"},
    {"publish", publish_main, "check, sign and upload a playlist, and switch a channel to it"},
    {"takeover", takeover_main, "put a notice above everything on a channel, or end it"},
};

static void help(FILE *stream)
{
    fputs(
        "Duckling plays scheduled playlists of films, pictures and taglines on public screens.\n\n"
        "Usage: duckling COMMAND [OPTION]... [ARGUMENT]\n\n",
        stream);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(stream, "  %-12s %s\n", commands[i].name, commands[i].help);
    fputs("\n`duckling COMMAND --help` lists a command's options.\n", stream);
}

int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], WORKER_NAME) == 0)
        _exit(worker_main(
            &worker_picture)); /* nothing to tidy up, and the player may end it at any moment now */
    link_use_film_program(WORKER_FILM_PROGRAM);
    if (argc < 2) {
        help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        help(stdout);
        return EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("duckling " DUCKLING_VERSION);
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "duckling: no command \"%s\"; see duckling --help\n", argv[1]);
    return EXIT_USAGE;
}
