#include "playout/quarantine.h"

#include <string.h>
#include <sys/stat.h>

#define QUARANTINE_NS ((int64_t)QUARANTINE_HOURS * 3600 * 1000000000)
#define FAILURE_NS ((int64_t)QUARANTINE_FAILURE_HOURS * 3600 * 1000000000)
#define NOTICED_LATE_US 1000000

bool quarantine_identify_by_hash(const struct edition *edition, int asset,
                                 uint8_t identity[HASH_BYTES])
{
    const uint8_t *hash = edition_hash(edition, asset);
    if (hash)
        memcpy(identity, hash, HASH_BYTES);
    return hash != NULL;
}

bool quarantine_identify(const struct edition *edition, int asset, uint8_t identity[HASH_BYTES])
{
    struct stat st;
    if (quarantine_identify_by_hash(edition, asset, identity))
        return true;
    if (asset < 0 || (size_t)asset >= edition->playlist->asset_count)
        return false;
    if (stat(edition->paths[asset], &st) < 0)
        return false;
    const int64_t facts[] = {(int64_t)st.st_dev, (int64_t)st.st_ino, (int64_t)st.st_size,
                             (int64_t)st.st_mtim.tv_sec, (int64_t)st.st_mtim.tv_nsec};
    return hash_bytes(facts, sizeof facts, identity);
}

static struct quarantine_item *find_item(struct quarantine *quarantine,
                                         const uint8_t identity[HASH_BYTES])
{
    for (int i = 0; i < QUARANTINE_MAX; i++)
        if (quarantine->items[i].count &&
            memcmp(quarantine->items[i].identity, identity, HASH_BYTES) == 0)
            return &quarantine->items[i];
    return NULL;
}

static bool is_item_quarantined(const struct quarantine_item *item, int64_t now_ns)
{
    return item->count == QUARANTINE_FAILURES &&
           now_ns - item->failures[QUARANTINE_FAILURES - 1].ns < QUARANTINE_NS;
}

static void drop_oldest_failure(struct quarantine_item *item)
{
    item->count--;
    memmove(item->failures, item->failures + 1, (size_t)item->count * sizeof *item->failures);
}

/* Forgets the failures that no longer count. A file that was quarantined keeps all of them for as
 * long as the last one counts. */
static void drop_expired_failures(struct quarantine_item *item, int64_t now_ns)
{
    bool was_quarantined = item->count == QUARANTINE_FAILURES &&
                           now_ns - item->failures[QUARANTINE_FAILURES - 1].ns < FAILURE_NS;
    while (!was_quarantined && item->count && now_ns - item->failures[0].ns >= FAILURE_NS)
        drop_oldest_failure(item);
}

static struct quarantine_item *add_item(struct quarantine *quarantine,
                                        const uint8_t identity[HASH_BYTES])
{
    struct quarantine_item *item = &quarantine->items[quarantine->next];
    quarantine->next = (quarantine->next + 1) % QUARANTINE_MAX;
    memcpy(item->identity, identity, HASH_BYTES);
    item->count = 0;
    return item;
}

bool quarantine_count_failure(struct quarantine *quarantine, const uint8_t identity[HASH_BYTES],
                              int64_t at_us, int64_t now_ns)
{
    struct quarantine_item *item = find_item(quarantine, identity);
    if (!item)
        item = add_item(quarantine, identity);
    if (is_item_quarantined(item, now_ns))
        return false;
    drop_expired_failures(item, now_ns);
    if (item->count == QUARANTINE_FAILURES)
        drop_oldest_failure(item);
    item->failures[item->count].at_us = at_us;
    item->failures[item->count].ns = now_ns;
    return ++item->count == QUARANTINE_FAILURES;
}

void quarantine_clear(struct quarantine *quarantine, const uint8_t identity[HASH_BYTES],
                      int64_t from_us, int64_t to_us, int64_t now_ns)
{
    struct quarantine_item *item = find_item(quarantine, identity);
    if (!item)
        return;
    drop_expired_failures(item, now_ns);
    for (int i = 0; i < item->count; i++)
        if (item->failures[i].at_us < from_us || item->failures[i].at_us >= to_us - NOTICED_LATE_US)
            return;
    item->count = 0;
}

bool quarantine_has(const struct quarantine *quarantine, const uint8_t identity[HASH_BYTES],
                    int64_t now_ns)
{
    for (int i = 0; i < QUARANTINE_MAX; i++)
        if (is_item_quarantined(&quarantine->items[i], now_ns) &&
            memcmp(quarantine->items[i].identity, identity, HASH_BYTES) == 0)
            return true;
    return false;
}
