/*
 * crun's command lines. It is told to leave what it starts behind (--detach), so that no process of it stays: the
 * container's own becomes a child of ours, see PR_SET_CHILD_SUBREAPER. Its files:
 *
 *   CONTAINERS/ID/config.json         as the owner sent it
 *   CONTAINERS/ID/STREAM.json         a process.json
 *   CONTAINERS/ID/STREAM.{pid,log}    what crun wrote about one of its calls
 */
#include "owner.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CRUN "/usr/bin/crun"

enum { PATH_SIZE = sizeof CONTAINERS + MAX_NAME + 32 };

static const char *const endings[] = {"json", "pid", "log"};

static void path_of(char path[PATH_SIZE], const struct job *j, const char *ending)
{
    snprintf(path, PATH_SIZE, CONTAINERS "/%s/%u.%s", j->container->id, j->stream, ending);
}

static bool write_spec(const char *path, const unsigned char *spec, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0;
    while (good && length > 0) {
        ssize_t wrote = write(fd, spec, length);
        good = wrote > 0;
        spec += good ? wrote : 0;
        length -= good ? (size_t)wrote : 0;
    }
    int error = errno;
    close_fd(&fd);
    errno = error;
    return good;
}

/* Not beside its other files: a socket's address has 108 bytes, and an id may have more. */
static int listen_for_console(struct job *j)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/run/templating/console-%u", j->stream);
    unlink(address.sun_path);
    j->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (j->listener < 0 || bind(j->listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(j->listener, 1) != 0)
        return errno;
    return 0;
}

static int mark_of(char *to, size_t size, const struct job *j)
{
    return snprintf(to, size, "TEMPLATING_CALL=%u.%u", j->stream, j->call);
}

static int call(struct job *j, const char *arguments[], bool with_input)
{
    static uint32_t calls;
    static char mark[64];
    static char *environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", mark, NULL};
    j->call = ++calls;
    mark_of(mark, sizeof mark, j);
    int error = start_process(&j->process, CRUN, (char **)arguments, environment, "/", with_input);
    j->helper = error == 0 ? j->process.pid : 0;
    j->process.pid = 0;
    return error;
}

int start_crun(struct job *j, const unsigned char *spec, size_t length)
{
    char bundle[PATH_SIZE], file[PATH_SIZE], pid[PATH_SIZE], log[PATH_SIZE], console[64];
    const char *arguments[20];
    size_t n = 0;
    snprintf(bundle, sizeof bundle, CONTAINERS "/%s", j->container->id);
    path_of(file, j, "json");
    path_of(pid, j, "pid");
    path_of(log, j, "log");
    snprintf(console, sizeof console, "/run/templating/console-%u", j->stream);
    if (j->kind == RUN_JOB) {
        mkdir(CONTAINERS, 0700);
        if (mkdir(bundle, 0700) != 0 && errno != EEXIST)
            return errno;
        snprintf(file, sizeof file, CONTAINERS "/%s/config.json", j->container->id);
    }
    if (!write_spec(file, spec, length))
        return errno;
    int error = j->terminal ? listen_for_console(j) : 0;
    if (error != 0)
        return error;
    arguments[n++] = CRUN;
    arguments[n++] = "--cgroup-manager=cgroupfs";
    arguments[n++] = "--log";
    arguments[n++] = log;
    arguments[n++] = j->kind == RUN_JOB ? "run" : "exec";
    arguments[n++] = "--detach";
    arguments[n++] = "--pid-file";
    arguments[n++] = pid;
    if (j->terminal) {
        arguments[n++] = "--console-socket";
        arguments[n++] = console;
    }
    arguments[n++] = j->kind == RUN_JOB ? "--bundle" : "--process";
    arguments[n++] = j->kind == RUN_JOB ? bundle : file;
    arguments[n++] = j->container->id;
    arguments[n] = NULL;
    return call(j, arguments, j->input != NULL && !j->terminal);
}

int start_crun_delete(struct job *j)
{
    char log[PATH_SIZE];
    path_of(log, j, "log");
    const char *arguments[] = {CRUN, "--cgroup-manager=cgroupfs", "--log", log, "delete", "--force", j->container->id, NULL};
    return call(j, arguments, false);
}

