#include "commands/guide_output.h"

#include "commands/listing.h"

#include <stdlib.h>
#include <string.h>

#define TIME_CELLS 31   /* "2026-02-06T20:00:00.500+09:00", and two blanks */
#define LENGTH_CELLS 14 /* "24:00:00.500" */
#define SCREEN_CELLS 8
#define PLAYS_CELLS 10
#define TOTAL_CELLS 19 /* "2007384:00:00.500", 229 years */
#define HOUSE_CARD "(house card)"
#define GAP 2

#define PUT(listing, text) listing_put(listing, text, sizeof(text) - 1)

static void put_blanks(struct listing *listing, size_t count)
{
    static const char blanks[] = "                                ";
    for (size_t part; count > 0; count -= part) {
        part = count < sizeof blanks - 1 ? count : sizeof blanks - 1;
        listing_put(listing, blanks, part);
    }
}

/* Names have no control characters, so only these two must be escaped. */
static void put_json(FILE *stream, const char *text)
{
    fputc('"', stream);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

static void put_csv(FILE *stream, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, stream);
        return;
    }
    fputc('"', stream);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

static void write_spot(const struct guide_output *output, FILE *stream, const char *name)
{
    switch (output->format) {
    case GUIDE_TABLE:
        listing_print_cell(stream, name ? name : HOUSE_CARD, output->spot_width + GAP);
        break;
    case GUIDE_JSON:
        fputs("\"spot\": ", stream);
        if (name)
            put_json(stream, name);
        else
            fputs("null", stream);
        break;
    case GUIDE_CSV:
        put_csv(stream, name ? name : "");
        break;
    }
}

/* The source of a slot; `index` as in guide_output.sources. */
struct source {
    size_t daypart;
    bool is_daypart;  /* an entry of the schedule */
    bool is_always;   /* the loop of a playlist without a schedule */
    const char *loop; /* NULL: the house card */
};

static struct source source_at(const struct playlist *playlist, size_t index)
{
    bool runs = index < playlist->schedule_count;
    struct source source = {.daypart = index,
                            .is_daypart = runs && playlist->schedule_given,
                            .is_always = runs && !playlist->schedule_given};
    int loop = -1;
    if (runs)
        loop = playlist->schedule[index].loop;
    else if (index == playlist->schedule_count)
        loop = playlist->fallback;
    if (loop >= 0)
        source.loop = playlist->loops[loop].name;
    return source;
}

static void write_source_row(const struct guide_output *output, FILE *stream,
                             const struct source *source)
{
    char text[32] = "fallback";
    if (source->is_always)
        snprintf(text, sizeof text, "always");
    else if (source->is_daypart)
        snprintf(text, sizeof text, "schedule[%zu]", source->daypart);
    else if (!source->loop)
        snprintf(text, sizeof text, "-");
    bool named = source->loop && *source->loop; /* the one loop of a short playlist has no name */
    listing_print_cell(stream, text, named ? output->daypart_width + GAP : 0);
    fprintf(stream, "%s\n", named ? source->loop : "");
}

static void write_source_json(FILE *stream, const struct source *source)
{
    if (source->is_daypart)
        fprintf(stream, ", \"daypart\": %zu, \"loop\": ", source->daypart);
    else
        fputs(", \"daypart\": null, \"loop\": ", stream);
    if (source->loop)
        put_json(stream, source->loop);
    else
        fputs("null", stream);
    fputs("}\n", stream);
}

static void write_source_csv(FILE *stream, const struct source *source)
{
    if (source->is_daypart)
        fprintf(stream, ",%zu,", source->daypart);
    else
        fputs(",,", stream);
    put_csv(stream, source->loop ? source->loop : "");
    fputc('\n', stream);
}

static void write_source(const struct guide_output *output, FILE *stream, size_t index)
{
    struct source source = source_at(output->playlist, index);
    switch (output->format) {
    case GUIDE_TABLE:
        write_source_row(output, stream, &source);
        break;
    case GUIDE_JSON:
        write_source_json(stream, &source);
        break;
    case GUIDE_CSV:
        write_source_csv(stream, &source);
        break;
    }
}

