/* Which block device of the guest is the one that the host plugged in. */
#include "owner.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
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
