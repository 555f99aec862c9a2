/* A television at the other end of the kernel's imitated HDMI cable (vivid): takes a television's address on the bus and prints
 * each message that it gets. test_hours.py builds it, without libraries of its own, and puts it on the box's disk.
 *
 *     television /dev/cecN      until it is ended */
#include <fcntl.h>
#include <linux/cec.h>
#include <stdio.h>
#include <sys/ioctl.h>

static int be_television(int fd)
{
    __u32 mode = CEC_MODE_INITIATOR | CEC_MODE_FOLLOWER;
    struct cec_log_addrs addresses = {
        .cec_version = CEC_OP_CEC_VERSION_1_4,
        .num_log_addrs = 1,
        .vendor_id = CEC_VENDOR_ID_NONE,
        .osd_name = "Television",
        .primary_device_type = {CEC_OP_PRIM_DEVTYPE_TV},
        .log_addr_type = {CEC_LOG_ADDR_TYPE_TV},
        .all_device_types = {CEC_OP_ALL_DEVTYPE_TV},
    };
    if (ioctl(fd, CEC_S_MODE, &mode))
        return perror("CEC_S_MODE"), 0;
    if (ioctl(fd, CEC_ADAP_S_LOG_ADDRS, &addresses))
        return perror("CEC_ADAP_S_LOG_ADDRS"), 0;
    return 1;
}

static const char *words(const struct cec_msg *message)
{
    switch (message->len > 1 ? message->msg[1] : -1) {
    case CEC_MSG_STANDBY:
        return "standby";
    case CEC_MSG_IMAGE_VIEW_ON:
        return "image view on";
    case CEC_MSG_ACTIVE_SOURCE:
        return "active source";
    default:
        return "another message";
    }
}

int main(int argc, char **argv)
{
    int fd = open(argc > 1 ? argv[1] : "", O_RDWR);
    if (fd < 0)
        return perror("open"), 1;
    if (!be_television(fd))
        return 1;
    puts("ready");
    for (;;) {
        struct cec_msg message = {0};
        fflush(stdout);
        if (ioctl(fd, CEC_RECEIVE, &message))
            return perror("CEC_RECEIVE"), 1;
        puts(words(&message));
    }
}
