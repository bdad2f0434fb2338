/* Windows' sockets by the names that the tests' consumers use, over the system's. */
#ifndef OMSP_STANDIN_WINSOCK2_H
#define OMSP_STANDIN_WINSOCK2_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

typedef int SOCKET;
typedef struct {
    int none;
} WSADATA;

#define INVALID_SOCKET      (-1)
#define SOCKET_ERROR        (-1)
#define SD_SEND             SHUT_WR
#define SD_BOTH             SHUT_RDWR
#define closesocket(socket) close(socket)
#define WSAStartup(v, data) ((void)(data), 0)
#define WSACleanup()        0
/* Windows looks at the sets alone. */
#define getsockname(socket, addr, size) getsockname((socket), (addr), (socklen_t *)(size))
#define select(n, r, w, e, t)           select(FD_SETSIZE, (r), (w), (e), (t))

#endif
