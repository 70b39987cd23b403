/* What makes this guest the clone, step by step: entropy, files, names, MAC, clock. What comes in was checked before. */
#include "guest.h"

#include <fcntl.h>
#include <linux/random.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NETWORK_CARD "eth0"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

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

/* The kernel makes its boot id when it is first read and keeps it: if anything in the template read it, all clones would
 * have the same. So a file with an id of this clone's own covers it, as container managers do it. */
bool set_boot_id(void)
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
bool set_mac(const unsigned char mac[MAC_BYTES])
{
    struct ifreq request = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    strcpy(request.ifr_name, NETWORK_CARD);
    request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    memcpy(request.ifr_hwaddr.sa_data, mac, MAC_BYTES);
    bool good = ioctl(fd, SIOCSIFHWADDR, &request) == 0 && ioctl(fd, SIOCGIFHWADDR, &request) == 0 &&
                memcmp(request.ifr_hwaddr.sa_data, mac, MAC_BYTES) == 0;
    int error = errno;
    close(fd);
    errno = error;
    return good;
}

/* Wipes the seed. */
bool mix_seed(unsigned char seed[SEED_BYTES])
{
    struct {
        int entropy_count, buf_size;
        unsigned char bytes[SEED_BYTES];
    } pool = {.entropy_count = SEED_BYTES * 8, .buf_size = SEED_BYTES};
    memcpy(pool.bytes, seed, SEED_BYTES);
    int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    /* The first only fills the pool; the second makes the generator that everyone reads take from it at once. */
    bool good = ioctl(fd, RNDADDENTROPY, &pool) == 0 && ioctl(fd, RNDRESEEDCRNG, NULL) == 0;
    int error = errno;
    close(fd);
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
