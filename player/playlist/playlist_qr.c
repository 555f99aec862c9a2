#include "playlist/playlist_qr.h"

#include "playlist/playlist_json.h"
#include "playlist/playlist_text_style.h"
#include "playlist/playlist_texts.h"

#include <string.h>

static const char *const KEYS[] = {"text", "position", "size", "dark", "light"};
static const struct playlist_range SIZE = {
    QR_SIZE_MIN, QR_SIZE_MAX, false,
    "a number from 0.05 to 0.5 (a fraction of the screen's shorter side)"};

static const char *parse_text(struct playlist_parser *parser, const struct playlist_node *node)
{
    struct playlist_node member;
    if (!playlist_member(node, "text", &member)) {
        playlist_fault_add(parser->faults, &member,
                           "is missing: write what the code says, such as an address");
        return "";
    }
    if (!playlist_is_string(parser, &member))
        return "";
    const char *text = playlist_json_string(member.value);
    if (!*text)
        playlist_fault_add(parser->faults, &member, "is empty: write what the code says");
    else if (strlen(text) > PLAYLIST_TEXT_BYTES_MAX)
        playlist_fault_add(parser->faults, &member, "has %zu bytes; at most %d are allowed",
                           strlen(text), PLAYLIST_TEXT_BYTES_MAX);
    else
        playlist_check_printable(parser, &member, text, "\n\r\t");
    return playlist_copy_text(parser, text);
}

void playlist_parse_qr(struct playlist_parser *parser, const struct playlist_node *spot_node,
                       struct playlist_qr *qr)
{
    struct playlist_node node, position;
    qr->style = (struct qr_style){.size = 0.25,
                                  .align = TEXT_ALIGN_END,
                                  .valign = TEXT_ALIGN_END,
                                  .dark = 0x000000,
                                  .light = 0xffffff};
    if (!playlist_member(spot_node, "qr", &node) ||
        !playlist_is_object(parser, &node, PLAYLIST_WORDS(KEYS)))
        return;
    qr->text = parse_text(parser, &node);
    if (playlist_member(&node, "position", &position))
        playlist_check_position(parser, &position, &qr->style.align, &qr->style.valign);
    playlist_read_number(parser, &node, "size", &SIZE, &qr->style.size);
    playlist_read_color(parser, &node, "dark", &qr->style.dark);
    playlist_read_color(parser, &node, "light", &qr->style.light);
}
