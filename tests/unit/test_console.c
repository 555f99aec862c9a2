/* The player's terminal where it is none that a screen shows: nothing is taken, and nothing waits. A
 * real one is tested in a virtual machine. */
#include "screen/console.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
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
    assert_true(sigismember(&blocked, SIGUSR1));
    assert_true(sigismember(&blocked, SIGUSR2));
    assert_false(sigismember(&blocked, SIGTERM));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pseudo_terminal_is_left_alone),
        cmocka_unit_test(without_a_terminal_there_is_nothing_to_take),
        cmocka_unit_test(the_signals_of_switching_are_blocked),
    };
    return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
