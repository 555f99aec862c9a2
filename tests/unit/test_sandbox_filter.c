/* The filter of system calls as the kernel gets it, for each architecture that the player is built
 * for: its program is run here, by an interpreter, with each call as that architecture numbers it.
 * sandbox.c is compiled in. What the kernel makes of it on this machine is test_sandbox.c's. */
#include "sandbox/sandbox.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <cmocka.h>

#define INSTRUCTIONS_MAX 4096
#define CALLS 600 /* more than any architecture has */

static const struct architecture {
    const char *name;
    uint32_t token;       /* libseccomp's */
    uint32_t audit;       /* the kernel's */
    uint32_t other_audit; /* of its 32-bit processes */
} architectures[] = {
    {"x86_64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, AUDIT_ARCH_I386},
    {"aarch64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM},
};
#define ARCHITECTURES (sizeof architectures / sizeof *architectures)

static struct sock_filter program[INSTRUCTIONS_MAX];
static size_t length;

/* The filter of a kind of worker, as a program. */
static void make_program(const struct architecture *architecture, enum sandbox_kind kind)
{
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_TRAP);
    int file = memfd_create("program", MFD_CLOEXEC);
    assert_non_null(context);
    assert_true(file >= 0);
    if (architecture->token != seccomp_arch_native()) {
        assert_int_equal(seccomp_arch_add(context, architecture->token), 0);
        assert_int_equal(seccomp_arch_remove(context, SCMP_ARCH_NATIVE), 0);
    }
    assert_int_equal(fill_filter(context, kind), 0);
    assert_int_equal(seccomp_export_bpf(context, file), 0);
    seccomp_release(context);
    ssize_t bytes = pread(file, program, sizeof program, 0);
    assert_in_range(bytes, 1, sizeof program - 1);
    length = (size_t)bytes / sizeof *program;
    close(file);
}

static bool jumps(const struct sock_filter *at, uint32_t value)
{
    switch (BPF_OP(at->code)) {
    case BPF_JEQ:
        return value == at->k;
    case BPF_JGT:
        return value > at->k;
    case BPF_JGE:
        return value >= at->k;
    case BPF_JSET:
        return value & at->k;
    default:
        fail_msg("a jump that nobody needs: %x", at->code);
        return false;
    }
}

/* What the program says of a call: SECCOMP_RET_*. */
static uint32_t run_program(const struct seccomp_data *data)
{
    uint32_t value = 0;
    for (size_t i = 0; i < length; i++) {
        const struct sock_filter *at = &program[i];
        if (at->code == (BPF_LD | BPF_W | BPF_ABS)) {
            assert_in_range(at->k, 0, sizeof *data - sizeof value);
            memcpy(&value, (const char *)data + at->k, sizeof value);
        } else if (at->code == (BPF_ALU | BPF_AND | BPF_K)) {
            value &= at->k;
        } else if (at->code == (BPF_RET | BPF_K)) {
            return at->k & SECCOMP_RET_ACTION_FULL;
        } else if (at->code == (BPF_JMP | BPF_JA)) {
            i += at->k;
        } else if (BPF_CLASS(at->code) == BPF_JMP && BPF_SRC(at->code) == BPF_K) {
            i += jumps(at, value) ? at->jt : at->jf;
        } else {
            fail_msg("an instruction that nobody needs: %x", at->code);
        }
    }
    fail_msg("the program has no end");
    return 0;
}

/* Its number there; negative: it has no such call. */
static int number_there(const struct architecture *architecture, int call)
{
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call);
    int number = name ? seccomp_syscall_resolve_name_arch(architecture->token, name) : -1;
    free(name);
    return number;
}

static uint64_t highest_bit(uint64_t mask)
{
    return UINT64_C(1) << (63 - __builtin_clzll(mask));
}

/* A rule lets a call through whose arguments are as it says, and no other: each is spoilt in
 * turn. */
