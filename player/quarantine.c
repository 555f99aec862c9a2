#include "quarantine.h"

#include <string.h>
#include <sys/stat.h>

#define QUARANTINE_NS ((int64_t)QUARANTINE_HOURS * 3600 * 1000000000)
#define LATE_US 1000000

bool quarantine_identify(const struct edition *edition, int asset, uint8_t identity[HASH_BYTES])
{
    const struct playlist *playlist = edition->playlist;
    struct stat st;
    if (asset < 0 || (size_t)asset >= playlist->asset_count)
        return false;
    if (playlist->assets[asset].has_sha256) {
        memcpy(identity, playlist->assets[asset].sha256, HASH_BYTES);
        return true;
    }
    if (stat(edition->paths[asset], &st) < 0)
        return false;
    const int64_t facts[] = {(int64_t)st.st_dev, (int64_t)st.st_ino, (int64_t)st.st_size,
                             (int64_t)st.st_mtim.tv_sec, (int64_t)st.st_mtim.tv_nsec};
    return hash_bytes(facts, sizeof facts, identity);
}

static int find(const struct quarantine *quarantine, const uint8_t identity[HASH_BYTES])
{
    for (int i = 0; i < QUARANTINE_MAX; i++)
        if (quarantine->items[i].strikes &&
            memcmp(quarantine->items[i].identity, identity, HASH_BYTES) == 0)
            return i;
    return -1;
}

static bool is_held(const struct quarantine *quarantine, int at, int64_t now_ns)
{
    return quarantine->items[at].strikes >= QUARANTINE_STRIKES &&
           now_ns < quarantine->items[at].until_ns;
}

bool quarantine_strike(struct quarantine *quarantine, const uint8_t identity[HASH_BYTES],
                       int64_t at_us, int64_t now_ns)
{
    int at = find(quarantine, identity);
    if (at < 0) {
        at = (int)quarantine->next;
        quarantine->next = (quarantine->next + 1) % QUARANTINE_MAX;
        memcpy(quarantine->items[at].identity, identity, HASH_BYTES);
        quarantine->items[at].strikes = 0;
        quarantine->items[at].first_us = quarantine->items[at].last_us = at_us;
    }
    if (is_held(quarantine, at, now_ns))
        return false;
    if (at_us < quarantine->items[at].first_us)
        quarantine->items[at].first_us = at_us;
    if (at_us > quarantine->items[at].last_us)
        quarantine->items[at].last_us = at_us;
    if (quarantine->items[at].strikes < QUARANTINE_STRIKES)
        quarantine->items[at].strikes++;
    quarantine->items[at].until_ns = now_ns + QUARANTINE_NS;
    return quarantine->items[at].strikes == QUARANTINE_STRIKES;
}

void quarantine_forgive(struct quarantine *quarantine, const uint8_t identity[HASH_BYTES],
                        int64_t from_us, int64_t to_us)
{
    int at = find(quarantine, identity);
    if (at >= 0 && from_us <= quarantine->items[at].first_us &&
        to_us - LATE_US > quarantine->items[at].last_us)
        quarantine->items[at].strikes = 0;
}

bool quarantine_has(const struct quarantine *quarantine, const uint8_t identity[HASH_BYTES],
                    int64_t now_ns)
{
    int at = find(quarantine, identity);
    return at >= 0 && is_held(quarantine, at, now_ns);
}
