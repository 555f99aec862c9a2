#include "playout/loader_failures.h"

#include <string.h>

#define RETRY_NS ((int64_t)30 * 1000000000)

static void copy_failure_text(char *target, size_t bytes, const char *text)
{
    size_t length = strnlen(text, bytes - 1);
    memcpy(target, text, length);
    target[length] = '\0';
}

static size_t find_failed_spot(const struct loader_failures *failures, uint64_t serial, int spot,
                               const char *language)
{
    size_t i = 0;
    for (; i < LOADER_FAILURES_MAX; i++) {
        const struct loader_failures_spot *failed = &failures->spots[i];
        if (failed->serial == serial && failed->spot == spot &&
            strcmp(failed->language, language) == 0)
            break;
    }
    return i;
}

bool loader_failures_is_resting(const struct loader_failures *failures, uint64_t serial, int spot,
                                const char *language, int64_t now_ns)
{
    size_t found = find_failed_spot(failures, serial, spot, language);
    return found < LOADER_FAILURES_MAX && now_ns < failures->spots[found].retry_ns;
}

bool loader_failures_add(struct loader_failures *failures, uint64_t serial, int spot,
                         const char *language, const char *reason, int64_t now_ns)
{
    size_t found = find_failed_spot(failures, serial, spot, language);
    bool is_known =
        found < LOADER_FAILURES_MAX && strncmp(failures->spots[found].reason, reason,
                                               sizeof failures->spots[found].reason - 1) == 0;
    if (found == LOADER_FAILURES_MAX) {
        found = failures->spots_next;
        failures->spots_next = (failures->spots_next + 1) % LOADER_FAILURES_MAX;
    }
    struct loader_failures_spot *failed = &failures->spots[found];
    failed->serial = serial;
    failed->spot = spot;
    copy_failure_text(failed->language, sizeof failed->language, language);
    copy_failure_text(failed->reason, sizeof failed->reason, reason);
    failed->retry_ns = now_ns + RETRY_NS;
    return !is_known;
}

bool loader_failures_add_fault(struct loader_failures *failures, enum loader_failures_fault fault,
                               const uint8_t *identity)
{
    if (!identity)
        return true;
    for (size_t i = 0; i < LOADER_FAILURES_MAX; i++) {
        const struct loader_failures_file *file = &failures->files[i];
        if (file->fault == fault && memcmp(file->identity, identity, HASH_BYTES) == 0)
            return false;
    }
    struct loader_failures_file *file = &failures->files[failures->files_next];
    failures->files_next = (failures->files_next + 1) % LOADER_FAILURES_MAX;
    file->fault = fault;
    memcpy(file->identity, identity, HASH_BYTES);
    return true;
}
