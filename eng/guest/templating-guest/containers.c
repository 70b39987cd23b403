/* The containers of the owner: what a frame asks of one, checked; crun does it. */
#include "owner.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct container containers[MAX_CONTAINERS];

static struct container *find_container(const char *id)
{
    for (int i = 0; i < MAX_CONTAINERS; i++)
        if (containers[i].used && strcmp(containers[i].id, id) == 0)
            return &containers[i];
    return NULL;
}

static struct container *free_container(void)
{
    for (int i = 0; i < MAX_CONTAINERS; i++)
        if (!containers[i].used)
            return &containers[i];
    return NULL;
}

/* crun 1.8 opens a root's /dev to make its nodes there before it has made that root its own "/": were it a link, they would be made
 * where it leads to in the guest. Roots are the paths of a config.json that lie in ours. */
static bool dev_is_a_link(const unsigned char *spec, size_t length)
{
    static const char key[] = "\"path\"";
    char path[sizeof ROOTS + MAX_NAME + MAX_PLACE];
    struct stat status;
    const unsigned char *at = spec, *end = spec + length;
    while ((at = memmem(at, (size_t)(end - at), key, strlen(key)))) {
        at += strlen(key);
        while (at < end && strchr(" \t\r\n:", *at) && *at)
            at++;
        const unsigned char *close = at < end && *at == '"' ? memchr(at + 1, '"', (size_t)(end - at - 1)) : NULL;
        size_t size = close ? (size_t)(close - at - 1) : 0;
        if (size < strlen(ROOTS) || size > sizeof path - sizeof "/dev" || memcmp(at + 1, ROOTS "/", strlen(ROOTS "/")) != 0)
            continue;
        snprintf(path, sizeof path, "%.*s/dev", (int)size, (const char *)at + 1);
        if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode))
            return true;
    }
    return false;
}

/* u8 flags (bit 0 standard input, bit 1 a terminal), u16 rows, u16 columns, and the specification up to the end. */
static void begin_job(uint32_t stream, struct job *j, struct container *c, enum job_kind kind, struct fields *f)
{
    enum { WITH_INPUT = 1, WITH_TERMINAL = 2 };
    size_t length;
    uint64_t flags = take_number(f, 1);
    uint16_t rows = (uint16_t)take_number(f, 2), columns = (uint16_t)take_number(f, 2);
    const unsigned char *spec = take_rest(f, &length);
    if (!all_taken(f) || flags > (WITH_INPUT | WITH_TERMINAL) || length == 0 || length > MAX_SPEC) {
        refuse(stream, EINVAL, "Found unknown flags or a specification of %zu bytes, expected 1 to %d", length, MAX_SPEC);
        c->used = c->used && kind != RUN_JOB;
        return;
    }
    if (kind == RUN_JOB && memmem(spec, length, "\"cgroupsPath\"", strlen("\"cgroupsPath\""))) {
        refuse(stream, EINVAL, "Found cgroupsPath, expected none: a container's group has the name of its id");
        c->used = false;
        return;
    }
    if (kind == RUN_JOB && dev_is_a_link(spec, length)) {
        refuse(stream, EINVAL, "Found a link in the place of the root's /dev: it could lead out of the root");
        c->used = false;
        return;
    }
    *j = (struct job){.used = true, .kind = kind, .stream = stream, .container = c, .rows = rows, .columns = columns,
                      .terminal = flags & WITH_TERMINAL, .listener = -1, .process = {.in = -1, .out = -1, .err = -1}};
    j->kills_before = oom_kills(c);
    c->roots |= kind == RUN_JOB ? roots_named(spec, length) : 0;
    int error = flags & WITH_INPUT && !give_input(j) ? ENOMEM : start_crun(j, spec, length);
    if (error == 0)
        return;
    refuse(stream, error, "Failed at starting crun: %s", strerror(error));
    forget_job(j);
    if (kind == RUN_JOB) {
        remove_bundle(c);
        c->used = false;
    }
}

struct job *job_for(uint32_t stream, enum job_kind kind)
{
    if (find_job(stream)) {
        refuse(stream, EEXIST, "Stream %u is still in use", stream);
        return NULL;
    }
    struct job *j = free_job(kind);
    if (!j && kind == CONNECT_JOB)
        refuse(stream, EAGAIN, "%d connections are open, and no more may be at once", MAX_CONNECTIONS);
    else if (!j)
        refuse(stream, EAGAIN, "%d processes are running, and no more may at once", MAX_JOBS);
    return j;
}

