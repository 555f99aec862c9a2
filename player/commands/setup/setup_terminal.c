#include "commands/setup/setup_terminal.h"

#include "core/utf8.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void note_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static void set_action(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler}; /* without SA_RESTART: read(2) ends */
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void setup_terminal_start(void)
{
    set_action(note_signal);
}

void setup_terminal_finish(void)
{
    set_action(SIG_DFL);
}

bool setup_terminal_is_interrupted(void)
{
    return interrupted;
}

bool setup_terminal_shows_cjk(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *locale = "", *terminal = getenv("TERM");
    for (size_t i = 0; i < sizeof variables / sizeof *variables && !*locale; i++) {
        const char *value = getenv(variables[i]);
        if (value)
            locale = value;
    }
    const char *encoding = strchr(locale, '.');
    bool is_utf8 = encoding && (strncasecmp(encoding, ".utf-8", 6) == 0 ||
                                strncasecmp(encoding, ".utf8", 5) == 0);
    return is_utf8 && !(terminal && strcmp(terminal, "linux") == 0);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void trim(char *line)
{
    size_t start = 0, length = strlen(line);
    while (length > 0 && is_blank(line[length - 1]))
        line[--length] = '\0';
    while (is_blank(line[start]))
        start++;
    memmove(line, line + start, length - start + 1);
}

enum setup_input setup_terminal_read(char line[SETUP_LINE_BYTES])
{
    char raw[SETUP_LINE_BYTES], byte;
    size_t used = 0;
    ssize_t got = 0;
    while (!interrupted && (got = read(STDIN_FILENO, &byte, 1)) == 1 && byte != '\n')
        if (used < sizeof raw - 1)
            raw[used++] = byte;
    raw[used] = '\0';
    if (interrupted || (got < 0 && errno == EINTR))
        return SETUP_INPUT_INTERRUPTED;
    if (got != 1 && used == 0)
        return SETUP_INPUT_ENDED;
    trim(raw);
    utf8_copy_clean(raw, strlen(raw), line, SETUP_LINE_BYTES);
    return SETUP_INPUT_LINE;
}
