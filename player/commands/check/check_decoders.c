#include "commands/check/check_decoders.h"

#include "base/file.h"
#include "base/program.h"
#include "commands/version.h"
#include "core/err.h"
#include "sandbox/protocol.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* To be counted up when the same decoders' results are understood in another way. */
#define FORMAT 1
#define MACHINE_BYTES 64

/* What the programs are, without asking them. */
struct installation {
    char kind[16];
    int64_t format;
    int64_t files[3][6]; /* both programs; the list of the shared libraries (ld.so(8)) */
    int64_t processors;
    char machine[MACHINE_BYTES];
};

static void describe_file(int64_t file[6], int fd)
{
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return;
    file[0] = (int64_t)st.st_dev;
    file[1] = (int64_t)st.st_ino;
    file[2] = (int64_t)st.st_size;
    file[3] = st.st_mtim.tv_sec;
    file[4] = st.st_mtim.tv_nsec;
    file[5] = st.st_ctim.tv_sec;
}

static void describe_and_close(int64_t file[6], int fd)
{
    describe_file(file, fd);
    if (fd >= 0)
        close(fd);
}

/* Speeds are not kept, but that a film was no load to this machine. */
static void describe_machine(struct installation *installation)
{
    char *text = NULL;
    size_t size;
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        installation->processors = CPU_COUNT(&allowed);
    if (file_read("/etc/machine-id", MACHINE_BYTES - 1, &text, &size, NULL))
        memcpy(installation->machine, text, size);
    free(text);
}

static bool hash_versions(struct check_cache_key *versions)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (!stream)
        return false;
    version_write(stream, PROTOCOL_WORKER_FILM_PROGRAM);
    bool ok = fclose(stream) == 0 && hash_bytes(text, size, versions->bytes);
    free(text);
    return ok;
}

bool check_decoders_read(struct check_cache *cache, struct check_cache_key *decoders)
{
    struct installation installation;
    struct check_cache_key parts[2];
    if (!cache)
        return false;
    memset(&installation, 0, sizeof installation);
    snprintf(installation.kind, sizeof installation.kind, "decoders");
    installation.format = FORMAT;
    describe_and_close(installation.files[0], open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    describe_and_close(installation.files[1], program_open(PROTOCOL_WORKER_FILM_PROGRAM, NULL));
    describe_and_close(installation.files[2], open("/etc/ld.so.cache", O_RDONLY | O_CLOEXEC));
    describe_machine(&installation);
    if (!hash_bytes(&installation, sizeof installation, parts[0].bytes))
        return false;
    if (!check_cache_get(cache, &parts[0], &parts[1], sizeof parts[1])) {
        if (!hash_versions(&parts[1]))
            return false;
        check_cache_put(cache, &parts[0], &parts[1], sizeof parts[1]);
    }
    return hash_bytes(parts, sizeof parts, decoders->bytes);
}
