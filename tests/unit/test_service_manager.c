#include "kiosk/service_manager.h"

#include "temp_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define SECOND_NS INT64_C(1000000000)
#define INTERVAL_US "30000000"
#define INTERVAL_NS (30 * SECOND_NS)

/* A service manager: the other end of NOTIFY_SOCKET. */
struct listener {
    int socket;
    char name[108];
};

static struct listener listener;
static struct service_manager manager;

static void listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    snprintf(listener.name, sizeof listener.name, "%s", name);
    memcpy(address.sun_path, name, strlen(name) + 1);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    listener.socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(listener.socket, (struct sockaddr *)&address, size), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
}

/* The next datagram; "" when there is none. */
static const char *heard(void)
{
    static char words[1024];
    ssize_t size = recv(listener.socket, words, sizeof words - 1, 0);
    words[size > 0 ? size : 0] = '\0';
    return words;
}

static int set_up(void **state)
{
    (void)state;
    char name[108];
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    snprintf(name, sizeof name, "@duckling-test-%d", (int)getpid());
    listen_at(name);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    service_manager_finish(&manager);
    close(listener.socket);
    unsetenv("NOTIFY_SOCKET");
    return 0;
}

static void watch(void)
{
    char process[16];
    snprintf(process, sizeof process, "%d", (int)getpid());
    setenv("WATCHDOG_USEC", INTERVAL_US, 1);
    setenv("WATCHDOG_PID", process, 1);
}

static void without_a_service_manager_nothing_is_told(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    watch();
    assert_true(service_manager_init(&manager, NULL));
    service_manager_set_status(&manager, "showing");
    service_manager_alive(&manager, SECOND_NS);
    service_manager_stopping(&manager);
    assert_true(service_manager_until_ns(&manager) == INT64_MAX);
    assert_string_equal(heard(), "");
}

static void zeroed_memory_can_be_used(void **state)
{
    (void)state;
    struct service_manager zeroed = {0};
    service_manager_stopping(&zeroed);
    service_manager_finish(&zeroed);
    assert_string_equal(heard(), "");
}

static void the_first_turn_is_told_once(void **state)
{
    (void)state;
    assert_true(service_manager_init(&manager, NULL));
    assert_string_equal(heard(), "");
    service_manager_alive(&manager, SECOND_NS);
    assert_string_equal(heard(), "READY=1\n");
    service_manager_alive(&manager, 1000 * SECOND_NS);
    assert_string_equal(heard(), "");
    service_manager_stopping(&manager);
    assert_string_equal(heard(), "STOPPING=1\nSTATUS=stopping\n");
}

static void a_path_is_an_address_too(void **state)
{
    (void)state;
    assert_int_equal(temp_folder_setup(NULL), 0);
    close(listener.socket);
    listen_at(temp_folder_path("notify"));
    assert_true(service_manager_init(&manager, NULL));
    service_manager_alive(&manager, SECOND_NS);
    assert_string_equal(heard(), "READY=1\n");
    assert_int_equal(temp_folder_teardown(NULL), 0);
}

static void the_watchdog_is_fed_each_third_of_its_interval(void **state)
{
    (void)state;
    watch();
    assert_true(service_manager_init(&manager, NULL));
    service_manager_alive(&manager, SECOND_NS);
    assert_string_equal(heard(), "READY=1\nWATCHDOG=1\n");
    int64_t until_ns = service_manager_until_ns(&manager);
    assert_true(until_ns == SECOND_NS + INTERVAL_NS / 3);
    service_manager_alive(&manager, until_ns - 1);
    assert_string_equal(heard(), "");
    service_manager_alive(&manager, until_ns);
    assert_string_equal(heard(), "WATCHDOG=1\n");
    assert_true(service_manager_until_ns(&manager) == until_ns + INTERVAL_NS / 3);
}

static void a_watchdog_of_another_process_is_left_to_it(void **state)
{
    (void)state;
    watch();
    setenv("WATCHDOG_PID", "1", 1);
    assert_true(service_manager_init(&manager, NULL));
    service_manager_alive(&manager, SECOND_NS);
    assert_string_equal(heard(), "READY=1\n");
    assert_true(service_manager_until_ns(&manager) == INT64_MAX);
}

static void without_a_process_the_watchdog_is_whose_it_is(void **state)
{
    (void)state;
    watch();
    unsetenv("WATCHDOG_PID");
    assert_true(service_manager_init(&manager, NULL));
    service_manager_alive(&manager, SECOND_NS);
    assert_string_equal(heard(), "READY=1\nWATCHDOG=1\n");
}

static void a_wrong_interval_is_told_and_the_rest_works(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "0", "-1", " 1", "1s", "9223372036854775807", "99999999999999999999",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err err = {0};
        watch();
        setenv("WATCHDOG_USEC", wrong[i], 1);
        assert_false(service_manager_init(&manager, &err));
        assert_non_null(strstr(err.text, "WATCHDOG_USEC"));
        service_manager_alive(&manager, SECOND_NS);
        assert_string_equal(heard(), "READY=1\n");
        service_manager_finish(&manager);
    }
}

