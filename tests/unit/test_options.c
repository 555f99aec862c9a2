#include "base/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "commands/settings.h"

enum { COMMAND_A = 1, COMMAND_B = 2 };
enum { NAME, COUNT, COLOR, SIZE, LOUD, QUOTA, SOURCE, OUTPUT, OTHER, OUTPUT_B, SCREENS, ROWS };

enum { LOOKS, PLACES };

static bool check_name(const char *text, struct err *err)
{
    return strcmp(text, "bad") != 0 ||
           err_set(err, ERR_INPUT, "needs another name, not \"%s\"", text);
}

static const struct option_row rows[ROWS] = {
    [NAME] =
        {
            .name = "name",
            .type = OPTION_TEXT,
            .metavar = "TEXT",
            .check = check_name,
            .help = "what it is called",
            .commands = COMMAND_A,
            .first = COMMAND_A,
            .group = PLACES,
        },
    [COUNT] =
        {
            .name = "count",
            .letter = 'c',
            .type = OPTION_NUMBER,
            .min = 0.5,
            .max = 10,
            .metavar = "N",
            .fallback = "2.5",
            .help = "how many",
            .commands = COMMAND_A,
        },
    [COLOR] =
        {
            .name = "color",
            .type = OPTION_CHOICE,
            .choices = "red|green|10",
            .fallback = "green",
            .help = "which",
            .commands = COMMAND_A,
            .first = COMMAND_A,
        },
    [SCREENS] =
        {
            .name = "screen",
            .type = OPTION_SIZES,
            .min = 64,
            .max = 4096,
            .metavar = "WxH",
            .help = "how large each is",
            .commands = COMMAND_B,
        },
    [SIZE] =
        {
            .name = "size",
            .type = OPTION_SIZE,
            .min = 64,
            .max = 4096,
            .metavar = "WxH",
            .help = "how large",
            .commands = COMMAND_A,
        },
    [LOUD] =
        {
            .name = "loud",
            .letter = 'l',
            .type = OPTION_FLAG,
            .help = "say more",
            .commands = COMMAND_A,
        },
    [QUOTA] =
        {
            .name = "quota",
            .type = OPTION_BYTES,
            .min = 1000,
            .max = 5e12,
            .metavar = "BYTES",
            .fallback = "2G",
            .help = "how much",
            .commands = COMMAND_A,
        },
    [SOURCE] =
        {
            .name = "source",
            .letter = 's',
            .type = OPTION_TEXTS,
            .metavar = "SOURCE",
            .also = "uri url",
            .help = "from where, in so many words that they need a second line of the help",
            .commands = COMMAND_A,
            .group = PLACES,
        },
    [OUTPUT] =
        {
            .name = "output",
            .letter = 'o',
            .type = OPTION_TEXT,
            .metavar = "FILE",
            .help = "where to",
            .commands = COMMAND_B,
            .group = PLACES,
        },
    [OTHER] =
        {
            .name = "other",
            .type = OPTION_FLAG,
            .help = "otherwise",
            .commands = COMMAND_B,
        },
    [OUTPUT_B] =
        {
            .name = "color",
            .type = OPTION_WHOLE,
            .min = 0,
            .max = 9,
            .metavar = "N",
            .help = "how deep",
            .commands = COMMAND_B,
        },
};
static const char *const groups[] = {[LOOKS] = "Looks", [PLACES] = "Places"};
static const struct option_table table = {
    .rows = rows, .count = ROWS, .groups = groups, .group_count = 2};

#define ARGUMENTS_MAX 12

/* What one command line gives. The texts of `values` point into `words`. */
struct parsed {
    char words[ARGUMENTS_MAX][64];
    char *arguments[ARGUMENTS_MAX + 1];
    struct option_value values[ROWS];
    int count, first_operand;
    bool ok;
    enum options_help help;
    struct err err;
};

/* `line`: arguments parted by spaces; "''" is an empty one. */
static void parse(struct parsed *parsed, unsigned command, const char *line)
{
    *parsed = (struct parsed){.count = 1};
    memcpy(parsed->words[0], "command", sizeof "command");
    while (*line && parsed->count < ARGUMENTS_MAX) {
        size_t length = strcspn(line, " ");
        if (strncmp(line, "''", 2) != 0)
            memcpy(parsed->words[parsed->count], line, length);
        parsed->count++;
        line += length + (line[length] == ' ');
    }
    for (int i = 0; i < parsed->count; i++)
        parsed->arguments[i] = parsed->words[i];
    options_defaults(&table, parsed->values);
    parsed->ok = options_parse(&table, command, parsed->count, parsed->arguments, parsed->values,
                               &parsed->first_operand, &parsed->help, &parsed->err);
}

