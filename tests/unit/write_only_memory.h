/* Memory that counts how often it is read: what stands for a graphics card's, which is only fast to
 * write. Each access is a page fault that says what it was, then runs alone (x86-64's trap flag)
 * before the page is closed again. Elsewhere it is plain memory, and nothing is counted. */
#ifndef TESTS_UNIT_WRITE_ONLY_MEMORY_H
#define TESTS_UNIT_WRITE_ONLY_MEMORY_H

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static struct {
    uint8_t *bytes;
    size_t size;
    volatile sig_atomic_t reads, writes;
} write_only;

#if defined(__x86_64__)
#define TRAP_FLAG 0x100
#define FAULT_WRITE 2

static void write_only_fault(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    uint8_t *at = info->si_addr;
    if (at < write_only.bytes || at >= write_only.bytes + write_only.size) {
        signal(number, SIG_DFL); /* the same instruction faults again, and ends the test */
        return;
    }
    if (registers[REG_ERR] & FAULT_WRITE)
        write_only.writes++;
    else
        write_only.reads++;
    mprotect(write_only.bytes, write_only.size, PROT_READ | PROT_WRITE);
    registers[REG_EFL] |= TRAP_FLAG;
}

static void write_only_step(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
    mprotect(write_only.bytes, write_only.size, PROT_NONE);
}

static inline void write_only_watch(void)
{
    struct sigaction fault = {.sa_sigaction = write_only_fault, .sa_flags = SA_SIGINFO};
    struct sigaction step = {.sa_sigaction = write_only_step, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &fault, NULL);
    sigaction(SIGTRAP, &step, NULL);
    write_only.reads = write_only.writes = 0;
    mprotect(write_only.bytes, write_only.size, PROT_NONE);
}

static inline void write_only_unwatch(void)
{
    signal(SIGSEGV, SIG_DFL);
    signal(SIGTRAP, SIG_DFL);
    mprotect(write_only.bytes, write_only.size, PROT_READ | PROT_WRITE);
}
#else
static inline void write_only_watch(void)
{
    write_only.reads = 0;
    write_only.writes = 1;
}

static inline void write_only_unwatch(void)
{
}
#endif

/* One at a time. */
static inline void *write_only_map(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    write_only.size = (size + page - 1) / page * page;
    write_only.bytes =
        mmap(NULL, write_only.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (write_only.bytes == MAP_FAILED)
        abort();
    return write_only.bytes;
}

static inline void write_only_unmap(void)
{
    munmap(write_only.bytes, write_only.size);
}

#endif