static void measure_columns(struct guide_output *output)
{
    const struct playlist *playlist = output->playlist;
    char daypart[32];
    output->spot_width = listing_text_width(HOUSE_CARD);
    for (size_t i = 0; i < playlist->spot_count; i++) {
        int width = listing_text_width(playlist->spots[i].name);
        output->spot_width = width > output->spot_width ? width : output->spot_width;
    }
    snprintf(daypart, sizeof daypart, "schedule[%zu]", playlist->schedule_count - 1);
    output->daypart_width = listing_text_width(daypart);
    if (output->daypart_width < listing_text_width("schedule"))
        output->daypart_width = listing_text_width("schedule");
}

/* Renders the text of a spot or a source. */
static bool render_piece(struct guide_piece *piece, const struct guide_output *output, size_t index,
                         bool source)
{
    FILE *stream = open_memstream(&piece->bytes, &piece->size);
    if (!stream)
        return false;
    if (source)
        write_source(output, stream, index);
    else
        write_spot(output, stream,
                   index < output->playlist->spot_count ? output->playlist->spots[index].name
                                                        : NULL);
    bool ok = !ferror(stream);
    return fclose(stream) == 0 && ok;
}

bool guide_output_init(struct guide_output *output, enum guide_format format,
                       const struct playlist *playlist, struct err *err)
{
    *output = (struct guide_output){.format = format, .playlist = playlist};
    measure_columns(output);
    output->spots = calloc(playlist->spot_count + 1, sizeof *output->spots);
    output->sources = calloc(playlist->schedule_count + 2, sizeof *output->sources);
    bool ok = output->spots && output->sources;
    for (size_t i = 0; ok && i <= playlist->spot_count; i++)
        ok = render_piece(&output->spots[i], output, i, false);
    for (size_t i = 0; ok && i < playlist->schedule_count + 2; i++)
        ok = render_piece(&output->sources[i], output, i, true);
    return ok || err_oom(err);
}

void guide_output_finish(struct guide_output *output)
{
    for (size_t i = 0; output->spots && i <= output->playlist->spot_count; i++)
        free(output->spots[i].bytes);
    for (size_t i = 0; output->sources && i < output->playlist->schedule_count + 2; i++)
        free(output->sources[i].bytes);
    free(output->spots);
    free(output->sources);
    output->spots = output->sources = NULL;
}

static void put_cells(struct listing *listing, const char *text, size_t cells)
{
    size_t size = strlen(text);
    listing_put(listing, text, size);
    put_blanks(listing, cells > size ? cells - size : 0);
}

void guide_output_head(const struct guide_output *output, struct listing *listing)
{
    if (output->format == GUIDE_CSV)
        put_cells(listing,
                  output->has_screen ? "start,start_ms,end_ms,screen,spot,daypart,loop\n"
                                     : "start,start_ms,end_ms,spot,daypart,loop\n",
                  0);
    if (output->format != GUIDE_TABLE)
        return;
    put_cells(listing, "start", TIME_CELLS);
    put_cells(listing, "length", LENGTH_CELLS);
    if (output->has_screen)
        put_cells(listing, "screen", SCREEN_CELLS);
    put_cells(listing, "spot", (size_t)output->spot_width + GAP);
    put_cells(listing, "daypart", (size_t)output->daypart_width + GAP);
    PUT(listing, "loop\n");
}

static void put_piece(struct listing *listing, const struct guide_piece *piece)
{
    listing_put(listing, piece->bytes, piece->size);
}

static void put_screen(const struct guide_output *output, struct listing *listing,
                       enum timetable_screen screen)
{
    static const char *const words[] = {[TIMETABLE_SCREEN_ON] = "on",
                                        [TIMETABLE_SCREEN_OFF] = "off",
                                        [TIMETABLE_SCREEN_PARTLY] = "partly"};
    switch (output->format) {
    case GUIDE_TABLE:
        put_cells(listing, words[screen], SCREEN_CELLS);
        break;
    case GUIDE_JSON:
        PUT(listing, "\"screen\": \"");
        put_cells(listing, words[screen], 0);
        PUT(listing, "\", ");
        break;
    case GUIDE_CSV:
        put_cells(listing, words[screen], 0);
        PUT(listing, ",");
        break;
    }
}

