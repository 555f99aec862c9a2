#include "worker/text/tagline_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FLOOR_PART 0.022
#define LEAST_PX 5
#define STEP 0.94
#define HEADLINE_LINES 4
#define PHRASES_PART 0.8   /* down to this part of its size a headline's phrases are not broken, */
#define HEADLINE_PART 0.62 /* and down to this it has at most four lines of whole words */
#define KEPT_PART 0.88 /* down to this part of its size, rather than in more lines than the copy */
#define RAGGED_PART 0.45 /* a line that is shorter than this part of the longest looks left over */
#define ORPHAN_PART 0.25 /* and below this phrases are rather broken */
#define MEASURE_PX_MAX                                                                             \
    256 /* widths at larger sizes are estimated first, since outlines take time */

/* Where a line may end, from phrases to characters. */
enum { LEVEL_PHRASES, LEVEL_WORDS, LEVEL_SYLLABLES, LEVEL_CHARACTERS, LEVELS };
static const enum linebreak_rank level_ranks[LEVELS] = {LINEBREAK_FAIR, LINEBREAK_POOR,
                                                        LINEBREAK_SYLLABLE, LINEBREAK_CLUSTER};

struct fitting {
    const struct tagline_text *text;
    const struct tagline_bounds *bounds;
    struct tagline_fit *fit;
    /* The piece that begins at a character, by level, measured at the faces' size. end 0: not
     * measured yet. */
    struct tagline_piece *measured[LEVELS];
};

struct rule {
    double width, height;
    int from_px, to_px;
    size_t lines_max; /* 0: any */
    int level;        /* lines end between pieces of this level */
    bool may_split;   /* pieces that are wider than a line may be split */
};

struct tagline_measure tagline_fit_measure(enum linebreak_script script, double leading)
{
    struct tagline_measure measure = {.leading = 1.3, .ascent = 0.88, .descent = 0.12};
    if (script == LINEBREAK_SCRIPT_LATIN)
        measure = (struct tagline_measure){.leading = 1.15, .ascent = 0.76, .descent = 0.22};
    if (leading > 0)
        measure.leading = leading;
    return measure;
}

/* Linear between (x0, y0) and (x1, y1), constant outside. */
static double ramp(double x, double x0, double y0, double x1, double y1)
{
    if (x <= x0)
        return y0;
    return x >= x1 ? y1 : y0 + (y1 - y0) * (x - x0) / (x1 - x0);
}

struct tagline_bounds tagline_fit_bounds(int canvas_width_px, int canvas_height_px,
                                         const struct text_style *style)
{
    double width = canvas_width_px, height = canvas_height_px;
    double shorter = fmin(width, height), aspect = width / height;
    double margin = ceil(LAYOUT_SAFE_PART * shorter);
    struct tagline_bounds bounds = {
        .area = {margin, margin, width - 2 * margin, height - 2 * margin},
        .is_box = style->has_box,
        .lines_max = (size_t)style->lines_max,
        .leading = style->leading,
        .hangs = style->hangs};
    /* On a wide screen the eye should not travel its whole width for one line. */
    double part = aspect < 2 ? ramp(aspect, 1, 1, 1.6, 0.62) : ramp(aspect, 2, 0.62, 4, 0.45);
    bounds.width = fmin(bounds.area.width, part * width);
    bool is_middle = style->valign == TEXT_ALIGN_CENTER;
    bounds.height = fmin(bounds.area.height, (is_middle ? 0.6 : 0.45) * height);
    if (style->has_box) {
        double left = fmin(ceil(style->box.x * width), width - 1);
        double top = fmin(ceil(style->box.y * height), height - 1);
        double right = floor((style->box.x + style->box.width) * width);
        double bottom = floor((style->box.y + style->box.height) * height);
        bounds.area = (struct layout_rect){left, top, fmax(right - left, 1), fmax(bottom - top, 1)};
        bounds.width = bounds.area.width;
        bounds.height = bounds.area.height;
    }
    bounds.asked_px = (int)fmax(1, round(style->size * shorter));
    bounds.least_px = LEAST_PX < bounds.asked_px ? LEAST_PX : bounds.asked_px;
    int floor_px = (int)lround(FLOOR_PART * shorter);
    bounds.floor_px = floor_px < bounds.asked_px ? floor_px : bounds.asked_px;
    if (bounds.floor_px < bounds.least_px)
        bounds.floor_px = bounds.least_px;
    return bounds;
}

