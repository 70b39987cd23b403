/* One process: its environment, where its program lies, its pipes, its start. */
#include "guest.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static char clone_environment[MAX_LINE_IN]; /* NUL-ended strings */
static size_t clone_environment_length;
static char exec_environment[MAX_LINE_IN];

void set_clone_environment(const char *block, size_t length)
{
    memcpy(clone_environment, block, length);
    clone_environment_length = length;
}

/* Adds NAME=VALUE, in the place of an earlier value of that name. */
static bool put_environment(char **list, size_t *count, char *entry)
{
    char *equals = strchr(entry, '=');
    if (!equals || equals == entry)
        return false;
    size_t name = (size_t)(equals - entry) + 1;
    for (size_t i = 0; i < *count; i++) {
        if (strncmp(list[i], entry, name) == 0) {
            list[i] = entry;
            return true;
        }
    }
    if (*count + 1 >= MAX_ENVIRONMENT)
        return false;
    list[(*count)++] = entry;
    list[*count] = NULL;
    return true;
}

/* NUL-ended strings, each NAME=VALUE. */
static bool put_environment_block(char **list, size_t *count, char *block, size_t length)
{
    if (length > 0 && block[length - 1] != '\0')
        return false;
    for (size_t at = 0; at < length; at += strlen(block + at) + 1)
        if (!put_environment(list, count, block + at))
            return false;
    return true;
}

/* The list for a command: ours, the clone's, then its own. It stays until the next one is made. NULL if the block is no
 * environment or there is too much in all. */
char **command_environment(char *block, size_t length)
{
    return login_environment(NULL, false, block, length);
}

char **login_environment(const struct user *user, bool terminal, char *block, size_t length)
{
    static char *list[MAX_ENVIRONMENT];
    /* What a login of root's has, or the user's. */
    static char defaults[5][280];
    snprintf(defaults[0], sizeof *defaults, "PATH=" DEFAULT_PATH);
    snprintf(defaults[1], sizeof *defaults, "HOME=%s", user ? user->home : "/root");
    snprintf(defaults[2], sizeof *defaults, "USER=%s", user ? user->name : "root");
    snprintf(defaults[3], sizeof *defaults, "LOGNAME=%s", user ? user->name : "root");
    snprintf(defaults[4], sizeof *defaults, "TERM=xterm");
    size_t count = 0;
    list[0] = NULL;
    /* A block of its own: both blocks stay where they are while the pointers into them are in use. */
    memcpy(exec_environment, clone_environment, clone_environment_length);
    bool good = true;
    for (size_t i = 0; i < (terminal ? 5 : 4); i++)
        good = good && put_environment(list, &count, defaults[i]);
    good = good && put_environment_block(list, &count, exec_environment, clone_environment_length) &&
           put_environment_block(list, &count, block, length);
    return good ? list : NULL;
}

/* Where `name` is, looked up in the PATH the command itself will have. NULL when it is nowhere. */
const char *find_program(const char *name, char **environment, char *path, size_t size)
{
    const char *search = DEFAULT_PATH;
    if (strchr(name, '/'))
        return name;
    for (char **e = environment; *e; e++)
        if (strncmp(*e, "PATH=", 5) == 0)
            search = *e + 5;
    while (*search && *name) {
        size_t length = strcspn(search, ":");
        int wrote = snprintf(path, size, "%.*s/%s", (int)length, search, name);
        if (length > 0 && wrote > 0 && (size_t)wrote < size && access(path, X_OK) == 0)
            return path;
        search += length + (search[length] == ':');
    }
    return NULL;
}

void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static bool set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

struct pipes {
    int in[2], out[2], err[2];
};

static void close_pipes(struct pipes *p)
{
    for (int i = 0; i < 2; i++) {
        close_fd(&p->in[i]);
        close_fd(&p->out[i]);
        close_fd(&p->err[i]);
    }
}

static bool open_pipes(struct pipes *p, bool with_input)
{
    *p = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
    if (with_input ? pipe2(p->in, O_CLOEXEC) : (p->in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
        return false;
    return pipe2(p->out, O_CLOEXEC) == 0 && pipe2(p->err, O_CLOEXEC) == 0 && set_nonblocking(p->out[0]) &&
           set_nonblocking(p->err[0]) && (!with_input || set_nonblocking(p->in[1]));
}

/* posix_spawn (vfork underneath) rather than fork: nothing of ours is copied, and a failed exec comes back as a number. */
static int spawn(pid_t *pid, const char *program, char **arguments, char **environment, const char *folder,
                 const struct pipes *p)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, p->in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, p->out[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, p->err[1], STDERR_FILENO);
    int error = posix_spawn_file_actions_addchdir_np(&actions, folder);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    /* A session of its own, so that one kill() reaches the command and what it started. */
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    if (error == 0)
        error = posix_spawn(pid, program, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int start_process(struct process *started, const char *program, char **arguments, char **environment,
                  const char *folder, bool with_input)
{
    struct pipes p;
    int error = open_pipes(&p, with_input) ? 0 : errno;
    if (error == 0)
        error = spawn(&started->pid, program, arguments, environment, folder, &p);
    if (error != 0) {
        close_pipes(&p);
        return error;
    }
    close_fd(&p.in[0]);
    close_fd(&p.out[1]);
    close_fd(&p.err[1]);
    started->in = p.in[1];
    started->out = p.out[0];
    started->err = p.err[0];
    return 0;
}
