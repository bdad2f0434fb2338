/* The servers that tests/tls-far.sh started, found by their names in tls/ports of the folder that
 * tests run in. */
#ifndef OMSP_TESTS_SUPPORT_FAR_PORTS_H
#define OMSP_TESTS_SUPPORT_FAR_PORTS_H

#include <stdint.h>

#define FAR_CA "tls/ca.pem"

/* Fails the test when there is no such server. */
uint16_t far_port(const char *name);

#endif