static const struct tagline_piece *piece_at(const struct fitting *fitting, int level, size_t start)
{
    struct tagline_piece *piece = &fitting->measured[level][start];
    if (piece->end > 0)
        return piece;
    size_t end = start + 1;
    while (end < fitting->text->count && fitting->text->characters[end].before < level_ranks[level])
        end++;
    *piece = tagline_text_measure(fitting->text, start, end);
    return piece;
}

/* Adds the pieces of [start, end); pieces that are too wide are split by the next level. */
static void collect_pieces(const struct fitting *fitting, int level, size_t start, size_t end,
                           double split_over_px)
{
    while (start < end) {
        const struct tagline_piece *piece = piece_at(fitting, level, start);
        double width = (double)(piece->advance - piece->lead - piece->trail);
        if (width > split_over_px && level + 1 < LEVELS)
            collect_pieces(fitting, level + 1, start, piece->end, split_over_px);
        else
            fitting->fit->pieces.items[fitting->fit->pieces.count++] = *piece;
        start = piece->end;
    }
}

/* Whether the ink that goes beyond the script's metrics is within the box, too, like an accent on a
 * capital in the first line. */
static bool ink_fits(const struct fitting *fitting, const struct tagline_measure *measure,
                     double scale, double leads)
{
    const struct tagline_fit *fit = fitting->fit;
    const struct tagline_piece *pieces = fit->pieces.items;
    double size_px = scale * tagline_fonts_size(fitting->text->fonts);
    size_t count = fit->lines.count, last = count > 1 ? fit->lines.ends[count - 2] : 0;
    int above = 0, below = 0, none = 0;
    tagline_text_reach(fitting->text, pieces[0].start, pieces[fit->lines.ends[0] - 1].end, &above,
                       &none);
    tagline_text_reach(fitting->text, pieces[last].start,
                       pieces[fit->lines.ends[count - 1] - 1].end, &none, &below);
    return fmax(ceil(above * scale), ceil(measure->ascent * size_px)) + leads +
               fmax(ceil(below * scale), ceil(measure->descent * size_px)) <=
           fitting->bounds->area.height;
}

static bool lines_fit(const struct fitting *fitting, const struct rule *rule, int size_px,
                      bool force)
{
    struct tagline_fit *fit = fitting->fit;
    struct tagline_measure measure =
        tagline_fit_measure(fitting->text->script, fitting->bounds->leading);
    double scale = (double)size_px / tagline_fonts_size(fitting->text->fonts);
    double hanging = fitting->bounds->hangs ? tagline_text_hanging(fitting->text) * size_px : 0;
    double width = fmin(rule->width, fitting->bounds->area.width - hanging);
    if (!(width >= 1) && !force)
        return false;
    width = fmax(width, 1);
    fit->pieces.count = 0;
    collect_pieces(fitting, rule->level, 0, fitting->text->count,
                   rule->may_split ? width / scale : (double)INFINITY);
    if (!tagline_balance_break(&fit->pieces, scale, width, force, &fit->lines))
        return false;
    if (!force && rule->lines_max > 0 && fit->lines.count > rule->lines_max)
        return false;
    double leads = (double)(fit->lines.count - 1) * measure.leading * size_px;
    if (!force && leads + (measure.ascent + measure.descent) * size_px > rule->height)
        return false;
    return force || !fitting->bounds->is_box || ink_fits(fitting, &measure, scale, leads);
}

