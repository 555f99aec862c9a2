#include "commands/usage.h"

#include "core/nearest.h"
#include "core/utf8.h"

#include <string.h>

static const struct usage {
    enum settings_command command;
    const char *name;
    const char *summary;
    const char *synopsis; /* a line for each form, without "duckling" and the command's name; a
                             line that begins with a space continues the form before it */
    const char *more;     /* in the whole help only; NULL: nothing */
    const char *example;
} usages[] = {
    {
        .command = SETTINGS_PLAY,
        .name = "play",
        .summary = "play a playlist or a signed channel on the screen",
        .synopsis = "[OPTION]... [SOURCE]...",
        .more = "SOURCE is a playlist (a file, or an http or https URL) or a channel (a URL that\n"
                "ends in /, or a folder). Further sources are mirrors of the channel, tried in\n"
                "order. SIGTERM, SIGINT, or Esc or q in the window end it.\n",
        .example = "duckling play playlist.json --window 1280x720",
    },
    {
        .command = SETTINGS_PREVIEW,
        .name = "preview",
        .summary = "draw what a screen would show, as pictures or a film",
        .synopsis = "[OPTION]... FILE -o out.png\n"
                    "[OPTION]... FILE -o out.mp4 --from TIME --to TIME",
        .more = "Pictures are the screen's, pixel for pixel. Films are for looking at: they have\n"
                "no sound.\n",
        .example = "duckling preview playlist.json -o noon.png --at 2026-02-06T12:00",
    },
    {
        .command = SETTINGS_CHECK,
        .name = "check",
        .summary = "list every fault of a playlist and its media",
        .synopsis = "[OPTION]... FILE",
        .more = "Warnings are about things that would play, but hardly as intended.\n"
                "The exit status is 1 if there is a fault.\n",
        .example = "duckling check playlist.json --strict",
    },
    {
        .command = SETTINGS_GUIDE,
        .name = "guide",
        .summary = "list what is on, slot by slot or as totals",
        .synopsis = "[OPTION]... FILE",
        .example = "duckling guide playlist.json --from 2026-02-06T09:00 --totals",
    },
    {
        .command = SETTINGS_EXPLAIN,
        .name = "explain",
        .summary = "say what is on at an instant, and why everything else is not",
        .synopsis = "[OPTION]... FILE [SPOT]",
        .more = "With SPOT it also says when that spot was on last, and when it is on next.\n",
        .example = "duckling explain playlist.json --at 2026-02-06T20:00",
    },
    {
        .command = SETTINGS_PUBLISH,
        .name = "publish",
        .summary = "check, sign and upload a playlist, and switch a channel to it",
        .synopsis = "[OPTION]... FILE --to BASE --channel NAME --key SECRET\n"
                    "[OPTION]... --rollback [VERSION]\n"
                    " --to BASE --channel NAME --key SECRET",
        .more = "All players of the channel switch over at their next poll.\n",
        .example = "duckling publish playlist.json --to https://host/signage\n"
                   "             --channel lobby --key operator.key",
    },
    {
        .command = SETTINGS_TAKEOVER,
        .name = "takeover",
        .summary = "put a notice above everything else on a channel, or end it",
        .synopsis = "[OPTION]... on FILE --until TIME\n"
                    " --to BASE --channel NAME --key SECRET\n"
                    "[OPTION]... off --to BASE --channel NAME --key SECRET",
        .more = "FILE is a playlist. Players show it at their next poll.\n",
        .example = "duckling takeover on notice.json --until 2026-02-06T20:00\n"
                   "             --to https://host/signage --channel lobby --key operator.key",
    },
    {
        .command = SETTINGS_SHOW_CONFIG,
        .name = "config",
        .summary = "show what a player is set to, and where each setting comes from",
        .synopsis = "[OPTION]... [SOURCE]...",
        .more = "It takes every option of `duckling play` besides, as if that were started so.\n",
        .example = "duckling config --config /etc/duckling/player.conf",
    },
    {
        .command = SETTINGS_DOCTOR,
        .name = "doctor",
        .summary = "look at all that a player needs here, and say what is wrong",
        .synopsis = "[OPTION]... [SOURCE]...",
        .more = "It takes every option of `duckling play` besides, as if that were started so.\n"
                "The exit status is 1 if something is wrong. It changes nothing.\n",
        .example = "duckling doctor --config /etc/duckling/player.conf",
    },
    {
        .command = SETTINGS_IDENTIFY,
        .name = "identify",
        .summary = "show a test card that says what the screen is, and what it shows",
        .synopsis = "[OPTION]...\n"
                    "[OPTION]... -o out.png",
        .more = "Esc, q, SIGTERM or SIGINT end it. A player that runs shows the card for a minute\n"
                "after SIGUSR1: systemctl kill --signal=USR1 duckling\n",
        .example = "duckling identify -o card.png --size 1080x1920",
    },
    {
        .command = SETTINGS_SETUP,
        .name = "setup",
        .summary = "ask what this box is to show, and write it down",
        .synopsis = "[OPTION]...",
        .more = "It asks in Korean, Chinese or English for the language, the channel, its key,\n"
                "the time zone, the box's name and how its screen hangs; then the doctor looks.\n",
        .example = "duckling setup --answers /media/stick/box.conf",
    },
};

