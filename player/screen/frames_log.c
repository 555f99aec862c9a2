#include "screen/frames_log.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>

#define LOG_MODULE "frames_log"

FILE *frames_log_open(const char *path, struct err *err)
{
    FILE *log = fopen(path, "we");
    if (!log) {
        err_set_errno(err, ERR_SYSTEM, errno, "cannot create the frames log %s", path);
        return NULL;
    }
    setvbuf(log, NULL, _IOLBF, 0); /* a program that follows the file sees each frame at once */
    fputs("present_ns,show_ms,from,to,mix,late\n", log);
    return log;
}

/* Quotes the text where RFC 4180 demands it. */
static void write_field(FILE *log, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, log);
        return;
    }
    fputc('"', log);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', log);
        fputc(*text, log);
    }
    fputc('"', log);
}

void frames_log_write(FILE *log, const struct frames_log_line *line)
{
    fprintf(log, "%lld,%.3f,", (long long)line->present_ns, line->show_ms);
    write_field(log, line->from);
    fputc(',', log);
    write_field(log, line->to);
    fprintf(log, ",%.4f,%d\n", line->mix, line->late);
}

void frames_log_close(FILE *log)
{
    if (!log)
        return;
    bool failed = ferror(log);
    if (fclose(log) != 0 || failed)
        log_error("frames log incomplete reason=\"the disk is full or failing\"");
}
