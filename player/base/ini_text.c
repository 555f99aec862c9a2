#include "base/ini_text.h"

#include <ini.h>
#include <string.h>

/* For the longest line, its end, and the NUL. */
#define BUFFER_BYTES (INI_TEXT_LINE_BYTES_MAX + 3)

struct reading {
    const char *rest; /* NULL: at the end */
    int number;       /* of the line that the library has now */
    int section_line;
    char section[50]; /* as the library keeps it */
    void (*take)(void *context, const struct ini_text_line *line);
    void *context;
};

static void take_fault(const struct reading *reading, const char *reason)
{
    struct ini_text_line line = {.number = reading->number,
                                 .section = reading->section,
                                 .section_line = reading->section_line,
                                 .value = reason};
    reading->take(reading->context, &line);
}

/* The library keeps to itself which of several lines it could not read, and says nothing of a
 * section's beginning. */
static bool begin_section(struct reading *reading, const char *line, size_t length)
{
    const char *end = memchr(line, ']', length);
    if (!end) {
        take_fault(reading, "a section needs the form [name]");
        return false;
    }
    size_t bytes = (size_t)(end - line) - 1;
    if (bytes >= sizeof reading->section)
        bytes = sizeof reading->section - 1;
    memcpy(reading->section, line + 1, bytes);
    reading->section[bytes] = '\0';
    reading->section_line = reading->number;
    const char *more = end + 1 + strspn(end + 1, " \t");
    if (more < line + length && *more != '#' && *more != ';')
        take_fault(reading, "text after a section; give it a line of its own");
    return true;
}

/* Gives the library one line: an empty one in the place of what it can't be given. */
static char *next_line(char *buffer, int buffer_bytes, void *context)
{
    struct reading *reading = context;
    if (!reading->rest)
        return NULL;
    reading->number++;
    const char *line = reading->rest + strspn(reading->rest, " \t\v\f");
    size_t length = strcspn(line, "\r\n");
    const char *end = line + length;
    reading->rest = *end ? end + (end[0] == '\r' && end[1] == '\n' ? 2 : 1) : NULL;
    if (length > INI_TEXT_LINE_BYTES_MAX || length + 2 > (size_t)buffer_bytes) {
        take_fault(reading, "the line is longer than 4096 bytes");
        length = 0;
    }
    if (length > 0 && *line == '[' && !begin_section(reading, line, length))
        length = 0;
    memcpy(buffer, line, length);
    memcpy(buffer + length, "\n", 2);
    return buffer;
}

static int take_entry(void *context, const char *section, const char *name, const char *value)
{
    struct reading *reading = context;
    (void)section; /* the reading's own, which says where it begins */
    if (!value || !*name) {
        take_fault(reading, "a line needs the form name = value");
        return 1;
    }
    struct ini_text_line line = {.number = reading->number,
                                 .section = reading->section,
                                 .section_line = reading->section_line,
                                 .key = name,
                                 .value = value};
    reading->take(reading->context, &line);
    return 1;
}

bool ini_text_read(const char *text, void (*take)(void *context, const struct ini_text_line *line),
                   void *context)
{
    static const char mark[] = "\xef\xbb\xbf"; /* the byte order mark that some editors write */
    if (strncmp(text, mark, strlen(mark)) == 0)
        text += strlen(mark);
    struct reading reading = {.rest = text, .take = take, .context = context};
    /* Blanks before a line mean nothing here, and comments behind a value depend on its quotes. */
    ini_allow_multiline = false;
    ini_allow_inline_comments = false;
    ini_allow_no_value = true;
    ini_use_stack = false;
    ini_max_line = ini_initial_alloc = BUFFER_BYTES;
    return ini_parse_stream(next_line, &reading, take_entry, &reading) != -2;
}
