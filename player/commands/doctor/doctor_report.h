/* What doctor finds, as it is found: a line for each check, for people, or a JSON object. A
 * check that does not end in its time ends the process, which says so: the disk or the driver
 * that it waits for may never answer. Main thread. */
#ifndef COMMANDS_DOCTOR_DOCTOR_REPORT_H
#define COMMANDS_DOCTOR_DOCTOR_REPORT_H

#include "core/err.h"

enum doctor_state {
    DOCTOR_OK,
    DOCTOR_NOTE,  /* good to know, or it could not be checked: nothing need be done */
    DOCTOR_WRONG, /* something must be done */
};

struct doctor_report;

/* NULL when out of memory. */
struct doctor_report *doctor_report_create(bool json, struct err *err);

/* The sum at its end, for people. How many checks found something wrong. NULL is allowed: 0. */
int doctor_report_finish(struct doctor_report *report);

/* Begins a check, and so ends the one before. `name` is static. */
void doctor_report_begin(struct doctor_report *report, const char *name);

/* What the check has found; `remedy` NULL: nothing to do. A check may find several things. */
void doctor_report_say(struct doctor_report *report, enum doctor_state state, const char *remedy,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
