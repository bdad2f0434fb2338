/* Starting, asking and measuring processes. Knows nothing of what they do. One thread. */
#include "bench/native/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static int start(struct bench_process *process)
{
    int pair[2];

    fflush(NULL);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        die("socketpair");
    process->pid = fork();
    if (process->pid < 0)
        die("fork");
    if (!process->pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(pair[0]);
        return pair[1];
    }
    close(pair[1]);
    process->fd = pair[0];
    return -1;
}

void bench_process_fork(struct bench_process *process, void (*fn)(int fd))
{
    int fd = start(process);

    if (fd >= 0) {
        fn(fd);
        _exit(0);
    }
}

static bool is_program(const char *name)
{
    char paths[4096], *save = NULL;

    if (strchr(name, '/'))
        return !access(name, X_OK);
    snprintf(paths, sizeof(paths), "%s", getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
    for (char *path = strtok_r(paths, ":", &save); path; path = strtok_r(NULL, ":", &save)) {
        char file[4200];

        snprintf(file, sizeof(file), "%s/%s", path, name);
        if (!access(file, X_OK))
            return true;
    }
    return false;
}

bool bench_process_exec(struct bench_process *process, const char *const *argv)
{
    int fd;

    if (!is_program(argv[0]))
        return false;
    fd = start(process);
    if (fd >= 0) {
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

        dup2(fd, 0);
        dup2(fd, 1);
        dup2(nowhere, 2);
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    return true;
}

bool bench_process_exec_ready(struct bench_process *process, const char *const *argv)
{
    char line[64];

    if (!bench_process_exec(process, argv))
        return false;
    if (bench_process_line(process, line, sizeof(line), 120) && !strcmp(line, "ready"))
        return true;
    bench_process_end(process);
    return false;
}

const char *bench_own_peer(const char *name)
{
    static char path[4096];
    char *slash;
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 64);

    path[len > 0 ? len : 0] = 0;
    slash = strrchr(path, '/');
    if (slash)
        snprintf(slash + 1, 63, "%s", name);
    return path;
}

void bench_process_end(struct bench_process *process)
{
    kill(process->pid, SIGKILL);
    waitpid(process->pid, NULL, 0);
    close(process->fd);
}

static bool readable(const struct bench_process *process, int seconds)
{
    struct pollfd poll_fd = {.fd = process->fd, .events = POLLIN};

    return poll(&poll_fd, 1, seconds * 1000) == 1;
}

uint64_t bench_process_ask(struct bench_process *process, char question)
{
    uint64_t answer;

    if (write(process->fd, &question, 1) != 1 || !readable(process, 60) ||
        recv(process->fd, &answer, sizeof(answer), MSG_WAITALL) != sizeof(answer)) {
        fprintf(stderr, "a contestant does not answer\n");
        exit(2);
    }
    return answer;
}

bool bench_process_line(struct bench_process *process, char *line, size_t room, int seconds)
{
    size_t len = 0;

    while (len + 1 < room && readable(process, seconds) && read(process->fd, line + len, 1) == 1) {
        if (line[len] == '\n') {
            line[len] = 0;
            return true;
        }
        len++;
    }
    return false;
}

uint64_t bench_process_cpu_ns(const struct bench_process *process)
{
    struct timespec used;
    clockid_t clock;

    if (clock_getcpuclockid(process->pid, &clock) || clock_gettime(clock, &used))
        die("the clock of a contestant");
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

/* The number behind a word at a line's start. */
static uint64_t look_up(const struct bench_process *process, const char *name, const char *word)
{
    char path[64], line[256];
    uint64_t sum = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)process->pid, name);
    file = fopen(path, "r");
    if (!file)
        die(path);
    while (fgets(line, sizeof(line), file))
        if (!strncmp(line, word, strlen(word)))
            sum += strtoull(line + strlen(word), NULL, 10);
    fclose(file);
    return sum;
}

uint64_t bench_process_memory(const struct bench_process *process)
{
    return 1024 * (look_up(process, "smaps_rollup", "Private_Clean:") +
                   look_up(process, "smaps_rollup", "Private_Dirty:"));
}

unsigned bench_process_threads(const struct bench_process *process)
{
    return (unsigned)look_up(process, "status", "Threads:");
}

unsigned bench_process_files(const struct bench_process *process)
{
    char path[64];
    unsigned count = 0;
    DIR *folder;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)process->pid);
    folder = opendir(path);
    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count > 2 ? count - 2 : 0;
}

bool bench_process_is_gone(const struct bench_process *process)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) ||
           info.si_pid == process->pid;
}

uint64_t bench_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void bench_sleep_until(uint64_t at_ns)
{
    struct timespec at = {(time_t)(at_ns / 1000000000u), (long)(at_ns % 1000000000u)};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL))
        ;
}