static void defaults(void **state)
{
    (void)state;
    struct parsed p;
    parse(&p, COMMAND_A, "");
    assert_true(p.ok && p.help == OPTIONS_HELP_NONE);
    assert_null(p.values[NAME].text);
    assert_true(p.values[COUNT].number == 2.5 && !p.values[COUNT].given);
    assert_string_equal(p.values[COLOR].text, "green");
    assert_int_equal(p.values[SIZE].width, 0);
    assert_true(p.values[LOUD].number == 0);
}

static void each_type(void **state)
{
    (void)state;
    struct parsed p;
    parse(&p, COMMAND_A, "--name Ducklings --count=10 --color 10 --size 1920x1080 --loud");
    assert_true(p.ok);
    assert_string_equal(p.values[NAME].text, "Ducklings");
    assert_true(p.values[NAME].given);
    assert_true(p.values[COUNT].number == 10);
    assert_string_equal(p.values[COLOR].text, "10");
    assert_int_equal(p.values[SIZE].width, 1920);
    assert_int_equal(p.values[SIZE].height, 1080);
    assert_true(p.values[LOUD].number == 1);
    parse(&p, COMMAND_A, "-l -c 3");
    assert_true(p.ok && p.values[LOUD].number == 1 && p.values[COUNT].number == 3);
    parse(&p, COMMAND_A, "-lc4");
    assert_true(p.ok && p.values[LOUD].number == 1 && p.values[COUNT].number == 4);
    parse(&p, COMMAND_A, "--count 3 --count 4");
    assert_true(p.ok && p.values[COUNT].number == 4);
}

static void bytes_with_units(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        double bytes;
    } lines[] = {
        {"", 2e9},           {"--quota 1000", 1000}, {"--quota 20k", 20e3}, {"--quota 20K", 20e3},
        {"--quota 7M", 7e6}, {"--quota 3G", 3e9},    {"--quota 5T", 5e12},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct parsed p;
        parse(&p, COMMAND_A, lines[i].line);
        if (!p.ok || p.values[QUOTA].number != lines[i].bytes)
            fail_msg("%s: %g %s", lines[i].line, p.values[QUOTA].number, p.err.text);
    }
}

static void what_may_come_again(void **state)
{
    (void)state;
    struct parsed p;
    parse(&p, COMMAND_A, "");
    assert_true(p.ok);
    assert_int_equal(p.values[SOURCE].text_count, 0);
    parse(&p, COMMAND_A, "--source one -s two --source=three");
    assert_true(p.ok);
    assert_int_equal(p.values[SOURCE].text_count, 3);
    assert_string_equal(p.values[SOURCE].texts[0], "one");
    assert_string_equal(p.values[SOURCE].texts[1], "two");
    assert_string_equal(p.values[SOURCE].texts[2], "three");
    struct option_value values[ROWS];
    options_defaults(&table, values);
    char line[] = "--source=x";
    char *many[OPTION_TEXTS_MAX + 3] = {line};
    for (int i = 1; i <= OPTION_TEXTS_MAX + 1; i++)
        many[i] = line;
    assert_true(options_parse(&table, COMMAND_A, OPTION_TEXTS_MAX + 1, many, values,
                              &p.first_operand, &p.help, &p.err));
    options_defaults(&table, values);
    assert_false(options_parse(&table, COMMAND_A, OPTION_TEXTS_MAX + 2, many, values,
                               &p.first_operand, &p.help, &p.err));
    assert_string_equal(p.err.text, "option --source may be given at most 16 times");
}

static void sizes_may_come_again(void **state)
{
    (void)state;
    struct parsed p;
    parse(&p, COMMAND_B, "--screen 640x480 --screen=64x4096");
    assert_true(p.ok);
    const struct option_value *screens = &p.values[SCREENS];
    assert_int_equal(screens->text_count, 2);
    assert_string_equal(screens->texts[1], "64x4096");
    assert_true(screens->sizes[0].width == 640 && screens->sizes[0].height == 480);
    assert_true(screens->sizes[1].width == 64 && screens->sizes[1].height == 4096);
    parse(&p, COMMAND_B, "--screen 640x480 --screen 63x480");
    assert_false(p.ok);
    assert_string_equal(p.err.text, "option --screen needs a size with sides from 64 to 4096 "
                                    "pixels, not \"63x480\"");
}

