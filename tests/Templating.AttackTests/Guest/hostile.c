/*
 * A hostile guest's agent: it stands where templating-guest does and is honest until its identity tells it, by the user data,
 * how to behave. So one frozen template serves every attack. As qemu-ga it takes its behaviour from the kernel's command line
 * (hostile.qga=NAME).
 *
 *   from the identity on     silent, twice, wrong-id, wrong-host, wrong-machine, wrong-random, clock-min, clock-max, clock-over,
 *                            clock-zero, huge-line, nonsense, failed-flood, reopen, console
 *   from the first exec on   silent-exec, empty-outputs, outputs, others-ids, exit-twice, after-exit, late, took-flood,
 *                            took-negative, exit-huge, unending-line, noisy-exec
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 600000, MANY = 65536 };

static int port = -1;
static const char *port_name = "dev.templating.guest.0";
static char behaviour[64] = "honest";

static bool is(const char *name)
{
    return strcmp(behaviour, name) == 0;
}

static bool open_port(void)
{
    char path[512], name[128];
    for (int tries = 0; tries < 3000; tries++, usleep(10000)) {
        DIR *folder = opendir("/sys/class/virtio-ports");
        for (struct dirent *entry; folder && (entry = readdir(folder));) {
            snprintf(path, sizeof path, "/sys/class/virtio-ports/%s/name", entry->d_name);
            FILE *file = fopen(path, "r");
            if (!file)
                continue;
            bool found = fgets(name, sizeof name, file) && strncmp(name, port_name, strlen(port_name)) == 0;
            fclose(file);
            if (found) {
                snprintf(path, sizeof path, "/dev/%s", entry->d_name);
                port = open(path, O_RDWR);
                closedir(folder);
                return port >= 0;
            }
        }
        if (folder)
            closedir(folder);
    }
    return false;
}

/* All of it, however long the host takes; the port blocks while nobody reads. */
static void put(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(port, bytes, length);
        if (written > 0)
            bytes += written, length -= (size_t)written;
        else
            usleep(10000);
    }
}

static void say(const char *text)
{
    put(text, strlen(text));
}

/* The same line without end. */
static void flood(const char *line)
{
    static char many[MANY];
    size_t length = strlen(line), count = MANY / length;
    for (size_t i = 0; i < count; i++)
        memcpy(many + i * length, line, length);
    for (;;)
        put(many, count * length);
}

/* A line without end, of one letter. */
static void unending_line(const char *start)
{
    static char many[MANY];
    memset(many, 'A', sizeof many);
    say(start);
    for (;;)
        put(many, sizeof many);
}

static void nonsense(void)
{
    static unsigned char many[MANY];
    uint64_t state = 88172645463325252ull;
    for (;;) {
        for (size_t i = 0; i < sizeof many; i++) {
            state ^= state << 13, state ^= state >> 7, state ^= state << 17;
            many[i] = (unsigned char)state;
        }
        put((char *)many, sizeof many);
    }
}

static void reopen(void)
{
    for (;;) {
        close(port);
        if (!open_port())
            return;
        say("out 1 -\nexit 1");
    }
}

static void flood_console(void)
{
    static char many[4096];
    memset(many, '\033', sizeof many);
    int console = open("/dev/ttyS0", O_WRONLY | O_NOCTTY);
    for (;;)
        if (write(console, many, sizeof many) < 0)
            usleep(1000);
}

/* Words of a line, in place. */
static int split(char *line, char **words, int most)
{
    int count = 0;
    for (char *word = strtok(line, " "); word && count < most; word = strtok(NULL, " "))
        words[count++] = word;
    return count;
}

static void decode(const char *text, char *to, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    int have = 0;
    size_t length = 0;
    for (const char *digit; *text && (digit = strchr(digits, *text)) && length + 1 < size; text++) {
        bits = bits << 6 | (uint32_t)(digit - digits), have += 6;
        if (have >= 8)
            have -= 8, to[length++] = (char)(bits >> have);
    }
    to[length] = 0;
}

