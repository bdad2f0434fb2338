/* Reads what tests/tls-far.sh wrote. */
#include "support/far_ports.h"

#include "support/suite.h"

#include <stdio.h>
#include <string.h>

uint16_t far_port(const char *name)
{
    FILE *file = fopen("tls/ports", "r");
    char line[128], have[64];
    unsigned port, found = 0;

    ck_assert_msg(file != NULL, "no servers: run by ctest, or `tests/tls-far.sh up tls` first");
    while (fgets(line, sizeof(line), file)) {
        if (sscanf(line, "%63s %u", have, &port) == 2 && strcmp(have, name) == 0)
            found = port;
    }
    fclose(file);
    ck_assert_msg(found != 0, "no server called %s", name);
    return (uint16_t)found;
}
