/*
 * templating-guest: the guest's end of docs/guest-protocol.md.
 *
 * A template is frozen while this daemon sleeps in poll(); every clone wakes up inside that same poll(), so the first
 * line the host sends is answered without a fork, an exec or a page fault on the way. One loop, one thread, and no
 * memory beyond the static buffers below: what the host may have on the way is bounded by the protocol, so nothing here
 * has to grow.
 *
 *   port (virtio-serial) --> in_buf --> one line at a time --> handle_line()
 *                        <-- out_buf <-- reply lines, output of commands
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <linux/random.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PORT_NAME "dev.templating.guest.0"
#define PROTOCOL_VERSION "1"
#define NETWORK_CARD "eth0"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define RESEED_MESSAGE "crng reseeded due to virtual machine fork"
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The numbers of docs/guest-protocol.md. */
enum {
    MAX_LINE_IN = 262144,
    MAX_LINE_OUT = 16384,
    MAX_COMMANDS = 16,
    MAX_CHUNK = 8192,
    OUTPUT_WINDOW = 262144,
    INPUT_WINDOW = 65536,
    SEED_BYTES = 32,
    RANDOM_BYTES = 16,
    MACHINE_ID_DIGITS = 32,
    RESEED_WAIT_MS = 2000,
    MAX_FILES = 64,
    MAX_FILES_BYTES = 524288,
    MAX_FILE_PATH = 255,
};

/* Limits of this program alone. */
enum {
    MAX_WORDS = 4096, /* of one line; far above what a command line needs */
    MAX_ENVIRONMENT = 1024,
    MAX_BUTTONS = 8,
    MAX_ID = 256,
    OUT_BUFFER = 8 * MAX_LINE_OUT,
    PORT_WAIT_MS = 30000,
};

struct command {
    bool used, exited, timed_out, input_ends;
    uint32_t number;
    pid_t pid;
    int status;
    int in, out, err;      /* our ends of its pipes, -1 when closed */
    uint64_t deadline;     /* monotonic ms, 0 for none */
    size_t unacknowledged; /* bytes of output on the way to the host */
    size_t input_start, input_length;
    uint32_t taken; /* bytes of input the host was not yet told of */
    char input[INPUT_WINDOW];
};

static int port = -1;
static int port_wake = -1; /* epoll holding the port edge-triggered, see watch_port() */
static bool connected;
static int signals = -1;
static int kernel_log = -1;
static int buttons[MAX_BUTTONS];
static int button_count;

static char in_buf[MAX_LINE_IN + 1];
static size_t in_length;
static size_t in_scanned; /* no line ends before this */
static bool in_skipping; /* the rest of a line that was too long */

static char out_buf[OUT_BUFFER];
static size_t out_start, out_end;
static bool out_mid_line; /* the last byte the port took was not a line's end */

static struct command commands[MAX_COMMANDS];

static char identity_line[MAX_LINE_IN + 1]; /* where the words of `identity` lie while it is pending */
static char clone_environment[MAX_LINE_IN]; /* NUL-ended strings */
static size_t clone_environment_length;
static char exec_environment[MAX_LINE_IN];

/* The files sent since the last identity or sync, and the first thing that went wrong with them. */
static struct {
    unsigned count;
    size_t bytes;
    char path[MAX_FILE_PATH + 1]; /* of the one that `more` goes on with; empty for none */
    char problem[2 * MAX_FILE_PATH];
} files;

static struct {
    bool pending;
    uint64_t deadline;
    char *id, *hostname, *machine_id, *environment, *user_data;
    size_t environment_length, user_data_length;
    int64_t unix_nanos;
    bool has_mac;
    unsigned char mac[6];
    unsigned char seed[SEED_BYTES];
} identity;

/* ---- small things ---- */

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* To the kernel's log, for that is what a console shows; sparingly, for each line costs an emulated UART's time. */
static void say(const char *format, ...)
{
    char text[256] = "<5>templating-guest: ";
    size_t prefix = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text + prefix, sizeof text - prefix, format, arguments);
    va_end(arguments);
    int log = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
    if (log < 0 || length < 0)
        return;
    if (write(log, text, strlen(text)) < 0) {
        /* nowhere left to say it */
    }
    close(log);
}

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void close_fd(int *fd)
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

static void hex(char *to, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        snprintf(to + 2 * i, 3, "%02x", bytes[i]);
}

static bool is_hex(const char *text, size_t digits)
{
    return strlen(text) == digits && strspn(text, "0123456789abcdef") == digits;
}

