/* Who this clone is: checks all of an `identify`, waits for the kernel's reseed, sets everything and reads it back. */
#include "guest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static char identity_line[MAX_LINE_IN + 1]; /* where the words of `identity` lie while it is pending */

static struct {
    bool pending;
    uint64_t deadline;
    char *id, *hostname, *machine_id, *environment, *user_data;
    size_t environment_length, user_data_length;
    int64_t unix_nanos;
    unsigned char seed[SEED_BYTES];
} identity;

static bool is_shell_name(const char *entry, const char *equals)
{
    for (const char *c = entry; c < equals; c++) {
        bool letter = (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || *c == '_';
        if (!letter && (c == entry || *c < '0' || *c > '9'))
            return false;
    }
    return equals > entry;
}

static void finish_identify(bool reseeded_by_kernel)
{
    unsigned char bytes[RANDOM_BYTES];
    char random[2 * RANDOM_BYTES + 1], hostname[256], machine_id[64], id[MAX_ID + 2];
    const char *step;
    struct timespec t;

    identity.pending = false;
    /* First: the host read its clock when it sent the line, and what is written from here on has the clone's time. */
    if (step = "setting the clock", !set_clock(identity.unix_nanos))
        goto failed;
    date_files();
    forget_files();
    if (step = "mixing the seed", !mix_seed(identity.seed))
        goto failed;
    if (step = "drawing random numbers", getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        goto failed;
    hex(random, bytes, sizeof bytes);
    if (step = "setting the host name", sethostname(identity.hostname, strlen(identity.hostname)) != 0)
        goto failed;
    if (step = "setting the machine id", !set_machine_id(identity.machine_id))
        goto failed;
    if (step = "writing /run/templating/id", !write_text("/run/templating/id", identity.id))
        goto failed;
    if (step = "writing /run/templating/env", !write_environment(identity.environment, identity.environment_length))
        goto failed;
    if (step = "writing /run/templating/user-data",
        !write_file("/run/templating/user-data", 0600, identity.user_data, identity.user_data_length))
        goto failed;
    if (step = "setting the boot id", !set_boot_id())
        goto failed;
    if (step = "writing /run/www/index.html", !write_page(identity.id, identity.hostname, identity.machine_id, random))
        goto failed;
    set_clone_environment(identity.environment, identity.environment_length);
    if (step = "reading the identity back",
        gethostname(hostname, sizeof hostname) != 0 || !read_machine_id(machine_id, sizeof machine_id) ||
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

static bool parse_environment(void)
{
    const char *block = identity.environment;
    size_t length = identity.environment_length, count = 0;
    if (length > 0 && block[length - 1] != '\0')
        return false;
    for (size_t at = 0; at < length; at += strlen(block + at) + 1) {
        const char *equals = strchr(block + at, '=');
        /* Four places are for PATH, HOME, USER and LOGNAME, and half of the rest for what an exec brings along. */
        if (!equals || !is_shell_name(block + at, equals) || ++count > MAX_ENVIRONMENT / 2)
            return false;
    }
    return true;
}

/* A line lies in a buffer that the next ones take; the words of an `identify` are needed until it is in force. */
char *keep_identity_line(const char *line, size_t length)
{
    memcpy(identity_line, line, length + 1);
    return identity_line;
}

/*
 * identify ID HOSTNAME MACHINE-ID UNIX-NANOS KEPT SEED ENV USER-DATA [booted]
 *
 * KEPT was a MAC: older hosts send one. A clone keeps its card's address, which what gives it its network remembers. Everything else is checked before anything is changed. No further line is handled until the identity is in force.
 */
void handle_identify(char **words, size_t count)
{
    const char *wrong = NULL;
    uint64_t nanos = 0;
    size_t seed_length;
    bool booted = count == 10 && strcmp(words[9], "booted") == 0;
    if (count != 9 && !booted) {
        reply_reason("failed identify", "Expected 8 words after identify, or `booted` as a 9th, found %zu", count - 1);
        return;
    }
    if (*files_problem()) {
        reply_reason("failed identify", "%s", files_problem());
        forget_files();
        return;
    }
    if (!decode_text(words[1]) || !*words[1] || strlen(words[1]) > MAX_ID || strchr(words[1], '\n'))
        wrong = "ID";
    else if (!decode_text(words[2]) || !*words[2] || strlen(words[2]) > 64 || strchr(words[2], '\n'))
        wrong = "HOSTNAME";
    else if (!is_hex(words[3], MACHINE_ID_DIGITS))
        wrong = "MACHINE-ID";
    else if (!number(words[4], INT64_MAX, &nanos))
        wrong = "UNIX-NANOS";
    else if (!decode(words[6], &seed_length) || seed_length != SEED_BYTES)
        wrong = "SEED";
    else if (!decode(words[7], &identity.environment_length) ||
             (identity.environment = words[7], !parse_environment()))
        wrong = "ENV";
    else if (!decode(words[8], &identity.user_data_length))
        wrong = "USER-DATA";
    if (wrong) {
        forget_files();
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
bool serve_identity(void)
{
    if (!identity.pending)
        return false;
    bool seen = saw_reseed();
    if (seen || now_ms() >= identity.deadline)
        finish_identify(seen);
    return !identity.pending;
}

bool identity_pending(void)
{
    return identity.pending;
}

struct pollfd identity_events(void)
{
    return (struct pollfd){.fd = identity.pending ? kernel_log_descriptor() : -1, .events = POLLIN};
}

uint64_t identity_deadline(void)
{
    return identity.pending ? identity.deadline : UINT64_MAX;
}

void forget_identity(void)
{
    identity.pending = false;
}
