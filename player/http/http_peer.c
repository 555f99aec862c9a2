/* Addresses: what a server may lead a player to. */
#include "http/http_internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum scope { SCOPE_THIS_MACHINE, SCOPE_PRIVATE, SCOPE_PUBLIC };

static enum scope scope_of_v4(uint32_t address)
{
    static const struct {
        uint32_t network;
        int bits;
        enum scope scope;
    } networks[] = {
        {0x7f000000, 8, SCOPE_THIS_MACHINE},  /* 127.0.0.0/8 */
        {0x00000000, 8, SCOPE_THIS_MACHINE},  /* 0.0.0.0/8 */
        {0xa9fe0000, 16, SCOPE_THIS_MACHINE}, /* 169.254.0.0/16 (RFC 3927), a cloud's metadata */
        {0x0a000000, 8, SCOPE_PRIVATE},       /* 10.0.0.0/8 (RFC 1918) */
        {0xac100000, 12, SCOPE_PRIVATE},      /* 172.16.0.0/12 */
        {0xc0a80000, 16, SCOPE_PRIVATE},      /* 192.168.0.0/16 */
        {0x64400000, 10, SCOPE_PRIVATE},      /* 100.64.0.0/10 (RFC 6598) */
        {0xc6120000, 15, SCOPE_PRIVATE},      /* 198.18.0.0/15 (RFC 2544) */
    };
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
        if ((address ^ networks[i].network) >> (32 - networks[i].bits) == 0)
            return networks[i].scope;
    return SCOPE_PUBLIC;
}

/* The IPv4 address within one of IPv6: mapped and compatible (RFC 4291), NAT64 (RFC 6052), 6to4
 * (RFC 3056). False where there is none. */
static bool find_v4(const struct in6_addr *v6, uint32_t *address)
{
    static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};
    size_t at = 12;
    if (v6->s6_addr[0] == 0x20 && v6->s6_addr[1] == 0x02)
        at = 2;
    else if (!IN6_IS_ADDR_V4MAPPED(v6) && !IN6_IS_ADDR_V4COMPAT(v6) &&
             memcmp(v6->s6_addr, nat64, sizeof nat64) != 0)
        return false;
    uint32_t network_order;
    memcpy(&network_order, &v6->s6_addr[at], sizeof network_order);
    *address = ntohl(network_order);
    return true;
}

/* What can't be read counts as this machine. */
static enum scope scope_of(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;
    uint32_t inner;
    if (inet_pton(AF_INET, text, &v4) == 1)
        return scope_of_v4(ntohl(v4.s_addr));
    char plain[HTTP_ADDRESS_BYTES];
    snprintf(plain, sizeof plain, "%.*s", (int)strcspn(text, "%"), text); /* fe80::1%eth0 */
    if (inet_pton(AF_INET6, plain, &v6) != 1)
        return SCOPE_THIS_MACHINE;
    if (IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6) || IN6_IS_ADDR_LINKLOCAL(&v6))
        return SCOPE_THIS_MACHINE;
    if (find_v4(&v6, &inner))
        return scope_of_v4(inner);
    bool unique_local = (v6.s6_addr[0] & 0xfe) == 0xfc; /* fc00::/7 (RFC 4193) */
    return unique_local || IN6_IS_ADDR_SITELOCAL(&v6) ? SCOPE_PRIVATE : SCOPE_PUBLIC;
}

bool http_peer_is_this_machine(const char *address)
{
    return scope_of(address) == SCOPE_THIS_MACHINE;
}

bool http_peer_may_name(const struct http_peer *from, const struct http_peer *to)
{
    enum scope scope = scope_of(to->address);
    if (scope == SCOPE_PUBLIC)
        return true;
    if (from->port == 0) /* not known: from anywhere */
        return false;
    if (strcmp(from->address, to->address) == 0 && from->port == to->port)
        return true;
    return scope == SCOPE_PRIVATE && scope_of(from->address) != SCOPE_PUBLIC;
}