/* A decimal number without sign or leading blanks, at most `most`. */
static bool number(const char *text, uint64_t most, uint64_t *value)
{
    uint64_t v = 0;
    if (*text == '\0')
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        uint64_t digit = (uint64_t)(*text - '0');
        if (v > (most - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *value = v;
    return true;
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Decodes a word in place and ends it with a NUL (there is room: the text shrinks). `-` is the empty value. */
static bool decode(char *word, size_t *length)
{
    size_t count = strlen(word), written = 0;
    if (strcmp(word, "-") == 0) {
        *word = '\0';
        *length = 0;
        return true;
    }
    if (count == 0 || count % 4 != 0)
        return false;
    size_t padding = word[count - 1] != '=' ? 0 : word[count - 2] != '=' ? 1 : 2;
    for (size_t i = 0; i < count; i += 4) {
        uint32_t bits = 0;
        size_t pads = i + 4 == count ? padding : 0;
        for (size_t j = 0; j < 4; j++) {
            int value = j >= 4 - pads ? 0 : base64_value(word[i + j]);
            if (value < 0)
                return false;
            bits = bits << 6 | (uint32_t)value;
        }
        for (size_t j = 0; j < 3 - pads; j++)
            word[written++] = (char)(bits >> (16 - 8 * j));
    }
    word[written] = '\0';
    *length = written;
    return true;
}

/* As decode(), for text: a NUL inside would be cut off silently by everything that takes it. */
static bool decode_text(char *word)
{
    size_t length;
    return decode(word, &length) && strlen(word) == length;
}

/* ---- output ---- */

static size_t out_free(void)
{
    return sizeof out_buf - (out_end - out_start);
}

static void out_bytes(const char *bytes, size_t count)
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

static void out_base64(const void *data, size_t count)
{
    const unsigned char *bytes = data;
    char group[4];
    if (count == 0)
        out_bytes("-", 1);
    for (size_t i = 0; i < count; i += 3) {
        size_t have = count - i < 3 ? count - i : 3;
        uint32_t bits = (uint32_t)bytes[i] << 16;
        bits |= have > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        bits |= have > 2 ? bytes[i + 2] : 0;
        group[0] = base64_digits[bits >> 18];
        group[1] = base64_digits[bits >> 12 & 63];
        group[2] = have > 1 ? base64_digits[bits >> 6 & 63] : '=';
        group[3] = have > 2 ? base64_digits[bits & 63] : '=';
        out_bytes(group, sizeof group);
    }
}

static void out_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void out_text(const char *format, ...)
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
static bool out_ready(void)
{
    return out_free() >= MAX_LINE_OUT;
}

static void reply_reason(const char *start, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void reply_reason(const char *start, const char *format, ...)
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

/* ---- commands ---- */

static struct command *find_command(const char *word)
{
    uint64_t n;
    if (!number(word, UINT32_MAX, &n))
        return NULL;
    for (int i = 0; i < MAX_COMMANDS; i++)
        if (commands[i].used && commands[i].number == n)
            return &commands[i];
    return NULL;
}

static void forget_command(struct command *c)
{
    close_fd(&c->in);
    close_fd(&c->out);
    close_fd(&c->err);
    c->used = false;
}

static void end_all_commands(void)
{
    for (int i = 0; i < MAX_COMMANDS; i++) {
        if (!commands[i].used)
            continue;
        kill(-commands[i].pid, SIGKILL);
        forget_command(&commands[i]);
    }
}

/* A new conversation: nothing of the one before may leak into it, neither commands nor half-sent or half-read lines. */
static void reset_conversation(void)
{
    end_all_commands();
    identity.pending = false;
    memset(&files, 0, sizeof files);
    out_start = out_end = 0;
}

static void reap_children(void)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        for (int i = 0; i < MAX_COMMANDS; i++) {
            if (commands[i].used && !commands[i].exited && commands[i].pid == pid) {
                commands[i].exited = true;
                commands[i].status = status;
            }
        }
    }
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

/* Where `name` is, looked up in the PATH the command itself will have. NULL when it is nowhere. */
static const char *find_program(const char *name, char **environment, char *path, size_t size)
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

static struct command *free_command(void)
{
    for (int i = 0; i < MAX_COMMANDS; i++)
        if (!commands[i].used)
            return &commands[i];
    return NULL;
}

/* exec N FLAGS TIMEOUT-MS CWD ENV ARG... */
static void handle_exec(char **words, size_t count)
{
    static char *environment[MAX_ENVIRONMENT];
    static char path_variable[] = "PATH=" DEFAULT_PATH, home_variable[] = "HOME=/root";
    char found[4096], start[32];
    uint64_t n, timeout;
    size_t variables = 0, length;
    struct pipes p;

    if (count < 7 || !number(words[1], UINT32_MAX, &n) || n == 0) {
        reply_reason("failed exec", "Expected exec N FLAGS TIMEOUT-MS CWD ENV ARG...");
        return;
    }
    if (find_command(words[1])) {
        reply_reason("failed exec", "Command %s is still running", words[1]);
        return;
    }
    snprintf(start, sizeof start, "nostart %s", words[1]);
    bool with_input = strcmp(words[2], "i") == 0;
    if ((!with_input && strcmp(words[2], "-") != 0) || !number(words[3], INT64_MAX, &timeout)) {
        reply_reason(start, "Unknown flags or a timeout that is no number");
        return;
    }
    struct command *c = free_command();
    if (!c) {
        reply_reason(start, "%d commands are running, and no more may at once", MAX_COMMANDS);
        return;
    }
    const char *folder = strcmp(words[4], "-") == 0 ? "/" : words[4];
    bool good = folder != words[4] || decode_text(words[4]);
    good = good && decode(words[5], &length);
    for (size_t i = 6; i < count; i++)
        good = good && decode_text(words[i]);
    words[count] = NULL;
    environment[0] = NULL;
    /* A block of its own: both blocks stay where they are while the pointers into them are in use. */
    memcpy(exec_environment, clone_environment, clone_environment_length);
    good = good && put_environment(environment, &variables, path_variable) &&
           put_environment(environment, &variables, home_variable) &&
           put_environment_block(environment, &variables, exec_environment, clone_environment_length) &&
           put_environment_block(environment, &variables, words[5], length);
    if (!good) {
        reply_reason(start, "A word is not base64, holds a NUL, or the environment is not NAME=VALUE");
        return;
    }
    struct stat status;
    if (stat(folder, &status) != 0 || !S_ISDIR(status.st_mode)) {
        reply_reason(start, "No folder %.200s", folder);
        return;
    }
    const char *program = find_program(words[6], environment, found, sizeof found);
    if (!program) {
        reply_reason(start, "No program %.200s in PATH", words[6]);
        return;
    }
    int error = open_pipes(&p, with_input) ? 0 : errno;
    pid_t pid = 0;
    if (error == 0)
        error = spawn(&pid, program, words + 6, environment, folder, &p);
    if (error != 0) {
        close_pipes(&p);
        reply_reason(start, "Could not start %.200s: %s", program, strerror(error));
        return;
    }
    close_fd(&p.in[0]);
    close_fd(&p.out[1]);
    close_fd(&p.err[1]);
    /* Field by field: clearing the whole struct would touch its 64 kB of input for each command. */
    c->used = true;
    c->exited = c->timed_out = c->input_ends = false;
    c->number = (uint32_t)n;
    c->pid = pid;
    c->in = p.in[1];
    c->out = p.out[0];
    c->err = p.err[0];
    c->deadline = timeout ? now_ms() + timeout : 0;
    c->unacknowledged = c->input_start = c->input_length = 0;
    c->taken = 0;
}

/* Gives the command what it takes of its input. A reader that went away takes everything: the host must not wait. */
static void feed(struct command *c)
{
    while (c->in >= 0 && c->input_length > 0) {
        ssize_t wrote = write(c->in, c->input + c->input_start, c->input_length);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0 && errno == EAGAIN)
            return;
        if (wrote < 0) {
            c->taken += (uint32_t)c->input_length;
            c->input_length = 0;
            close_fd(&c->in);
            return;
        }
        c->input_start += (size_t)wrote;
        c->input_length -= (size_t)wrote;
        c->taken += (uint32_t)wrote;
    }
    if (c->input_ends)
        close_fd(&c->in);
}

/* in N DATA */
static void handle_in(char **words, size_t count)
{
    struct command *c = count == 3 ? find_command(words[1]) : NULL;
    size_t length;
    if (!c)
        return; /* it may have just ended */
    if (strcmp(words[2], "-") == 0) {
        c->input_ends = true;
        feed(c);
        return;
    }
    if (!decode(words[2], &length) || c->input_ends || length > INPUT_WINDOW - c->input_length) {
        /* Input with a hole in it is worse than none. */
        kill(-c->pid, SIGKILL);
        reply_reason("failed in", "Command %s ended: input not base64, past its end, or beyond the window", words[1]);
        return;
    }
    if (c->in < 0) {
        c->taken += (uint32_t)length;
        return;
    }
    memmove(c->input, c->input + c->input_start, c->input_length);
    memcpy(c->input + c->input_length, words[2], length);
    c->input_start = 0;
    c->input_length += length;
    feed(c);
}

static void handle_kill(char **words, size_t count)
{
    struct command *c = count == 3 ? find_command(words[1]) : NULL;
    uint64_t signal_number;
    if (c && number(words[2], 64, &signal_number) && signal_number > 0)
        kill(-c->pid, (int)signal_number);
}

static void handle_ack(char **words, size_t count)
{
    struct command *c = count == 3 ? find_command(words[1]) : NULL;
    uint64_t bytes;
    if (c && number(words[2], UINT32_MAX, &bytes))
        c->unacknowledged -= bytes < c->unacknowledged ? bytes : c->unacknowledged;
}

static bool may_read(const struct command *c)
{
    return c->unacknowledged < OUTPUT_WINDOW && out_ready();
}

/* One chunk of one pipe. True when there was something. */
static bool pump(struct command *c, int *fd, const char *verb)
{
    char chunk[MAX_CHUNK];
    if (*fd < 0 || !may_read(c))
        return false;
    size_t room = OUTPUT_WINDOW - c->unacknowledged;
    ssize_t got = read(*fd, chunk, room < sizeof chunk ? room : sizeof chunk);
    if (got > 0) {
        c->unacknowledged += (size_t)got;
        out_text("%s %u ", verb, c->number);
        out_base64(chunk, (size_t)got);
        out_bytes("\n", 1);
        return true;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR))
        close_fd(fd);
    /* The command is gone and its pipe is empty: whoever still holds the other end is not waited for. */
    if (c->exited && got < 0 && errno == EAGAIN)
        close_fd(fd);
    return false;
}

static void serve_command(struct command *c)
{
    feed(c);
    if (c->taken > 0 && out_ready()) {
        out_text("took %u %u\n", c->number, c->taken);
        c->taken = 0;
    }
    if (c->deadline && !c->exited && !c->timed_out && now_ms() >= c->deadline) {
        c->timed_out = true;
        kill(-c->pid, SIGKILL);
    }
    bool more = pump(c, &c->out, "out");
    more = pump(c, &c->err, "err") || more;
    if (!c->exited || more || c->out >= 0 || c->err >= 0 || !out_ready())
        return;
    if (WIFSIGNALED(c->status))
        out_text("exit %u - %d\n", c->number, WTERMSIG(c->status));
    else
        out_text("exit %u %d -\n", c->number, WEXITSTATUS(c->status));
    forget_command(c);
}

/* ---- identity ---- */

static bool write_file(const char *path, mode_t mode, const void *data, size_t length)
{
    char next[128];
    snprintf(next, sizeof next, "%s.next", path);
    int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return false;
    const char *at = data;
    bool good = fchmod(fd, mode) == 0;
    while (good && length > 0) {
        ssize_t wrote = write(fd, at, length);
        good = wrote > 0;
        at += good ? wrote : 0;
        length -= good ? (size_t)wrote : 0;
    }
    close(fd);
    /* By rename: a reader sees the old file or the new one, never half of it. */
    return good && rename(next, path) == 0;
}

static bool write_text(const char *path, const char *text)
{
    char line[MAX_ID + 2];
    int length = snprintf(line, sizeof line, "%s\n", text);
    return length > 0 && write_file(path, 0644, line, (size_t)length);
}

static bool read_text(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t got = read(fd, text, size - 1);
    close(fd);
    if (got < 0)
        return false;
    text[got] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return true;
}

static bool is_shell_name(const char *entry, const char *equals)
{
    for (const char *c = entry; c < equals; c++) {
        bool letter = (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || *c == '_';
        if (!letter && (c == entry || *c < '0' || *c > '9'))
            return false;
    }
    return equals > entry;
}

/* NAME='VALUE' a line, a quote inside as '\'': what a shell's `.` and `eval` take back unchanged. */
static bool write_environment(void)
{
    static char text[4 * MAX_LINE_IN]; /* every byte a quote is the worst case */
    size_t length = 0;
    for (size_t at = 0; at < identity.environment_length;) {
        const char *entry = identity.environment + at, *value = strchr(entry, '=') + 1;
        memcpy(text + length, entry, (size_t)(value - entry));
        length += (size_t)(value - entry);
        text[length++] = '\'';
        for (; *value; value++) {
            if (*value == '\'') {
                memcpy(text + length, "'\\''", 4);
                length += 4;
            } else {
                text[length++] = *value;
            }
        }
        text[length++] = '\'';
        text[length++] = '\n';
        at += strlen(entry) + 1;
    }
    return write_file("/run/templating/env", 0644, text, length);
}

static void json_string(char *to, size_t size, const char *from)
{
    size_t length = 0;
    for (; *from && length + 8 < size; from++) {
        unsigned char c = (unsigned char)*from;
        if (c == '"' || c == '\\')
            to[length++] = '\\';
        if (c < 0x20)
            length += (size_t)snprintf(to + length, size - length, "\\u%04x", c);
        else
            to[length++] = *from;
    }
    to[length] = '\0';
}

static bool write_page(const char *random)
{
    char id[6 * MAX_ID + 8], hostname[512], boot_id[64] = "", page[4096];
    json_string(id, sizeof id, identity.id);
    json_string(hostname, sizeof hostname, identity.hostname);
    if (!read_text(BOOT_ID, boot_id, sizeof boot_id))
        return false;
    int length = snprintf(page, sizeof page,
                          "{\"id\":\"%s\",\"hostname\":\"%s\",\"machine_id\":\"%s\",\"random\":\"%s\",\"boot_id\":\"%s\"}\n",
                          id, hostname, identity.machine_id, random, boot_id);
    return length > 0 && (size_t)length < sizeof page && write_file("/run/www/index.html", 0644, page, (size_t)length);
}

/* The kernel makes its boot id when it is first read and keeps it: if anything in the template read it, all clones would
 * have the same. So a file with an id of this clone's own covers it, as container managers do it. */
static bool set_boot_id(void)
{
    unsigned char b[16];
    char digits[33], text[64];
    if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b)
        return false;
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* RFC 9562: version 4, variant 10 */
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    hex(digits, b, sizeof b);
    snprintf(text, sizeof text, "%.8s-%.4s-%.4s-%.4s-%.12s", digits, digits + 8, digits + 12, digits + 16, digits + 20);
    while (umount2(BOOT_ID, MNT_DETACH) == 0) {
        /* the file of an identity before this one */
    }
    return write_text("/run/templating/boot-id", text) &&
           mount("/run/templating/boot-id", BOOT_ID, NULL, MS_BIND, NULL) == 0;
}

/* The kernel announces the new address to the network itself (arp_notify, set by init). */
static bool set_mac(void)
{
    struct ifreq request = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    strcpy(request.ifr_name, NETWORK_CARD);
    request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    memcpy(request.ifr_hwaddr.sa_data, identity.mac, sizeof identity.mac);
    bool good = ioctl(fd, SIOCSIFHWADDR, &request) == 0 && ioctl(fd, SIOCGIFHWADDR, &request) == 0 &&
                memcmp(request.ifr_hwaddr.sa_data, identity.mac, sizeof identity.mac) == 0;
    int error = errno;
    close(fd);
    errno = error;
    return good;
}

static bool mix_seed(void)
{
    struct {
        int entropy_count, buf_size;
        unsigned char bytes[SEED_BYTES];
    } pool = {.entropy_count = SEED_BYTES * 8, .buf_size = SEED_BYTES};
    memcpy(pool.bytes, identity.seed, SEED_BYTES);
    int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    /* The first only fills the pool; the second makes the generator that everyone reads take from it at once. */
    bool good = ioctl(fd, RNDADDENTROPY, &pool) == 0 && ioctl(fd, RNDRESEEDCRNG, NULL) == 0;
    int error = errno;
    close(fd);
    explicit_bzero(&pool, sizeof pool);
    explicit_bzero(identity.seed, sizeof identity.seed);
    errno = error;
    return good;
}

/* True when the kernel told of its reseed since the last call. Reads what is there, never waits. */
static bool saw_reseed(void)
{
    char record[8192];
    bool seen = false;
    for (;;) {
        ssize_t got = kernel_log < 0 ? -1 : read(kernel_log, record, sizeof record - 1);
        if (got < 0 && kernel_log >= 0 && (errno == EPIPE || errno == EINTR))
            continue; /* EPIPE: records were overwritten before we came; the next read goes on after the hole */
        if (got <= 0)
            return seen;
        record[got] = '\0';
        seen = seen || strstr(record, RESEED_MESSAGE) != NULL;
    }
}

static bool set_clock(void)
{
    struct timespec t = {.tv_sec = identity.unix_nanos / 1000000000, .tv_nsec = identity.unix_nanos % 1000000000};
    return clock_settime(CLOCK_REALTIME, &t) == 0;
}

static void finish_identify(bool reseeded_by_kernel)
{
    unsigned char bytes[RANDOM_BYTES];
    char random[2 * RANDOM_BYTES + 1], hostname[256], machine_id[64], id[MAX_ID + 2];
    const char *step;
    struct timespec t;

    identity.pending = false;
    if (step = "mixing the seed", !mix_seed())
        goto failed;
    if (step = "drawing random numbers", getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        goto failed;
    hex(random, bytes, sizeof bytes);
    if (step = "setting the host name", sethostname(identity.hostname, strlen(identity.hostname)) != 0)
        goto failed;
    if (step = "writing /run/machine-id", !write_text("/run/machine-id", identity.machine_id))
        goto failed;
    if (step = "writing /run/templating/id", !write_text("/run/templating/id", identity.id))
        goto failed;
    if (step = "writing /run/templating/env", !write_environment())
        goto failed;
    if (step = "writing /run/templating/user-data",
        !write_file("/run/templating/user-data", 0600, identity.user_data, identity.user_data_length))
        goto failed;
    if (step = "setting the boot id", !set_boot_id())
        goto failed;
    if (step = "writing /run/www/index.html", !write_page(random))
        goto failed;
    if (step = "setting the MAC", identity.has_mac && !set_mac())
        goto failed;
    memcpy(clone_environment, identity.environment, identity.environment_length);
    clone_environment_length = identity.environment_length;
    /* Last, so that the time the steps above took is not lost on the clock more than need be. */
    if (step = "setting the clock", !set_clock())
        goto failed;
    if (step = "reading the identity back",
        gethostname(hostname, sizeof hostname) != 0 || !read_text("/run/machine-id", machine_id, sizeof machine_id) ||
            !read_text("/run/templating/id", id, sizeof id) || clock_gettime(CLOCK_REALTIME, &t) != 0)
        goto failed;
    out_text("identified ");
    out_base64(id, strlen(id));
    out_text(" ");
    out_base64(hostname, strlen(hostname));
    out_text(" %s %lld %s %s\n", machine_id, (long long)t.tv_sec * 1000000000 + t.tv_nsec,
             reseeded_by_kernel ? "kernel" : "seed", random);
    return;
failed:
    reply_reason("failed identify", "Failed at %s: %s", step, strerror(errno));
}

static bool parse_mac(const char *word)
{
    unsigned int b[6];
    char end;
    identity.has_mac = strcmp(word, "-") != 0;
    if (!identity.has_mac)
        return true;
    if (strlen(word) != 17 ||
        sscanf(word, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) != 6)
        return false;
    for (int i = 0; i < 6; i++)
        identity.mac[i] = (unsigned char)b[i];
    return true;
}

static bool parse_environment(void)
{
    const char *block = identity.environment;
    size_t length = identity.environment_length, count = 0;
    if (length > 0 && block[length - 1] != '\0')
        return false;
    for (size_t at = 0; at < length; at += strlen(block + at) + 1) {
        const char *equals = strchr(block + at, '=');
        /* Two places are for PATH and HOME, and half of the rest for what an exec brings along. */
        if (!equals || !is_shell_name(block + at, equals) || ++count > MAX_ENVIRONMENT / 2)
            return false;
    }
    return true;
}

/*
 * identify ID HOSTNAME MACHINE-ID UNIX-NANOS MAC SEED ENV USER-DATA [booted]
 *
 * Everything is checked before anything is changed. No further line is handled until the identity is in force.
 */
static void handle_identify(char **words, size_t count)
{
    const char *wrong = NULL;
    uint64_t nanos = 0;
    size_t seed_length;
    bool booted = count == 10 && strcmp(words[9], "booted") == 0;
    if (count != 9 && !booted) {
        reply_reason("failed identify", "Expected 8 words after identify, or `booted` as a 9th, found %zu", count - 1);
        return;
    }
    if (*files.problem) {
        reply_reason("failed identify", "%s", files.problem);
        memset(&files, 0, sizeof files);
        return;
    }
    memset(&files, 0, sizeof files);
    if (!decode_text(words[1]) || !*words[1] || strlen(words[1]) > MAX_ID || strchr(words[1], '\n'))
        wrong = "ID";
    else if (!decode_text(words[2]) || !*words[2] || strlen(words[2]) > 64 || strchr(words[2], '\n'))
        wrong = "HOSTNAME";
    else if (!is_hex(words[3], MACHINE_ID_DIGITS))
        wrong = "MACHINE-ID";
    else if (!number(words[4], INT64_MAX, &nanos))
        wrong = "UNIX-NANOS";
    else if (!parse_mac(words[5]))
        wrong = "MAC";
    else if (!decode(words[6], &seed_length) || seed_length != SEED_BYTES)
        wrong = "SEED";
    else if (!decode(words[7], &identity.environment_length) ||
             (identity.environment = words[7], !parse_environment()))
        wrong = "ENV";
    else if (!decode(words[8], &identity.user_data_length))
        wrong = "USER-DATA";
    if (wrong) {
        reply_reason("failed identify", "%s is not what the protocol says it is", wrong);
        return;
    }
    identity.id = words[1];
    identity.hostname = words[2];
    identity.machine_id = words[3];
    identity.unix_nanos = (int64_t)nanos;
    memcpy(identity.seed, words[6], SEED_BYTES);
    explicit_bzero(words[6], SEED_BYTES);
    identity.user_data = words[8];
    identity.pending = true;
    identity.deadline = now_ms() + (booted ? 0 : RESEED_WAIT_MS);
}

/* True when an identity that was under way is so no more. */
static bool serve_identity(void)
{
    if (!identity.pending)
        return false;
    bool seen = saw_reseed();
    if (seen || now_ms() >= identity.deadline)
        finish_identify(seen);
    return !identity.pending;
}

/* ---- files ---- */

static void file_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Kept for the identity that follows: an answer to each part would be a wake of the host for each. */
static void file_failed(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(files.problem, sizeof files.problem, format, arguments);
    va_end(arguments);
}

static bool make_parents(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        bool made = mkdir(path, 0755) == 0 || errno == EEXIST;
        *slash = '/';
        if (!made)
            return false;
    }
    return true;
}

static bool parse_mode(const char *word, mode_t *mode)
{
    size_t digits = strlen(word);
    if (digits < 1 || digits > 4 || strspn(word, "01234567") != digits)
        return false;
    *mode = (mode_t)strtoul(word, NULL, 8);
    return *mode <= 0777;
}

static bool write_part(mode_t mode, bool more, const char *data, size_t length)
{
    /* Links are followed: one that the guest has there is the guest's own wish. */
    int fd = open(files.path, O_WRONLY | O_CLOEXEC | (more ? O_APPEND : O_CREAT | O_TRUNC), 0600);
    if (fd < 0)
        return false;
    bool good = more || fchmod(fd, mode) == 0;
    while (good && length > 0) {
        ssize_t wrote = write(fd, data, length);
        good = wrote > 0 || (wrote < 0 && errno == EINTR);
        data += wrote > 0 ? wrote : 0;
        length -= wrote > 0 ? (size_t)wrote : 0;
    }
    int error = errno;
    if (close(fd) != 0 && good)
        return false;
    errno = error;
    return good;
}

/* file PATH MODE new|more DATA */
static void handle_file(char **words, size_t count)
{
    mode_t mode;
    size_t length;
    if (*files.problem)
        return; /* the rest of what failed already */
    bool more = count == 5 && strcmp(words[3], "more") == 0;
    if (count != 5 || (!more && strcmp(words[3], "new") != 0)) {
        file_failed("Expected file PATH MODE new|more DATA");
        return;
    }
    if (!decode_text(words[1]) || words[1][0] != '/' || strlen(words[1]) > MAX_FILE_PATH ||
        !parse_mode(words[2], &mode) || !decode(words[4], &length) || (more && strcmp(words[1], files.path) != 0)) {
        file_failed("A file's PATH, MODE or DATA is not what the protocol says it is");
        return;
    }
    files.count += !more;
    files.bytes += length;
    if (files.count > MAX_FILES || files.bytes > MAX_FILES_BYTES) {
        file_failed("More than %d files or %d bytes", MAX_FILES, MAX_FILES_BYTES);
        return;
    }
    snprintf(files.path, sizeof files.path, "%s", words[1]);
    if ((!more && !make_parents(files.path)) || !write_part(mode, more, words[4], length))
        file_failed("Failed at writing %s: %s (errno %d)", files.path, strerror(errno), errno);
}

/* ---- the port ---- */

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
    out_text("synced %s %s\n", words[1], PROTOCOL_VERSION);
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
    if (strncmp(line, "identify ", 9) == 0) {
        memcpy(identity_line, line, length + 1);
        line = identity_line;
    }
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
    else if (strcmp(words[0], "ack") == 0)
        handle_ack(words, count);
    else
        reply_reason("failed line", "Unknown verb %.40s", words[0]);
}

