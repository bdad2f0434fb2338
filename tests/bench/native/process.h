/*
 * Contestants as processes of their own, so that each one's processor time, memory and threads can
 * be told apart. Linux: /proc. One thread.
 */
#ifndef OMSP_TESTS_BENCH_NATIVE_PROCESS_H
#define OMSP_TESTS_BENCH_NATIVE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct bench_process {
    pid_t pid;
    int fd; /* a socket to it: its end is the child's argument, or its standard input and output */
};

/* A copy of this process that runs fn and exits. Before any thread was started. */
void bench_process_fork(struct bench_process *process, void (*fn)(int fd));
/* A program found by PATH or, with a slash in its name, there; what it writes to standard error is
 * dropped. False: there is none. */
bool bench_process_exec(struct bench_process *process, const char *const *argv);
/* The same for one whose first line is "ready", for at most two minutes. */
bool bench_process_exec_ready(struct bench_process *process, const char *const *argv);
/* A program that was built beside this one; the caller's until the next call. */
const char *bench_own_peer(const char *name);
/* Ends it and waits. */
void bench_process_end(struct bench_process *process);
/* A byte there, eight bytes back; exits with a message when it does not answer within a minute. */
uint64_t bench_process_ask(struct bench_process *process, char question);
/* Waits for a line from it, at most so long; false: none came. */
bool bench_process_line(struct bench_process *process, char *line, size_t room, int seconds);

/* Of all threads that it has and had. */
uint64_t bench_process_cpu_ns(const struct bench_process *process);
uint64_t bench_process_memory(const struct bench_process *process); /* bytes of its own */
unsigned bench_process_threads(const struct bench_process *process);
unsigned bench_process_files(const struct bench_process *process); /* open ones */
bool bench_process_is_gone(const struct bench_process *process);   /* ended by itself */

uint64_t bench_now_ns(void);
void bench_sleep_until(uint64_t at_ns);

#endif
