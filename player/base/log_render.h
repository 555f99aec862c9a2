/* Private to the log: makes one line of a record, which a program can take apart again.
 *
 * Text:
 *
 *     warn feed_url: no playlist url=https://example.com/list.json reason="cannot connect"
 *
 * A level, a module, a message, then keys. A value of [A-Za-z0-9._:/+@%,~-] only may stand bare;
 * any other is in quotes. In quotes, and in the message, these are escaped: backslash as \\, line
 * end, carriage return and tabulator as \n \r \t, other control bytes, DEL and invalid UTF-8 bytes as
 * \xNN for each byte, and the code points that could fool a reader as \u{N}, in hexadecimal: C1
 * controls, controls of writing direction, line and paragraph separators, the byte order mark. In
 * quotes a quote is \", in the message an equals sign is \=, so no message looks like a key. Who
 * replaces these by what they stand for has the value as it was.
 *
 * JSON: an object with "level", "module", "message" and a member for each key: a number where the
 * value is one, else a string. The same code points are escaped, as \uNNNN; an invalid byte
 * becomes U+FFFD. A key that is there already gets a "_" after it.
 *
 * A line that would be longer than there is space is cut between two characters: what is there of
 * the value ends with an ellipsis, and cut=true follows. Any thread. */
#ifndef BASE_LOG_RENDER_H
#define BASE_LOG_RENDER_H

#include "base/log_record.h"

/* Writes the line (no line end, NUL-terminated) into `line`, of at least 256 bytes, and returns its
 * length. A JSON line lacks its opening brace, which a time may follow. */
size_t log_render_text(const struct log_record *record, const char *level, const char *module,
                       char *line, size_t bytes);
size_t log_render_json(const struct log_record *record, const char *level, const char *module,
                       char *line, size_t bytes);

#endif
