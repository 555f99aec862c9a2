/* The program duckling: runs the command that was typed, or becomes a worker if it was started as
 * one. */
#include "commands/check/check.h"
#include "commands/doctor/doctor.h"
#include "commands/explain.h"
#include "commands/guide.h"
#include "commands/identify.h"
#include "commands/play.h"
#include "commands/preview/preview.h"
#include "commands/publish/publish.h"
#include "commands/publish/takeover.h"
#include "commands/setup/setup.h"
#include "commands/show_config.h"
#include "commands/usage.h"
#include "commands/version.h"
#include "decode/worker_process.h"
#include "worker/worker_picture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command {
    enum settings_command command;
    int (*run)(int argc, char **argv);
} commands[] = {
    {.command = SETTINGS_PLAY, .run = play_main},
    {.command = SETTINGS_PREVIEW, .run = preview_main},
    {.command = SETTINGS_CHECK, .run = check_main},
    {.command = SETTINGS_GUIDE, .run = guide_main},
    {.command = SETTINGS_EXPLAIN, .run = explain_main},
    {.command = SETTINGS_PUBLISH, .run = publish_main},
    {.command = SETTINGS_TAKEOVER, .run = takeover_main},
    {.command = SETTINGS_SHOW_CONFIG, .run = show_config_main},
    {.command = SETTINGS_DOCTOR, .run = doctor_main},
    {.command = SETTINGS_IDENTIFY, .run = identify_main},
    {.command = SETTINGS_SETUP, .run = setup_main},
};

/* Where one of the standard streams is closed, the next file or socket that is opened would get its
 * number, and the log, or what a library says, would be written into it. Using what is put there
 * fails, as it would on a stream that is closed. */
static bool fill_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return false;
    return true;
}

int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], PROTOCOL_WORKER_NAME) == 0)
        /* No cleanup: the player may kill it at any moment now. */
        _exit(argc == 2 ? worker_serve(&worker_picture, argv[1]) : worker_main(&worker_picture));
    if (!fill_standard_streams())
        return EXIT_FAILURE;
    worker_process_use_film_program(PROTOCOL_WORKER_FILM_PROGRAM);
    worker_process_use_fork_servers();
    if (argc < 2) {
        usage_print_commands(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        usage_print_commands(stdout);
        return EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "--version") == 0) {
        version_write(stdout, PROTOCOL_WORKER_FILM_PROGRAM);
        return EXIT_SUCCESS;
    }
    enum settings_command command = usage_command(argv[1]);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (commands[i].command == command) {
            int status = commands[i].run(argc - 1, argv + 1);
            worker_process_end_servers();
            return status;
        }
    return usage_refuse_command(argv[1]);
}
