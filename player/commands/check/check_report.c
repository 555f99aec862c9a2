#include "commands/check/check_report.h"

#include "playlist/playlist_fault.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define TEXT_BYTES 1024

/* `text` is valid UTF-8 without control characters, so RFC 8259, section 7, requires no more than
 * quotes and backslashes to be escaped. */
static void print_json_string(FILE *stream, const char *text)
{
    putc('"', stream);
    for (const char *at = text; *at; at++) {
        if (*at == '"' || *at == '\\')
            putc('\\', stream);
        putc(*at, stream);
    }
    putc('"', stream);
}

/* Prints an object without its closing brace. */
static void print_json_object(FILE *stream, const char *word, const char *path, const char *text)
{
    fprintf(stream, "{\"level\": \"%s\", \"path\": ", word);
    print_json_string(stream, path);
    fputs(", \"text\": ", stream);
    print_json_string(stream, text);
}

static void print_finding(struct check_report *report, enum check_level level, const char *path,
                          const char *text)
{
    const char *word = level == CHECK_FAULT ? "fault" : "warning";
    if (report->json) {
        print_json_object(report->stream, word, path, text);
        fputs("}\n", report->stream);
    } else {
        fprintf(report->stream, "%-7s %s: %s\n", word, path, text);
    }
}

static void count_findings(struct check_report *report, enum check_level level, size_t more)
{
    if (level == CHECK_FAULT)
        report->faults += more;
    else
        report->warnings += more;
}

void check_report_add_all(struct check_report *report, enum check_level level,
                          const struct playlist_faults *found)
{
    char more[64];
    for (size_t i = 0; i < found->count; i++)
        print_finding(report, level, found->items[i].path, found->items[i].text);
    snprintf(more, sizeof more, "%zu more are not listed", found->total - found->count);
    if (found->total > found->count)
        print_finding(report, level, "$", more);
    count_findings(report, level, found->total);
}

/* The nodes that lead to a place; returns the last one. */
static const struct playlist_node *find_node(const struct check_place *place,
                                             struct playlist_node nodes[CHECK_KEYS_MAX + 1])
{
    size_t last = 0;
    nodes[0] = (struct playlist_node){0};
    for (; last < CHECK_KEYS_MAX && place->keys[last]; last++)
        nodes[last + 1] = (struct playlist_node){.parent = &nodes[last], .key = place->keys[last]};
    return &nodes[last];
}

void check_report_add(struct check_report *report, enum check_level level,
                      const struct check_place *place, const char *format, ...)
{
    struct playlist_node nodes[CHECK_KEYS_MAX + 1];
    char text[TEXT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct playlist_faults one = {0};
    playlist_fault_add(&one, find_node(place, nodes), "%s", text);
    check_report_add_all(report, level, &one);
    playlist_faults_finish(&one);
}

void check_report_fact(struct check_report *report, const struct check_place *place,
                       const struct check_fact *fact)
{
    struct playlist_node nodes[CHECK_KEYS_MAX + 1];
    struct playlist_faults one = {0};
    FILE *stream = report->stream;
    if (!report->json)
        return;
    playlist_fault_add(&one, find_node(place, nodes), "%s, %d × %d", fact->codec, fact->width,
                       fact->height);
    for (size_t i = 0; i < one.count; i++) {
        print_json_object(stream, "fact", one.items[i].path, one.items[i].text);
        fprintf(stream, ", \"film\": {\"codec\": \"%s\", \"width\": %d, \"height\": %d",
                fact->codec, fact->width, fact->height);
        if (fact->fps > 0)
            fprintf(stream, ", \"fps\": %.6g", fact->fps);
        if (fact->duration_ms > 0)
            fprintf(stream, ", \"duration_ms\": %" PRId64, fact->duration_ms);
        fputs("}}\n", stream);
    }
    playlist_faults_finish(&one);
}

bool check_report_end(const struct check_report *report, struct err *err)
{
    const char *faults = report->faults == 1 ? "fault" : "faults";
    const char *warnings = report->warnings == 1 ? "warning" : "warnings";
    if (!report->json)
        fprintf(report->stream, "%zu %s, %zu %s\n", report->faults, faults, report->warnings,
                warnings);
    if (fflush(report->stream) == 0 && !ferror(report->stream))
        return true;
    return err_set_errno(err, ERR_SYSTEM, errno, "cannot write to standard output");
}