#define LINE_BYTES 1200 /* a fault of the configuration, or an error, and the command before it */

#define USAGES (sizeof usages / sizeof *usages)

static const struct usage *find_usage(enum settings_command command)
{
    size_t i = 0;
    while (i < USAGES - 1 && usages[i].command != command)
        i++;
    return &usages[i];
}

enum settings_command usage_command(const char *name)
{
    for (size_t i = 0; i < USAGES; i++)
        if (strcmp(usages[i].name, name) == 0)
            return usages[i].command;
    return 0;
}

void usage_print_commands(FILE *stream)
{
    fputs("Usage: duckling COMMAND [OPTION]... [ARGUMENT]...\n"
          "Play scheduled playlists of films, pictures and taglines on public screens.\n\n",
          stream);
    for (size_t i = 0; i < USAGES; i++)
        fprintf(stream, "  %-10s %s\n", usages[i].name, usages[i].summary);
    fputs("\nExample: duckling play playlist.json --window 1280x720\n\n"
          "`duckling COMMAND --help` shows the main options of a command.\n"
          "`duckling --version` shows the versions, and `man duckling` the manual.\n",
          stream);
}

static void print_synopsis(const struct usage *usage)
{
    const char *form = usage->synopsis;
    while (*form) {
        size_t length = strcspn(form, "\n");
        if (*form == ' ')
            printf("          %.*s\n", (int)length, form);
        else
            printf("%s duckling %s %.*s\n",
                   form == usage->synopsis ? "Usage:" : "   or:", usage->name, (int)length, form);
        form += length + (form[length] == '\n');
    }
}

void usage_print(enum settings_command command, enum options_help help)
{
    const struct usage *usage = find_usage(command);
    print_synopsis(usage);
    printf("%c%s.\n", usage->summary[0] - 'a' + 'A', usage->summary + 1);
    if (help == OPTIONS_HELP_ALL && usage->more)
        fputs(usage->more, stdout);
    putchar('\n');
    options_print_help(&settings_table, command, help, stdout);
    printf("\nExample: %s\n", usage->example);
    if (help == OPTIONS_HELP_SHORT)
        printf("\n`duckling %s --help-all` lists every option.\n", usage->name);
}

/* Text that was typed, or comes from a file, must not control the terminal. */
static void write_line(const char *begin, const char *name, const char *text)
{
    char line[LINE_BYTES], clean[LINE_BYTES];
    snprintf(line, sizeof line, "%s%s: %s", begin, name, text);
    utf8_copy_clean(line, strlen(line), clean, sizeof clean);
    fprintf(stderr, "%s\n", clean);
}

int usage_refuse(enum settings_command command, const struct settings *settings,
                 const struct err *err)
{
    const char *name = find_usage(command)->name;
    const struct config *config = &settings->config;
    if (err->code != ERR_CONFIG) {
        write_line("duckling ", name, err->text);
        return EXIT_USAGE;
    }
    for (int i = 0; i < config->fault_count && i < CONFIG_FAULTS_SHOWN_MAX; i++)
        write_line("duckling ", name, config->faults[i]);
    if (config->fault_count > CONFIG_FAULTS_SHOWN_MAX)
        fprintf(stderr, "duckling %s: and %d faults more\n", name,
                config->fault_count - CONFIG_FAULTS_SHOWN_MAX);
    return EXIT_CONFIG;
}

int usage_refuse_command(const char *name)
{
    struct nearest nearest;
    struct err err;
    nearest_init(&nearest, name);
    for (size_t i = 0; i < USAGES; i++)
        nearest_consider(&nearest, usages[i].name);
    if (nearest.word)
        err_set(&err, ERR_INPUT, "unknown command \"%.200s\"; did you mean \"%s\"?", name,
                nearest.word);
    else
        err_set(&err, ERR_INPUT, "unknown command \"%.200s\"; duckling --help lists the commands",
                name);
    write_line("duckling", "", err.text);
    return EXIT_USAGE;
}
