#include "screen/refresh_report.h"

#include <stdio.h>

void refresh_report_add(struct refresh_report *report, const char *spot, int64_t missed,
                        int64_t due)
{
    if (missed * 100 <= due)
        return;
    if (missed > report->worst) {
        report->worst = missed;
        snprintf(report->spot, sizeof report->spot, "%s", spot);
    }
    report->plays++;
    report->missed += missed;
    report->due += due;
}

bool refresh_report_take_rest(struct refresh_report *report, struct refresh_report *sum)
{
    if (!report->plays)
        return false;
    *sum = *report;
    *report = (struct refresh_report){.reported_ns = sum->reported_ns};
    return true;
}

bool refresh_report_take(struct refresh_report *report, int64_t now_ns, struct refresh_report *sum)
{
    if (report->reported_ns && now_ns - report->reported_ns < REFRESH_REPORT_NS)
        return false;
    if (!refresh_report_take_rest(report, sum))
        return false;
    report->reported_ns = now_ns;
    return true;
}