static MUST_CHECK bool resize_fonts(const struct fitting *fitting, int size_px, struct err *err)
{
    if (size_px == tagline_fonts_size(fitting->text->fonts))
        return true;
    for (int level = 0; level < LEVELS; level++)
        memset(fitting->measured[level], 0,
               (fitting->text->count + 1) * sizeof *fitting->measured[level]);
    return tagline_fonts_resize(fitting->text->fonts, size_px, err);
}

/* Finds the largest size that fits by a rule; an estimate that fits is verified at the real
 * size. */
static MUST_CHECK bool try_rule(const struct fitting *fitting, const struct rule *rule, bool *found,
                                struct err *err)
{
    int size_px = rule->from_px;
    *found = false;
    while (size_px >= rule->to_px) {
        if (lines_fit(fitting, rule, size_px, false)) {
            if (!resize_fonts(fitting, size_px, err))
                return false;
            *found = lines_fit(fitting, rule, size_px, false);
            fitting->fit->size_px = size_px;
            if (*found)
                return true;
        }
        int smaller = (int)(size_px * STEP);
        if (smaller < rule->to_px && size_px > rule->to_px)
            smaller = rule->to_px;
        size_px = smaller < size_px ? smaller : size_px - 1;
    }
    return true;
}

static int size_for_part(const struct tagline_bounds *bounds, double part)
{
    int size_px = (int)lround(part * bounds->asked_px);
    return size_px > bounds->floor_px ? size_px : bounds->floor_px;
}

static double width_of_line(const struct tagline_fit *fit, size_t line)
{
    size_t first = line ? fit->lines.ends[line - 1] : 0, last = fit->lines.ends[line] - 1;
    double width = -(double)fit->pieces.items[first].lead - (double)fit->pieces.items[last].trail;
    for (size_t i = first; i <= last; i++)
        width += (double)fit->pieces.items[i].advance;
    return width;
}

static bool line_ends_paragraph(const struct tagline_fit *fit, size_t line)
{
    return line + 1 == fit->lines.count ||
           fit->pieces.items[fit->lines.ends[line] - 1].rank == LINEBREAK_MUST;
}

/* Whether a break that is not the copy's own leaves a line shorter than a part of the longest. */
static bool has_line_below(const struct tagline_fit *fit, double part)
{
    double longest = 0;
    for (size_t i = 0; i < fit->lines.count; i++)
        longest = fmax(longest, width_of_line(fit, i));
    for (size_t i = 0; i < fit->lines.count; i++) {
        bool is_broken =
            !line_ends_paragraph(fit, i) || (i > 0 && !line_ends_paragraph(fit, i - 1));
        if (is_broken && width_of_line(fit, i) < part * longest)
            return true;
    }
    return false;
}

/* Whether lines may rather end between words than between phrases. In Japanese nobody knows where
 * words are. */
static bool may_break_phrases(const struct fitting *fitting)
{
    return fitting->text->script != LINEBREAK_SCRIPT_KANA;
}

/* Looks for a way to set the text in fewer lines than `rule` has found, by its own places for lines
 * to end or by those between words. */
static MUST_CHECK bool try_fewer_lines(const struct fitting *fitting, const struct rule *rule,
                                       size_t lines_max, bool *found, struct err *err)
{
    struct rule fewer = *rule;
    fewer.lines_max = lines_max;
    *found = false;
    if (!try_rule(fitting, &fewer, found, err))
        return false;
    fewer.level = LEVEL_WORDS;
    return *found || rule->level >= LEVEL_WORDS || !may_break_phrases(fitting) ||
           try_rule(fitting, &fewer, found, err);
}

/* Rather a little smaller than with more lines than the copy, or with a line that looks left over.
 * What `rule` has found stays where there is nothing better. */
