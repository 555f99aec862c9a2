#include "base/file_alike.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "temp_folder.h"

static void expect(const char *path, const char *alike)
{
    char whole[PATH_MAX], found[PATH_MAX], wanted[PATH_MAX] = "";
    snprintf(whole, sizeof whole, "%s/%s", temp_folder, path);
    if (alike)
        snprintf(wanted, sizeof wanted, "%s/%s", temp_folder, alike);
    bool ok = file_alike_find(whole, found);
    if (ok != (alike != NULL) || (ok && strcmp(found, wanted) != 0))
        fail_msg("%s: \"%s\" is not \"%s\"", path, ok ? found : "", wanted);
}

static void names_that_differ_in_case_or_encoding(void **state)
{
    (void)state;
    assert_int_equal(mkdir(temp_folder_path("Media"), 0755), 0);
    temp_folder_write("A.JPG", "x");
    temp_folder_write("Media/Große.png", "x");
    /* "작은.jpg" and "é.jpg" as macOS writes them */
    temp_folder_write(
        "\xe1\x84\x8c\xe1\x85\xa1\xe1\x86\xa8\xe1\x84\x8b\xe1\x85\xb3\xe1\x86\xab.jpg", "x");
    temp_folder_write("e\xcc\x81.jpg", "x");
    temp_folder_write("\xff.jpg", "x");
    expect("a.jpg", "A.JPG");
    expect("A.jpg", "A.JPG");
    expect("A.JPG", NULL); /* it is there */
    expect("b.jpg", NULL);
    expect("media/große.png", "Media/Große.png");
    expect("media/GROSSE.PNG", "Media/Große.png");
    expect("media//a.jpg", NULL);
    expect("작은.jpg",
           "\xe1\x84\x8c\xe1\x85\xa1\xe1\x86\xa8\xe1\x84\x8b\xe1\x85\xb3\xe1\x86\xab.jpg");
    expect("É.jpg", "e\xcc\x81.jpg");
    expect("\xff.JPG", NULL);
    expect("A.JPG/x", NULL);
    assert_int_equal(symlink("nowhere", temp_folder_path("Dangling.jpg")), 0);
    expect("Dangling.jpg", NULL); /* there, and of no use */
    expect("dangling.jpg", "Dangling.jpg");
    char found[PATH_MAX], longest[PATH_MAX + 10];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_false(file_alike_find(longest, found));
    assert_false(file_alike_find("", found));
    assert_false(file_alike_find("/", found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_that_differ_in_case_or_encoding, temp_folder_setup,
                                        temp_folder_teardown),
    };
    return cmocka_run_group_tests_name("file_alike", tests, NULL, NULL);
}
