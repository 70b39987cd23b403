/* Bytes of the port to lines, lines to words, words to the handler of their verb; and replies back. */
#include "guest.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PROTOCOL_VERSION "1"

static struct port port = {.fd = -1, .wake = -1};

static char in_buf[MAX_LINE_IN + 1];
static size_t in_length;
static size_t in_scanned; /* no line ends before this */
static bool in_skipping; /* the rest of a line that was too long */

static char out_buf[OUT_BUFFER];
static size_t out_start, out_end;
static bool out_mid_line; /* the last byte the port took was not a line's end */

static size_t out_free(void)
{
    return sizeof out_buf - (out_end - out_start);
}

void out_bytes(const char *bytes, size_t count)
{
    if (count > out_free())
        return; /* callers ask out_ready() first; a reply lost here would be their bug */
    if (out_end + count > sizeof out_buf) {
        memmove(out_buf, out_buf + out_start, out_end - out_start);
        out_end -= out_start;
        out_start = 0;
    }
    memcpy(out_buf + out_end, bytes, count);
    out_end += count;
}

void out_base64(const void *data, size_t count)
{
    const unsigned char *bytes = data;
    char group[4];
    if (count == 0)
        out_bytes("-", 1);
    for (size_t i = 0; i < count; i += 3) {
        encode_group(group, bytes + i, count - i < 3 ? count - i : 3);
        out_bytes(group, sizeof group);
    }
}

void out_text(const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0)
        out_bytes(text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

/* Room for one line of any kind. No input is handled and no pipe read without it: that is the whole back-pressure. */
bool out_ready(void)
{
    return out_free() >= MAX_LINE_OUT;
}

void reply_reason(const char *start, const char *format, ...)
{
    char reason[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    out_bytes(start, strlen(start));
    out_bytes(" ", 1);
    out_base64(reason, strlen(reason));
    out_bytes("\n", 1);
}

/* A new conversation: nothing of the one before may leak into it, neither commands nor half-sent or half-read lines. */
static void reset_conversation(void)
{
    end_all_commands();
    forget_identity();
    forget_files();
    out_start = out_end = 0;
}

static void handle_sync(char **words, size_t count)
{
    if (count != 2 || !is_hex(words[1], 16)) {
        reply_reason("failed sync", "Expected sync NONCE, 16 hex digits");
        return;
    }
    /* The host may have gone and come back before we looked; then this is the only sign of it. */
    reset_conversation();
    if (out_mid_line)
        out_text("\n");
    /* First what goes beyond version 1. A host that knows nothing of it passes over what is no `synced` of three words. */
    out_text("synced %s %s terminal user why\nsynced %s %s\n", words[1], PROTOCOL_VERSION, words[1], PROTOCOL_VERSION);
}

static void handle_line(char *line, size_t length)
{
    static char *words[MAX_WORDS + 1];
    size_t count = 0;
    /* A control byte voids its line: so the host cancels a half-sent one (CAN, newline) without it being obeyed. */
    for (size_t i = 0; i < length; i++)
        if (line[i] < 0x20 || line[i] > 0x7e)
            return;
    if (length == 0)
        return;
    if (strncmp(line, "identify ", 9) == 0)
        line = keep_identity_line(line, length);
    for (char *next = line; next;) {
        if (count == MAX_WORDS) {
            reply_reason("failed line", "More than %d words", MAX_WORDS);
            return;
        }
        words[count++] = strsep(&next, " ");
    }
    if (strcmp(words[0], "sync") == 0)
        handle_sync(words, count);
    else if (strcmp(words[0], "identify") == 0)
        handle_identify(words, count);
    else if (strcmp(words[0], "file") == 0)
        handle_file(words, count);
    else if (strcmp(words[0], "exec") == 0)
        handle_exec(words, count);
    else if (strcmp(words[0], "in") == 0)
        handle_in(words, count);
    else if (strcmp(words[0], "kill") == 0)
        handle_kill(words, count);
    else if (strcmp(words[0], "resize") == 0)
        handle_resize(words, count);
    else if (strcmp(words[0], "ack") == 0)
        handle_ack(words, count);
    else
        reply_reason("failed line", "Unknown verb %.40s", words[0]);
}

/* Handles the complete lines of in_buf, as far as there is room to answer and no identity is under way. */
void handle_lines(void)
{
    size_t at = 0;
    while (!identity_pending() && out_ready()) {
        size_t from = in_scanned > at ? in_scanned : at;
        char *end = memchr(in_buf + from, '\n', in_length - from);
        if (!end) {
            in_scanned = in_length;
            break;
        }
        *end = '\0';
        if (!in_skipping)
            handle_line(in_buf + at, (size_t)(end - (in_buf + at)));
        in_skipping = false;
        at = (size_t)(end - in_buf) + 1;
        in_scanned = at;
    }
    memmove(in_buf, in_buf + at, in_length - at);
    in_length -= at;
    in_scanned = in_scanned > at ? in_scanned - at : 0;
    if (in_length == MAX_LINE_IN && in_scanned == in_length) {
        if (!in_skipping) {
            reset_conversation();
            reply_reason("failed line", "Longer than %d bytes", MAX_LINE_IN);
        }
        in_skipping = true;
        in_length = in_scanned = 0;
    }
}

static void disconnect(void)
{
    port.connected = false;
    reset_conversation();
    in_length = in_scanned = 0;
    in_skipping = false;
    out_mid_line = false;
}

static void read_port(void)
{
    ssize_t got = read(port.fd, in_buf + in_length, MAX_LINE_IN - in_length);
    if (got > 0)
        in_length += (size_t)got;
    else if (got == 0)
        disconnect(); /* everything the host had sent before it left was read first */
}

void flush_port(void)
{
    if (!port.connected)
        return;
    while (out_end > out_start) {
        ssize_t wrote = write(port.fd, out_buf + out_start, out_end - out_start);
        if (wrote <= 0)
            return;
        out_start += (size_t)wrote;
        out_mid_line = out_buf[out_start - 1] != '\n';
    }
    out_start = out_end = 0;
}

struct pollfd port_events(void)
{
    bool hungry = in_length < MAX_LINE_IN && !identity_pending() && out_ready();
    short events = (short)((hungry ? POLLIN : 0) | (out_end > out_start ? POLLOUT : 0));
    return port_poll(&port, events);
}

void serve_port(short events)
{
    if (!port.connected)
        look_for_host(&port);
    else if (events & (POLLIN | POLLHUP))
        read_port();
}

/* The driver adds ports as the host announces them. */
bool open_port(void)
{
    for (int waited = 0; waited < PORT_WAIT_MS; waited += 20) {
        if (open_named_port(&port, PORT_NAME))
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    return false;
}