static void identify(char **words, int count)
{
    static char answer[4096];
    const char *id = words[1], *host = words[2], *machine = words[3], *clock = words[4];
    const char *random = "00112233445566778899aabbccddeeff", *elsewhere = "YW5vdGhlcg==";
    if (count > 8 && strcmp(words[8], "-") != 0)
        decode(words[8], behaviour, sizeof behaviour);
    if (is("silent"))
        return;
    if (is("huge-line") || is("unending-line"))
        unending_line("identified ");
    if (is("nonsense"))
        nonsense();
    if (is("failed-flood"))
        flood("failed exec YQ==\n");
    id = is("wrong-id") ? elsewhere : id;
    host = is("wrong-host") ? elsewhere : host;
    machine = is("wrong-machine") ? "ffffffffffffffffffffffffffffffff" : machine;
    random = is("wrong-random") ? "zz" : random;
    clock = is("clock-min") ? "-9223372036854775808" : is("clock-max") ? "9223372036854775807"
        : is("clock-over") ? "9223372036854775808" : is("clock-zero") ? "0" : clock;
    snprintf(answer, sizeof answer, "identified %s %s %s %s kernel %s\n", id, host, machine, clock, random);
    say(answer);
    if (is("twice"))
        say(answer);
    if (is("reopen"))
        reopen();
    if (is("console") && fork() == 0)
        flood_console();
}

static void execute(const char *number)
{
    static char line[20000];
    if (is("silent-exec"))
        return;
    if (is("empty-outputs") || is("after-exit") || is("exit-twice")) {
        if (!is("empty-outputs")) {
            snprintf(line, sizeof line, "exit %s 0 -\n", number);
            say(line);
        }
        if (is("exit-twice"))
            say(line);
        snprintf(line, sizeof line, "out %s -\n", number);
        flood(line);
    }
    if (is("outputs") || is("noisy-exec")) {
        int start = snprintf(line, sizeof line, "%s %s ", is("outputs") ? "out" : "err", number);
        memset(line + start, 'A', 10920);
        strcpy(line + start + 10920, "\n");
        flood(line);
    }
    if (is("others-ids"))
        flood("out 4294967295 AAAA\nerr 77 AAAA\nexit 78 0 -\n");
    if (is("took-flood")) {
        snprintf(line, sizeof line, "took %s 9223372036854775807\n", number);
        flood(line);
    }
    if (is("took-negative")) {
        snprintf(line, sizeof line, "took %s -9223372036854775808\n", number);
        say(line);
    }
    if (is("exit-huge")) {
        snprintf(line, sizeof line, "exit %s 99999999999999999999 -\n", number);
        say(line);
        return;
    }
    snprintf(line, sizeof line, "out %s aGkK\nexit %s 0 -\n", number, number);
    say(line);
}

static void handle(char *line)
{
    static char answer[64];
    char *words[16];
    int count = split(line, words, 16);
    if (count == 2 && strcmp(words[0], "sync") == 0) {
        snprintf(answer, sizeof answer, "synced %.16s 1\n", words[1]);
        say(answer);
    } else if (count >= 9 && strcmp(words[0], "identify") == 0) {
        identify(words, count);
    } else if (count >= 6 && strcmp(words[0], "exec") == 0) {
        execute(words[1]);
    } else if (count == 3 && strcmp(words[0], "kill") == 0 && is("late")) {
        execute(words[1]);
    }
}

/* The other agent's protocol is JSON; what is asked does not matter. */
static void serve_qga(void)
{
    static char line[LINE];
    if (read(port, line, sizeof line) <= 0)
        return;
    if (is("deep")) {
        memset(line, '[', sizeof line);
        say("{\"return\": ");
        put(line, sizeof line);
        say("\n");
    } else if (is("endless")) {
        flood("{\"return\": {}}\n");
    } else if (is("nonsense")) {
        nonsense();
    } else {
        unending_line("{\"return\": \"");
    }
}

static void serve(void)
{
    static char line[LINE];
    size_t length = 0;
    for (char byte;;) {
        ssize_t got = read(port, &byte, 1);
        if (got <= 0) {
            usleep(10000);
        } else if (byte == '\n') {
            line[length] = 0;
            handle(line);
            length = 0;
        } else if (byte >= ' ' && length + 1 < sizeof line) {
            line[length++] = byte;
        }
    }
}

int main(int count, char **arguments)
{
    char words[4096] = "";
    bool qga = count > 0 && strstr(arguments[0], "qemu-ga");
    if (qga) {
        port_name = "org.qemu.guest_agent.0";
        FILE *file = fopen("/proc/cmdline", "r");
        char *found = file && fgets(words, sizeof words, file) ? strstr(words, "hostile.qga=") : NULL;
        if (!found)
            for (;;)
                pause();
        sscanf(found, "hostile.qga=%63[a-z-]", behaviour);
    }
    if (!open_port())
        return 1;
    while (qga)
        serve_qga();
    serve();
}
