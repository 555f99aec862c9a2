/* Configuration files and variables over a table of options, and the words of each fault. */
#include "base/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "temp_folder.h"

enum { COMMAND_A = 1, COMMAND_B = 2 };
enum {
    NAME,
    COUNT,
    COLOR,
    SIZE,
    LOUD,
    QUOTA,
    SOURCE,
    HOURS,
    FOLDER,
    PROXY,
    MODE,
    CONFIG,
    KEY_A,
    KEY_B,
    ROWS
};
enum { LOOKS, PLACES };

static bool check_name(const char *text, struct err *err)
{
    return strcmp(text, "bad") != 0 ||
           err_set(err, ERR_INPUT, "needs another name, not \"%s\"", text);
}

static bool check_mode(const char *text, struct err *err)
{
    return strcmp(text, "bad") != 0 || err_set(err, ERR_INPUT, "needs a mode, not %s", text);
}

static bool is_path(const char *text)
{
    return !strstr(text, "://");
}

#define A .commands = COMMAND_A
static const struct option_row rows[ROWS] = {
    [NAME] = {.name = "name", .type = OPTION_TEXT, .metavar = "TEXT", .check = check_name, A},
    [COUNT] = {.name = "count", .type = OPTION_NUMBER, .min = 0.5, .max = 10, .metavar = "N", A},
    [COLOR] = {.name = "color", .type = OPTION_CHOICE, .choices = "red|green", A},
    [SIZE] = {.name = "size", .type = OPTION_SIZE, .min = 64, .max = 4096, .metavar = "WxH", A},
    [LOUD] = {.name = "log-loud", .type = OPTION_FLAG, .alias = "noise", A},
    [QUOTA] = {.name = "quota", .type = OPTION_BYTES, .min = 1000, .max = 5e12, A},
    [SOURCE] = {.name = "source",
                .type = OPTION_TEXTS,
                .metavar = "SOURCE",
                .also = "uri url",
                .is_path = is_path,
                .group = PLACES,
                A},
    [HOURS] = {.name = "hours", .type = OPTION_TEXT, .metavar = "HOURS", .semicolons = true, A},
    [FOLDER] = {.name = "folder",
                .type = OPTION_TEXT,
                .metavar = "DIR",
                .is_path = is_path,
                .group = PLACES,
                A},
    [PROXY] = {.name = "proxy",
               .type = OPTION_TEXT,
               .metavar = "URL",
               .check = check_name,
               .secret = true,
               A},
    [MODE] = {.name = "mode", .type = OPTION_TEXT, .metavar = "MODE", .check = check_mode, A},
    [CONFIG] = {.name = "config", .type = OPTION_TEXT, .metavar = "FILE", .typed_only = true, A},
    [KEY_A] = {.name = "key", .type = OPTION_TEXTS, .metavar = "KEY", A},
    [KEY_B] = {.name = "key", .type = OPTION_NUMBER, .max = 9, .commands = COMMAND_B},
};
static const char *const groups[] = {"Looks", "Places", "Player"};
static const char *const sections[] = {"looks", "places", "player"};
static const struct option_table table = {.rows = rows,
                                          .count = ROWS,
                                          .groups = groups,
                                          .group_count = 3,
                                          .sections = sections,
                                          .general = "player"};

struct fixture {
    struct option_value values[ROWS];
    struct config config;
};

static void begin(struct fixture *f, unsigned commands)
{
    *f = (struct fixture){0};
    options_defaults(&table, f->values);
    config_init(&f->config, &table, f->values, commands);
}

/* From a copy that is gone afterwards, as a file's is. */
static void read_text(struct fixture *f, const char *text)
{
    char *copy = strdup(text);
    config_read_text(&f->config, "/etc/d.conf", copy, strlen(copy));
    memset(copy, '!', strlen(copy));
    free(copy);
}

static void assert_good(const struct fixture *f)
{
    if (f->config.fault_count > 0)
        fail_msg("%s", f->config.faults[0]);
}

static void a_file_without_sections(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 0);
    read_text(&f, "# a comment\n\n  name = To the greatness = of small \r\ncount=7\n"
                  "\tlog-loud = yes\nsize = 800x600\ncolor : red\nquota = 3M");
    assert_good(&f);
    assert_string_equal(f.values[NAME].text, "To the greatness = of small");
    assert_true(f.values[COUNT].number == 7 && f.values[LOUD].number == 1);
    assert_int_equal(f.values[SIZE].height, 600);
    assert_string_equal(f.values[COLOR].text, "red");
    assert_true(f.values[QUOTA].number == 3e6);
    assert_int_equal(f.values[NAME].origin.kind, OPTION_FROM_FILE);
    assert_string_equal(f.values[NAME].origin.name, "/etc/d.conf");
    assert_int_equal(f.values[NAME].origin.line, 3);
    assert_int_equal(f.values[SOURCE].origin.kind, OPTION_FROM_DEFAULT);
    config_finish(&f.config);
}