static MUST_CHECK bool keep_lines(const struct fitting *fitting,
                                  const struct tagline_bounds *bounds, const struct rule *rule,
                                  struct err *err)
{
    struct tagline_fit *fit = fitting->fit;
    size_t lines = fit->lines.count, own = fitting->text->copy_lines;
    int size_px = fit->size_px, least_px = (int)ceil(KEPT_PART * bounds->asked_px);
    bool has_own = own > 1, found = false;
    bool has_orphan = may_break_phrases(fitting) && has_line_below(fit, ORPHAN_PART);
    if (lines <= own || (!has_own && !has_line_below(fit, RAGGED_PART)))
        return true;
    struct rule smaller = *rule;
    smaller.from_px = size_px;
    smaller.to_px = least_px > bounds->floor_px ? least_px : bounds->floor_px;
    for (size_t most = has_own ? own : lines - 1; most < lines; most++) {
        if (!try_fewer_lines(fitting, &smaller, most, &found, err))
            return false;
        if (found && (has_own || !has_line_below(fit, RAGGED_PART)))
            return true;
    }
    /* As many lines, but between words. */
    smaller.to_px = size_px;
    smaller.level = LEVEL_WORDS;
    smaller.lines_max = lines;
    if (has_orphan && !try_rule(fitting, &smaller, &found, err))
        return false;
    if (has_orphan && found && !has_line_below(fit, RAGGED_PART))
        return true;
    if (!resize_fonts(fitting, size_px, err))
        return false;
    fit->size_px = size_px;
    return lines_fit(fitting, rule, size_px, false) ||
           err_set(err, ERR_SYSTEM, "the text does not fit a second time");
}

static MUST_CHECK bool fit_by_rules(const struct fitting *fitting,
                                    const struct tagline_bounds *bounds, struct err *err)
{
    int phrases_px = size_for_part(bounds, PHRASES_PART),
        headline_px = size_for_part(bounds, HEADLINE_PART);
    size_t any = bounds->lines_max, few = HEADLINE_LINES;
    if (any > 0 && any < few)
        few = any;
    const struct rule rules[] = {
        {bounds->width, bounds->height, bounds->asked_px, phrases_px, few, LEVEL_PHRASES, false},
        {bounds->width, bounds->height, bounds->asked_px, headline_px, few, LEVEL_WORDS, false},
        {bounds->width, bounds->height, bounds->asked_px, headline_px, any, LEVEL_WORDS, false},
        {bounds->width, bounds->height, bounds->asked_px, bounds->floor_px, any, LEVEL_WORDS, true},
        {bounds->area.width, bounds->area.height, bounds->floor_px, bounds->least_px, any,
         LEVEL_WORDS, true},
    };
    bool found = false;
    for (size_t i = 0; i < sizeof rules / sizeof *rules && !found; i++) {
        if (!try_rule(fitting, &rules[i], &found, err))
            return false;
        if (found)
            return keep_lines(fitting, bounds, &rules[i], err);
    }
    const struct rule *last = &rules[sizeof rules / sizeof *rules - 1];
    if (!resize_fonts(fitting, bounds->least_px, err))
        return false;
    fitting->fit->size_px = bounds->least_px;
    lines_fit(fitting, last, bounds->least_px, true);
    fitting->fit->is_cut = true;
    return true;
}

bool tagline_fit_text(const struct tagline_text *text, const struct tagline_bounds *bounds,
                      struct tagline_fit *fit, struct err *err)
{
    struct fitting fitting = {.text = text, .bounds = bounds, .fit = fit};
    bool ok = false;
    for (int level = 0; level < LEVELS; level++) {
        fitting.measured[level] = calloc(text->count + 1, sizeof *fitting.measured[level]);
        if (!fitting.measured[level]) {
            err_oom(err);
            goto out;
        }
    }
    int first_px = bounds->asked_px < MEASURE_PX_MAX ? bounds->asked_px : MEASURE_PX_MAX;
    ok = resize_fonts(&fitting, first_px, err) && fit_by_rules(&fitting, bounds, err);
out:
    for (int level = 0; level < LEVELS; level++)
        free(fitting.measured[level]);
    return ok;
}