static void check_rule(const struct architecture *architecture, const struct rule *rule)
{
    int number = number_there(architecture, rule->call);
    if (number < 0)
        return;
    struct seccomp_data data = {.nr = number, .arch = architecture->audit};
    for (unsigned i = 0; i < rule->conditions; i++)
        data.args[rule->condition[i].arg] = rule->condition[i].datum_b;
    if (run_program(&data) != SECCOMP_RET_ALLOW)
        fail_msg("%s: call %d is not allowed", architecture->name, number);
    for (unsigned i = 0; i < rule->conditions; i++) {
        const struct scmp_arg_cmp *condition = &rule->condition[i];
        data.args[condition->arg] ^= highest_bit(condition->datum_a);
        if (run_program(&data) != SECCOMP_RET_TRAP)
            fail_msg("%s: call %d is allowed with any argument %u", architecture->name, number,
                     condition->arg);
        data.args[condition->arg] = condition->datum_b;
    }
    data.arch = architecture->other_audit;
    assert_int_equal(run_program(&data), SECCOMP_RET_KILL_PROCESS);
}

static bool is_listed(const struct rule *rules, size_t count, const struct architecture *where,
                      int number)
{
    for (size_t i = 0; i < count; i++)
        if (number_there(where, rules[i].call) == number)
            return true;
    return false;
}

#define LISTED(rules, where, number)                                                               \
    is_listed(rules, sizeof(rules) / sizeof *(rules), where, number)

static bool is_for_sanitizers(const struct architecture *where, int number)
{
#ifdef DUCKLING_SANITIZED
    return LISTED(allowed_for_sanitizers, where, number) ||
           LISTED(refused_for_sanitizers, where, number);
#else
    (void)where, (void)number;
    return false;
#endif
}

static void what_is_listed_is_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARCHITECTURES; i++) {
        const struct architecture *where = &architectures[i];
        for (enum sandbox_kind kind = SANDBOX_ALONE; kind <= SANDBOX_THREADS; kind++) {
            make_program(where, kind);
            for (size_t j = 0; j < sizeof allowed_always / sizeof *allowed_always; j++)
                if (!is_for_sanitizers(where, number_there(where, allowed_always[j].call)))
                    check_rule(where, &allowed_always[j]);
        }
        for (size_t j = 0; j < sizeof allowed_with_threads / sizeof *allowed_with_threads; j++)
            if (!is_for_sanitizers(where, number_there(where, allowed_with_threads[j].call)))
                check_rule(where, &allowed_with_threads[j]);
    }
}

/* Of all numbers, and those of x32, which are the same with a bit more. */
static void nothing_else_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARCHITECTURES; i++)
        for (enum sandbox_kind kind = SANDBOX_ALONE; kind <= SANDBOX_THREADS; kind++) {
            const struct architecture *where = &architectures[i];
            int refused = 0;
            make_program(where, kind);
            for (int number = 0; number < CALLS; number++) {
                struct seccomp_data data = {.nr = number, .arch = where->audit};
                bool listed =
                    LISTED(allowed_always, where, number) ||
                    (kind == SANDBOX_THREADS && LISTED(allowed_with_threads, where, number)) ||
                    is_for_sanitizers(where, number);
                bool kills = number == number_there(where, KILLING_CALL);
                if (!listed)
                    assert_int_equal(run_program(&data),
                                     kills ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_TRAP);
                refused += !listed;
                data.nr |= 0x40000000;
                assert_int_not_equal(run_program(&data), SECCOMP_RET_ALLOW);
            }
            assert_in_range(refused, CALLS - 50, CALLS - 20);
        }
}

/* What each C library needs where others do with another call (poll, time) is there. */
static void no_architecture_lacks_anything(void **state)
{
    (void)state;
    static const int needed[] = {SCMP_SYS(pread64),   SCMP_SYS(fstat),      SCMP_SYS(mmap),
                                 SCMP_SYS(munmap),    SCMP_SYS(brk),        SCMP_SYS(ftruncate),
                                 SCMP_SYS(fcntl),     SCMP_SYS(sendmsg),    SCMP_SYS(recvmsg),
                                 SCMP_SYS(ppoll),     SCMP_SYS(futex),      SCMP_SYS(clock_gettime),
                                 SCMP_SYS(getrandom), SCMP_SYS(exit_group), KILLING_CALL};
    for (size_t i = 0; i < ARCHITECTURES; i++)
        for (size_t j = 0; j < sizeof needed / sizeof *needed; j++)
            assert_true(number_there(&architectures[i], needed[j]) >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_listed_is_allowed),
        cmocka_unit_test(nothing_else_is),
        cmocka_unit_test(no_architecture_lacks_anything),
    };
    return cmocka_run_group_tests_name("sandbox_filter", tests, NULL, NULL);
}
