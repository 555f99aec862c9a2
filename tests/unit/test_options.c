#include "base/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "settings.h"

enum { COMMAND_A = 1, COMMAND_B = 2 };
enum { NAME, COUNT, COLOR, SIZE, LOUD, QUOTA, SOURCE, OUTPUT, OTHER, OUTPUT_B, ROWS };

static const struct option_row rows[ROWS] = {
    [NAME] = {"name", 0, OPTION_TEXT, 0, 0, NULL, "TEXT", NULL, "what it is called", COMMAND_A},
    [COUNT] = {"count", 'c', OPTION_NUMBER, 0.5, 10, NULL, "N", "2.5", "how many", COMMAND_A},
    [COLOR] = {"color", 0, OPTION_CHOICE, 0, 0, "red|green|10", NULL, "green", "which", COMMAND_A},
    [SIZE] = {"size", 0, OPTION_SIZE, 64, 4096, NULL, "WxH", NULL, "how large", COMMAND_A},
    [LOUD] = {"loud", 'l', OPTION_FLAG, 0, 0, NULL, NULL, NULL, "say more", COMMAND_A},
    [QUOTA] = {"quota", 0, OPTION_BYTES, 1000, 5e12, NULL, "BYTES", "2G", "how much", COMMAND_A},
    [SOURCE] = {"source", 's', OPTION_TEXTS, 0, 0, NULL, "SOURCE", NULL, "from where", COMMAND_A},
    [OUTPUT] = {"output", 'o', OPTION_TEXT, 0, 0, NULL, "FILE", NULL, "where to", COMMAND_B},
    [OTHER] = {"other", 0, OPTION_FLAG, 0, 0, NULL, NULL, NULL, "otherwise", COMMAND_B},
    [OUTPUT_B] = {"color", 0, OPTION_NUMBER, 0, 9, NULL, "N", NULL, "how deep", COMMAND_B},
};
static const struct option_table table = {rows, ROWS};

#define ARGUMENTS_MAX 12

/* What one command line gives. The texts of `values` point into `words`. */
struct parsed {
    char words[ARGUMENTS_MAX][64];
    char *arguments[ARGUMENTS_MAX + 1];
    struct option_value values[ROWS];
    int count, first_operand;
    bool ok, help;
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
    assert_true(p.ok && !p.help);
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
    assert_string_equal(p.err.text, "--source: more than 16 of them");
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
    assert_true(p.ok && p.help);
    parse(&p, COMMAND_A, "-h");
    assert_true(p.ok && p.help);
}

static void what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line, *words;
    } lines[] = {
        {"--count 0.4", "--count: 0.4 is not between 0.5 and 10"},
        {"--count 10.1", "--count: 10.1 is not between 0.5 and 10"},
        {"--count -3", "--count: -3 is not between 0.5 and 10"},
        {"--count x", "--count: \"x\" is not a number"},
        {"--count 3x", "--count: \"3x\" is not a number"},
        {"--count ''", "--count: \"\" is not a number"},
        {"--count nan", "--count: \"nan\" is not a number"},
        {"--count inf", "--count: \"inf\" is not a number"},
        {"--count 1e999", "--count: \"1e999\" is not a number"},
        {"--color blue", "--color: \"blue\" is none of red|green|10"},
        {"--color re", "--color: \"re\" is none of red|green|10"},
        {"--color red|green", "is none of"},
        {"--color ''", "--color: \"\" is none of red|green|10"},
        {"--size 1920", "--size: \"1920\" is not a size such as 1920x1080"},
        {"--size 1920x", "is not a size such as"},
        {"--size x1080", "is not a size such as"},
        {"--size 1920x1080x", "is not a size such as"},
        {"--size 1920*1080", "is not a size such as"},
        {"--size +100x100", "is not a size such as"},
        {"--size 100x-100", "is not a size such as"},
        {"--size 63x64", "sides must be between 64 and 4096"},
        {"--size 64x4097", "sides must be between 64 and 4096"},
        {"--size 99999999999999999999x64", "sides must be between 64 and 4096"},
        {"--quota 999", "--quota: 999 is not between 1000 and 5000000000000 bytes"},
        {"--quota 6T", "--quota: 6T is not between"},
        {"--quota -1k", "--quota: \"-1k\" is not a number of bytes such as 20G"},
        {"--quota 1.5G", "is not a number of bytes"},
        {"--quota 20GB", "is not a number of bytes"},
        {"--quota 20X", "is not a number of bytes"},
        {"--quota G", "is not a number of bytes"},
        {"--quota ''", "is not a number of bytes"},
        {"--quota 99999999999999999999999", "is not between"},
        {"--source ''", "--source: empty"},
        {"--name ''", "--name: empty"},
        {"--name", "--name needs a value"},
        {"-c", "-c needs a value"},
        {"-lc", "-lc needs a value"},
        {"--nmae x", "unknown option --nmae"},
        {"--co 1", "unknown option --co"}, /* count or color? */
        {"-z", "unknown option -z"},
        {"-lz", "unknown option -z"},
        {"-zl", "unknown option -z"},
        {"--loud=yes", "unknown option --loud=yes"},
        {"--output x", "unknown option --output"}, /* another command's */
        {"-o x", "unknown option -o"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct parsed p;
        parse(&p, COMMAND_A, lines[i].line);
        if (p.ok || p.err.code != ERR_INPUT || !strstr(p.err.text, lines[i].words))
            fail_msg("%s: %s \"%s\"", lines[i].line, p.ok ? "taken" : "refused", p.err.text);
    }
}

