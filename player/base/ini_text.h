/* Text in INI form, by libinih, which no other file knows: sections, "key = value" lines, comments.
 *
 * What people's editors write is read: the byte order mark of UTF-8, line ends of Windows and of old
 * Macs, blanks before a line. A line that begins with # or ; is a comment. Main thread, as the library
 * has its settings for the whole process. */
#ifndef BASE_INI_TEXT_H
#define BASE_INI_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Longer lines are faults. */
#define INI_TEXT_LINE_BYTES_MAX 4096

/* A line with a key, or with a fault. */
struct ini_text_line {
    int number;
    const char *section; /* "": none was begun; at most 49 bytes of it */
    int section_line;    /* where that was begun */
    const char *key;     /* NULL in a fault */
    const char *value;   /* as it stands there, without blanks around it; in a fault the reason */
};

/* Calls `take` for each of them, in order; the strings live until it returns. `text` ends with a
 * NUL. False: out of memory. */
bool ini_text_read(const char *text, void (*take)(void *context, const struct ini_text_line *line),
                   void *context);

#endif
