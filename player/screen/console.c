#include "screen/console.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Signals that nobody sends by hand: SIGUSR1 asks for the test card. They are no constants. */
#define SIGNAL_LEAVE SIGRTMIN
#define SIGNAL_BACK (SIGRTMIN + 1)
#define VT_MAJOR 4 /* of /dev/tty1 and its like */
#define ESCAPE 27

static sigset_t switch_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGNAL_LEAVE);
    sigaddset(&signals, SIGNAL_BACK);
    return signals;
}

void console_block_signals(void)
{
    sigset_t signals = switch_signals();
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

/* The number of the virtual terminal behind a stream; 0: it is none. */
static int terminal_number(int fd)
{
    struct stat status;
    int drawing;
    if (fstat(fd, &status) != 0 || !S_ISCHR(status.st_mode) || major(status.st_rdev) != VT_MAJOR ||
        ioctl(fd, KDGETMODE, &drawing) != 0)
        return 0;
    return (int)minor(status.st_rdev);
}

static bool find_terminal(struct console *console)
{
    for (int fd = 0; fd < 3; fd++) {
        console->number = terminal_number(fd);
        if (console->number)
            console->tty = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (console->number)
            return console->tty >= 0;
    }
    return false;
}

/* Ctrl+C and Ctrl+Z, typed by accident, must not reach the player; switching by Alt and a function
 * key stays. A process in the background would be stopped for this, unless the signal is ignored. */
static void mute_keys(struct console *console)
{
    struct termios muted = console->saved_keys;
    muted.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    muted.c_iflag &= ~(tcflag_t)(IXON | BRKINT);
    muted.c_cc[VMIN] = 0;
    muted.c_cc[VTIME] = 0;
    tcsetattr(console->tty, TCSAFLUSH, &muted);
}

/* A player that was killed, or has left its picture on, has not given the terminal back: that is
 * not how it is to be left. */
static void forget_player_before(struct console *console)
{
    if (console->saved_drawing == KD_GRAPHICS)
        console->saved_mode = (struct vt_mode){.mode = VT_AUTO};
    console->saved_drawing = KD_TEXT;
}

static MUST_CHECK bool set_up(struct console *console, struct err *err)
{
    struct vt_stat state;
    struct vt_mode mode = {
        .mode = VT_PROCESS, .relsig = (short)SIGNAL_LEAVE, .acqsig = (short)SIGNAL_BACK};
    if (ioctl(console->tty, VT_GETMODE, &console->saved_mode) != 0 ||
        ioctl(console->tty, KDGETMODE, &console->saved_drawing) != 0 ||
        tcgetattr(console->tty, &console->saved_keys) != 0 ||
        ioctl(console->tty, VT_GETSTATE, &state) != 0 ||
        ioctl(console->tty, VT_SETMODE, &mode) != 0)
        return err_set_errno(err, ERR_SYSTEM, errno, "cannot take the console tty%d",
                             console->number);
    forget_player_before(console);
    sigset_t signals = switch_signals();
    console->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (console->signals < 0 || ioctl(console->tty, KDSETMODE, KD_GRAPHICS) != 0) {
        err_set_errno(err, ERR_SYSTEM, errno, "cannot take the console tty%d", console->number);
        ioctl(console->tty, VT_SETMODE, &console->saved_mode);
        return false;
    }
    console->away = state.v_active != console->number;
    mute_keys(console);
    return true;
}

bool console_take(struct console *console, bool keys, struct err *err)
{
    if (console->taken)
        return true;
    *console = (struct console){.tty = -1, .signals = -1, .keys = keys};
    if (!find_terminal(console))
        return true;
    void (*before)(int) = signal(SIGTTOU, SIG_IGN);
    console->taken = set_up(console, err);
    signal(SIGTTOU, before);
    if (console->taken)
        return true;
    close(console->tty);
    if (console->signals >= 0)
        close(console->signals);
    *console = (struct console){.tty = -1, .signals = -1};
    return false;
}

int console_poll_fds(const struct console *console, struct pollfd *fds)
{
    int count = 0;
    if (!console->taken)
        return 0;
    fds[count++] = (struct pollfd){console->signals, POLLIN, 0};
    if (console->keys)
        fds[count++] = (struct pollfd){console->tty, POLLIN, 0};
    return count;
}

/* A key of one byte. Others, as arrows, come as several at once, of which the first is Esc. */
static bool is_end_pressed(const struct console *console)
{
    char typed[64];
    struct pollfd ready = {console->tty, POLLIN, 0};
    if (!console->keys || poll(&ready, 1, 0) <= 0)
        return false;
    ssize_t count = read(console->tty, typed, sizeof typed);
    return count > 0 && ((count == 1 && typed[0] == ESCAPE) || memchr(typed, 'q', (size_t)count));
}

enum console_news console_read(struct console *console)
{
    struct signalfd_siginfo info;
    if (!console->taken)
        return CONSOLE_NOTHING;
    if (read(console->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return is_end_pressed(console) ? CONSOLE_END : CONSOLE_NOTHING;
    if (info.ssi_signo == (uint32_t)SIGNAL_LEAVE)
        return CONSOLE_LEAVES;
    ioctl(console->tty, VT_RELDISP, VT_ACKACQ);
    console->away = false;
    /* Whoever was here meanwhile may have set it otherwise. */
    ioctl(console->tty, KDSETMODE, KD_GRAPHICS);
    return CONSOLE_IS_BACK;
}

void console_leave(struct console *console)
{
    console->away = true;
    ioctl(console->tty, VT_RELDISP, 1);
}

void console_abandon(struct console *console)
{
    if (!console->taken)
        return;
    close(console->signals);
    close(console->tty);
    *console = (struct console){.tty = -1, .signals = -1};
}

void console_give_back(struct console *console)
{
    if (!console->taken)
        return;
    void (*before)(int) = signal(SIGTTOU, SIG_IGN);
    tcsetattr(console->tty, TCSAFLUSH, &console->saved_keys);
    ioctl(console->tty, KDSETMODE, console->saved_drawing);
    ioctl(console->tty, VT_SETMODE, &console->saved_mode);
    signal(SIGTTOU, before);
    console_abandon(console);
}
