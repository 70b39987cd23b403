/* Bytes of the owner's port to frames, frames to the handler of their type; and answers back. */
#include "owner.h"

#include <linux/netlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const unsigned char magic[8] = "TGOWNER1";

enum {
    NONCE_BYTES = 16,
    IN_SIZE = FRAME_HEADER + MAX_PAYLOAD_IN,
    OUT_SIZE = 4 * (FRAME_HEADER + MAX_PAYLOAD_OUT),
    READS_IN_A_TURN = 32, /* of a page each: others have their turn, too */
    RESYNC_ZEROS = FRAME_HEADER + MAX_PAYLOAD_IN,
};

static struct port port = {.fd = -1, .wake = -1};
static int devices = -1; /* the kernel's messages about devices that come */

static unsigned char *in_buf, *out_buf; /* from when there is a port */
static size_t in_length, out_start, out_end;
static bool greeted;      /* this host said hello */
static bool lost;         /* a frame was too long: where the next begins nobody knows */
static size_t lost_zeros; /* in a row, since then */
static bool cleaning, welcome_due;
static unsigned char nonce[NONCE_BYTES];

static size_t out_free(void)
{
    return OUT_SIZE - (out_end - out_start);
}

/* Room for a frame of any kind. No input is handled and no pipe read without it. */
bool owner_out_ready(void)
{
    return port.connected && out_free() >= FRAME_HEADER + MAX_PAYLOAD_OUT;
}

void send_frame(enum frame_type type, uint32_t stream, const void *payload, size_t length)
{
    if (!out_buf || length > MAX_PAYLOAD_OUT || FRAME_HEADER + length > out_free())
        return; /* callers ask owner_out_ready() first; a frame lost here would be their bug */
    if (out_end + FRAME_HEADER + length > OUT_SIZE) {
        memmove(out_buf, out_buf + out_start, out_end - out_start);
        out_end -= out_start;
        out_start = 0;
    }
    unsigned char *at = out_buf + out_end;
    at += put_number(at, type, 1);
    at += put_number(at, stream, 4);
    at += put_number(at, length, 4);
    if (length > 0)
        memcpy(at, payload, length);
    out_end += FRAME_HEADER + length;
}

void done(uint32_t stream, const void *payload, size_t length)
{
    send_frame(DONE, stream, payload, length);
}

void refuse(uint32_t stream, int error, const char *format, ...)
{
    unsigned char payload[4 + 1024];
    va_list arguments;
    put_number(payload, (uint64_t)error, 4);
    va_start(arguments, format);
    int length = vsnprintf((char *)payload + 4, sizeof payload - 4, format, arguments);
    va_end(arguments);
    size_t text = length < 0 ? 0 : (size_t)length < sizeof payload - 4 ? (size_t)length : sizeof payload - 5;
    send_frame(ERROR, stream, payload, 4 + text);
}

/* Nothing of a conversation outlives it: its containers end, its mounts go. */
static void reset_conversation(void)
{
    forget_waiting();
    end_containers();
    out_start = out_end = 0;
    cleaning = true;
}

static void finish_cleaning(void)
{
    if (!cleaning || containers_left())
        return;
    forget_processes();
    unmount_all();
    cleaning = false;
    if (welcome_due) {
        unsigned char payload[NONCE_BYTES + 2 + 4 * 4], *at = payload + NONCE_BYTES;
        memcpy(payload, nonce, NONCE_BYTES);
        at += put_number(at, OWNER_VERSION, 2);
        at += put_number(at, MAX_PAYLOAD_IN, 4);
        at += put_number(at, MAX_JOBS, 4);
        at += put_number(at, JOB_OUTPUT_WINDOW, 4);
        put_number(at, JOB_INPUT_WINDOW, 4);
        send_frame(WELCOME, 0, payload, sizeof payload);
        greeted = true;
        welcome_due = false;
    }
}

static void handle_hello(uint32_t stream, struct fields *f)
{
    const unsigned char *word = take_bytes(f, sizeof magic);
    uint64_t version = take_number(f, 2);
    const unsigned char *given = take_bytes(f, NONCE_BYTES);
    if (!all_taken(f) || stream != 0 || memcmp(word, magic, sizeof magic) != 0 || version < 1) {
        refuse(stream, EPROTO, "Expected HELLO on stream 0: TGOWNER1, the host's version, 16 bytes");
        return;
    }
    memcpy(nonce, given, NONCE_BYTES);
    welcome_due = true;
    greeted = false;
    reset_conversation();
}

static void (*const handlers[])(uint32_t, struct fields *) = {
    [MOUNT] = handle_mount,   [UNMOUNT] = handle_unmount,   [NETWORK] = handle_network, [PLACE] = handle_place,
    [RUN] = handle_run,       [EXEC] = handle_exec_in,      [STDIN] = handle_stdin,     [STDIN_END] = handle_stdin_end,
    [CREDIT] = handle_credit, [RESIZE] = handle_resize_job, [SIGNAL] = handle_signal,   [STATS] = handle_stats,
    [DELETE] = handle_delete, [READ] = handle_read,         [CONNECT] = handle_connect, [UPDATE] = handle_update,
    [PROCESSES] = handle_processes, [DEVICE] = handle_device};

