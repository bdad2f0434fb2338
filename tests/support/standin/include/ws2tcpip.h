/* All of it is in winsock2.h. */
#include <winsock2.h>
