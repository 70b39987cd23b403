/* What makes this guest the clone, step by step: entropy, files, names, clock. What comes in was checked before. */
#include "guest.h"

#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MACHINE_ID "/etc/machine-id"
#define RUN_MACHINE_ID "/run/machine-id"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define RUN_BOOT_ID "/run/templating/boot-id"

static int random_device = -1;

/* NAME='VALUE' a line, a quote inside as '\'': what a shell's `.` and `eval` take back unchanged. */
bool write_environment(const char *block, size_t block_length)
{
    static char text[4 * MAX_LINE_IN]; /* every byte a quote is the worst case */
    size_t length = 0;
    for (size_t at = 0; at < block_length;) {
        const char *entry = block + at, *value = strchr(entry, '=') + 1;
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

bool write_page(const char *id, const char *hostname, const char *machine_id, const char *random)
{
    char id_text[6 * MAX_ID + 8], hostname_text[512], boot_id[64] = "", page[4096];
    json_string(id_text, sizeof id_text, id);
    json_string(hostname_text, sizeof hostname_text, hostname);
    if (!read_text(BOOT_ID, boot_id, sizeof boot_id))
        return false;
    int length = snprintf(page, sizeof page,
                          "{\"id\":\"%s\",\"hostname\":\"%s\",\"machine_id\":\"%s\",\"random\":\"%s\",\"boot_id\":\"%s\"}\n",
                          id_text, hostname_text, machine_id, random, boot_id);
    return length > 0 && (size_t)length < sizeof page && write_file("/run/www/index.html", 0644, page, (size_t)length);
}

/* The file that everybody reads may lead to /run already; else it is overwritten, or covered where it is read-only. Where there is
 * none and none can be made, nobody reads a wrong one. */
bool set_machine_id(const char *machine_id)
{
    char there[64];
    if (!overwrite_text(RUN_MACHINE_ID, machine_id))
        return false;
    if (read_text(MACHINE_ID, there, sizeof there) && strcmp(there, machine_id) == 0)
        return true;
    return overwrite_text(MACHINE_ID, machine_id) || mount(RUN_MACHINE_ID, MACHINE_ID, NULL, MS_BIND, NULL) == 0 ||
           access(MACHINE_ID, F_OK) != 0;
}

bool read_machine_id(char *machine_id, size_t size)
{
    return read_text(MACHINE_ID, machine_id, size) || read_text(RUN_MACHINE_ID, machine_id, size);
}

/* The kernel makes its boot id when it is first read and keeps it: if anything in the template read it, all clones would
 * have the same. So a file with an id of this clone's own covers it, as container managers do it. */
static bool cover_boot_id(void)
{
    return mount(RUN_BOOT_ID, BOOT_ID, NULL, MS_BIND, NULL) == 0;
}

static bool boot_id_is_covered(void)
{
    struct stat covered, cover;
    return stat(BOOT_ID, &covered) == 0 && stat(RUN_BOOT_ID, &cover) == 0 && covered.st_dev == cover.st_dev &&
           covered.st_ino == cover.st_ino;
}

static bool make_boot_id(char *text, size_t size)
{
    unsigned char b[16];
    char digits[33];
    if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b)
        return false;
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* RFC 9562: version 4, variant 10 */
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    hex(digits, b, sizeof b);
    snprintf(text, size, "%.8s-%.4s-%.4s-%.4s-%.12s", digits, digits + 8, digits + 12, digits + 16, digits + 20);
    return true;
}

bool set_boot_id(void)
{
    char text[64], there[64];
    if (!make_boot_id(text, sizeof text) || !overwrite_text(RUN_BOOT_ID, text))
        return false;
    return (read_text(BOOT_ID, there, sizeof there) && strcmp(there, text) == 0) || cover_boot_id();
}

/* In the template, so that no clone has to: opens and mounts what an identity needs, and has the kernel look up what it reads. */
void prepare_identity(void)
{
    char text[64];
    prepare_file("/run/templating/id", 0644);
    prepare_file("/run/templating/env", 0644);
    prepare_file("/run/templating/user-data", 0600);
    prepare_file("/run/www/index.html", 0644);
    random_device = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
    read_machine_id(text, sizeof text);
    /* Made up: the kernel's own must not be read here, or containers, which have a /proc of their own, would see the same one in all clones.
     * Where this fails, the identity tries again and says why. */
    if (!boot_id_is_covered() && make_boot_id(text, sizeof text) && overwrite_text(RUN_BOOT_ID, text))
        cover_boot_id();
}

/* Wipes the seed. */
bool mix_seed(unsigned char seed[SEED_BYTES])
{
    struct {
        int entropy_count, buf_size;
        unsigned char bytes[SEED_BYTES];
    } pool = {.entropy_count = SEED_BYTES * 8, .buf_size = SEED_BYTES};
    memcpy(pool.bytes, seed, SEED_BYTES);
    /* The first only fills the pool; the second makes the generator that everyone reads take from it at once. */
    bool good = ioctl(random_device, RNDADDENTROPY, &pool) == 0 && ioctl(random_device, RNDRESEEDCRNG, NULL) == 0;
    int error = errno;
    explicit_bzero(&pool, sizeof pool);
    explicit_bzero(seed, SEED_BYTES);
    errno = error;
    return good;
}

bool set_clock(int64_t unix_nanos)
{
    struct timespec t = {.tv_sec = unix_nanos / 1000000000, .tv_nsec = unix_nanos % 1000000000};
    return clock_settime(CLOCK_REALTIME, &t) == 0;
}
