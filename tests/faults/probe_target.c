/* Drives a target for tests/e2e/test_target*.py:  probe_target BASE CA|- CERT|- KEY|- COMMAND ...
 *
 *     get NAME LIMIT             the bytes, on standard output
 *     put NAME FILE              as what may change
 *     look (NAME FILE)...        "there NAME" or "absent NAME" for each
 *     send (NAME FILE HASHED)... puts the files; length and hash are those of HASHED.
 *                                "progress DONE TOTAL", then "there NAME" or "absent NAME" for each
 *     public NAME                the name for people
 *
 * A failure is a line "error CODE TEXT". On standard error: "peak KIB", the most memory it had. */
#include "base/file.h"
#include "target/target.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define FILES_MAX 64
#define SMALL_BYTES_MAX (1 << 20)

static struct target_file files[FILES_MAX];
static size_t file_count;

static const char *given(const char *text)
{
    return strcmp(text, "-") == 0 ? NULL : text;
}

static bool hash_file(struct target_file *file, const char *path)
{
    static char piece[65536];
    FILE *from = fopen(path, "re");
    struct hash *hash = hash_create();
    bool ok = from && hash;
    for (size_t got; ok && (got = fread(piece, 1, sizeof piece, from)) > 0;) {
        ok = hash_add(hash, piece, got);
        file->bytes += (int64_t)got;
    }
    ok = ok && hash_result(hash, file->sha256);
    hash_destroy(hash);
    if (from)
        fclose(from);
    return ok;
}

/* The arguments from `at` on, so many for each file. */
static void take_files(int argc, char **argv, int at, int each)
{
    for (; at + each <= argc && file_count < FILES_MAX; at += each) {
        struct target_file *file = &files[file_count++];
        *file = (struct target_file){.name = argv[at], .path = argv[at + 1]};
        if (!hash_file(file, argv[at + each - 1]))
            abort();
    }
}

static void print_files(void)
{
    for (size_t i = 0; i < file_count; i++)
        printf("%s %s\n", files[i].there ? "there" : "absent", files[i].name);
}

static void report(void *context, int64_t done_bytes, int64_t total_bytes)
{
    (void)context;
    printf("progress %" PRId64 " %" PRId64 "\n", done_bytes, total_bytes);
}

static bool get(struct target *target, const char *name, const char *limit, struct err *err)
{
    char *data = NULL;
    size_t size = 0;
    if (!target_get(target, name, strtoul(limit, NULL, 10), &data, &size, err))
        return false;
    bool ended = data[size] == '\0';
    fwrite(data, 1, size, stdout);
    free(data);
    return ended;
}

static bool put(struct target *target, const char *name, const char *path, struct err *err)
{
    char *data = NULL;
    size_t size = 0;
    bool ok = file_read(path, SMALL_BYTES_MAX, &data, &size, err) &&
              target_put(target, name, data, size, false, err);
    free(data);
    return ok;
}

static bool run(struct target *target, int argc, char **argv, struct err *err)
{
    const char *command = argv[5];
    if (strcmp(command, "get") == 0 && argc == 8)
        return get(target, argv[6], argv[7], err);
    if (strcmp(command, "put") == 0 && argc == 8)
        return put(target, argv[6], argv[7], err);
    if (strcmp(command, "look") == 0) {
        take_files(argc, argv, 6, 2);
        bool ok = target_stat(target, files, file_count, err);
        print_files();
        return ok;
    }
    if (strcmp(command, "send") == 0) {
        const struct target_progress progress = {.report = report};
        take_files(argc, argv, 6, 3);
        bool ok = target_put_files(target, files, file_count, &progress, err);
        print_files();
        return ok;
    }
    if (strcmp(command, "public") == 0 && argc == 7) {
        char text[256];
        target_public(target, argv[6], text, sizeof text);
        printf("%s\n", text);
        return true;
    }
    return err_set(err, ERR_INPUT, "what is \"%s\"?", command);
}

int main(int argc, char **argv)
{
    if (argc < 6)
        return 2;
    const struct target_config config = {.base = argv[1],
                                         .ca_file = given(argv[2]),
                                         .client_cert = given(argv[3]),
                                         .client_key = given(argv[4])};
    struct err err = {0};
    struct rusage usage = {0};
    struct target *target = target_open(&config, &err);
    bool ok = target && run(target, argc, argv, &err);
    target_close(target);
    if (!ok)
        printf("error %d %s\n", (int)err.code, err.text);
    getrusage(RUSAGE_SELF, &usage);
    fprintf(stderr, "peak %ld\n", usage.ru_maxrss);
    return ok ? 0 : 1;
}