static void sections_are_groups(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 0);
    read_text(&f, "count = 3\n[looks]\nname = a\n [places] # where\nfolder = /b\nsource = /c\n"
                  "[player]\nsize = 64x64\nnoise = yes\nlog_loud = no\n[looks]\ncolor = green\n");
    assert_good(&f);
    assert_string_equal(f.values[NAME].text, "a");
    assert_string_equal(f.values[FOLDER].text, "/b");
    assert_int_equal(f.values[SIZE].width, 64);
    assert_true(f.values[LOUD].number == 0);
    assert_string_equal(f.values[COLOR].text, "green");
    config_finish(&f.config);
}

/* As in other configuration files: quotes, and comments behind values. And what editors add. */
static void what_is_no_part_of_a_value(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name;
    } files[] = {
        {"name = ko", "ko"},
        {"name = \"ko\"", "ko"},
        {"name = 'ko'", "ko"},
        {"name=\"ko\"\r\n", "ko"},
        {"name = ko # Korean", "ko"},
        {"name = ko ; Korean", "ko"},
        {"name = ko\t#Korean", "ko"},
        {"\tname\t=\tko\t", "ko"},
        {"name = \"ko\" # \"Korean\"", "ko"},
        {"name = \"ko # Korean\"", "ko # Korean"},
        {"name = \"ko ; Korean\"", "ko ; Korean"},
        {"name = \" ko \"", " ko "},
        {"name = 'it\"s'", "it\"s"},
        {"name = https://host/a#b;c", "https://host/a#b;c"},
        {"name = don't", "don't"},
        {"; a comment\nname = ko", "ko"},
        {"name = #000000", "#000000"},
        {"name=#000000", "#000000"},
        {"name = #000000 # black", "#000000"},
        {"name = \"#000000\"", "#000000"},
        {"name = ##", "##"},
        {"name = [a]", "[a]"},
        {"name = \xec\x84\x9c\xec\x9a\xb8", "\xec\x84\x9c\xec\x9a\xb8"},
        {"\xef\xbb\xbfname = ko", "ko"},
        {"\xef\xbb\xbf[looks]\r\nname = ko\r\n", "ko"},
        {"# of an old Mac\rname = ko\r", "ko"},
        {"name = a\n  name = ko\n", "ko"},
        {"name = a\nname = ko", "ko"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct fixture f;
        begin(&f, 0);
        read_text(&f, files[i].text);
        if (f.config.fault_count > 0)
            fail_msg("%s: %s", files[i].text, f.config.faults[0]);
        assert_string_equal(f.values[NAME].text, files[i].name);
        config_finish(&f.config);
    }
}

/* Semicolons divide hours, with a blank before them, too. */
static void a_semicolon_that_is_part_of_a_value(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 0);
    read_text(&f, "hours = Mo 07:00-23:00; Tu off ; We off # every week\n");
    assert_good(&f);
    assert_string_equal(f.values[HOURS].text, "Mo 07:00-23:00; Tu off ; We off");
    config_finish(&f.config);
}

static void relative_paths_begin_at_the_files_folder(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 0);
    read_text(&f, "folder = a/b\nsource = p.json\nsource = https://h/c/\nsource = /abs\n"
                  "source = ../up.json\nname = x\n");
    assert_good(&f);
    assert_string_equal(f.values[FOLDER].text, "/etc/a/b");
    assert_string_equal(f.values[NAME].text, "x");
    const char *sources[] = {"/etc/p.json", "https://h/c/", "/abs", "/etc/../up.json"};
    assert_int_equal(f.values[SOURCE].text_count, 4);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(f.values[SOURCE].texts[i], sources[i]);
        assert_int_equal(f.values[SOURCE].text_lines[i], i + 2);
    }
    config_finish(&f.config);
    begin(&f, 0);
    config_read_text(&f.config, "here.conf", "folder = a\n", 11);
    assert_string_equal(f.values[FOLDER].text, "a");
    config_finish(&f.config);
}

static void a_later_layer_replaces_values_and_lists(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 0);
    read_text(&f, "source = /a\nsource = /b\ncount = 1\nname = x\n");
    read_text(&f, "source = /c\ncount = 2\n");
    read_text(&f, "name = y\n");
    assert_good(&f);
    assert_int_equal(f.values[SOURCE].text_count, 1);
    assert_string_equal(f.values[SOURCE].texts[0], "/c");
    assert_true(f.values[COUNT].number == 2);
    assert_string_equal(f.values[NAME].text, "y");
    config_finish(&f.config);
}

