#include "http/http_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static struct http_peer peer(const char *address, int port)
{
    struct http_peer made = {.port = port};
    snprintf(made.address, sizeof made.address, "%s", address);
    return made;
}

static bool may_name(const char *from, const char *to)
{
    const struct http_peer giver = peer(from, *from ? 80 : 0), named = peer(to, 81);
    return http_peer_may_name(&giver, &named);
}

static const char *const this_machine[] = {"127.0.0.1",
                                           "127.255.255.254",
                                           "0.0.0.0",
                                           "0.1.2.3",
                                           "169.254.169.254",
                                           "::1",
                                           "::",
                                           "fe80::1",
                                           "fe80::1%eth0",
                                           "febf::1",
                                           "::ffff:127.0.0.1",
                                           "::ffff:169.254.169.254",
                                           "::127.0.0.1",
                                           "64:ff9b::7f00:1",
                                           "2002:7f00:1::",
                                           "what is this",
                                           ""};
static const char *const in_private[] = {
    "10.0.0.1",   "10.255.255.255",  "172.16.0.1",     "172.31.255.255", "192.168.0.1",
    "100.64.0.1", "100.127.255.255", "198.18.0.1",     "fc00::1",        "fdff::1",
    "fec0::1",    "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:c0a8:101::"};
static const char *const in_public[] = {
    "8.8.8.8",        "172.15.255.255", "172.32.0.1",  "192.167.0.1",     "192.169.0.1",
    "100.63.255.255", "100.128.0.1",    "169.253.1.1", "128.0.0.1",       "126.0.0.1",
    "2001:db8::1",    "::ffff:8.8.8.8", "fb00::1",     "64:ff9b::808:808"};

#define EACH(address, list)                                                                        \
    for (size_t i_##address = 0; i_##address < sizeof list / sizeof *list; i_##address++)          \
        for (const char *address = list[i_##address]; address; address = NULL)

static void a_stranger_names_public_addresses_only(void **state)
{
    (void)state;
    static const char *const strangers[] = {"8.8.8.8", "2001:db8::1", ""};
    EACH(from, strangers)
    {
        EACH(to, in_public) assert_true(may_name(from, to));
        EACH(to, in_private) assert_false(may_name(from, to));
        EACH(to, this_machine) assert_false(may_name(from, to));
    }
}

static void a_private_network_names_private_addresses_too(void **state)
{
    (void)state;
    EACH(from, in_private)
    {
        EACH(to, in_public) assert_true(may_name(from, to));
        EACH(to, in_private) assert_true(may_name(from, to));
        EACH(to, this_machine) assert_false(may_name(from, to));
    }
}

static void everybody_names_itself(void **state)
{
    (void)state;
    EACH(address, this_machine)
    {
        const struct http_peer same = peer(address, 8000), other = peer(address, 8001);
        assert_true(http_peer_may_name(&same, &same));
        assert_false(http_peer_may_name(&same, &other));
    }
    EACH(address, in_private)
    {
        const struct http_peer same = peer(address, 8000);
        assert_true(http_peer_may_name(&same, &same));
    }
}

static void the_rule_of_redirects_knows_the_same_addresses(void **state)
{
    (void)state;
    EACH(address, this_machine) assert_true(http_peer_is_this_machine(address));
    EACH(address, in_private) assert_false(http_peer_is_this_machine(address));
    EACH(address, in_public) assert_false(http_peer_is_this_machine(address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stranger_names_public_addresses_only),
        cmocka_unit_test(a_private_network_names_private_addresses_too),
        cmocka_unit_test(everybody_names_itself),
        cmocka_unit_test(the_rule_of_redirects_knows_the_same_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
