/* The commands the host runs: their start, input, output and end. */
#include "owner.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct flags {
    bool input, terminal, user, why;
};

struct command {
    bool used, exited, timed_out, for_memory, input_ends;
    struct flags flags;
    uint32_t number;
    struct process process;
    int status;
    uint64_t deadline;     /* monotonic ms, 0 for none */
    size_t unacknowledged; /* bytes of output on the way to the host */
    size_t input_start, input_length;
    uint32_t taken; /* bytes of input the host was not yet told of */
    uint64_t next_end, end_pause; /* of a terminal: when its key for the end of input is pressed again, monotonic ms */
    char input[INPUT_WINDOW];
};

static struct command commands[MAX_COMMANDS];

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
    close_fd(&c->process.in);
    close_fd(&c->process.out);
    close_fd(&c->process.err);
    c->used = false;
}

/* To its process group; at a terminal also to the one that has it now, which a shell made for a job of its own. */
static void signal_command(const struct command *c, int signal_number)
{
    kill(-c->process.pid, signal_number);
    pid_t foreground = c->flags.terminal && c->process.out >= 0 ? tcgetpgrp(c->process.out) : -1;
    if (foreground > 1 && foreground != c->process.pid)
        kill(-foreground, signal_number);
}

void end_all_commands(void)
{
    for (int i = 0; i < MAX_COMMANDS; i++) {
        if (!commands[i].used)
            continue;
        signal_command(&commands[i], SIGKILL);
        forget_command(&commands[i]);
    }
}

void reap_children(void)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        owner_reaped(pid, status);
        for (int i = 0; i < MAX_COMMANDS; i++) {
            if (commands[i].used && !commands[i].exited && commands[i].process.pid == pid) {
                commands[i].exited = true;
                commands[i].status = status;
                commands[i].for_memory = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && killed_for_memory(pid);
            }
        }
    }
}

static struct command *free_command(void)
{
    for (int i = 0; i < MAX_COMMANDS; i++)
        if (!commands[i].used)
            return &commands[i];
    return NULL;
}

/* The letters of FLAGS, each at most once. */
static bool read_flags(const char *word, struct flags *flags)
{
    *flags = (struct flags){false};
    if (strcmp(word, "-") == 0)
        return true;
    for (; *word; word++) {
        bool *flag = *word == 'i' ? &flags->input : *word == 't' ? &flags->terminal : *word == 'u' ? &flags->user
                   : *word == 'w' ? &flags->why : NULL;
        if (!flag || *flag)
            return false;
        *flag = true;
    }
    return true;
}

