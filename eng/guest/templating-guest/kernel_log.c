/* What the kernel says in its log of what happens to this guest: a reseed, and whom it killed for their memory. */
#include "guest.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RESEED_MESSAGE "crng reseeded due to virtual machine fork"
/* mm/oom_kill.c, __oom_kill_process(); of a memory cgroup it begins otherwise and goes on the same. */
#define KILL_MESSAGE "ut of memory: Killed process "

static int kernel_log = -1;
static bool reseeded;
static pid_t killed[MAX_COMMANDS]; /* the last ones, 0 for none */
static size_t killed_next;

void open_kernel_log(void)
{
    kernel_log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (kernel_log >= 0)
        lseek(kernel_log, 0, SEEK_END);
}

int kernel_log_descriptor(void)
{
    return kernel_log;
}

/* "PRIORITY,...;MESSAGE" (Documentation/ABI/testing/dev-kmsg). Facility 0 is the kernel's own: no process can write it. */
static void remember_kill(const char *record)
{
    const char *message = strchr(record, ';');
    const char *named = message ? strstr(message, KILL_MESSAGE) : NULL;
    if (!named || strtol(record, NULL, 10) > 7 || named - message > 20)
        return;
    killed[killed_next++ % MAX_COMMANDS] = (pid_t)strtol(named + strlen(KILL_MESSAGE), NULL, 10);
}

/* Reads what is there, never waits. */
static void read_kernel_log(void)
{
    char record[8192];
    for (;;) {
        ssize_t got = kernel_log < 0 ? -1 : read(kernel_log, record, sizeof record - 1);
        if (got < 0 && kernel_log >= 0 && (errno == EPIPE || errno == EINTR))
            continue; /* EPIPE: records were overwritten before we came; the next read goes on after the hole */
        if (got <= 0)
            return;
        record[got] = '\0';
        reseeded = reseeded || strstr(record, RESEED_MESSAGE) != NULL;
        remember_kill(record);
    }
}

/* True when the kernel told of its reseed since the last call. */
bool saw_reseed(void)
{
    read_kernel_log();
    bool seen = reseeded;
    reseeded = false;
    return seen;
}

/* Whether the kernel killed that process, which a signal 9 ended, to get memory back. Tells it once: pids come again. */
bool killed_for_memory(pid_t pid)
{
    bool found = false;
    read_kernel_log();
    for (size_t i = 0; i < MAX_COMMANDS; i++) {
        found = found || killed[i] == pid;
        killed[i] = killed[i] == pid ? 0 : killed[i];
    }
    return found;
}