static void faults_have_a_line_and_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } files[] = {
        {"\n\ncount = 99\n", "/etc/d.conf:3: count: 99: needs a number from 0.5 to 10"},
        {"[looks]\ncount = 99\n",
         "/etc/d.conf:2: [looks] count: 99: needs a number from 0.5 to 10"},
        {"name = a\ncolour = red\n", "/etc/d.conf:2: colour: unknown option; did you mean color?"},
        {"volume = 3", "/etc/d.conf:1: volume: unknown option"},
        {"noise = maybe", "/etc/d.conf:1: noise: maybe: needs yes or no"},
        {"# x\nname\n", "/etc/d.conf:2: a line needs the form name = value"},
        {"= 3\n", "/etc/d.conf:1: a line needs the form name = value"},
        {"name =\n", "/etc/d.conf:1: name: \"\": needs a value (TEXT)"},
        {"size = big\n", "/etc/d.conf:1: size: big: needs a size such as 1280x720"},
        {"color = blue\n", "/etc/d.conf:1: color: blue: needs red or green"},
        {"name = \"a\n", "/etc/d.conf:1: name: \"a: has a quote without an end"},
        {"name = 'a' b\n", "/etc/d.conf:1: name: 'a' b: has text after its quotes"},
        {"name = \xe2\x80\x9eko\xe2\x80\x9c\n",
         "/etc/d.conf:1: name: \xe2\x80\x9eko\xe2\x80\x9c: begins with a quote of a "
         "word processor; use \" or none"},
        {"name = # nothing\n", "/etc/d.conf:1: name: \"\": needs a value (TEXT)"},
        {"name = #\n", "/etc/d.conf:1: name: \"\": needs a value (TEXT)"},
        {"name = ;nothing\n", "/etc/d.conf:1: name: \"\": needs a value (TEXT)"},
        {"COUNT = 3\n", "/etc/d.conf:1: COUNT: unknown option; did you mean count?"},
        {"--count = 3\n", "/etc/d.conf:1: --count: unknown option; did you mean count?"},
        {"url = x\n", "/etc/d.conf:1: url: unknown option; did you mean source?"},
        {"name = bad\n", "/etc/d.conf:1: name: bad: needs another name"},
        {"mode = bad\n", "/etc/d.conf:1: mode: bad: needs a mode"},
        {"proxy = bad\n", "/etc/d.conf:1: proxy: ***: needs another name"},
        {"config = x\n", "/etc/d.conf:1: config: cannot stand in a configuration file"},
        {"[places]\nname = a\n", "/etc/d.conf:2: [places] name: belongs into [looks]"},
        {"\n[look]\nname = a\ncount = 1\n",
         "/etc/d.conf:2: [look]: unknown section; did you mean [looks]?"},
        {"[signage]\nname = a\n",
         "/etc/d.conf:1: [signage]: unknown section; there are [looks], [places], [player]"},
        {"[looks\nname = a\n", "/etc/d.conf:1: a section needs the form [name]"},
        {"[looks] name = a\n", "/etc/d.conf:1: text after a section; give it a line of its own"},
        {"name = a\nname = \xff\n", "/etc/d.conf:2: is not UTF-8; save it as UTF-8"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct fixture f;
        begin(&f, 0);
        read_text(&f, files[i].text);
        if (f.config.fault_count != 1)
            fail_msg("%s: %d faults", files[i].text, f.config.fault_count);
        assert_string_equal(f.config.faults[0], files[i].words);
        config_finish(&f.config);
    }
}

static void all_faults_are_told_at_once(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 0);
    read_text(&f, "count = x\n[lokks]\nnmae = a\nsize = 1\n[looks]\nname = good\nloud\n");
    assert_int_equal(f.config.fault_count, 5);
    assert_string_equal(f.config.faults[0],
                        "/etc/d.conf:1: count: x: needs a number from 0.5 to 10");
    assert_string_equal(f.config.faults[1],
                        "/etc/d.conf:2: [lokks]: unknown section; did you mean [looks]?");
    assert_string_equal(f.config.faults[2],
                        "/etc/d.conf:3: [lokks] nmae: unknown option; did you mean name?");
    assert_string_equal(f.config.faults[3],
                        "/etc/d.conf:4: [lokks] size: 1: needs a size such as 1280x720");
    assert_string_equal(f.config.faults[4], "/etc/d.conf:7: a line needs the form name = value");
    assert_string_equal(f.values[NAME].text, "good");
    config_finish(&f.config);
    begin(&f, 0);
    char many[4096] = "";
    for (int i = 0; i < 150; i++)
        strcat(many, "x = 1\n"); /* NOLINT: fits */
    read_text(&f, many);
    assert_int_equal(f.config.fault_count, 150);
    config_finish(&f.config);
}

