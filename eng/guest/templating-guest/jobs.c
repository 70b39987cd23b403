/* What runs for the owner: its start and its end, each on the stream that asked for it. */
#include "owner.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static struct job jobs[ALL_JOBS];

/* Children that ended before crun had told us of them: a program may be shorter than its start. */
static struct {
    pid_t pid;
    int status;
} early[256];
static size_t early_count;

struct job *free_job(enum job_kind kind)
{
    struct job *found = NULL;
    int alike = 0;
    for (int i = 0; i < ALL_JOBS; i++) {
        if (!jobs[i].used)
            found = &jobs[i];
        else
            alike += (jobs[i].kind == CONNECT_JOB) == (kind == CONNECT_JOB);
    }
    return alike < (kind == CONNECT_JOB ? MAX_CONNECTIONS : MAX_JOBS) ? found : NULL;
}

struct job *find_job(uint32_t stream)
{
    for (int i = 0; i < ALL_JOBS; i++)
        if (jobs[i].used && jobs[i].stream == stream)
            return &jobs[i];
    return NULL;
}

static void close_ends(struct job *j)
{
    close_fd(&j->process.in);
    close_fd(&j->process.out);
    close_fd(&j->process.err);
}

void forget_job(struct job *j)
{
    close_ends(j);
    close_fd(&j->listener);
    if (j->input)
        munmap(j->input, JOB_INPUT_WINDOW);
    if (j->container)
        forget_crun_files(j);
    j->input = NULL;
    j->used = false;
}

void kill_job(struct job *j)
{
    if (j->kind == CONNECT_JOB)
        drop_connection(j);
    else
        kill(j->process.pid, SIGKILL);
}

void forget_jobs(void)
{
    for (int i = 0; i < ALL_JOBS; i++) {
        struct job *j = &jobs[i];
        if (!j->used)
            continue;
        if (!j->helper_ended && j->helper > 0)
            kill_crun(j);
        if (j->started && !j->exited)
            kill_job(j);
        forget_job(j);
    }
}

static bool any_starts(void)
{
    for (int i = 0; i < ALL_JOBS; i++)
        if (jobs[i].used && jobs[i].kind <= EXEC_JOB && !jobs[i].started)
            return true;
    return false;
}

static void note_end(struct job *j, int status)
{
    j->exited = true;
    j->status = status;
    /* Now, for its group may be gone when its output has been read. */
    j->out_of_memory = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && oom_kills(j->container) > j->kills_before;
    /* In a PID namespace of its own the kernel does that; in one that it shares, nobody else would. */
    if (j->kind == RUN_JOB)
        kill_container(j->container, SIGKILL);
}

void owner_reaped(pid_t pid, int status)
{
    for (int i = 0; i < ALL_JOBS; i++) {
        struct job *j = &jobs[i];
        if (!j->used)
            continue;
        if (!j->helper_ended && j->helper == pid) {
            j->helper_ended = true;
            j->helper_status = status;
            return;
        }
        if (j->started && !j->exited && j->process.pid == pid) {
            note_end(j, status);
            return;
        }
    }
    if (!any_starts())
        early_count = 0;
    else if (early_count < sizeof early / sizeof *early) {
        early[early_count].pid = pid;
        early[early_count++].status = status;
    }
}

/* crun has gone: did the process it started go before it? */
static void look_for_early_end(struct job *j)
{
    int status;
    for (size_t i = early_count; i > 0; i--) {
        if (early[i - 1].pid == j->process.pid) {
            note_end(j, early[i - 1].status);
            return;
        }
    }
    pid_t got = waitpid(j->process.pid, &status, WNOHANG);
    if (got == j->process.pid)
        note_end(j, status);
    else if (got < 0 && kill(j->process.pid, 0) != 0)
        j->exited = j->lost = true;
    /* Else it is still a child of a process of crun's that is about to end, and comes to us then. */
}

static bool take_terminal(struct job *j)
{
    struct winsize size = {.ws_row = j->rows, .ws_col = j->columns};
    int master = crun_console(j);
    close_fd(&j->listener);
    if (master < 0)
        return false;
    if (j->rows > 0 && j->columns > 0)
        ioctl(master, TIOCSWINSZ, &size);
    j->process.out = master;
    j->process.in = j->input ? fcntl(master, F_DUPFD_CLOEXEC, 0) : -1;
    return true;
}

