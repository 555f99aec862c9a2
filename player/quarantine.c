#include "quarantine.h"

#include <string.h>
#include <sys/stat.h>

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

bool quarantine_strike(struct quarantine *quarantine, const uint8_t identity[HASH_BYTES])
{
    int at = find(quarantine, identity);
    if (at < 0) {
        at = (int)quarantine->next;
        quarantine->next = (quarantine->next + 1) % QUARANTINE_MAX;
        memcpy(quarantine->items[at].identity, identity, HASH_BYTES);
        quarantine->items[at].strikes = 0;
    }
    return ++quarantine->items[at].strikes == QUARANTINE_STRIKES;
}

bool quarantine_has(const struct quarantine *quarantine, const uint8_t identity[HASH_BYTES])
{
    int at = find(quarantine, identity);
    return at >= 0 && quarantine->items[at].strikes >= QUARANTINE_STRIKES;
}
