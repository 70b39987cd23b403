/* The bytes of what runs for the owner, within their windows, and what is sent to it besides. */
#include "owner.h"

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

bool give_input(struct job *j)
{
    j->input = mmap(NULL, JOB_INPUT_WINDOW, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (j->input == MAP_FAILED)
        j->input = NULL;
    return j->input != NULL;
}

/* Gives it what it takes of its input. A reader that went away takes everything: the host must not wait. */
static void feed(struct job *j)
{
    while (j->process.in >= 0 && j->input_length > 0) {
        ssize_t wrote = write(j->process.in, j->input + j->input_start, j->input_length);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0 && errno == EAGAIN)
            return;
        if (wrote < 0) {
            j->taken += (uint32_t)j->input_length;
            j->input_length = 0;
            close_fd(&j->process.in);
            return;
        }
        j->input_start += (size_t)wrote;
        j->input_length -= (size_t)wrote;
        j->taken += (uint32_t)wrote;
    }
    /* A terminal has no end of its input but the character that its program takes for one. */
    if (j->input_ends && !j->terminal) {
        if (j->kind == CONNECT_JOB && j->process.in >= 0)
            shutdown(j->process.in, SHUT_WR);
        close_fd(&j->process.in);
    }
}

void handle_stdin(uint32_t stream, struct fields *f)
{
    size_t length;
    const unsigned char *data = take_rest(f, &length);
    struct job *j = find_job(stream);
    if (!j || j->kind == DELETE_JOB)
        return; /* it may have just ended */
    if (!j->input || j->input_ends || length > JOB_INPUT_WINDOW - j->input_length) {
        /* Input with a hole in it is worse than none. */
        if (j->started && !j->exited)
            kill_job(j);
        refuse(stream, EPROTO, "Killed: it has no input, or this is after its end or beyond the window");
        return;
    }
    if (j->started && j->process.in < 0) {
        j->taken += (uint32_t)length;
        return;
    }
    memmove(j->input, j->input + j->input_start, j->input_length);
    memcpy(j->input + j->input_length, data, length);
    j->input_start = 0;
    j->input_length += length;
}

void handle_stdin_end(uint32_t stream, struct fields *f)
{
    struct job *j = find_job(stream);
    if (j && all_taken(f))
        j->input_ends = true;
}

void handle_credit(uint32_t stream, struct fields *f)
{
    struct job *j = find_job(stream);
    uint64_t bytes = take_number(f, 4);
    if (j && all_taken(f))
        j->unacknowledged -= bytes < j->unacknowledged ? bytes : j->unacknowledged;
}

static struct job *take_target(uint32_t stream, struct fields *f)
{
    uint32_t target = (uint32_t)take_number(f, 4);
    struct job *j = f->bad ? NULL : find_job(target);
    if (j && j->kind != DELETE_JOB && !j->exited)
        return j;
    refuse(stream, ESRCH, "No process runs on stream %u", target);
    return NULL;
}

/* RESIZE: u32 stream of the process, u16 rows, u16 columns */
void handle_resize_job(uint32_t stream, struct fields *f)
{
    struct job *j = take_target(stream, f);
    if (!j)
        return;
    struct winsize size = {.ws_row = (uint16_t)take_number(f, 2), .ws_col = (uint16_t)take_number(f, 2)};
    if (!all_taken(f) || !j->terminal || !j->started)
        refuse(stream, EINVAL, "Expected RESIZE with a process that has a terminal, rows and columns");
    else if (ioctl(j->process.out, TIOCSWINSZ, &size) != 0)
        refuse(stream, errno, "Failed at resizing: %s", strerror(errno));
    else
        done(stream, NULL, 0);
}

/* SIGNAL: u32 stream of the process, u8 signal, u8 whether to all of its container */
void handle_signal(uint32_t stream, struct fields *f)
{
    struct job *j = take_target(stream, f);
    if (!j)
        return;
    int number = (int)take_number(f, 1);
    uint64_t to_all = take_number(f, 1);
    if (!all_taken(f) || number < 1 || number > 64 || to_all > 1)
        refuse(stream, EINVAL, "Expected SIGNAL with a process, a signal of 1 to 64, and 0 or 1");
    else if (j->kind == CONNECT_JOB && number != SIGKILL)
        refuse(stream, EINVAL, "A connection takes SIGKILL alone: it is reset");
    else if (j->kind == CONNECT_JOB) {
        drop_connection(j);
        done(stream, NULL, 0);
    } else if (!j->started && number != SIGKILL)
        refuse(stream, EAGAIN, "It is being started: only SIGKILL reaches that");
    else if (!j->started && !j->helper_ended) {
        kill_crun(j); /* an image may keep crun waiting; the stream is told of a failed start */
        done(stream, NULL, 0);
    } else if (to_all ? !kill_container(j->container, number) : kill(j->process.pid, number) != 0)
        refuse(stream, errno, "Failed at sending signal %d: %s", number, strerror(errno));
    else
        done(stream, NULL, 0);
}

bool job_may_read(const struct job *j)
{
    return j->unacknowledged < JOB_OUTPUT_WINDOW && owner_out_ready();
}

static bool pump(struct job *j, int *fd, enum frame_type type)
{
    static unsigned char chunk[JOB_CHUNK];
    if (*fd < 0 || !job_may_read(j))
        return false;
    size_t room = JOB_OUTPUT_WINDOW - j->unacknowledged;
    ssize_t got = read(*fd, chunk, room < sizeof chunk ? room : sizeof chunk);
    if (got > 0) {
        j->unacknowledged += (size_t)got;
        send_frame(type, j->stream, chunk, (size_t)got);
        return true;
    }
    /* The process is gone and its pipe is empty: whoever still holds the other end is not waited for. A terminal whose
     * programs have all gone says EIO. */
    if (got < 0 && errno != EAGAIN && errno != EINTR && j->kind == CONNECT_JOB)
        j->status = errno << 8; /* told as its exit code */
    if (got == 0 || (errno != EAGAIN && errno != EINTR) || (j->exited && errno == EAGAIN))
        close_fd(fd);
    return false;
}

bool serve_streams(struct job *j)
{
    unsigned char taken[4];
    feed(j);
    if (j->taken > 0 && owner_out_ready()) {
        send_frame(TAKEN, j->stream, taken, put_number(taken, j->taken, sizeof taken));
        j->taken = 0;
    }
    bool more = pump(j, &j->process.out, STDOUT);
    return pump(j, &j->process.err, STDERR) || more;
}

void stream_events(const struct job *j, struct pollfd *of, size_t *count)
{
    /* Left out altogether when not wanted: poll() reports a hang-up even to who asked for nothing. */
    if (j->process.in >= 0 && j->input_length > 0)
        of[(*count)++] = (struct pollfd){.fd = j->process.in, .events = POLLOUT};
    if (!job_may_read(j))
        return;
    of[(*count)++] = (struct pollfd){.fd = j->process.out, .events = POLLIN};
    of[(*count)++] = (struct pollfd){.fd = j->process.err, .events = POLLIN};
}