static ssize_t read_of(const char *pid, const char *file, char *to, size_t size)
{
    char path[300];
    snprintf(path, sizeof path, "/proc/%.200s/%s", pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, to, size);
    close_fd(&fd);
    return got;
}

static bool has_stopped(pid_t pid)
{
    char name[32], text[512];
    snprintf(name, sizeof name, "%d", (int)pid);
    ssize_t got = read_of(name, "stat", text, sizeof text - 1);
    text[got < 0 ? 0 : got] = '\0';
    const char *end = strrchr(text, ')'); /* its own name may hold any byte */
    return !end || (end[1] == ' ' && strchr("TZ", end[2]));
}

/* How many were there: of crun's call, by the mark that they have from it, until they run another program. */
static int kill_started(const struct job *j)
{
    static char environment[8192];
    char mark[64];
    uint64_t pid;
    int found = 0;
    size_t length = (size_t)mark_of(mark, sizeof mark, j) + 1; /* with its end */
    DIR *folder = opendir("/proc");
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (!number(entry->d_name, INT32_MAX, &pid) || (pid_t)pid == j->helper)
            continue;
        ssize_t got = read_of(entry->d_name, "environ", environment, sizeof environment);
        if (got <= 0 || !memmem(environment, (size_t)got, mark, length))
            continue;
        kill((pid_t)pid, SIGKILL);
        found++;
    }
    if (folder)
        closedir(folder);
    return found;
}

/* crun, and the process that it is about to start: that one is a child of ours already, waits in the image for what crun waits for, and
 * would live on unknown to anybody. crun is stopped first, so that it starts no other. */
void kill_crun(const struct job *j)
{
    enum { TRIES = 1000 }; /* a process stops, or dies, when its CPU has seen so: microseconds */
    pid_t pid;
    kill(-j->helper, SIGSTOP);
    for (int i = 0; i < TRIES && !has_stopped(j->helper); i++)
        sched_yield();
    for (int i = 0; i < TRIES && kill_started(j) > 0; i++)
        sched_yield();
    if (crun_process(j, &pid))
        kill(pid, SIGKILL);
    kill(-j->helper, SIGKILL);
}

bool crun_process(const struct job *j, pid_t *pid)
{
    char path[PATH_SIZE], text[32];
    uint64_t value;
    path_of(path, j, "pid");
    if (!read_text(path, text, sizeof text) || !number(text, INT32_MAX, &value) || value < 2)
        return false;
    *pid = (pid_t)value;
    return true;
}

int crun_console(struct job *j)
{
    char byte[256], control[CMSG_SPACE(sizeof(int))];
    struct iovec data = {.iov_base = byte, .iov_len = sizeof byte};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    int master = -1, connection = accept4(j->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection >= 0 && recvmsg(connection, &message, MSG_CMSG_CLOEXEC) > 0) {
        const struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
            memcpy(&master, CMSG_DATA(c), sizeof master);
    }
    close_fd(&connection);
    if (master >= 0)
        fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
    return master;
}

/* Its last words, without the time before them. */
void crun_problem(const struct job *j, char *text, size_t size)
{
    static char all[4096];
    char path[PATH_SIZE];
    path_of(path, j, "log");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : read(fd, all, sizeof all - 1);
    close_fd(&fd);
    all[got < 0 ? 0 : got] = '\0';
    all[strcspn(all, "\n")] = '\0';
    const char *words = strstr(all, "Z: ");
    snprintf(text, size, "crun: %.400s", words ? words + 3 : *all ? all : "it ended without a word");
}

void forget_crun_files(const struct job *j)
{
    char path[PATH_SIZE], console[64];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        path_of(path, j, endings[i]);
        unlink(path);
    }
    snprintf(console, sizeof console, "/run/templating/console-%u", j->stream);
    if (j->terminal)
        unlink(console);
}

void remove_bundle(const struct container *c)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, CONTAINERS "/%s/config.json", c->id);
    unlink(path);
    snprintf(path, sizeof path, CONTAINERS "/%s", c->id);
    rmdir(path);
}