static bool read_size(char **words, struct winsize *size)
{
    uint64_t rows, columns;
    if (!number(words[0], UINT16_MAX, &rows) || !number(words[1], UINT16_MAX, &columns) || rows == 0 || columns == 0)
        return false;
    *size = (struct winsize){.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    return true;
}

/* exec N FLAGS TIMEOUT-MS CWD ENV [ROWS COLUMNS] [USER] ARG... */
void handle_exec(char **words, size_t count)
{
    static struct user user;
    char found[4096], start[32], why[200];
    uint64_t n, timeout;
    size_t length, first = 6;
    struct process started;
    struct flags flags;
    struct winsize size;

    if (count < 7 || !number(words[1], UINT32_MAX, &n) || n == 0) {
        reply_reason("failed exec", "Expected exec N FLAGS TIMEOUT-MS CWD ENV [ROWS COLUMNS] [USER] ARG...");
        return;
    }
    if (find_command(words[1])) {
        reply_reason("failed exec", "Command %s is still running", words[1]);
        return;
    }
    snprintf(start, sizeof start, "nostart %s", words[1]);
    if (!read_flags(words[2], &flags) || !number(words[3], INT64_MAX, &timeout)) {
        reply_reason(start, "Unknown flags or a timeout that is no number");
        return;
    }
    struct command *c = free_command();
    if (!c) {
        reply_reason(start, "%d commands are running, and no more may at once", MAX_COMMANDS);
        return;
    }
    first += (flags.terminal ? 2u : 0u) + (flags.user ? 1u : 0u);
    if (count <= first || (flags.terminal && !read_size(words + 6, &size))) {
        reply_reason(start, "A terminal's rows or columns are not 1 to 65535, or there is no program");
        return;
    }
    const char *folder = strcmp(words[4], "-") == 0 ? "/" : words[4];
    bool good = folder != words[4] || decode_text(words[4]);
    good = good && decode(words[5], &length);
    for (size_t i = first - (flags.user ? 1 : 0); i < count; i++)
        good = good && decode_text(words[i]);
    words[count] = NULL;
    if (good && flags.user && !find_user(words[first - 1], &user, why, sizeof why)) {
        reply_reason(start, "%s", why);
        return;
    }
    char **environment = good ? login_environment(flags.user ? &user : NULL, flags.terminal, words[5], length) : NULL;
    if (!environment) {
        reply_reason(start, "A word is not base64, holds a NUL, or the environment is not NAME=VALUE");
        return;
    }
    struct stat status;
    if (stat(folder, &status) != 0 || !S_ISDIR(status.st_mode)) {
        reply_reason(start, "No folder %.200s", folder);
        return;
    }
    const char *program = find_program(words[first], environment, found, sizeof found);
    if (!program) {
        reply_reason(start, "No program %.200s in PATH", words[first]);
        return;
    }
    struct login login = {.program = program, .folder = folder, .arguments = words + first, .environment = environment,
                          .with_input = flags.input, .terminal = flags.terminal ? &size : NULL, .user = flags.user ? &user : NULL};
    int error = flags.terminal || flags.user
        ? start_login(&started, &login)
        : start_process(&started, program, words + first, environment, folder, flags.input);
    if (error != 0) {
        reply_reason(start, "Could not start %.200s: %s", program, strerror(error));
        return;
    }
    /* Field by field: clearing the whole struct would touch its 64 kB of input for each command. */
    c->used = true;
    c->exited = c->timed_out = c->for_memory = c->input_ends = false;
    c->flags = flags;
    c->number = (uint32_t)n;
    c->process = started;
    c->deadline = timeout ? now_ms() + timeout : 0;
    c->unacknowledged = c->input_start = c->input_length = 0;
    c->next_end = c->end_pause = 0;
    c->taken = 0;
}

/*
 * A pipe's end is there for good, for whoever reads next. A terminal has only the key for it, which one reader takes, and
 * which is a mere NUL to a shell that sets its terminal raw after it came. So it is pressed again, ever less often, for as
 * long as the command runs.
 */
static void end_input(struct command *c)
{
    enum { FIRST_PAUSE = 100, LONGEST_PAUSE = 5000 };
    if (!c->flags.terminal) {
        close_fd(&c->process.in);
        return;
    }
    if (c->exited || now_ms() < c->next_end)
        return;
    if (write(c->process.in, "\004", 1) < 0 && errno != EAGAIN && errno != EINTR) {
        close_fd(&c->process.in); /* all its readers have gone */
        return;
    }
    c->end_pause = c->end_pause == 0 ? FIRST_PAUSE : c->end_pause < LONGEST_PAUSE / 2 ? 2 * c->end_pause : LONGEST_PAUSE;
    c->next_end = now_ms() + c->end_pause;
}

/* Gives the command what it takes of its input. A reader that went away takes everything: the host must not wait. */
static void feed(struct command *c)
{
    while (c->process.in >= 0 && c->input_length > 0) {
        ssize_t wrote = write(c->process.in, c->input + c->input_start, c->input_length);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0 && errno == EAGAIN)
            return;
        if (wrote < 0) {
            c->taken += (uint32_t)c->input_length;
            c->input_length = 0;
            close_fd(&c->process.in);
            return;
        }
        c->input_start += (size_t)wrote;
        c->input_length -= (size_t)wrote;
        c->taken += (uint32_t)wrote;
    }
    if (c->input_ends && c->process.in >= 0)
        end_input(c);
}

