#include "commands/doctor/doctor_report.h"

#include "base/clock.h"
#include "commands/listing.h"
#include "core/utf8.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FOUND_BYTES 1024
#define NAME_CELLS 14
#define STATE_CELLS 7
#define CHECK_LIMIT_S 60 /* the slowest, of servers, have limits of their own that are shorter */

static const char *const states[] = {
    [DOCTOR_OK] = "ok", [DOCTOR_NOTE] = "note", [DOCTOR_WRONG] = "WRONG"};

struct doctor_report {
    bool json;
    int checks, wrong;
    bool is_wrong; /* the check that runs has found something wrong */
    pthread_t guard;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t wake;
    const char *name; /* of the check that runs; NULL: none */
    struct timespec until;
    bool ended;
};

/* Texts here have no control characters: these two are all that must be escaped. */
static void put_json_string(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar(*text);
    }
    putchar('"');
}

static void print_json(const char *name, enum doctor_state state, const char *found,
                       const char *remedy)
{
    static const char *const words[] = {
        [DOCTOR_OK] = "ok", [DOCTOR_NOTE] = "note", [DOCTOR_WRONG] = "wrong"};
    printf("{\"check\": \"%s\", \"state\": \"%s\", \"found\": ", name, words[state]);
    put_json_string(found);
    fputs(", \"remedy\": ", stdout);
    if (remedy)
        put_json_string(remedy);
    else
        fputs("null", stdout);
    puts("}");
}

static void print_line(const char *name, enum doctor_state state, const char *found,
                       const char *remedy)
{
    listing_print_cell(stdout, states[state], STATE_CELLS);
    listing_print_cell(stdout, name, NAME_CELLS);
    printf("%s\n", found);
    if (remedy)
        printf("%*sDo: %s\n", STATE_CELLS + NAME_CELLS, "", remedy);
}

static void print_finding(const struct doctor_report *report, const char *name,
                          enum doctor_state state, const char *found, const char *remedy)
{
    if (report->json)
        print_json(name, state, found, remedy);
    else
        print_line(name, state, found, remedy);
    fflush(stdout);
}

static void *run_guard(void *context)
{
    struct doctor_report *report = context;
    pthread_mutex_lock(&report->mutex);
    while (!report->ended) {
        if (!report->name) {
            pthread_cond_wait(&report->wake, &report->mutex);
            continue;
        }
        const char *name = report->name;
        struct timespec until = report->until;
        if (pthread_cond_timedwait(&report->wake, &report->mutex, &until) == 0 || report->ended ||
            report->name != name)
            continue;
        print_finding(report, name, DOCTOR_WRONG, "no answer: a disk or a driver hangs",
                      "restart the box; where it comes again, what the check waits for is broken");
        _exit(EXIT_FAILURE);
    }
    pthread_mutex_unlock(&report->mutex);
    return NULL;
}

struct doctor_report *doctor_report_create(bool json, struct err *err)
{
    struct doctor_report *report = calloc(1, sizeof *report);
    pthread_condattr_t attributes;
    if (!report) {
        err_oom(err);
        return NULL;
    }
    report->json = json;
    pthread_mutex_init(&report->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&report->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&report->guard, NULL, run_guard, report) == 0)
        return report;
    free(report);
    err_oom(err);
    return NULL;
}

/* Tells the guard which check runs; NULL: none. */
static void set_check(struct doctor_report *report, const char *name, bool ended)
{
    int64_t until_ns = clock_mono_ns() + CHECK_LIMIT_S * INT64_C(1000000000);
    pthread_mutex_lock(&report->mutex);
    report->name = name;
    report->until = (struct timespec){until_ns / 1000000000, until_ns % 1000000000};
    report->ended = ended;
    pthread_cond_signal(&report->wake);
    pthread_mutex_unlock(&report->mutex);
}

static void end_check(struct doctor_report *report)
{
    report->wrong += report->is_wrong;
    report->is_wrong = false;
}

int doctor_report_finish(struct doctor_report *report)
{
    if (!report)
        return 0;
    end_check(report);
    set_check(report, NULL, true);
    pthread_join(report->guard, NULL);
    int wrong = report->wrong;
    if (!report->json && wrong == 0)
        printf("\nAll is well: %d checks.\n", report->checks);
    else if (!report->json)
        printf("\n%d of %d checks found something wrong.\n", wrong, report->checks);
    pthread_cond_destroy(&report->wake);
    pthread_mutex_destroy(&report->mutex);
    free(report);
    return wrong;
}

void doctor_report_begin(struct doctor_report *report, const char *name)
{
    end_check(report);
    report->checks++;
    set_check(report, name, false);
}

void doctor_report_say(struct doctor_report *report, enum doctor_state state, const char *remedy,
                       const char *format, ...)
{
    char found[FOUND_BYTES], clean[FOUND_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(found, sizeof found, format, arguments);
    va_end(arguments);
    utf8_copy_clean(found, strlen(found), clean, sizeof clean);
    report->is_wrong |= state == DOCTOR_WRONG;
    print_finding(report, report->name, state, clean, remedy);
}
