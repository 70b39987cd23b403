/* One process at a terminal, or as another user than root. */
#include "guest.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct ends {
    int in, out, err; /* the command's */
};

static void close_ends(struct ends *e)
{
    close_fd(&e->in);
    if (e->out != e->err)
        close_fd(&e->err);
    close_fd(&e->out);
    e->err = -1;
}

static bool set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

/* An errno. Both directions of a terminal are one description; ours are two numbers of it, to be closed one by one. */
static int open_terminal(const struct login *how, struct process *ours, struct ends *theirs)
{
    int error = open_pty(how->terminal, &ours->out, &theirs->out);
    if (error != 0)
        return error;
    theirs->err = theirs->out;
    theirs->in = fcntl(theirs->out, F_DUPFD_CLOEXEC, 0);
    if (how->with_input)
        ours->in = fcntl(ours->out, F_DUPFD_CLOEXEC, 0);
    /* Its user may open it by its name, too. */
    bool good = theirs->in >= 0 && (!how->with_input || ours->in >= 0) && set_nonblocking(ours->out) &&
                (!how->user || fchown(theirs->out, how->user->uid, (gid_t)-1) == 0);
    return good ? 0 : errno;
}

static int open_pair(int *reader, int *writer)
{
    int both[2];
    if (pipe2(both, O_CLOEXEC) != 0)
        return errno;
    *reader = both[0];
    *writer = both[1];
    return 0;
}

static int open_streams(const struct login *how, struct process *ours, struct ends *theirs)
{
    int error = 0;
    if (how->with_input)
        error = open_pair(&theirs->in, &ours->in);
    else if ((theirs->in = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
        error = errno;
    if (error == 0)
        error = open_pair(&ours->out, &theirs->out);
    if (error == 0)
        error = open_pair(&ours->err, &theirs->err);
    if (error == 0 && !(set_nonblocking(ours->out) && set_nonblocking(ours->err) && (!how->with_input || set_nonblocking(ours->in))))
        error = errno;
    return error;
}

static bool become(const struct user *user)
{
    return setgroups(user->group_count, user->groups) == 0 && setresgid(user->gid, user->gid, user->gid) == 0 &&
           setresuid(user->uid, user->uid, user->uid) == 0;
}

/* In the child, and to its end. The folder and the program are reached with the rights of its user. */
static void run_child(const struct login *how, const struct ends *e, int told)
{
    sigset_t none;
    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    bool good = setsid() >= 0 && dup2(e->in, STDIN_FILENO) >= 0 && dup2(e->out, STDOUT_FILENO) >= 0 &&
                dup2(e->err, STDERR_FILENO) >= 0;
    good = good && (!how->terminal || ioctl(STDIN_FILENO, TIOCSCTTY, 0) == 0);
    good = good && (!how->user || become(how->user)) && chdir(how->folder) == 0;
    if (good)
        execve(how->program, how->arguments, how->environment);
    int error = errno;
    if (write(told, &error, sizeof error) != (ssize_t)sizeof error) {
        /* nobody left to tell */
    }
    _exit(127);
}

/*
 * fork() and not posix_spawn(), which can neither make a terminal the controlling one nor set groups. What it costs, the
 * copying of page tables, only such commands pay.
 */
static int fork_child(const struct login *how, const struct ends *theirs, pid_t *pid)
{
    int reader = -1, writer = -1, error = open_pair(&reader, &writer), told = 0;
    if (error != 0)
        return error;
    *pid = fork();
    if (*pid == 0)
        run_child(how, theirs, writer);
    if (*pid < 0)
        error = errno;
    close_fd(&writer);
    if (*pid > 0) {
        ssize_t got;
        while ((got = read(reader, &told, sizeof told)) < 0 && errno == EINTR) {
        }
        error = got == (ssize_t)sizeof told ? told : 0; /* nothing: the exec closed it */
        if (error != 0)
            waitpid(*pid, NULL, 0);
    }
    close_fd(&reader);
    return error;
}

int start_login(struct process *started, const struct login *how)
{
    struct ends theirs = {-1, -1, -1};
    *started = (struct process){.pid = -1, .in = -1, .out = -1, .err = -1};
    int error = how->terminal ? open_terminal(how, started, &theirs) : open_streams(how, started, &theirs);
    if (error == 0)
        error = fork_child(how, &theirs, &started->pid);
    close_ends(&theirs);
    if (error != 0) {
        close_fd(&started->in);
        close_fd(&started->out);
        close_fd(&started->err);
    }
    return error;
}
