/* The machine's name and address, as an installer asks for them. Any thread. */
#ifndef BASE_HOST_H
#define BASE_HOST_H

#define HOST_NAME_BYTES 65
#define HOST_ADDRESS_BYTES 46

/* The host's name; "" where it has none. */
void host_find_name(char name[HOST_NAME_BYTES]);

/* An address by which it may be reached: the first of IPv4, else of IPv6, that is neither for
 * itself nor for one cable alone. "" where there is none. */
void host_find_address(char address[HOST_ADDRESS_BYTES]);

#endif
