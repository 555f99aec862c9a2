/* Televisions are turned off and on: adapters in memory, which note what is said on their cables. */
#include "screen/cec.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <sys/ioctl.h>
#include <linux/cec.h>

#define ADAPTERS 3
#define MESSAGES 8

static struct adapter {
    bool here, deaf, unnamed; /* deaf: nobody answers; unnamed: it gives no address */
    uint16_t place;
    uint8_t address; /* its own; 0: none yet */
    int claims, message_count, opened;
    struct cec_msg messages[MESSAGES];
} adapters[ADAPTERS];

static int open_adapter(int index)
{
    errno = ENOENT;
    if (index >= ADAPTERS || !adapters[index].here)
        return -1;
    adapters[index].opened++;
    return index + 100;
}

static int close_adapter(int fd)
{
    adapters[fd - 100].opened--;
    return 0;
}

static int give_addresses(struct adapter *adapter, struct cec_log_addrs *addresses)
{
    *addresses = (struct cec_log_addrs){.num_log_addrs = adapter->address ? 1 : 0};
    addresses->log_addr[0] = adapter->address;
    return 0;
}

static int claim_address(struct adapter *adapter, struct cec_log_addrs *addresses)
{
    assert_int_equal(addresses->num_log_addrs, 1);
    assert_int_equal(addresses->log_addr_type[0], CEC_LOG_ADDR_TYPE_PLAYBACK);
    adapter->claims++;
    adapter->address = 4;
    addresses->log_addr[0] = adapter->unnamed ? CEC_LOG_ADDR_INVALID : 4;
    return 0;
}

static int transmit(struct adapter *adapter, struct cec_msg *message)
{
    adapter->messages[adapter->message_count++] = *message;
    message->tx_status = adapter->deaf ? CEC_TX_STATUS_NACK : CEC_TX_STATUS_OK;
    return 0;
}

static int call_adapter(int fd, unsigned long request, void *argument)
{
    struct adapter *adapter = &adapters[fd - 100];
    switch (request) {
    case CEC_ADAP_G_PHYS_ADDR:
        *(uint16_t *)argument = adapter->place;
        return 0;
    case CEC_ADAP_G_LOG_ADDRS:
        return give_addresses(adapter, argument);
    case CEC_ADAP_S_LOG_ADDRS:
        return claim_address(adapter, argument);
    case CEC_TRANSMIT:
        return transmit(adapter, argument);
    default:
        errno = ENOTTY;
        return -1;
    }
}

const struct cec_calls cec_calls_kernel = {open_adapter, call_adapter, close_adapter};

static int set_up(void **state)
{
    (void)state;
    memset(adapters, 0, sizeof adapters);
    adapters[1] = (struct adapter){.here = true, .place = 0x1200};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return adapters[0].opened || adapters[1].opened || adapters[2].opened;
}

static void check_message(int number, int length, const char *bytes)
{
    assert_int_equal(adapters[1].messages[number].len, length);
    assert_memory_equal(adapters[1].messages[number].msg, bytes, (size_t)length);
}

static void off_is_standby(void **state)
{
    (void)state;
    struct err err = {0};
    assert_int_equal(cec_tell(false, &err), 1);
    assert_int_equal(err.code, ERR_NONE);
    assert_int_equal(adapters[1].message_count, 1);
    check_message(0, 2, "\x40\x36"); /* from playback device 4 to the television */
}

static void on_shows_this_input(void **state)
{
    (void)state;
    struct err err = {0};
    adapters[1].address = 8;
    assert_int_equal(cec_tell(true, &err), 1);
    assert_int_equal(adapters[1].claims, 0); /* it had an address */
    assert_int_equal(adapters[1].message_count, 2);
    check_message(0, 2, "\x80\x04");
    check_message(1, 4, "\x8f\x82\x12\x00"); /* to all: the input where the cable ends */
}

static void without_adapters_nobody_is_told(void **state)
{
    (void)state;
    struct err err = {0};
    adapters[1].here = false;
    assert_int_equal(cec_tell(false, &err), 0);
    assert_int_equal(err.code, ERR_NONE);
}

static void an_adapter_without_a_cable_is_left_alone(void **state)
{
    (void)state;
    struct err err = {0};
    adapters[1].place = CEC_PHYS_ADDR_INVALID;
    adapters[2] = (struct adapter){.here = true, .place = 0}; /* a television's own */
    assert_int_equal(cec_tell(false, &err), 0);
    assert_int_equal(err.code, ERR_NONE);
    assert_int_equal(adapters[1].message_count + adapters[2].message_count, 0);
}

static void each_television_is_told(void **state)
{
    (void)state;
    struct err err = {0};
    adapters[0] = (struct adapter){.here = true, .place = 0x1000, .deaf = true};
    adapters[2] = (struct adapter){.here = true, .place = 0x2000};
    assert_int_equal(cec_tell(false, &err), 2);
    assert_string_equal(err.text, "the television did not answer");
}

static void an_adapter_without_an_address_is_told(void **state)
{
    (void)state;
    struct err err = {0};
    adapters[1].unnamed = true;
    assert_int_equal(cec_tell(false, &err), 0);
    assert_string_equal(err.text, "the CEC adapter has no address");
}

static void the_thread_ends_with_the_latest_wish(void **state)
{
    (void)state;
    cec_finish(); /* there is none */
    cec_start_telling(false);
    cec_start_telling(true);
    cec_finish();
    int last = adapters[1].message_count - 1;
    check_message(last, 4, "\x4f\x82\x12\x00");
}

#define CEC_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CEC_TEST(off_is_standby),
        CEC_TEST(on_shows_this_input),
        CEC_TEST(without_adapters_nobody_is_told),
        CEC_TEST(an_adapter_without_a_cable_is_left_alone),
        CEC_TEST(each_television_is_told),
        CEC_TEST(an_adapter_without_an_address_is_told),
        CEC_TEST(the_thread_ends_with_the_latest_wish),
    };
    return cmocka_run_group_tests_name("cec", tests, NULL, NULL);
}