static void a_wrong_address_is_told(void **state)
{
    (void)state;
    char longer[200];
    memset(longer, 'x', sizeof longer - 1);
    longer[0] = '/';
    longer[sizeof longer - 1] = '\0';
    const char *const wrong[] = {"", "/", "@", "run/notify", "vsock:2:1234", longer};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err err = {0};
        setenv("NOTIFY_SOCKET", wrong[i], 1);
        assert_false(service_manager_init(&manager, &err));
        assert_non_null(strstr(err.text, "NOTIFY_SOCKET"));
        service_manager_alive(&manager, SECOND_NS);
        service_manager_stopping(&manager);
        service_manager_finish(&manager);
    }
    assert_string_equal(heard(), "");
}

static void a_status_is_told_when_it_changes(void **state)
{
    (void)state;
    assert_true(service_manager_init(&manager, NULL));
    service_manager_set_status(&manager, "waiting for a screen");
    service_manager_alive(&manager, SECOND_NS);
    assert_string_equal(heard(), "READY=1\nSTATUS=waiting for a screen\n");
    service_manager_set_status(&manager, "waiting for a screen");
    service_manager_alive(&manager, SECOND_NS);
    assert_string_equal(heard(), "");
    service_manager_set_status(&manager, "showing spot \"a\"");
    service_manager_alive(&manager, SECOND_NS);
    assert_string_equal(heard(), "STATUS=showing spot \"a\"\n");
}

/* What a playlist names its spots can't say anything else to the service manager. */
static void a_status_is_one_line_of_text(void **state)
{
    (void)state;
    char words[2 * SERVICE_MANAGER_STATUS_BYTES + 1];
    assert_true(service_manager_init(&manager, NULL));
    service_manager_set_status(&manager, "a\nMAINPID=1\n\xff");
    service_manager_alive(&manager, SECOND_NS);
    assert_string_equal(heard(), "READY=1\nSTATUS=a?MAINPID=1??\n");
    for (size_t i = 0; i < SERVICE_MANAGER_STATUS_BYTES; i++)
        memcpy(words + 2 * i, "\u00e4", 3);
    service_manager_set_status(&manager, words);
    service_manager_alive(&manager, SECOND_NS);
    words[SERVICE_MANAGER_STATUS_BYTES - 2] = '\n'; /* no half of a character is left */
    words[SERVICE_MANAGER_STATUS_BYTES - 1] = '\0';
    const char *told = heard();
    assert_memory_equal(told, "STATUS=", 7);
    assert_string_equal(told + 7, words);
}

/* Nobody reads: what can't be sent is sent later, and nothing waits for that. */
static void a_full_queue_is_not_waited_for(void **state)
{
    (void)state;
    char words[64];
    int sent = 0;
    watch();
    assert_true(service_manager_init(&manager, NULL));
    for (; sent == 0 || manager.status_told; sent++) {
        snprintf(words, sizeof words, "number %d", sent);
        service_manager_set_status(&manager, words);
        service_manager_alive(&manager, SECOND_NS);
    }
    int64_t until_ns = service_manager_until_ns(&manager);
    service_manager_alive(&manager, until_ns); /* cannot be sent, either */
    assert_true(service_manager_until_ns(&manager) > until_ns);
    assert_true(service_manager_until_ns(&manager) < until_ns + INTERVAL_NS / 3);
    service_manager_stopping(&manager);
    for (int i = 0; i < sent - 1; i++)
        assert_string_not_equal(heard(), "");
    assert_string_equal(heard(), "");
    service_manager_alive(&manager, service_manager_until_ns(&manager));
    snprintf(words, sizeof words, "STATUS=number %d\nWATCHDOG=1\n", sent - 1);
    assert_string_equal(heard(), words);
}

static void a_service_manager_that_comes_back_is_told_again(void **state)
{
    (void)state;
    char name[108];
    memcpy(name, listener.name, sizeof name);
    assert_true(service_manager_init(&manager, NULL));
    close(listener.socket);
    service_manager_alive(&manager, SECOND_NS); /* nobody is there */
    listen_at(name);
    service_manager_alive(&manager, SECOND_NS);
    assert_string_equal(heard(), "READY=1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_service_manager_nothing_is_told, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(zeroed_memory_can_be_used, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_first_turn_is_told_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_path_is_an_address_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_watchdog_is_fed_each_third_of_its_interval, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_watchdog_of_another_process_is_left_to_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_a_process_the_watchdog_is_whose_it_is, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_wrong_interval_is_told_and_the_rest_works, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_wrong_address_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_status_is_told_when_it_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_status_is_one_line_of_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_queue_is_not_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_service_manager_that_comes_back_is_told_again, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