/* Reads a configuration's text over what a command line gave. */
static bool read_text(struct option_value *values, const char *text, struct err *err)
{
    static char bytes[512]; /* the values point into it */
    snprintf(bytes, sizeof bytes, "%s", text);
    return options_read_file(&table, bytes, "/etc/d.conf", values, err);
}

static void a_configuration_file(void **state)
{
    (void)state;
    struct option_value values[ROWS];
    struct err err = {0};
    options_defaults(&table, values);
    assert_true(read_text(values,
                          "# a comment\n\n  name = To the greatness = of small \r\ncount=7\n"
                          "\tloud = yes\nother = no\nsize = 800x600\noutput = x\ncolor = red",
                          &err));
    assert_string_equal(values[NAME].text, "To the greatness = of small");
    assert_false(values[NAME].given);
    assert_true(values[COUNT].number == 7 && values[LOUD].number == 1);
    assert_true(values[OTHER].number == 0);
    assert_int_equal(values[SIZE].height, 600);
    assert_string_equal(values[COLOR].text, "red");
    assert_true(read_text(values, "", &err));
    assert_true(read_text(values, "source = a\nquota = 3M\nsource = b\n", &err));
    assert_int_equal(values[SOURCE].text_count, 2);
    assert_string_equal(values[SOURCE].texts[1], "b");
    assert_true(values[QUOTA].number == 3e6);
}

static void faults_in_a_file_have_a_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } files[] = {
        {"\n\ncount = 99\n", "/etc/d.conf:3: count: 99 is not between 0.5 and 10"},
        {"name = a\ncolour = red\n", "/etc/d.conf:2: colour: unknown key"},
        {"loud = maybe", "/etc/d.conf:1: loud: yes or no, not \"maybe\""},
        {"# x\nname\n", "/etc/d.conf:2: not \"key = value\": name"},
        {"name =\n", "/etc/d.conf:1: name: empty"},
        {"size = big\n", "/etc/d.conf:1: size: \"big\" is not a size such as 1920x1080"},
        {"= 3\n", "/etc/d.conf:1: : unknown key"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct option_value values[ROWS];
        struct err err = {0};
        options_defaults(&table, values);
        assert_false(read_text(values, files[i].text, &err));
        assert_int_equal(err.code, ERR_INPUT);
        assert_string_equal(err.text, files[i].words);
    }
}

static void the_command_line_wins(void **state)
{
    (void)state;
    struct parsed p;
    parse(&p, COMMAND_A, "--count 3 --size 100x100");
    assert_true(read_text(p.values, "count = 9\nsize = 800x600\ncolor = red\n", &p.err));
    assert_true(p.values[COUNT].number == 3);
    assert_int_equal(p.values[SIZE].width, 100);
    assert_string_equal(p.values[COLOR].text, "red");
}

static char *help_of(const struct option_table *of, unsigned command)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    options_help(of, command, stream);
    assert_int_equal(fclose(stream), 0);
    return text;
}

static void help_lists_every_option_of_its_command(void **state)
{
    (void)state;
    char *text = help_of(&table, COMMAND_A);
    assert_non_null(strstr(text, "      --name TEXT"));
    assert_non_null(strstr(text, "  -c, --count N"));
    assert_non_null(strstr(text, "how many (default 2.5)"));
    assert_non_null(strstr(text, "--color red|green|10"));
    assert_non_null(strstr(text, "-h, --help"));
    assert_null(strstr(text, "--output"));
    free(text);
}

/* The player's own table: every option is shown, every default passes its own check, and no name or
 * letter is given twice. */
static void the_players_table(void **state)
{
    (void)state;
    static const unsigned commands[] = {SETTINGS_PLAY, SETTINGS_PREVIEW, SETTINGS_PUBLISH,
                                        SETTINGS_TAKEOVER};
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
            assert_true(!row->letter || settings_table.rows[k].letter != row->letter);
        }
        for (size_t c = 0; c < sizeof commands / sizeof *commands; c++) {
            char *text = help_of(&settings_table, commands[c]), name[64];
            snprintf(name, sizeof name, " --%s %s", row->name, row->metavar ? row->metavar : "");
            assert_int_equal(strstr(text, name) != NULL, (row->commands & commands[c]) != 0);
            free(text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(each_type),
        cmocka_unit_test(bytes_with_units),
        cmocka_unit_test(what_may_come_again),
        cmocka_unit_test(a_name_of_two_commands),
        cmocka_unit_test(operands_and_help),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(a_configuration_file),
        cmocka_unit_test(faults_in_a_file_have_a_line),
        cmocka_unit_test(the_command_line_wins),
        cmocka_unit_test(help_lists_every_option_of_its_command),
        cmocka_unit_test(the_players_table),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