/* Two commands may mean different things by one name. */
static void a_name_of_two_commands(void **state)
{
    (void)state;
    struct parsed p;
    parse(&p, COMMAND_A, "--color red");
    assert_true(p.ok && p.values[COLOR].given && !p.values[OUTPUT_B].given);
    parse(&p, COMMAND_B, "--color red");
    assert_false(p.ok);
    parse(&p, COMMAND_B, "--color 7");
    assert_true(p.ok && p.values[OUTPUT_B].number == 7 && !p.values[COLOR].given);
}

static void operands_and_help(void **state)
{
    (void)state;
    struct parsed p;
    parse(&p, COMMAND_A, "one --loud two");
    assert_true(p.ok);
    assert_int_equal(p.first_operand, 2);
    assert_string_equal(p.arguments[2], "one");
    assert_string_equal(p.arguments[3], "two");
    parse(&p, COMMAND_A, "-- --loud");
    assert_true(p.ok && p.values[LOUD].number == 0);
    assert_string_equal(p.arguments[p.first_operand], "--loud");
    parse(&p, COMMAND_A, "--help");
    assert_true(p.ok && p.help == OPTIONS_HELP_SHORT);
    parse(&p, COMMAND_A, "-lh");
    assert_true(p.ok && p.help == OPTIONS_HELP_SHORT);
    parse(&p, COMMAND_A, "--help-all one");
    assert_true(p.ok && p.help == OPTIONS_HELP_ALL);
}

static void whole_numbers_have_digits_only(void **state)
{
    (void)state;
    struct parsed p;
    static const char *const not_whole[] = {"1.5", "3.0", "1e0", "0x3", "+3", "''", "10", "-1"};
    for (size_t i = 0; i < sizeof not_whole / sizeof *not_whole; i++) {
        char line[32], words[80];
        bool empty = not_whole[i][0] == '\'';
        snprintf(line, sizeof line, "--color %s", not_whole[i]);
        snprintf(words, sizeof words, "option --color needs a whole number from 0 to 9, not \"%s\"",
                 empty ? "" : not_whole[i]);
        parse(&p, COMMAND_B, line);
        assert_false(p.ok);
        assert_string_equal(p.err.text, words);
    }
    parse(&p, COMMAND_B, "--color 09");
    assert_true(p.ok && p.values[OUTPUT_B].number == 9);
}

