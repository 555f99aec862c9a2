#include "worker/text/tagline_balance.h"

#include <float.h>
#include <stdint.h>

/* Added to the squared slack, as a fraction of the line's width: two lines of 0.7 and 0.4 cost
 * 0.045 more than two of 0.55, so a line end that costs 0.12 less is worth 0.8 and 0.3. */
static const double rank_costs[] = {
    [LINEBREAK_INSIDE] = 1,     [LINEBREAK_NEVER] = 1,    [LINEBREAK_CLUSTER] = 0.6,
    [LINEBREAK_SYLLABLE] = 0.3, [LINEBREAK_POOR] = 0.14,  [LINEBREAK_FAIR] = 0.02,
    [LINEBREAK_GOOD] = 0,       [LINEBREAK_BEST] = -0.16, [LINEBREAK_MUST] = 0,
};
_Static_assert(sizeof rank_costs / sizeof *rank_costs == LINEBREAK_MUST + 1, "one for each mark");

#define TOLERANCE 1e-6

/* The best lines that end after a piece. */
struct best {
    size_t lines;
    double cost;
    size_t from;
};

/* A single character on the last line needs no rule: it leaves the most slack. */
static double line_cost(const struct tagline_pieces *pieces, size_t end, double filled)
{
    const struct tagline_piece *last = &pieces->items[end - 1];
    double slack = filled < 1 ? 1 - filled : 0;
    double cost = slack * slack;
    bool ends_paragraph = end == pieces->count || last->rank == LINEBREAK_MUST;
    return ends_paragraph ? cost : cost + rank_costs[last->rank];
}

/* Tries every line that ends before piece `end`; of two as good ones the longer one wins. False if
 * none fits. */
static bool find_best(const struct tagline_pieces *pieces, double scale, double width_px,
                      bool force, struct best *best, size_t end)
{
    const struct tagline_piece *last = &pieces->items[end - 1];
    double advance = 0;
    best[end] = (struct best){.lines = SIZE_MAX, .cost = DBL_MAX};
    for (size_t first = end; first-- > 0;) {
        const struct tagline_piece *piece = &pieces->items[first];
        if (first + 1 < end && piece->rank == LINEBREAK_MUST)
            break;
        advance += (double)piece->advance;
        double filled = scale * (advance - (double)piece->lead - (double)last->trail) / width_px;
        bool too_wide = filled > 1 + TOLERANCE;
        if (too_wide && !(force && first + 1 == end))
            break;
        if (best[first].lines == SIZE_MAX)
            continue;
        size_t lines = best[first].lines + 1;
        double cost = best[first].cost + line_cost(pieces, end, filled);
        if (lines < best[end].lines ||
            (lines == best[end].lines && cost <= best[end].cost + TOLERANCE))
            best[end] = (struct best){lines, cost, first};
        if (too_wide)
            break;
    }
    return best[end].lines != SIZE_MAX;
}

bool tagline_balance_break(const struct tagline_pieces *pieces, double scale, double width_px,
                           bool force, struct tagline_lines *lines)
{
    struct best best[TAGLINE_PIECES_MAX + 1];
    /* If each piece fits alone every place can be reached: the first one that can't means
     * failure. */
    best[0] = (struct best){0};
    for (size_t end = 1; end <= pieces->count; end++)
        if (!find_best(pieces, scale, width_px, force, best, end))
            return false;
    lines->count = best[pieces->count].lines;
    size_t end = pieces->count;
    for (size_t i = lines->count; i-- > 0;) {
        lines->ends[i] = end;
        end = best[end].from;
    }
    return true;
}
