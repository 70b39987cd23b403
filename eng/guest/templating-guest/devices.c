/* Which block device of the guest is the one that the host plugged in. */
#include "owner.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static bool is_it(const struct device *d, const char *name)
{
    char path[300], text[1024], part[80];
    if (d->kind == BY_NAME)
        return strcmp(d->text, name) == 0;
    if (d->kind == BY_SERIAL) {
        snprintf(path, sizeof path, "/sys/block/%.200s/serial", name);
        return read_text(path, text, sizeof text) && strcmp(text, d->text) == 0;
    }
    /* The link leads through every bridge on the way, so the address of the root port is as good as that of the device. */
    snprintf(path, sizeof path, "/sys/block/%.200s", name);
    ssize_t length = readlink(path, text, sizeof text - 1);
    if (length < 0)
        return false;
    text[length] = '\0';
    snprintf(part, sizeof part, "/%.64s/", d->text);
    return strstr(text, part) != NULL;
}

bool find_device(const struct device *d, char *name, size_t size)
{
    bool found = false;
    DIR *folder = opendir("/sys/block");
    for (struct dirent *entry; folder && !found && (entry = readdir(folder));) {
        char path[300];
        if (entry->d_name[0] == '.' || strlen(entry->d_name) >= size || !is_it(d, entry->d_name))
            continue;
        snprintf(path, sizeof path, "/dev/%.255s", entry->d_name);
        found = access(path, F_OK) == 0; /* else it is there in a moment */
        snprintf(name, size, "%s", entry->d_name);
    }
    if (folder)
        closedir(folder);
    return found;
}

/* What a container's node of it has to say, which the host cannot know: u32 major, u32 minor, u64 bytes. */
int try_device(const struct device *d, unsigned char answer[DEVICE_ANSWER], char *problem, size_t problem_size)
{
    char name[64], path[80];
    struct stat status;
    uint64_t bytes = 0;
    if (!find_device(d, name, sizeof name)) {
        snprintf(problem, problem_size, "No device %s has come", d->text);
        return EAGAIN;
    }
    snprintf(path, sizeof path, "/dev/%.63s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), error = 0;
    if (fd < 0 || fstat(fd, &status) != 0 || ioctl(fd, BLKGETSIZE64, &bytes) != 0) {
        error = errno == ENXIO || errno == ENOENT ? EAGAIN : errno; /* a device has its name before it can be opened */
        snprintf(problem, problem_size, "Failed at opening device %s: %s", name, strerror(errno));
    }
    close_fd(&fd);
    if (error != 0)
        return error;
    unsigned char *at = answer + put_number(answer, major(status.st_rdev), 4);
    at += put_number(at, minor(status.st_rdev), 4);
    put_number(at, bytes, 8);
    return 0;
}