static void lists_are_bounded(void **state)
{
    (void)state;
    struct fixture f;
    char many[1024] = "";
    size_t used = 0;
    begin(&f, 0);
    for (int i = 0; i <= OPTION_TEXTS_MAX; i++)
        used += (size_t)snprintf(many + used, sizeof many - used, "source = /%d\n", i);
    read_text(&f, many);
    assert_int_equal(f.config.fault_count, 1);
    assert_string_equal(f.config.faults[0],
                        "/etc/d.conf:17: source: /16: may be given at most 16 times");
    config_finish(&f.config);
}

static void long_lines(void **state)
{
    (void)state;
    struct fixture f;
    static char text[8192];
    begin(&f, 0);
    memset(text, 'a', sizeof text);
    memcpy(text, "name = ", 7);
    text[4096] = '\0';
    read_text(&f, text);
    assert_good(&f);
    assert_int_equal(strlen(f.values[NAME].text), 4096 - 7);
    config_finish(&f.config);
    begin(&f, 0);
    text[4096] = 'a';
    memcpy(text + 4097, "\ncount = 3\n", 12);
    read_text(&f, text);
    assert_int_equal(f.config.fault_count, 1);
    assert_string_equal(f.config.faults[0], "/etc/d.conf:1: the line is longer than 4096 bytes");
    assert_true(f.values[COUNT].number == 3);
    config_finish(&f.config);
}

static void text_that_is_none(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *words;
    } files[] = {
        {"\xff\xfen\0a\0", 6, "/etc/d.conf:1: is UTF-16; save it as UTF-8"},
        {"\xfe\xff\0n\0a", 6, "/etc/d.conf:1: is UTF-16; save it as UTF-8"},
        {"a\n\0b", 4, "/etc/d.conf:2: is not a text file; save it as UTF-8"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct fixture f;
        begin(&f, 0);
        config_read_text(&f.config, "/etc/d.conf", files[i].bytes, files[i].size);
        assert_int_equal(f.config.fault_count, 1);
        assert_string_equal(f.config.faults[0], files[i].words);
        config_finish(&f.config);
    }
}