/* Handles the complete lines of in_buf, as far as there is room to answer and no identity is under way. */
static void handle_lines(void)
{
    size_t at = 0;
    while (!identity.pending && out_ready()) {
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
    connected = false;
    reset_conversation();
    in_length = in_scanned = 0;
    in_skipping = false;
    out_mid_line = false;
}

/* Level-triggered poll() reports POLLHUP without end while the host is away, so it cannot be used to wait for its return:
 * the driver wakes the port's wait queue when the host opens it, and an edge-triggered epoll passes on just that. */
static bool watch_port(void)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET};
    port_wake = epoll_create1(EPOLL_CLOEXEC);
    return port_wake >= 0 && epoll_ctl(port_wake, EPOLL_CTL_ADD, port, &event) == 0;
}

static void look_for_host(void)
{
    struct epoll_event event;
    struct pollfd p = {.fd = port, .events = POLLIN | POLLOUT};
    /* First take the edge, then look: an opening in between makes a new edge. */
    epoll_wait(port_wake, &event, 1, 0);
    connected = poll(&p, 1, 0) > 0 && !(p.revents & POLLHUP);
}

static void read_port(void)
{
    ssize_t got = read(port, in_buf + in_length, MAX_LINE_IN - in_length);
    if (got > 0)
        in_length += (size_t)got;
    else if (got == 0)
        disconnect(); /* everything the host had sent before it left was read first */
}

