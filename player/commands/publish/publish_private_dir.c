#include "commands/publish/publish_private_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

extern char **environ;

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static void hold_signals(struct publish_private_dir *room)
{
    const struct sigaction plain = {.sa_handler = SIG_DFL};
    sigset_t held;
    sigemptyset(&room->awaited);
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
        sigaddset(&room->awaited, ending[i]);
    sigaddset(&room->awaited, SIGCHLD);
    held = room->awaited;
    /* Setting the terminal right again must not stop a process that went to the background. */
    sigaddset(&held, SIGTTOU);
    /* A parent may have left SIGCHLD ignored: then nobody could be waited for. */
    sigaction(SIGCHLD, &plain, &room->child_before);
    sigprocmask(SIG_BLOCK, &held, &room->before);
}

static bool make_folder(struct publish_private_dir *room, struct err *err)
{
    const char *place = getenv("TMPDIR");
    int used = snprintf(room->folder, sizeof room->folder, "%s/duckling-publish-XXXXXX",
                        place && *place ? place : P_tmpdir);
    /* Room is left for the names of the files. */
    bool fits = used > 0 && (size_t)used + 64 < sizeof room->folder;
    if (fits && mkdtemp(room->folder))
        return true;
    int number = errno;
    room->folder[0] = '\0';
    if (!fits)
        return err_set(err, ERR_SYSTEM, "TMPDIR is too long");
    return err_set_errno(err, ERR_SYSTEM, number, "a private folder in %s",
                         place && *place ? place : P_tmpdir);
}

bool publish_private_dir_open(struct publish_private_dir *room, const char *input,
                              const char *output, struct err *err)
{
    *room = (struct publish_private_dir){0};
    hold_signals(room);
    if (!make_folder(room, err))
        return false;
    int first = snprintf(room->input, sizeof room->input, "%s/%s", room->folder, input);
    int second = snprintf(room->output, sizeof room->output, "%s/%s", room->folder, output);
    return (first < (int)sizeof room->input && second < (int)sizeof room->output) ||
           err_set(err, ERR_SYSTEM, "TMPDIR is too long");
}

bool publish_private_dir_write(const struct publish_private_dir *room, const void *data,
                               size_t size, struct err *err)
{
    int fd = open(room->input, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0;
    for (const char *from = data; ok && size > 0;) {
        ssize_t done = write(fd, from, size);
        ok = done > 0 || (done < 0 && errno == EINTR);
        from += done > 0 ? done : 0;
        size -= done > 0 ? (size_t)done : 0;
    }
    if (!ok)
        err_set_errno(err, ERR_SYSTEM, errno, "writing %s", room->input);
    if (fd >= 0 && close(fd) < 0 && ok)
        ok = err_set_errno(err, ERR_SYSTEM, errno, "writing %s", room->input);
    return ok;
}

static bool spawn(const struct publish_private_dir *room, char *const argv[], pid_t *child,
                  struct err *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int number = posix_spawn_file_actions_init(&actions);
    if (number == 0 && (number = posix_spawnattr_init(&attributes)) != 0)
        posix_spawn_file_actions_destroy(&actions);
    if (number != 0)
        return err_set_errno(err, ERR_SYSTEM, number, "starting %s", argv[0]);
    number = posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    if (number == 0)
        number = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    if (number == 0)
        number = posix_spawnattr_setsigmask(&attributes, &room->before);
    if (number == 0)
        number = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    if (number == 0)
        number = posix_spawnp(child, argv[0], &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (number == ENOENT)
        return err_set(err, ERR_MISSING, "the program %s is not installed (Debian package %s)",
                       argv[0], argv[0]);
    return number == 0 || err_set_errno(err, ERR_SYSTEM, number, "starting %s", argv[0]);
}

/* All signals that could end the wait are blocked, so none slips through between looking and
 * waiting. */
static bool wait_for(struct publish_private_dir *room, pid_t child, int *status)
{
    pid_t ended;
    while ((ended = waitpid(child, status, WNOHANG)) == 0) {
        int number = sigwaitinfo(&room->awaited, NULL);
        if (number > 0 && number != SIGCHLD) {
            room->signal = number;
            kill(child, SIGTERM);
        }
    }
    return ended == child;
}

bool publish_private_dir_run(struct publish_private_dir *room, char *const argv[], struct err *err)
{
    struct termios terminal;
    pid_t child = -1;
    int status = 0;
    bool has_terminal = tcgetattr(STDIN_FILENO, &terminal) == 0;
    if (!spawn(room, argv, &child, err))
        return false;
    if (!wait_for(room, child, &status))
        return err_set_errno(err, ERR_SYSTEM, errno, "waiting for %s", argv[0]);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && room->signal == 0)
        return true;
    /* Who is ended while it asks for a password leaves the terminal without echo. */
    if (has_terminal)
        tcsetattr(STDIN_FILENO, TCSANOW, &terminal);
    if (WIFEXITED(status) && room->signal == 0)
        return err_set(err, ERR_SYSTEM, "%s failed (exit status %d)", argv[0], WEXITSTATUS(status));
    return err_set(err, ERR_SYSTEM, "%s was interrupted", argv[0]);
}

void publish_private_dir_close(struct publish_private_dir *room)
{
    if (room->folder[0]) {
        unlink(room->input);
        unlink(room->output);
        rmdir(room->folder);
    }
    sigaction(SIGCHLD, &room->child_before, NULL);
    /* What came while nothing ran is pending, and comes with the mask. */
    if (room->signal != 0)
        raise(room->signal);
    sigprocmask(SIG_SETMASK, &room->before, NULL);
}
