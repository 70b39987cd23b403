/*
 * templating-attack-nvdimm: what a hostile guest would do to make the host pay.
 *
 * The image is mapped into every clone as an NVDIMM. Were that mapping a private, writable one, then each page the guest
 * stores to would become a page of the host's memory that nobody accounted for. This program stores to such pages
 * through /dev/mem, past the kernel's own idea that the device is read-only (it needs `iomem=relaxed` on the kernel's
 * command line), and says what it reads back. With the right memory role the stores vanish.
 *
 *   templating-attack-nvdimm [PAGES]   the last PAGES pages of the NVDIMM, 200 by default; the last 2 MiB lie behind the
 *                                      file system, so up to 512 the guest survives even where the stores arrive
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL
#define MARK 0xDEADBEEFUL

/* The first range that /proc/iomem calls Persistent Memory (as root; others see zeroes). */
static int find_nvdimm(unsigned long *start, unsigned long *bytes)
{
    char line[256];
    unsigned long end;
    FILE *file = fopen("/proc/iomem", "re");
    int found = 0;
    while (file && !found && fgets(line, sizeof line, file))
        found = strstr(line, "Persistent Memory") && sscanf(line, " %lx-%lx", start, &end) == 2 && end > *start;
    if (file)
        fclose(file);
    *bytes = found ? end - *start + 1 : 0;
    return found;
}

int main(int count, char **arguments)
{
    unsigned long start, bytes, pages = count > 1 ? strtoul(arguments[1], NULL, 10) : 200, kept = 0;
    if (!find_nvdimm(&start, &bytes)) {
        fprintf(stderr, "No Persistent Memory in /proc/iomem\n");
        return 1;
    }
    if (pages == 0 || pages > bytes / PAGE) {
        fprintf(stderr, "Expected 1 to %lu pages\n", bytes / PAGE);
        return 2;
    }
    unsigned long from = start + bytes - pages * PAGE;
    int fd = open("/dev/mem", O_RDWR | O_CLOEXEC);
    volatile uint32_t *memory =
        fd < 0 ? MAP_FAILED : mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)from);
    if (memory == MAP_FAILED) {
        fprintf(stderr, "Cannot map 0x%lx of /dev/mem: %s (is iomem=relaxed on the kernel's command line?)\n", from,
                strerror(errno));
        return 1;
    }
    for (unsigned long i = 0; i < pages; i++)
        memory[i * PAGE / sizeof *memory] = MARK;
    for (unsigned long i = 0; i < pages; i++)
        kept += memory[i * PAGE / sizeof *memory] == MARK;
    printf("nvdimm=0x%lx bytes=%lu written=%lu kept=%lu dropped=%lu\n", start, bytes, pages, kept, pages - kept);
    return 0;
}