static void what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line, *words;
    } lines[] = {
        {"--count 0.4", "option --count needs a number from 0.5 to 10, not \"0.4\""},
        {"--count 10.1", "option --count needs a number from 0.5 to 10, not \"10.1\""},
        {"--count -3", "option --count needs a number from 0.5 to 10, not \"-3\""},
        {"-c x", "option --count needs a number from 0.5 to 10, not \"x\""},
        {"--count 3x", "option --count needs a number from 0.5 to 10, not \"3x\""},
        {"--count ''", "option --count needs a number from 0.5 to 10, not \"\""},
        {"--count nan", "option --count needs a number from 0.5 to 10, not \"nan\""},
        {"--count inf", "option --count needs a number from 0.5 to 10, not \"inf\""},
        {"--count 1e999", "option --count needs a number from 0.5 to 10, not \"1e999\""},
        {"--color blue", "option --color needs red, green or 10, not \"blue\""},
        {"--color re", "option --color needs red, green or 10, not \"re\""},
        {"--color red|green", "option --color needs red, green or 10, not \"red|green\""},
        {"--color ''", "option --color needs red, green or 10, not \"\""},
        {"--size 1920", "option --size needs a size such as 1280x720, not \"1920\""},
        {"--size 1920x", "option --size needs a size such as 1280x720, not \"1920x\""},
        {"--size x1080", "option --size needs a size such as 1280x720, not \"x1080\""},
        {"--size 1920x1080x", "option --size needs a size such as 1280x720, not \"1920x1080x\""},
        {"--size 1920*1080", "option --size needs a size such as 1280x720, not \"1920*1080\""},
        {"--size +100x100", "option --size needs a size such as 1280x720, not \"+100x100\""},
        {"--size 100x-100", "option --size needs a size such as 1280x720, not \"100x-100\""},
        {"--size 63x64",
         "option --size needs a size with sides from 64 to 4096 pixels, not \"63x64\""},
        {"--size 64x4097",
         "option --size needs a size with sides from 64 to 4096 pixels, not \"64x4097\""},
        {"--size 99999999999999999999x64", "option --size needs a size with sides from 64 to 4096 "
                                           "pixels, not \"99999999999999999999x64\""},
        {"--quota 999", "option --quota needs a number of bytes from 1k to 5T, not \"999\""},
        {"--quota 6T", "option --quota needs a number of bytes from 1k to 5T, not \"6T\""},
        {"--quota 99999999999999999999999", "option --quota needs a number of bytes from 1k to 5T, "
                                            "not \"99999999999999999999999\""},
        {"--quota -1k", "option --quota needs a number of bytes such as 20G, not \"-1k\""},
        {"--quota 1.5G", "option --quota needs a number of bytes such as 20G, not \"1.5G\""},
        {"--quota 20GB", "option --quota needs a number of bytes such as 20G, not \"20GB\""},
        {"--quota 20X", "option --quota needs a number of bytes such as 20G, not \"20X\""},
        {"--quota G", "option --quota needs a number of bytes such as 20G, not \"G\""},
        {"--quota ''", "option --quota needs a number of bytes such as 20G, not \"\""},
        {"--source ''", "option --source needs a value (SOURCE), not \"\""},
        {"--name ''", "option --name needs a value (TEXT), not \"\""},
        {"--name", "option --name needs a value (TEXT)"},
        {"--color", "option --color needs a value (red|green|10)"},
        {"-c", "option --count needs a value (N)"},
        {"-lc", "option --count needs a value (N)"},
        {"--loud=yes", "option --loud takes no value; remove \"=yes\""},
        {"--help=x", "option --help takes no value; remove \"=x\""},
        {"--nmae x", "unknown option --nmae; did you mean --name?"},
        {"--cuont=4", "unknown option --cuont; did you mean --count?"},
        {"--Size=4", "unknown option --Size; did you mean --size?"},
        {"--name bad", "option --name needs another name, not \"bad\""},
        {"--url x", "unknown option --url; did you mean --source?"},
        {"--ur x", "unknown option --ur; --help-all lists every option"},
        {"--helf", "unknown option --helf; did you mean --help?"},
        {"--volume 3", "unknown option --volume; --help-all lists every option"},
        {"--=3", "unknown option --; --help-all lists every option"},
        {"--co 1", "option --co is ambiguous; is it --count or --color?"},
        {"-z", "unknown option -z; --help-all lists every option"},
        {"-lz", "unknown option -z; --help-all lists every option"},
        {"-zl", "unknown option -z; --help-all lists every option"},
        {"-\xc3\xa9", "unknown option -\xc3\xa9; --help-all lists every option"},
        {"-\xc3", "unknown option -\xc3; --help-all lists every option"},
        {"-name x", "unknown option -name; did you mean --name?"},
        {"-quota=x", "unknown option -quota; did you mean --quota?"},
        /* another command's */
        {"--output x", "unknown option --output; --help-all lists every option"},
        {"--otehr", "unknown option --otehr; --help-all lists every option"},
        {"-o x", "unknown option -o; --help-all lists every option"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct parsed p;
        parse(&p, COMMAND_A, lines[i].line);
        if (p.ok || p.err.code != ERR_INPUT || strcmp(p.err.text, lines[i].words) != 0)
            fail_msg("%s: %s \"%s\"", lines[i].line, p.ok ? "taken" : "refused", p.err.text);
    }
}

static char *help_of(const struct option_table *of, unsigned command, enum options_help help)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    options_print_help(of, command, help, stream);
    assert_int_equal(fclose(stream), 0);
    return text;
}

static void help_lists_every_option_of_its_command(void **state)
{
    (void)state;
    char *text = help_of(&table, COMMAND_A, OPTIONS_HELP_ALL);
    assert_string_equal(
        text, "Looks:\n"
              "  -c, --count N        how many (default 2.5)\n"
              "      --color red|green|10\n"
              "                       which (default green)\n"
              "      --size WxH       how large\n"
              "  -l, --loud           say more\n"
              "      --quota BYTES    how much (default 2G)\n"
              "Places:\n"
              "      --name TEXT      what it is called\n"
              "  -s, --source SOURCE  from where, in so many words that they need a second line\n"
              "                       of the help\n"
              "Help:\n"
              "  -h, --help           show a short help\n"
              "      --help-all       list every option\n");
    free(text);
}

