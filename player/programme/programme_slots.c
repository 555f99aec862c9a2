/* The slots of a block: which spot is on at an instant, and when the next one begins. */
#include "programme/programme_day.h"

#define WORD_BITS 64

/* The slot that contains t_ms in a loop that repeats from start_ms on. */
static struct programme_slot slot_of_loop(const struct programme *programme, int loop_index,
                                          int64_t start_ms, int64_t t_ms)
{
    const struct playlist_loop *loop = &programme->playlist->loops[loop_index];
    const int64_t *ends_ms = programme->loop_ends_ms + programme->loop_first[loop_index];
    int64_t total_ms = ends_ms[loop->spot_count - 1];
    int64_t round_ms = start_ms + (t_ms - start_ms) / total_ms * total_ms;
    int64_t offset_ms = t_ms - round_ms;
    size_t low = 0, high = loop->spot_count - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ends_ms[middle] <= offset_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return (struct programme_slot){
        .spot = loop->spots[low],
        .loop = loop_index,
        .start_ms = round_ms + (low ? ends_ms[low - 1] : 0),
        .end_ms = round_ms + ends_ms[low],
    };
}

/* Whether a's next slot comes before b's: less time given for its share (compared without division:
 * below 2^29 ms times shares below 2^30), else listed first. */
static bool is_turn_before(const struct programme_turn *a, const struct programme_turn *b)
{
    int64_t left = a->given_ms * b->share, right = b->given_ms * a->share;
    return left != right ? left < right : a->daypart < b->daypart;
}

static void sift_down(struct programme_turn *turns, int count, int at)
{
    struct programme_turn moved = turns[at];
    for (int child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && is_turn_before(&turns[child + 1], &turns[child]))
            child++;
        if (!is_turn_before(&turns[child], &moved))
            break;
        turns[at] = turns[child];
        at = child;
    }
    turns[at] = moved;
}

/* Fills programme->turns with those of the running dayparts whose share is above 0, as a heap. */
static int gather_turns(struct programme *programme, const uint64_t *set)
{
    const struct playlist_daypart *schedule = programme->playlist->schedule;
    struct programme_turn *turns = programme->turns;
    int64_t rest_ppm = 1000000, unshared = 0;
    int count = 0;
    for (int rank = 0; rank < programme->part_count; rank++) {
        if (!(set[rank / WORD_BITS] >> rank % WORD_BITS & 1))
            continue;
        int daypart = programme->parts[rank].daypart;
        turns[count++] = (struct programme_turn){.daypart = daypart};
        if (schedule[daypart].has_share)
            rest_ppm -= schedule[daypart].share_ppm;
        else
            unshared++;
    }
    /* Times the number that divide the rest among them, so that all are integers. */
    int64_t factor = unshared > 0 ? unshared : 1;
    int share_count = 0;
    for (int i = 0; i < count; i++) {
        const struct playlist_daypart *daypart = &schedule[turns[i].daypart];
        turns[i].share = daypart->has_share ? daypart->share_ppm * factor : rest_ppm;
        if (turns[i].share > 0)
            turns[share_count++] = turns[i];
    }
    /* All have 0 given_ms, so the order of the list is a heap already. */
    return share_count;
}

/* Lays the slots of a block in which several dayparts run (duckling-playlist(5), PROGRAMME, rule
 * 4). */
static void lay_block(struct programme *programme, struct programme_day *day,
                      struct programme_block *block)
{
    const struct playlist *playlist = programme->playlist;
    const uint64_t *set = day->sets + (size_t)(block - day->blocks) * programme->set_words;
    int count = gather_turns(programme, set);
    int64_t length_ms = block->end_ms - block->start_ms;
    block->first_laid = day->laid_count;
    for (int64_t at_ms = 0; at_ms < length_ms;) {
        struct programme_turn *turn = &programme->turns[0];
        const struct playlist_loop *loop = &playlist->loops[playlist->schedule[turn->daypart].loop];
        int spot = loop->spots[turn->position];
        day->laid[day->laid_count++] = (struct programme_laid){(int32_t)at_ms, turn->daypart, spot};
        at_ms += programme->length_ms[spot];
        turn->given_ms += programme->length_ms[spot];
        turn->position = (size_t)turn->position + 1 < loop->spot_count ? turn->position + 1 : 0;
        sift_down(programme->turns, count, 0);
    }
    block->laid_count = day->laid_count - block->first_laid;
}

static struct programme_slot slot_of_several(const struct programme *programme,
                                             const struct programme_day *day,
                                             const struct programme_block *block, int64_t t_ms)
{
    const struct programme_laid *laid = day->laid + block->first_laid;
    int low = 0, high = block->laid_count - 1;
    while (low < high) {
        int middle = low + (high - low + 1) / 2;
        if (laid[middle].start_ms <= t_ms - block->start_ms)
            low = middle;
        else
            high = middle - 1;
    }
    return (struct programme_slot){
        .spot = laid[low].spot,
        .loop = programme->playlist->schedule[laid[low].daypart].loop,
        .daypart = laid[low].daypart,
        .start_ms = block->start_ms + laid[low].start_ms,
        .end_ms =
            low + 1 < block->laid_count ? block->start_ms + laid[low + 1].start_ms : block->end_ms,
    };
}

struct programme_slot programme_lay_slot(struct programme *programme, struct programme_day *day,
                                         struct programme_block *block, int64_t t_ms)
{
    struct programme_slot slot;
    if (block->source == PROGRAMME_NOTHING) {
        slot = (struct programme_slot){.spot = -1,
                                       .daypart = -1,
                                       .loop = -1,
                                       .start_ms = block->start_ms,
                                       .end_ms = block->end_ms};
    } else if (block->source == PROGRAMME_FALLBACK) {
        slot = slot_of_loop(programme, programme->fallback, block->start_ms, t_ms);
        slot.daypart = -1;
    } else if (block->daypart >= 0) {
        slot = slot_of_loop(programme, programme->playlist->schedule[block->daypart].loop,
                            block->start_ms, t_ms);
        slot.daypart = block->daypart;
    } else {
        if (block->laid_count == 0)
            lay_block(programme, day, block);
        slot = slot_of_several(programme, day, block, t_ms);
    }
    slot.source = block->source;
    if (slot.end_ms > block->end_ms)
        slot.end_ms = block->end_ms;
    return slot;
}