static void handle_frame(uint8_t type, uint32_t stream, const unsigned char *payload, size_t length)
{
    struct fields f = {.at = payload, .left = length};
    if (type == HELLO)
        handle_hello(stream, &f);
    else if (!greeted)
        refuse(stream, EPROTO, "Expected HELLO first");
    else if (stream == 0)
        refuse(stream, EPROTO, "Stream 0 is for HELLO");
    else if (type >= sizeof handlers / sizeof *handlers || !handlers[type])
        refuse(stream, EPROTO, "Unknown frame type %u", type);
    else
        handlers[type](stream, &f);
}

static void lose(size_t length)
{
    reset_conversation();
    greeted = welcome_due = false;
    refuse(0, EMSGSIZE, "Found a frame of %zu bytes, at most %d are allowed: close the port, or send %d zero bytes", length,
           MAX_PAYLOAD_IN, RESYNC_ZEROS);
    lost = true;
    lost_zeros = 0;
    in_length = 0;
}

/* Until the host went, or said by more zeros than any frame has that it begins anew. */
static void skip_lost(void)
{
    size_t at = 0;
    for (; at < in_length && (in_buf[at] == 0 || lost_zeros < RESYNC_ZEROS); at++)
        lost_zeros = in_buf[at] == 0 ? lost_zeros + 1 : 0;
    lost = lost_zeros < RESYNC_ZEROS;
    memmove(in_buf, in_buf + at, in_length - at);
    in_length -= at;
}

static void handle_frames(void)
{
    size_t at = 0;
    if (lost)
        skip_lost();
    while (!cleaning && !lost && owner_out_ready() && at < in_length) {
        if (in_buf[at] == PADDING) {
            at++;
            continue;
        }
        struct fields f = {.at = in_buf + at, .left = in_length - at};
        uint8_t type = (uint8_t)take_number(&f, 1);
        uint32_t stream = (uint32_t)take_number(&f, 4);
        size_t length = (size_t)take_number(&f, 4);
        if (f.bad)
            break;
        if (length > MAX_PAYLOAD_IN) {
            lose(length);
            return;
        }
        if (length > f.left)
            break;
        handle_frame(type, stream, f.at, length);
        at += FRAME_HEADER + length;
    }
    if (at > 0) {
        memmove(in_buf, in_buf + at, in_length - at);
        in_length -= at;
    }
}

static void disconnect(void)
{
    port.connected = greeted = lost = welcome_due = false;
    in_length = 0;
    reset_conversation();
}

static bool hungry(void)
{
    return in_length < IN_SIZE && !cleaning && owner_out_ready();
}

static void read_port(bool host_left)
{
    if (host_left)
        in_length = 0; /* what it still wanted will not happen, and there must be room to find that it has gone */
    for (int i = 0; i < READS_IN_A_TURN && in_length < IN_SIZE; i++) {
        ssize_t got = read(port.fd, in_buf + in_length, IN_SIZE - in_length);
        if (got == 0)
            disconnect(); /* everything the host had sent before it left was read first */
        if (got <= 0)
            return;
        in_length += (size_t)got;
    }
}

static void flush(void)
{
    while (port.connected && out_end > out_start) {
        ssize_t wrote = write(port.fd, out_buf + out_start, out_end - out_start);
        if (wrote <= 0)
            return;
        out_start += (size_t)wrote;
    }
    if (out_end == out_start)
        out_start = out_end = 0;
}

/* The port may come after us, as everything plugged in does; the kernel says so. */
static void find_owner_port(void)
{
    if (port.fd >= 0 || !open_named_port(&port, OWNER_PORT_NAME))
        return;
    in_buf = mmap(NULL, IN_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    out_buf = mmap(NULL, OUT_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (in_buf == MAP_FAILED || out_buf == MAP_FAILED) {
        close_fd(&port.wake);
        close_fd(&port.fd);
        in_buf = out_buf = NULL;
        return;
    }
    /* crun leaves its containers behind; as their next ancestor we are told how they ended. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void watch_for_owner(void)
{
    struct sockaddr_nl all = {.nl_family = AF_NETLINK, .nl_groups = 1};
    devices = socket(AF_NETLINK, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    if (devices >= 0 && bind(devices, (struct sockaddr *)&all, sizeof all) != 0)
        close_fd(&devices);
    find_owner_port();
}

size_t owner_events(struct pollfd of[OWNER_EVENTS])
{
    size_t count = 0;
    of[count++] = (struct pollfd){.fd = devices, .events = POLLIN};
    if (port.fd < 0)
        return count;
    of[count++] = port_poll(&port, (short)((hungry() ? POLLIN : 0) | (out_end > out_start ? POLLOUT : 0)));
    job_events(of, &count);
    return count;
}

void serve_owner(const struct pollfd *of, size_t count)
{
    char message[4096];
    if (of[0].revents) {
        while (recv(devices, message, sizeof message, 0) > 0) {
        }
        find_owner_port();
    }
    if (count < 2)
        return;
    if (!port.connected)
        look_for_host(&port);
    else if (of[1].revents & POLLHUP || (of[1].revents & POLLIN && hungry()))
        read_port(of[1].revents & POLLHUP);
    serve_waiting();
    serve_jobs();
    finish_cleaning();
    handle_frames();
    serve_jobs();
    finish_cleaning();
    flush();
}

uint64_t owner_deadline(void)
{
    return port.fd < 0 ? UINT64_MAX : jobs_ready() ? 0 : waiting_deadline();
}