static void a_short_help_lists_what_comes_first(void **state)
{
    (void)state;
    char *text = help_of(&table, COMMAND_A, OPTIONS_HELP_SHORT);
    assert_null(strstr(text, ":\n")); /* no headings */
    assert_null(strstr(text, "--count"));
    const char *color = strstr(text, "--color"), *name = strstr(text, "--name");
    assert_true(color && name && color < name); /* by groups */
    assert_non_null(strstr(text, "--help-all"));
    free(text);
}

/* The player's own table: every option is shown, every default passes its own check, and no name or
 * letter is given twice. */
/* The commands that take a row, or one that looks the same in the help. */
static unsigned commands_that_show(const struct option_row *row)
{
    unsigned commands = 0;
    for (size_t i = 0; i < settings_table.count; i++) {
        const struct option_row *other = &settings_table.rows[i];
        if (strcmp(other->name, row->name) == 0 &&
            strcmp(other->metavar ? other->metavar : "", row->metavar ? row->metavar : "") == 0)
            commands |= other->commands;
    }
    return commands;
}

static void the_players_table(void **state)
{
    (void)state;
    static const unsigned commands[] = {SETTINGS_PLAY,     SETTINGS_PREVIEW,     SETTINGS_GUIDE,
                                        SETTINGS_EXPLAIN,  SETTINGS_CHECK,       SETTINGS_PUBLISH,
                                        SETTINGS_TAKEOVER, SETTINGS_SHOW_CONFIG, SETTINGS_IDENTIFY,
                                        SETTINGS_DOCTOR,   SETTINGS_SETUP};
    struct option_value values[SETTING_COUNT];
    options_defaults(&settings_table, values);
    assert_int_equal(settings_table.count, SETTING_COUNT);
    for (size_t i = 0; i < settings_table.count; i++) {
        const struct option_row *row = &settings_table.rows[i];
        assert_non_null(row->name);
        assert_true(row->help && row->help[0]);
        assert_true(!row->fallback || values[i].text == row->fallback);
        assert_int_equal(row->type == OPTION_CHOICE, row->choices != NULL);
        assert_true(row->type == OPTION_FLAG || row->type == OPTION_CHOICE || row->metavar);
        assert_true(row->commands != 0);
        for (size_t k = 0; k < i; k++) {
            assert_true(strcmp(settings_table.rows[k].name, row->name) != 0 ||
                        (settings_table.rows[k].commands & row->commands) == 0);
            /* One letter means one thing to a command. */
            assert_true(!row->letter || settings_table.rows[k].letter != row->letter ||
                        (settings_table.rows[k].commands & row->commands) == 0);
        }
        assert_int_equal(row->first & ~row->commands, 0);
        assert_in_range(row->group, 0, (int)settings_table.group_count - 1);
        for (size_t c = 0; c < sizeof commands / sizeof *commands; c++) {
            char *text = help_of(&settings_table, commands[c], OPTIONS_HELP_ALL), name[64];
            snprintf(name, sizeof name, " --%s %s", row->name, row->metavar ? row->metavar : "");
            assert_int_equal(strstr(text, name) != NULL,
                             (commands_that_show(row) & commands[c]) != 0);
            free(text);
        }
    }
    for (size_t c = 0; c < sizeof commands / sizeof *commands; c++) {
        int first = 0;
        for (size_t i = 0; i < settings_table.count; i++)
            first += (settings_table.rows[i].first & commands[c]) != 0;
        assert_in_range(first, 2, 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(each_type),
        cmocka_unit_test(bytes_with_units),
        cmocka_unit_test(what_may_come_again),
        cmocka_unit_test(sizes_may_come_again),
        cmocka_unit_test(a_name_of_two_commands),
        cmocka_unit_test(operands_and_help),
        cmocka_unit_test(whole_numbers_have_digits_only),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(help_lists_every_option_of_its_command),
        cmocka_unit_test(a_short_help_lists_what_comes_first),
        cmocka_unit_test(the_players_table),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
