/* Gives up the privileges of a worker that root has started; see sandbox.h. */
#include "sandbox/sandbox.h"

#include "sandbox/warm_up.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The user and group "nobody", by number: they need not be in /etc/passwd. */
#define NOBODY 65534
/* Of nobody, that are enough for all threads of all workers, and of others. */
#define PROCESSES_MIN 1024

/* Capabilities as capget(2) and capset(2) have them: 32 of each set in each element. */
struct capabilities {
    struct __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3];
};

static bool read_capabilities(struct capabilities *held)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    return syscall(SYS_capget, &header, held->words) == 0;
}

static bool write_capabilities(const struct capabilities *wanted)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    return syscall(SYS_capset, &header, wanted->words) == 0;
}

static bool is_effective(const struct capabilities *held, unsigned capability)
{
    return held->words[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

static bool holds_any(const struct capabilities *held)
{
    uint32_t any = 0;
    for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        any |= held->words[i].effective | held->words[i].permitted | held->words[i].inheritable;
    return any != 0;
}

/* What a program that is executed could get back. Only who has CAP_SETPCAP can give it up; nobody
 * in a sandbox executes anything, and no_new_privs would keep the rest from it. */
static void shut_ways_back(void)
{
    unsigned long capability = 0;
    while (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) /* it fails after the last one */
        capability++;
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    prctl(PR_SET_SECUREBITS,
          SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
              SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
          0, 0, 0);
}

/* The limit on processes does not bind root, but nobody; and it counts all that is done in the name
 * of nobody. */
static bool may_create_threads(void)
{
    const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    struct rlimit processes;
    return setrlimit(RLIMIT_NPROC, &unlimited) == 0 ||
           (getrlimit(RLIMIT_NPROC, &processes) == 0 && processes.rlim_cur >= PROCESSES_MIN);
}

/* Root's files are root's even without capabilities. A container may know no such user, and there
 * root stays. So it does without CAP_KILL, which the player then lacks, too: it could not end a
 * worker of another user. */
static void become_nobody(const struct capabilities *held)
{
    if (geteuid() != 0 || !is_effective(held, CAP_KILL) || !is_effective(held, CAP_SETUID) ||
        !is_effective(held, CAP_SETGID) || !may_create_threads())
        return;
    if (setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
        setresuid(NOBODY, NOBODY, NOBODY) < 0)
        errno = 0; /* root stays */
}

bool sandbox_drop_privileges(struct err *err)
{
    const struct capabilities none = {0};
    struct capabilities held = {0};
    warm_up_c_library(); /* opens files that may be root's */
    bool ok = read_capabilities(&held);
    if (ok) {
        shut_ways_back();
        become_nobody(&held);
        ok = write_capabilities(&none) && read_capabilities(&held);
    }
    if (!ok)
        return err_set_errno(err, ERR_SYSTEM, errno, "cannot drop capabilities");
    if (holds_any(&held))
        return err_set(err, ERR_SYSTEM, "cannot drop capabilities: the kernel keeps some");
    return true;
}
