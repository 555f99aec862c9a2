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

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static void block_signals(struct publish_private_dir *dir)
{
    const struct sigaction plain = {.sa_handler = SIG_DFL};
    sigset_t blocked;
    sigemptyset(&dir->awaited);
    for (size_t i = 0; i < sizeof ending_signals / sizeof *ending_signals; i++)
        sigaddset(&dir->awaited, ending_signals[i]);
    sigaddset(&dir->awaited, SIGCHLD);
    blocked = dir->awaited;
    /* Restoring the terminal must not stop a process that is now in the background. */
    sigaddset(&blocked, SIGTTOU);
    /* A parent may have left SIGCHLD ignored, and then waitpid would fail. */
    sigaction(SIGCHLD, &plain, &dir->child_before);
    sigprocmask(SIG_BLOCK, &blocked, &dir->before);
}

static MUST_CHECK bool make_private_folder(struct publish_private_dir *dir, struct err *err)
{
    const char *place = getenv("TMPDIR");
    int used = snprintf(dir->folder, sizeof dir->folder, "%s/duckling-publish-XXXXXX",
                        place && *place ? place : P_tmpdir);
    /* The names of the files must fit, too. */
    bool fits = used > 0 && (size_t)used + 64 < sizeof dir->folder;
    if (fits && mkdtemp(dir->folder))
        return true;
    int number = errno;
    dir->folder[0] = '\0';
    if (!fits)
        return err_set(err, ERR_SYSTEM, "the path in TMPDIR is too long");
    return err_set_errno(err, ERR_SYSTEM, number, "cannot create a private folder in %s",
                         place && *place ? place : P_tmpdir);
}

bool publish_private_dir_open(struct publish_private_dir *dir, const char *input,
                              const char *output, struct err *err)
{
    *dir = (struct publish_private_dir){0};
    block_signals(dir);
    if (!make_private_folder(dir, err))
        return false;
    int first = snprintf(dir->input, sizeof dir->input, "%s/%s", dir->folder, input);
    int second = snprintf(dir->output, sizeof dir->output, "%s/%s", dir->folder, output);
    return (first < (int)sizeof dir->input && second < (int)sizeof dir->output) ||
           err_set(err, ERR_SYSTEM, "the path in TMPDIR is too long");
}

bool publish_private_dir_write(const struct publish_private_dir *dir, const void *data, size_t size,
                               struct err *err)
{
    int fd = open(dir->input, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0;
    for (const char *from = data; ok && size > 0;) {
        ssize_t done = write(fd, from, size);
        ok = done > 0 || (done < 0 && errno == EINTR);
        from += done > 0 ? done : 0;
        size -= done > 0 ? (size_t)done : 0;
    }
    if (!ok)
        err_set_errno(err, ERR_SYSTEM, errno, "cannot write %s", dir->input);
    if (fd >= 0 && close(fd) < 0 && ok)
        ok = err_set_errno(err, ERR_SYSTEM, errno, "cannot write %s", dir->input);
    return ok;
}

static MUST_CHECK bool spawn_program(const struct publish_private_dir *dir, char *const argv[],
                                     pid_t *child, struct err *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int number = posix_spawn_file_actions_init(&actions);
    if (number == 0 && (number = posix_spawnattr_init(&attributes)) != 0)
        posix_spawn_file_actions_destroy(&actions);
    if (number != 0)
        return err_set_errno(err, ERR_SYSTEM, number, "cannot start %s", argv[0]);
    number = posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    if (number == 0)
        number = posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    if (number == 0)
        number = posix_spawnattr_setsigmask(&attributes, &dir->before);
    if (number == 0)
        number = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    if (number == 0)
        number = posix_spawnp(child, argv[0], &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (number == ENOENT)
        return err_set(err, ERR_MISSING, "the program %s is not installed (Debian package %s)",
                       argv[0], argv[0]);
    return number == 0 || err_set_errno(err, ERR_SYSTEM, number, "cannot start %s", argv[0]);
}

/* Waits for a child. All signals that could end the wait are blocked, so none is lost between
 * waitpid and sigwaitinfo. */
static bool wait_for_program(struct publish_private_dir *dir, pid_t child, int *status)
{
    pid_t ended;
    while ((ended = waitpid(child, status, WNOHANG)) == 0) {
        int number = sigwaitinfo(&dir->awaited, NULL);
        if (number > 0 && number != SIGCHLD) {
            dir->signal = number;
            kill(child, SIGTERM);
        }
    }
    return ended == child;
}

bool publish_private_dir_run(struct publish_private_dir *dir, char *const argv[], struct err *err)
{
    struct termios terminal;
    pid_t child = -1;
    int status = 0;
    bool has_terminal = tcgetattr(STDIN_FILENO, &terminal) == 0;
    if (!spawn_program(dir, argv, &child, err))
        return false;
    if (!wait_for_program(dir, child, &status))
        return err_set_errno(err, ERR_SYSTEM, errno, "cannot wait for %s", argv[0]);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && dir->signal == 0)
        return true;
    /* A program that was ended at its password prompt has left the terminal without echo. */
    if (has_terminal)
        tcsetattr(STDIN_FILENO, TCSANOW, &terminal);
    if (WIFEXITED(status) && dir->signal == 0)
        return err_set(err, ERR_SYSTEM, "%s failed (exit status %d)", argv[0], WEXITSTATUS(status));
    return err_set(err, ERR_SYSTEM, "%s was interrupted", argv[0]);
}

void publish_private_dir_close(struct publish_private_dir *dir)
{
    if (dir->folder[0]) {
        unlink(dir->input);
        unlink(dir->output);
        rmdir(dir->folder);
    }
    sigaction(SIGCHLD, &dir->child_before, NULL);
    /* A signal that came while no program ran is pending, and is delivered now. */
    if (dir->signal != 0)
        raise(dir->signal);
    sigprocmask(SIG_SETMASK, &dir->before, NULL);
}
