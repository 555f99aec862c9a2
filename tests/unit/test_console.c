/* The player's terminal: where it is none that a screen shows, nothing is taken, and nothing waits;
 * on one of the kernel's own, where this machine has them and lets us, switches are told. */
#include "screen/console.h"

#include <fcntl.h>
#include <linux/kd.h>
#include <linux/vt.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <cmocka.h>

static void check_nothing_is_taken(void)
{
    struct console console = {0};
    struct pollfd fds[CONSOLE_FDS_MAX];
    struct err err = {0};
    assert_true(console_take(&console, true, &err));
    assert_false(console.taken);
    assert_false(console.away);
    assert_int_equal(console_poll_fds(&console, fds), 0);
    assert_int_equal(console_read(&console), CONSOLE_NOTHING);
    console_give_back(&console);
    console_give_back(&console);
}

/* A terminal of ssh(1), or of a window, is not on the console. */
static void a_pseudo_terminal_is_left_alone(void **state)
{
    (void)state;
    int saved[3], leader = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(leader >= 0 && grantpt(leader) == 0 && unlockpt(leader) == 0);
    int terminal = open(ptsname(leader), O_RDWR | O_NOCTTY);
    assert_true(terminal >= 0);
    struct termios before, after;
    assert_int_equal(tcgetattr(terminal, &before), 0);
    for (int fd = 0; fd < 3; fd++) {
        saved[fd] = dup(fd);
        dup2(terminal, fd);
    }
    struct console console = {0};
    struct err err = {0};
    bool ok = console_take(&console, true, &err) && !console.taken;
    for (int fd = 0; fd < 3; fd++) {
        dup2(saved[fd], fd);
        close(saved[fd]);
    }
    assert_true(ok);
    assert_int_equal(tcgetattr(terminal, &after), 0);
    assert_int_equal(after.c_lflag, before.c_lflag);
    close(terminal);
    close(leader);
}

static void without_a_terminal_there_is_nothing_to_take(void **state)
{
    (void)state;
    int saved = dup(0), null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    check_nothing_is_taken();
    dup2(saved, 0);
    close(saved);
    close(null);
}

static void the_signals_of_switching_are_blocked(void **state)
{
    (void)state;
    sigset_t blocked;
    console_block_signals();
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &blocked), 0);
    assert_true(sigismember(&blocked, SIGRTMIN));
    assert_true(sigismember(&blocked, SIGRTMIN + 1));
    assert_false(sigismember(&blocked, SIGTERM));
}

/* A free terminal of the kernel's, and the one that is shown, for this process alone. False: none
 * may be had here, or a desktop is on the screen, which is not to be disturbed. */
static bool find_terminals(int *manager, int *own, int *shown)
{
    struct vt_stat state;
    struct vt_mode mode;
    char path[32];
    *manager = open("/dev/tty0", O_RDWR | O_NOCTTY | O_CLOEXEC);
    int number = 0, drawing = KD_GRAPHICS;
    if (*manager < 0 || flock(*manager, LOCK_EX) != 0 ||
        ioctl(*manager, VT_GETSTATE, &state) != 0 || ioctl(*manager, VT_GETMODE, &mode) != 0 ||
        ioctl(*manager, KDGETMODE, &drawing) != 0 || mode.mode != VT_AUTO || drawing != KD_TEXT ||
        ioctl(*manager, VT_OPENQRY, &number) != 0 || number < 1)
        return false;
    snprintf(path, sizeof path, "/dev/tty%d", number);
    *own = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    *shown = state.v_active;
    return *own >= 0;
}

static enum console_news wait_news(struct console *console)
{
    struct pollfd fds[CONSOLE_FDS_MAX];
    int count = console_poll_fds(console, fds);
    assert_int_equal(poll(fds, (nfds_t)count, 60000), 1);
    return console_read(console);
}

/* SIGUSR1 asks for the test card: who types it must not be taken for the kernel, or the picture
 * would be gone until somebody switches terminals. */
static void a_switch_is_told_and_nothing_else_is_taken_for_one(void **state)
{
    (void)state;
    int manager = -1, own = -1, shown = 0, number;
    struct stat status;
    struct err err = {0};
    if (!find_terminals(&manager, &own, &shown)) {
        printf("# no terminal of the kernel's can be had here: nothing was tested\n");
        return;
    }
    assert_int_equal(fstat(own, &status), 0);
    number = (int)minor(status.st_rdev);
    int saved = dup(0);
    dup2(own, 0);
    struct console console = {0};
    sigset_t before, user;
    sigemptyset(&user);
    sigaddset(&user, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &user, &before);
    console_block_signals();
    bool ok = ioctl(manager, VT_ACTIVATE, number) == 0 &&
              ioctl(manager, VT_WAITACTIVE, number) == 0 && console_take(&console, false, &err);
    dup2(saved, 0);
    close(saved);
    assert_true(ok && console.taken && !console.away);

    kill(getpid(), SIGUSR1);
    assert_int_equal(console_read(&console), CONSOLE_NOTHING);

    assert_int_equal(ioctl(manager, VT_ACTIVATE, shown), 0);
    assert_int_equal(wait_news(&console), CONSOLE_LEAVES);
    console_leave(&console);
    assert_true(console.away);
    assert_int_equal(ioctl(manager, VT_WAITACTIVE, shown), 0);
    assert_int_equal(ioctl(manager, VT_ACTIVATE, number), 0);
    assert_int_equal(wait_news(&console), CONSOLE_IS_BACK);
    assert_false(console.away);

    console_give_back(&console);
    ioctl(manager, VT_ACTIVATE, shown);
    ioctl(manager, VT_WAITACTIVE, shown);
    close(own);
    ioctl(manager, VT_DISALLOCATE, number);
    close(manager);
    signal(SIGUSR1, SIG_IGN);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    signal(SIGUSR1, SIG_DFL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pseudo_terminal_is_left_alone),
        cmocka_unit_test(without_a_terminal_there_is_nothing_to_take),
        cmocka_unit_test(the_signals_of_switching_are_blocked),
        cmocka_unit_test(a_switch_is_told_and_nothing_else_is_taken_for_one),
    };
    return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
