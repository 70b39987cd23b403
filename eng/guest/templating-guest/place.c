/* Files, folders and links that the host puts into a root, and what it reads there. An image is as hostile as who made it: each path is looked up
 * with that root as its "/", so that no link in it leads to what is the guest's own. */
#include "owner.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum what { NEW_FILE, MORE_OF_FILE, FOLDER, LINK, REMOVED };

struct place {
    char root[MAX_NAME + 1], path[MAX_PLACE + 1];
    uint8_t what; /* enum what */
    mode_t mode;
    uid_t user;
    gid_t group;
    const unsigned char *data;
    size_t length;
};

static int open_inside(int root, const char *path, int flags, mode_t mode)
{
    struct open_how how = {
        .flags = (uint64_t)(flags | O_CLOEXEC),
        .mode = flags & O_CREAT ? mode : 0,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

static int open_root(const char *name)
{
    char path[sizeof ROOTS + MAX_NAME + 16];
    snprintf(path, sizeof path, ROOTS "/%s/root", name);
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The folder that the path's last name is in, made where it is missing. */
static int open_parent(int root, const char *path)
{
    char prefix[MAX_PLACE + 1];
    int folder = open_inside(root, ".", O_PATH | O_DIRECTORY, 0);
    for (const char *slash = path; folder >= 0 && (slash = strchr(slash, '/')); slash++) {
        int length = (int)(slash - path);
        snprintf(prefix, sizeof prefix, "%.*s", length, path);
        int next = length == 0 ? fcntl(folder, F_DUPFD_CLOEXEC, 0)
                               : open_inside(root, prefix, O_PATH | O_DIRECTORY, 0);
        if (next < 0 && errno == ENOENT) {
            const char *last = strrchr(prefix, '/');
            /* A link that leads nowhere is EEXIST here, and stays. */
            if (mkdirat(folder, last ? last + 1 : prefix, 0755) == 0)
                next = open_inside(root, prefix, O_PATH | O_DIRECTORY, 0);
        }
        int error = errno;
        close(folder);
        errno = error;
        folder = next;
    }
    return folder;
}

static bool write_all(int fd, const unsigned char *data, size_t length)
{
    while (length > 0) {
        ssize_t wrote = write(fd, data, length);
        if (wrote < 0 && errno != EINTR)
            return false;
        data += wrote > 0 ? wrote : 0;
        length -= wrote > 0 ? (size_t)wrote : 0;
    }
    return true;
}

static bool put_file(int root, const struct place *p)
{
    struct stat status;
    bool more = p->what == MORE_OF_FILE;
    /* Not blocking: there may be a pipe of that name. What is no file is not written to. */
    int fd = open_inside(root, p->path, O_WRONLY | O_NONBLOCK | O_NOCTTY | (more ? O_APPEND : O_CREAT | O_TRUNC), 0600);
    if (fd < 0)
        return false;
    bool good = fstat(fd, &status) == 0;
    if (good && !S_ISREG(status.st_mode)) {
        errno = EINVAL;
        good = false;
    }
    good = good && (more || (fchown(fd, p->user, p->group) == 0 && fchmod(fd, p->mode) == 0)) &&
           write_all(fd, p->data, p->length);
    int error = errno;
    close(fd);
    errno = error;
    return good;
}

static bool put_folder(int root, int parent, const char *name, const struct place *p)
{
    if (mkdirat(parent, name, 0755) != 0 && errno != EEXIST)
        return false;
    int fd = open_inside(root, p->path, O_RDONLY | O_DIRECTORY, 0);
    bool good = fd >= 0 && fchown(fd, p->user, p->group) == 0 && fchmod(fd, p->mode) == 0;
    int error = errno;
    close_fd(&fd);
    errno = error;
    return good;
}

/* By a rename, for a link is how a set of files is exchanged at once. */
static bool put_link(int parent, const char *name, const struct place *p)
{
    char target[MAX_PLACE + 1], next[300];
    if (p->length == 0 || p->length > MAX_PLACE || memchr(p->data, '\0', p->length)) {
        errno = EINVAL;
        return false;
    }
    memcpy(target, p->data, p->length);
    target[p->length] = '\0';
    snprintf(next, sizeof next, ".templating-%.200s", name);
    unlinkat(parent, next, 0);
    return symlinkat(target, parent, next) == 0 &&
           fchownat(parent, next, p->user, p->group, AT_SYMLINK_NOFOLLOW) == 0 && renameat(parent, next, parent, name) == 0;
}

static bool put(const struct place *p)
{
    const char *last = strrchr(p->path, '/');
    const char *name = last ? last + 1 : p->path;
    int root = open_root(p->root);
    int parent = root < 0 ? -1 : open_parent(root, p->path);
    bool good = parent >= 0;
    if (good && p->what == FOLDER)
        good = put_folder(root, parent, name, p);
    else if (good && p->what == LINK)
        good = put_link(parent, name, p);
    else if (good && p->what == REMOVED)
        good = unlinkat(parent, name, 0) == 0 || (errno == EISDIR && unlinkat(parent, name, AT_REMOVEDIR) == 0);
    else if (good)
        good = put_file(root, p);
    int error = errno;
    close_fd(&parent);
    close_fd(&root);
    errno = error;
    return good;
}

static bool last_name_is_good(const char *path)
{
    const char *last = strrchr(path, '/');
    const char *name = last ? last + 1 : path;
    return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

void handle_place(uint32_t stream, struct fields *f)
{
    struct place p = {0};
    take_name(f, p.root);
    take_text(f, p.path, sizeof p.path);
    p.what = (uint8_t)take_number(f, 1);
    p.mode = (mode_t)take_number(f, 4);
    p.user = (uid_t)take_number(f, 4);
    p.group = (gid_t)take_number(f, 4);
    p.data = take_rest(f, &p.length);
    if (!all_taken(f) || p.what > REMOVED || p.mode > 07777 || !last_name_is_good(p.path)) {
        refuse(stream, EINVAL, "A field of PLACE is not what the protocol says it is");
        return;
    }
    if (!root_exists(p.root)) {
        refuse(stream, ENOENT, "There is no root %s", p.root);
        return;
    }
    if (!put(&p)) {
        refuse(stream, errno, "Failed at putting %.300s into root %s: %s", p.path, p.root, strerror(errno));
        return;
    }
    done(stream, NULL, 0);
}

static ssize_t read_end(const char *name, const char *path, unsigned char *to, size_t most)
{
    struct stat status;
    ssize_t got = -1;
    int root = open_root(name);
    int fd = root < 0 ? -1 : open_inside(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd >= 0 && fstat(fd, &status) == 0) {
        if (S_ISREG(status.st_mode))
            got = pread(fd, to, most, status.st_size > (off_t)most ? status.st_size - (off_t)most : 0);
        else
            errno = EINVAL;
    }
    int error = errno;
    close_fd(&fd);
    close_fd(&root);
    errno = error;
    return got;
}

/* READ: the root's name, text path, u32 how much at most of the file's end. */
void handle_read(uint32_t stream, struct fields *f)
{
    static unsigned char end[MAX_READ];
    char name[MAX_NAME + 1], path[MAX_PLACE + 1];
    take_name(f, name);
    take_text(f, path, sizeof path);
    size_t most = (size_t)take_number(f, 4);
    if (!all_taken(f) || most == 0 || most > MAX_READ || !last_name_is_good(path)) {
        refuse(stream, EINVAL, "A field of READ is not what the protocol says it is");
        return;
    }
    if (!root_exists(name)) {
        refuse(stream, ENOENT, "There is no root %s", name);
        return;
    }
    ssize_t got = read_end(name, path, end, most);
    if (got < 0)
        refuse(stream, errno, "Failed at reading %.300s in root %s: %s", path, name, strerror(errno));
    else
        done(stream, end, (size_t)got);
}