/* in N DATA */
void handle_in(char **words, size_t count)
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
        signal_command(c, SIGKILL);
        reply_reason("failed in", "Command %s ended: input not base64, past its end, or beyond the window", words[1]);
        return;
    }
    if (c->process.in < 0) {
        c->taken += (uint32_t)length;
        return;
    }
    memmove(c->input, c->input + c->input_start, c->input_length);
    memcpy(c->input + c->input_length, words[2], length);
    c->input_start = 0;
    c->input_length += length;
    feed(c);
}

void handle_kill(char **words, size_t count)
{
    struct command *c = count == 3 ? find_command(words[1]) : NULL;
    uint64_t signal_number;
    if (c && number(words[2], 64, &signal_number) && signal_number > 0)
        signal_command(c, (int)signal_number);
}

/* resize N ROWS COLUMNS: the kernel tells the command by a SIGWINCH. */
void handle_resize(char **words, size_t count)
{
    struct command *c = count == 4 ? find_command(words[1]) : NULL;
    struct winsize size;
    if (c && c->flags.terminal && c->process.out >= 0 && read_size(words + 2, &size))
        ioctl(c->process.out, TIOCSWINSZ, &size);
}

void handle_ack(char **words, size_t count)
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

static const char *why_killed(const struct command *c)
{
    bool killed = c->flags.why && WTERMSIG(c->status) == SIGKILL;
    return killed && c->timed_out ? " timeout" : killed && c->for_memory ? " oom" : "";
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
        signal_command(c, SIGKILL);
    }
    bool more = pump(c, &c->process.out, "out");
    more = pump(c, &c->process.err, "err") || more;
    if (!c->exited || more || c->process.out >= 0 || c->process.err >= 0 || !out_ready())
        return;
    if (WIFSIGNALED(c->status))
        out_text("exit %u - %d%s\n", c->number, WTERMSIG(c->status), why_killed(c));
    else
        out_text("exit %u %d -\n", c->number, WEXITSTATUS(c->status));
    forget_command(c);
}

void serve_commands(void)
{
    for (int i = 0; i < MAX_COMMANDS; i++)
        if (commands[i].used)
            serve_command(&commands[i]);
}

void command_events(struct pollfd of[3 * MAX_COMMANDS])
{
    for (int i = 0; i < MAX_COMMANDS; i++, of += 3) {
        const struct command *c = &commands[i];
        of[0] = of[1] = of[2] = (struct pollfd){.fd = -1};
        if (!c->used)
            continue;
        /* Left out altogether when not wanted: poll() reports a hang-up even to who asked for nothing. */
        if (c->process.in >= 0 && c->input_length > 0)
            of[0] = (struct pollfd){.fd = c->process.in, .events = POLLOUT};
        if (may_read(c)) {
            of[1] = (struct pollfd){.fd = c->process.out, .events = POLLIN};
            of[2] = (struct pollfd){.fd = c->process.err, .events = POLLIN};
        }
    }
}

uint64_t commands_deadline(void)
{
    uint64_t nearest = UINT64_MAX;
    for (int i = 0; i < MAX_COMMANDS; i++) {
        const struct command *c = &commands[i];
        /* Its pipes may stay open and silent in the hands of others: look once more, then it is done. */
        if (c->used && c->exited && (c->process.out >= 0 || c->process.err >= 0) && may_read(c))
            return 0;
        if (c->used && c->deadline && !c->exited && !c->timed_out && c->deadline < nearest)
            nearest = c->deadline;
        if (c->used && c->input_ends && !c->exited && c->process.in >= 0 && c->input_length == 0 && c->next_end < nearest)
            nearest = c->next_end;
    }
    return nearest;
}
