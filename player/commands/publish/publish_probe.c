#include "commands/publish/publish_probe.h"

#define NEAR 16 /* so many are asked for one by one */
#define FAR_KNOWN 1024
#define FAR_UNKNOWN 1000000
#define PROBES_MAX 160
/* Each round ends above the one before; who has written as many files as this takes has only made
 * numbers higher. */
#define ROUNDS_MAX 64

struct probes {
    size_t count;
    int64_t numbers[PROBES_MAX];
    struct target_file files[PROBES_MAX];
    char names[PROBES_MAX][PUBLISH_NAME_BYTES];
};

static void lay_out(const struct publish_channel *channel, int64_t above, struct probes *probes)
{
    int64_t far = above > 0 ? FAR_KNOWN : FAR_UNKNOWN, part = above > 0 ? 1 : 8;
    probes->count = 0;
    for (int64_t offset = 1; offset <= far && above + offset <= POINTER_VERSION_MAX;
         offset += offset < NEAR ? 1 : offset / part) {
        size_t at = probes->count++;
        probes->numbers[at] = above + offset;
        publish_channel_file_name(channel, above + offset, "", probes->names[at]);
        probes->files[at] = (struct target_file){.name = probes->names[at], .bytes = -1};
        if (probes->count == PROBES_MAX)
            break;
    }
}

bool publish_probe_highest(const struct publish_channel *channel, int64_t above, int64_t *highest,
                           struct err *err)
{
    struct probes probes;
    *highest = above;
    for (int round = 0; round < ROUNDS_MAX; round++) {
        bool higher = false;
        lay_out(channel, *highest, &probes);
        if (!target_look(channel->target, probes.files, probes.count, err))
            return false;
        for (size_t i = 0; i < probes.count; i++) {
            higher = higher || probes.files[i].there;
            *highest = probes.files[i].there ? probes.numbers[i] : *highest;
        }
        if (!higher)
            break;
    }
    return true;
}
