/* The loop: sleeps in poll() and lets the others do what came; signals and the power button are its own. */
#include "owner.h"

#include <fcntl.h>
#include <linux/input.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int signals = -1;
static int buttons[MAX_BUTTONS];
static int button_count;

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

uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void open_buttons(void)
{
    char path[32];
    if (access("/run/systemd/system", F_OK) == 0)
        return; /* logind reads them; and to systemd a SIGTERM means another thing */
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

static void take_signals(void)
{
    struct signalfd_siginfo info[8];
    while (read(signals, info, sizeof info) > 0) {
    }
    reap_children();
}

static int next_timeout(void)
{
    uint64_t identity = identity_deadline(), commands = commands_deadline(), now;
    uint64_t owner = owner_deadline(), nearest = identity < commands ? identity : commands;
    nearest = owner < nearest ? owner : nearest;
    if (nearest == UINT64_MAX)
        return -1;
    now = now_ms();
    return nearest <= now ? 0 : nearest - now > 1000000 ? 1000000 : (int)(nearest - now);
}

static void run(void)
{
    enum { PORT, SIGNALS, KERNEL, BUTTONS, COMMANDS = BUTTONS + MAX_BUTTONS, OWNER = COMMANDS + 3 * MAX_COMMANDS };
    static struct pollfd p[OWNER + OWNER_EVENTS];
    for (;;) {
        p[PORT] = port_events();
        p[SIGNALS] = (struct pollfd){.fd = signals, .events = POLLIN};
        p[KERNEL] = identity_events();
        for (int i = 0; i < MAX_BUTTONS; i++)
            p[BUTTONS + i] = (struct pollfd){.fd = i < button_count ? buttons[i] : -1, .events = POLLIN};
        command_events(p + COMMANDS);
        size_t owners = owner_events(p + OWNER);
        if (poll(p, OWNER + owners, next_timeout()) < 0 && errno != EINTR) {
            say("poll: %s", strerror(errno));
            exit(1);
        }
        if (p[SIGNALS].revents)
            take_signals();
        for (int i = 0; i < button_count; i++)
            if (p[BUTTONS + i].revents)
                read_button(buttons[i]);
        serve_port(p[PORT].revents);
        handle_lines();
        while (serve_identity())
            handle_lines();
        serve_commands();
        flush_port();
        serve_owner(p + OWNER, owners);
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
    mkdir("/run/templating", 0755);
    mkdir("/run/www", 0755);
    open_kernel_log();
    open_buttons();
    if (signals < 0 || !open_port()) {
        say("no port %s: %s", PORT_NAME, strerror(errno));
        return 1;
    }
    prepare_identity();
    watch_for_owner();
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