/* What crun has made half is taken away by crun; only then is the failure told, and the id free again. */
static void fail_start(struct job *j)
{
    close_ends(j);
    if (j->kind == EXEC_JOB) {
        refuse(j->stream, EIO, "%s", j->failure);
        forget_job(j);
        return;
    }
    forget_crun_files(j);
    j->kind = DELETE_JOB;
    j->helper_ended = j->started = false;
    j->container->deleting = true;
    kill_container(j->container, SIGKILL);
    if (start_crun_delete(j) != 0)
        j->helper_ended = true;
}

static void finish_start(struct job *j)
{
    unsigned char pid[4];
    struct container *c = j->container;
    if (j->terminal)
        close_ends(j); /* crun's own */
    if (j->helper_status != 0 || !crun_process(j, &j->process.pid)) {
        crun_problem(j, j->failure, sizeof j->failure);
        fail_start(j);
        return;
    }
    if (j->kind == RUN_JOB)
        c->pid = j->process.pid;
    if (j->terminal && !take_terminal(j)) {
        kill(j->process.pid, SIGKILL);
        strcpy(j->failure, "The specification asks for no terminal, and the frame does");
        fail_start(j);
        return;
    }
    j->started = true;
    look_for_early_end(j);
    put_number(pid, (uint64_t)j->process.pid, sizeof pid);
    send_frame(STARTED, j->stream, pid, sizeof pid);
}

static void serve_process(struct job *j)
{
    unsigned char payload[9];
    bool more = serve_streams(j);
    if (j->kind == CONNECT_JOB && j->process.out < 0) {
        close_fd(&j->process.in);
        j->exited = true;
    }
    if (!j->exited || more || j->process.out >= 0 || j->process.err >= 0 || !owner_out_ready())
        return;
    bool signaled = !j->lost && WIFSIGNALED(j->status);
    put_number(payload, signaled ? 0 : j->lost ? 255 : (uint64_t)WEXITSTATUS(j->status), 4);
    put_number(payload + 4, signaled ? (uint64_t)WTERMSIG(j->status) : 0, 4);
    payload[8] = (unsigned char)((j->out_of_memory ? 1 : 0) | (j->lost ? 2 : 0));
    send_frame(EXIT, j->stream, payload, sizeof payload);
    if (j->kind == RUN_JOB)
        j->container->ended = true;
    forget_job(j);
}

static bool others_of(const struct job *of)
{
    for (int i = 0; i < ALL_JOBS; i++)
        if (jobs[i].used && &jobs[i] != of && jobs[i].container == of->container)
            return true;
    return false;
}

/* Told after the ends of all that ran in the container. */
static void serve_delete(struct job *j)
{
    struct container *c = j->container;
    /* What crun had made half when it was killed, crun does not know of. */
    if (!j->helper_ended || others_of(j) || (!j->silent && !owner_out_ready()) || !remove_group(c))
        return;
    bool good = j->helper_status == 0;
    if (!good && !*j->failure)
        crun_problem(j, j->failure, sizeof j->failure);
    if (!j->silent && *j->failure)
        refuse(j->stream, EIO, "%s", j->failure);
    else if (!j->silent)
        done(j->stream, NULL, 0);
    forget_job(j);
    remove_bundle(c);
    c->used = false;
}

void serve_jobs(void)
{
    for (int i = 0; i < ALL_JOBS; i++) {
        struct job *j = &jobs[i];
        if (!j->used || j->kind == DELETE_JOB)
            continue;
        if (!j->started && j->kind == CONNECT_JOB && owner_out_ready())
            serve_connect(j);
        else if (!j->started && j->helper_ended && owner_out_ready())
            finish_start(j);
        if (j->used && j->started)
            serve_process(j);
    }
    for (int i = 0; i < ALL_JOBS; i++)
        if (jobs[i].used && jobs[i].kind == DELETE_JOB)
            serve_delete(&jobs[i]);
}

void job_events(struct pollfd *of, size_t *count)
{
    for (int i = 0; i < ALL_JOBS; i++) {
        const struct job *j = &jobs[i];
        if (j->used && j->started)
            stream_events(j, of, count);
        else if (j->used && j->kind == CONNECT_JOB)
            of[(*count)++] = (struct pollfd){.fd = j->process.in, .events = POLLOUT};
    }
}

bool jobs_ready(void)
{
    for (int i = 0; i < ALL_JOBS; i++) {
        const struct job *j = &jobs[i];
        /* Its pipes may stay open and silent in the hands of others: look once more, then it is done. */
        if (j->used && j->exited && job_may_read(j))
            return true;
    }
    return false;
}