void guide_output_put(const struct guide_output *output, struct listing *listing,
                      const struct programme_slot *slot, enum timetable_screen screen)
{
    const struct playlist *playlist = output->playlist;
    size_t source = playlist->schedule_count + (slot->source == PROGRAMME_NOTHING);
    if (slot->source == PROGRAMME_DAYPART)
        source = (size_t)slot->daypart;
    const struct guide_piece *spot =
        &output->spots[slot->spot >= 0 ? (size_t)slot->spot : playlist->spot_count];
    switch (output->format) {
    case GUIDE_TABLE:
        put_blanks(listing, TIME_CELLS - listing_put_time(listing, slot->start_ms));
        put_blanks(listing,
                   LENGTH_CELLS - listing_put_length(listing, slot->end_ms - slot->start_ms));
        break;
    case GUIDE_JSON:
        PUT(listing, "{\"start\": \"");
        listing_put_time(listing, slot->start_ms);
        PUT(listing, "\", \"start_ms\": ");
        listing_put_number(listing, slot->start_ms);
        PUT(listing, ", \"end_ms\": ");
        listing_put_number(listing, slot->end_ms);
        PUT(listing, ", ");
        break;
    case GUIDE_CSV:
        listing_put_time(listing, slot->start_ms);
        PUT(listing, ",");
        listing_put_number(listing, slot->start_ms);
        PUT(listing, ",");
        listing_put_number(listing, slot->end_ms);
        PUT(listing, ",");
        break;
    }
    if (output->has_screen)
        put_screen(output, listing, screen);
    put_piece(listing, spot);
    put_piece(listing, &output->sources[source]);
}

static void put_total(const struct guide_output *output, struct listing *listing,
                      const struct guide_total *total, int64_t stretch_ms)
{
    char text[128];
    double share = (double)total->time_ms / (double)stretch_ms;
    long long plays = total->plays, time_ms = total->time_ms;
    switch (output->format) {
    case GUIDE_TABLE:
        snprintf(text, sizeof text, "%*lld  ", PLAYS_CELLS, plays);
        listing_put(listing, text, strlen(text));
        put_blanks(listing, TOTAL_CELLS - listing_put_length(listing, time_ms));
        snprintf(text, sizeof text, "%6.2f %%\n", share * 100);
        break;
    case GUIDE_JSON:
        snprintf(text, sizeof text, ", \"plays\": %lld, \"time_ms\": %lld, \"share\": %.6f}\n",
                 plays, time_ms, share);
        break;
    case GUIDE_CSV:
        snprintf(text, sizeof text, ",%lld,%lld,%.6f\n", plays, time_ms, share);
        break;
    }
    listing_put(listing, text, strlen(text));
}

void guide_output_put_totals(const struct guide_output *output, struct listing *listing,
                             const struct guide_total *totals, int64_t stretch_ms)
{
    size_t count = output->playlist->spot_count;
    struct guide_total all = {0};
    if (output->format == GUIDE_CSV)
        PUT(listing, "spot,plays,time_ms,share\n");
    if (output->format == GUIDE_TABLE) {
        char text[128];
        put_cells(listing, "spot", (size_t)output->spot_width + GAP);
        snprintf(text, sizeof text, "%*s  %-*sshare\n", PLAYS_CELLS, "plays", TOTAL_CELLS, "time");
        listing_put(listing, text, strlen(text));
    }
    for (size_t i = 0; i <= count; i++) {
        if (i == count && totals[i].plays == 0)
            break;
        if (output->format == GUIDE_JSON)
            PUT(listing, "{");
        put_piece(listing, &output->spots[i]);
        put_total(output, listing, &totals[i], stretch_ms);
        all.plays += totals[i].plays;
        all.time_ms += totals[i].time_ms;
    }
    if (output->format == GUIDE_TABLE) {
        put_cells(listing, "total", (size_t)output->spot_width + GAP);
        put_total(output, listing, &all, stretch_ms);
    }
}
