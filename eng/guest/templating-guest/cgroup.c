/* What the kernel knows and does of a container as a whole: its group in cgroup v2. crun gives it the id's name. */
#include "owner.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROUPS "/sys/fs/cgroup"

static bool read_all(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);
    close_fd(&fd);
    if (got < 0)
        return false;
    text[got] = '\0';
    return true;
}

static bool read_group(const struct container *c, const char *file, char *text, size_t size)
{
    char path[sizeof GROUPS + MAX_NAME + 64];
    snprintf(path, sizeof path, GROUPS "/%s/%s", c->id, file);
    return read_all(path, text, size);
}

/* The number after `key` at the beginning of a line, or of the whole file where there is no key. */
static uint64_t counter(const char *text, const char *key)
{
    size_t length = strlen(key);
    for (const char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL)
        if (strncmp(line, key, length) == 0 && (length == 0 || line[length] == ' '))
            return line[length] == 'm' ? UINT64_MAX : strtoull(line + length, NULL, 10);
    return UINT64_MAX;
}

uint64_t oom_kills(const struct container *c)
{
    char text[1024];
    uint64_t kills = read_group(c, "memory.events", text, sizeof text) ? counter(text, "oom_kill") : 0;
    return kills == UINT64_MAX ? 0 : kills;
}

size_t container_counters(const struct container *c, unsigned char *to)
{
    static const struct {
        const char *file, *key;
    } of[] = {
        {"memory.current", ""},         {"memory.peak", ""},          {"memory.max", ""},
        {"memory.stat", "anon"},        {"memory.stat", "inactive_file"}, {"memory.events", "max"},
        {"memory.events", "oom_kill"},  {"cpu.stat", "usage_usec"},   {"cpu.stat", "user_usec"},
        {"cpu.stat", "system_usec"},    {"cpu.stat", "nr_throttled"}, {"cpu.stat", "throttled_usec"},
        {"pids.current", ""},           {"pids.max", ""},
    };
    static char text[8192];
    size_t length = 0;
    const char *file = "";
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        if (strcmp(file, of[i].file) != 0 && !read_group(c, of[i].file, text, sizeof text)) {
            if (i == 0)
                return 0;
            *text = '\0';
        }
        file = of[i].file;
        length += put_number(to + length, counter(text, of[i].key), 8);
    }
    return length;
}

static bool signal_all(const struct container *c, int signal)
{
    static char text[16384];
    if (!read_group(c, "cgroup.procs", text, sizeof text))
        return false;
    for (char *line = text, *next; *line; line = next) {
        long pid = strtol(line, &next, 10);
        if (next == line || *next != '\n')
            break; /* cut off: who has that many processes has SIGKILL for them */
        next++;
        if (pid > 1)
            kill((pid_t)pid, signal);
    }
    return true;
}

bool kill_container(const struct container *c, int signal)
{
    char path[sizeof GROUPS + MAX_NAME + 64];
    if (signal != SIGKILL)
        return signal_all(c, signal);
    /* Nothing that is being forked meanwhile escapes this. */
    snprintf(path, sizeof path, GROUPS "/%s/cgroup.kill", c->id);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && write(fd, "1", 1) == 1;
    close_fd(&fd);
    return good;
}

static int write_group(const struct container *c, const char *file, const char *text)
{
    char path[sizeof GROUPS + MAX_NAME + 64];
    snprintf(path, sizeof path, GROUPS "/%s/%s", c->id, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int error = fd >= 0 && write(fd, text, strlen(text)) > 0 ? 0 : errno;
    close_fd(&fd);
    return error;
}

/* No file of a group takes more than a signed number. */
static bool is_limit(uint64_t value, uint64_t least, uint64_t most)
{
    return value == UINT64_MAX || value == 0 || (value >= least && value <= most);
}

int limit_group(const struct container *c, const struct group_limits *limits, const char **file)
{
    enum { LEAST_US = 1000, MOST_PERIOD = 1000000, MOST_WEIGHT = 10000 };
    const struct {
        const char *file;
        uint64_t value, period;
    } all[] = {{"pids.max", limits->processes, 0}, {"cpu.weight", limits->weight, 0}, {"cpu.max", limits->quota, limits->period},
               {"memory.max", limits->memory, 0}}; /* last: it may have the kernel kill */
    char text[64];
    if (!is_limit(limits->processes, 1, INT64_MAX) || !is_limit(limits->memory, 1, INT64_MAX) || !is_limit(limits->quota, LEAST_US, INT64_MAX) ||
        !is_limit(limits->weight, 1, MOST_WEIGHT) || limits->weight == 0 || !is_limit(limits->period, LEAST_US, MOST_PERIOD) ||
        limits->period == 0 || (limits->quota == UINT64_MAX) != (limits->period == UINT64_MAX))
        return EINVAL;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i].value == UINT64_MAX)
            continue;
        int length = all[i].value == 0 ? snprintf(text, sizeof text, "max") : snprintf(text, sizeof text, "%llu", (unsigned long long)all[i].value);
        if (all[i].period > 0)
            snprintf(text + length, sizeof text - (size_t)length, " %llu", (unsigned long long)all[i].period);
        int error = write_group(c, *file = all[i].file, text);
        if (error != 0)
            return error;
    }
    return 0;
}

bool remove_group(const struct container *c)
{
    char path[sizeof GROUPS + MAX_NAME + 64], text[256];
    if (read_group(c, "cgroup.events", text, sizeof text) && counter(text, "populated") == 1) {
        kill_container(c, SIGKILL);
        return false; /* its last process is a child of ours, whose end wakes us */
    }
    snprintf(path, sizeof path, GROUPS "/%s", c->id);
    rmdir(path);
    return true;
}