static void only_rows_of_the_commands_are_set_and_all_are_checked(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, COMMAND_A | COMMAND_B);
    read_text(&f, "name = a\ncount = x\n");
    assert_null(f.values[NAME].text);
    assert_int_equal(f.config.fault_count, 1);
    config_finish(&f.config);
    /* Where commands share a name, the value must do for one of them. */
    begin(&f, COMMAND_B);
    read_text(&f, "key = 3\n");
    assert_good(&f);
    assert_int_equal(f.values[KEY_A].text_count, 0);
    assert_true(f.values[KEY_B].number == 3);
    read_text(&f, "key = word\n");
    assert_good(&f);
    assert_true(f.values[KEY_B].number == 3);
    config_finish(&f.config);
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(temp_folder_path(name), "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void a_folder_in_the_order_of_names(void **state)
{
    (void)state;
    struct fixture f;
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", temp_folder_path("d"));
    begin(&f, 0);
    config_read_folder(&f.config, folder);
    assert_good(&f);
    assert_int_equal(mkdir(folder, 0755), 0);
    write_file("d/9.conf", "count = 9\n");
    write_file("d/10.conf", "count = 1\nname = ten\n");
    write_file("d/A.conf", "name = capital\nfolder = sub\n");
    write_file("d/a.conf~", "count = x\n");
    write_file("d/.hidden.conf", "count = x\n");
    write_file("d/README", "count = x\n");
    write_file("d/.conf", "count = x\n");
    config_read_folder(&f.config, folder);
    assert_good(&f);
    assert_true(f.values[COUNT].number == 9);
    assert_string_equal(f.values[NAME].text, "capital");
    assert_string_equal(f.values[FOLDER].text, temp_folder_path("d/sub"));
    assert_string_equal(f.values[COUNT].origin.name, temp_folder_path("d/9.conf"));
    /* What can't be read is told, and the rest is read. */
    assert_int_equal(mkfifo(temp_folder_path("d/5.conf"), 0600), 0);
    assert_int_equal(symlink("nowhere", temp_folder_path("d/6.conf")), 0);
    write_file("d/B.conf", "count = 0\n");
    config_read_folder(&f.config, folder);
    assert_int_equal(f.config.fault_count, 3);
    assert_non_null(strstr(f.config.faults[0], "d/5.conf: not a regular file"));
    assert_non_null(strstr(f.config.faults[1], "d/6.conf: No such file or directory"));
    assert_non_null(
        strstr(f.config.faults[2], "d/B.conf:1: count: 0: needs a number from 0.5 to 10"));
    config_finish(&f.config);
}

static void files_that_cannot_be_read(void **state)
{
    (void)state;
    struct fixture f;
    struct err err = {0};
    begin(&f, 0);
    assert_false(config_read_file(&f.config, temp_folder_path("none"), &err));
    assert_int_equal(err.code, ERR_MISSING);
    assert_false(config_read_file(&f.config, temp_folder, &err));
    assert_int_equal(err.code, ERR_INPUT);
    write_file("large.conf", "");
    assert_int_equal(truncate(temp_folder_path("large.conf"), 10 << 20), 0);
    assert_false(config_read_file(&f.config, temp_folder_path("large.conf"), &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_non_null(strstr(err.text, "it has 10485760 bytes; at most 65536 are allowed"));
    assert_int_equal(f.config.fault_count, 0);
    config_finish(&f.config);
}

static void the_environment(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, 0);
    setenv("DUCKLING_LOG_LOUD", "yes", 1);
    setenv("DUCKLING_SOURCE", "p.json\nhttps://h/c/\n", 1);
    setenv("DUCKLING_NAME", "", 1);
    setenv("DUCKLING_CONFIG", "is not an option here", 1);
    setenv("DUCKLING_COUNT", "99", 1);
    setenv("DUCKLING_UNKNOWN", "1", 1); /* as of other programs */
    read_text(&f, "log_loud = no\nname = file\nsource = /a\n");
    config_read_environment(&f.config);
    assert_true(f.values[LOUD].number == 1);
    assert_int_equal(f.values[LOUD].origin.kind, OPTION_FROM_ENVIRONMENT);
    assert_string_equal(f.values[LOUD].origin.name, "DUCKLING_LOG_LOUD");
    assert_string_equal(f.values[NAME].text, "file");
    assert_int_equal(f.values[SOURCE].text_count, 2);
    assert_string_equal(f.values[SOURCE].texts[0], "p.json");
    assert_int_equal(f.config.fault_count, 1);
    assert_string_equal(f.config.faults[0], "DUCKLING_COUNT: 99: needs a number from 0.5 to 10");
    char variable[CONFIG_VARIABLE_BYTES], meant[CONFIG_VARIABLE_BYTES];
    int next = 0;
    assert_false(config_next_stray(&f.config, &next, variable, meant));
    setenv("DUCKLING_SUORCE", "x", 1);
    next = 0;
    assert_true(config_next_stray(&f.config, &next, variable, meant));
    assert_string_equal(variable, "DUCKLING_SUORCE");
    assert_string_equal(meant, "DUCKLING_SOURCE");
    assert_false(config_next_stray(&f.config, &next, variable, meant));
    unsetenv("DUCKLING_SUORCE");
    config_finish(&f.config);
    static const char *const used[] = {"LOG_LOUD", "SOURCE", "NAME", "CONFIG", "COUNT", "UNKNOWN"};
    for (size_t i = 0; i < sizeof used / sizeof *used; i++) {
        char name[32];
        snprintf(name, sizeof name, "DUCKLING_%s", used[i]);
        unsetenv(name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_without_sections),
        cmocka_unit_test(sections_are_groups),
        cmocka_unit_test(what_is_no_part_of_a_value),
        cmocka_unit_test(a_semicolon_that_is_part_of_a_value),
        cmocka_unit_test(relative_paths_begin_at_the_files_folder),
        cmocka_unit_test(a_later_layer_replaces_values_and_lists),
        cmocka_unit_test(faults_have_a_line_and_a_reason),
        cmocka_unit_test(all_faults_are_told_at_once),
        cmocka_unit_test(lists_are_bounded),
        cmocka_unit_test(long_lines),
        cmocka_unit_test(text_that_is_none),
        cmocka_unit_test(only_rows_of_the_commands_are_set_and_all_are_checked),
        cmocka_unit_test_setup_teardown(a_folder_in_the_order_of_names, temp_folder_setup,
                                        temp_folder_teardown),
        cmocka_unit_test_setup_teardown(files_that_cannot_be_read, temp_folder_setup,
                                        temp_folder_teardown),
        cmocka_unit_test(the_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