static void write_port(void)
{
    while (out_end > out_start) {
        ssize_t wrote = write(port, out_buf + out_start, out_end - out_start);
        if (wrote <= 0)
            return;
        out_start += (size_t)wrote;
        out_mid_line = out_buf[out_start - 1] != '\n';
    }
    out_start = out_end = 0;
}

/* Without udev there is no /dev/virtio-ports; sysfs has the names. The driver adds ports as the host announces them. */
static bool open_port(void)
{
    for (int waited = 0; waited < PORT_WAIT_MS; waited += 20) {
        DIR *folder = opendir("/sys/class/virtio-ports");
        char path[300], name[64];
        for (struct dirent *entry; folder && port < 0 && (entry = readdir(folder));) {
            snprintf(path, sizeof path, "/sys/class/virtio-ports/%.255s/name", entry->d_name);
            if (entry->d_name[0] == '.' || !read_text(path, name, sizeof name) || strcmp(name, PORT_NAME) != 0)
                continue;
            snprintf(path, sizeof path, "/dev/%.255s", entry->d_name);
            port = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        }
        if (folder)
            closedir(folder);
        if (port >= 0)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    return false;
}

/* ---- the power button ---- */

static void open_buttons(void)
{
    char path[32];
    for (int i = 0; i < MAX_BUTTONS; i++) {
        snprintf(path, sizeof path, "/dev/input/event%d", i);
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (fd >= 0)
            buttons[button_count++] = fd;
    }
}

static void read_button(int fd)
{
    struct input_event event;
    while (read(fd, &event, sizeof event) == (ssize_t)sizeof event)
        if (event.type == EV_KEY && event.code == KEY_POWER && event.value == 1)
            kill(1, SIGTERM); /* init powers off */
}

/* ---- the loop ---- */

static void take_signals(void)
{
    struct signalfd_siginfo info[8];
    while (read(signals, info, sizeof info) > 0) {
    }
    reap_children();
}

static int next_timeout(void)
{
    uint64_t nearest = identity.pending ? identity.deadline : UINT64_MAX, now;
    for (int i = 0; i < MAX_COMMANDS; i++) {
        const struct command *c = &commands[i];
        /* Its pipes may stay open and silent in the hands of others: look once more, then it is done. */
        if (c->used && c->exited && (c->out >= 0 || c->err >= 0) && may_read(c))
            return 0;
        if (c->used && c->deadline && !c->exited && !c->timed_out && c->deadline < nearest)
            nearest = c->deadline;
    }
    if (nearest == UINT64_MAX)
        return -1;
    now = now_ms();
    return nearest <= now ? 0 : nearest - now > 1000000 ? 1000000 : (int)(nearest - now);
}

static void run(void)
{
    enum { PORT, SIGNALS, KERNEL, BUTTONS, COMMANDS = BUTTONS + MAX_BUTTONS, COUNT = COMMANDS + 3 * MAX_COMMANDS };
    struct pollfd p[COUNT];
    for (;;) {
        bool hungry = in_length < MAX_LINE_IN && !identity.pending && out_ready();
        short port_events = (short)((hungry ? POLLIN : 0) | (out_end > out_start ? POLLOUT : 0));
        for (int i = 0; i < COUNT; i++)
            p[i] = (struct pollfd){.fd = -1};
        p[PORT] = connected ? (struct pollfd){.fd = port, .events = port_events}
                            : (struct pollfd){.fd = port_wake, .events = POLLIN};
        p[SIGNALS] = (struct pollfd){.fd = signals, .events = POLLIN};
        if (identity.pending)
            p[KERNEL] = (struct pollfd){.fd = kernel_log, .events = POLLIN};
        for (int i = 0; i < button_count; i++)
            p[BUTTONS + i] = (struct pollfd){.fd = buttons[i], .events = POLLIN};
        for (int i = 0; i < MAX_COMMANDS; i++) {
            const struct command *c = &commands[i];
            if (!c->used)
                continue;
            struct pollfd *of = &p[COMMANDS + 3 * i];
            /* Left out altogether when not wanted: poll() reports a hang-up even to who asked for nothing. */
            if (c->in >= 0 && c->input_length > 0)
                of[0] = (struct pollfd){.fd = c->in, .events = POLLOUT};
            if (may_read(c)) {
                of[1] = (struct pollfd){.fd = c->out, .events = POLLIN};
                of[2] = (struct pollfd){.fd = c->err, .events = POLLIN};
            }
        }
        if (poll(p, COUNT, next_timeout()) < 0 && errno != EINTR) {
            say("poll: %s", strerror(errno));
            exit(1);
        }
        if (p[SIGNALS].revents)
            take_signals();
        for (int i = 0; i < button_count; i++)
            if (p[BUTTONS + i].revents)
                read_button(buttons[i]);
        if (!connected)
            look_for_host();
        else if (p[PORT].revents & (POLLIN | POLLHUP))
            read_port();
        handle_lines();
        while (serve_identity())
            handle_lines();
        for (int i = 0; i < MAX_COMMANDS; i++)
            if (commands[i].used)
                serve_command(&commands[i]);
        if (connected)
            write_port();
    }
}

int main(void)
{
    sigset_t mask;
    /* 0, 1 and 2 must be taken, or a pipe of ours could be what a command gets as its standard input. */
    for (int fd; (fd = open("/dev/null", O_RDWR)) <= STDERR_FILENO;)
        if (fd < 0)
            return 1;
    umask(022);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    kernel_log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (kernel_log >= 0)
        lseek(kernel_log, 0, SEEK_END);
    open_buttons();
    if (signals < 0 || !open_port() || !watch_port()) {
        say("no port %s: %s", PORT_NAME, strerror(errno));
        return 1;
    }
    /* Waits, once, until the kernel has entropy enough (a CPU model without RDRAND makes it collect some first): a kernel
     * frozen before that would neither reseed itself in the clones nor say so. */
    char byte;
    if (getrandom(&byte, 1, 0) != 1)
        say("getrandom: %s", strerror(errno));
    /* Every page in place now, in the template, rather than by a fault in each clone. */
    if (mlockall(MCL_CURRENT) != 0)
        say("mlockall: %s", strerror(errno));
    run();
}