/* RUN: the id, then as begin_job() */
void handle_run(uint32_t stream, struct fields *f)
{
    char id[MAX_NAME + 1];
    struct job *j = job_for(stream, RUN_JOB);
    if (!j)
        return;
    take_name(f, id);
    if (f->bad) {
        refuse(stream, EINVAL, "Expected a container id of 1 to %d of [A-Za-z0-9_.-]", MAX_NAME);
        return;
    }
    if (find_container(id)) {
        refuse(stream, EEXIST, "There is a container %s already", id);
        return;
    }
    struct container *c = free_container();
    if (!c) {
        refuse(stream, EAGAIN, "%d containers are there, and no more may be at once", MAX_CONTAINERS);
        return;
    }
    *c = (struct container){.used = true};
    memcpy(c->id, id, sizeof c->id);
    begin_job(stream, j, c, RUN_JOB, f);
}

static struct container *take_container(uint32_t stream, struct fields *f)
{
    char id[MAX_NAME + 1];
    take_name(f, id);
    struct container *c = f->bad ? NULL : find_container(id);
    if (!c)
        refuse(stream, ENOENT, "There is no container %s", id);
    return c;
}

/* EXEC: the id, then as begin_job() */
void handle_exec_in(uint32_t stream, struct fields *f)
{
    struct job *j = job_for(stream, EXEC_JOB);
    struct container *c = j ? take_container(stream, f) : NULL;
    if (!c)
        return;
    if (c->ended || c->pid == 0) {
        refuse(stream, ESRCH, "Container %s does not run", c->id);
        return;
    }
    begin_job(stream, j, c, EXEC_JOB, f);
}

static int begin_delete(struct container *c, struct job *j, uint32_t stream, bool silent)
{
    *j = (struct job){.used = true, .silent = silent, .kind = DELETE_JOB, .stream = stream, .container = c,
                      .listener = -1, .process = {.in = -1, .out = -1, .err = -1}};
    int error = start_crun_delete(j);
    if (error != 0)
        forget_job(j);
    return error;
}

/* DELETE: the id; what runs in it is killed, and told on its own stream. */
void handle_delete(uint32_t stream, struct fields *f)
{
    struct job *j = job_for(stream, DELETE_JOB);
    struct container *c = j ? take_container(stream, f) : NULL;
    if (!c)
        return;
    if (!all_taken(f)) {
        refuse(stream, EINVAL, "Expected DELETE with a container's id and nothing else");
        return;
    }
    if (c->pid == 0 || c->deleting) {
        refuse(stream, EBUSY, "Container %s is being started or deleted", c->id);
        return;
    }
    c->deleting = true;
    kill_container(c, SIGKILL);
    int error = begin_delete(c, j, stream, false);
    if (error == 0)
        return;
    c->deleting = false;
    refuse(stream, error, "Failed at starting crun: %s", strerror(error));
}

void handle_stats(uint32_t stream, struct fields *f)
{
    unsigned char counters[256];
    struct container *c = take_container(stream, f);
    if (!c)
        return;
    size_t length = all_taken(f) ? container_counters(c, counters) : 0;
    if (length == 0)
        refuse(stream, ENOENT, "Container %s has no group that counts for it", c->id);
    else
        done(stream, counters, length);
}

/* UPDATE: the id, then u64 each: memory, quota and period (microseconds), weight, processes; see struct group_limits. */
void handle_update(uint32_t stream, struct fields *f)
{
    struct container *c = take_container(stream, f);
    if (!c)
        return;
    struct group_limits limits = {.memory = take_number(f, 8)};
    limits.quota = take_number(f, 8);
    limits.period = take_number(f, 8);
    limits.weight = take_number(f, 8);
    limits.processes = take_number(f, 8);
    const char *file = "";
    int error = all_taken(f) ? limit_group(c, &limits, &file) : EINVAL;
    if (error == 0)
        done(stream, NULL, 0);
    else if (*file)
        refuse(stream, error, "Failed at setting %s of container %s: %s", file, c->id, strerror(error));
    else
        refuse(stream, error, "Expected UPDATE with a container, memory, quota and period of 1,000 us to 1 s or neither, weight of 1 to 10,000, processes");
}

bool uses_roots(uint64_t roots)
{
    for (int i = 0; i < MAX_CONTAINERS; i++)
        if (containers[i].used && containers[i].roots & roots)
            return true;
    return false;
}

bool containers_left(void)
{
    for (int i = 0; i < MAX_CONTAINERS; i++)
        if (containers[i].used)
            return true;
    return false;
}

/* Nobody waits for an answer any more. */
void end_containers(void)
{
    forget_jobs();
    for (int i = 0; i < MAX_CONTAINERS; i++) {
        struct container *c = &containers[i];
        if (!c->used)
            continue;
        kill_container(c, SIGKILL);
        c->deleting = true;
        if (begin_delete(c, free_job(DELETE_JOB), UINT32_MAX - (uint32_t)i, true) != 0)
            c->used = false; /* no memory for one process more; what ran in it is killed */
    }
}
