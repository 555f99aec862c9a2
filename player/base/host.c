#include "base/host.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

_Static_assert(HOST_ADDRESS_BYTES >= INET6_ADDRSTRLEN, "any address fits");

void host_find_name(char name[HOST_NAME_BYTES])
{
    name[0] = name[HOST_NAME_BYTES - 1] = '\0';
    if (gethostname(name, HOST_NAME_BYTES - 1) < 0)
        name[0] = '\0';
}

void host_find_address(char address[HOST_ADDRESS_BYTES])
{
    struct ifaddrs *list = NULL;
    address[0] = '\0';
    if (getifaddrs(&list) < 0)
        return;
    for (const struct ifaddrs *at = list; at && !address[0]; at = at->ifa_next) {
        struct sockaddr_in ip4;
        if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET || at->ifa_flags & IFF_LOOPBACK)
            continue;
        memcpy(&ip4, at->ifa_addr, sizeof ip4);
        inet_ntop(AF_INET, &ip4.sin_addr, address, HOST_ADDRESS_BYTES);
    }
    for (const struct ifaddrs *at = list; at && !address[0]; at = at->ifa_next) {
        struct sockaddr_in6 ip6;
        if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET6 || at->ifa_flags & IFF_LOOPBACK)
            continue;
        memcpy(&ip6, at->ifa_addr, sizeof ip6);
        if (!IN6_IS_ADDR_LINKLOCAL(&ip6.sin6_addr))
            inet_ntop(AF_INET6, &ip6.sin6_addr, address, HOST_ADDRESS_BYTES);
    }
    freeifaddrs(list);
}
