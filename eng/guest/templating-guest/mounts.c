/*
 * Roots for containers, each in a folder of its name:
 *
 *   ROOTS/NAME/lower   the image, an erofs, read-only; by DAX where the device can, so that its pages are the host's alone
 *   ROOTS/NAME/upper   what is written: memory of the guest, or a disk
 *   ROOTS/NAME/root    both, one over the other: what a container gets. Without an image, the upper alone; without an upper,
 *                      the image alone
 */
#include "owner.h"

#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static char roots[MAX_ROOTS][MAX_NAME + 1]; /* empty: free */

void take_device(struct fields *f, struct device *d)
{
    d->kind = (uint8_t)take_number(f, 1);
    take_text(f, d->text, sizeof d->text);
    f->bad = f->bad || d->kind > BY_PCI || (d->kind == NO_DEVICE) != (*d->text == '\0') || strchr(d->text, '/');
}

void take_mount(struct fields *f, struct mount_request *r)
{
    take_name(f, r->root);
    take_device(f, &r->image);
    r->upper = (uint8_t)take_number(f, 1);
    r->upper_bytes = take_number(f, 8);
    take_device(f, &r->disk);
    f->bad = f->bad || r->upper > UPPER_DISK || (r->upper == UPPER_DISK) != (r->disk.kind != NO_DEVICE) ||
             (r->upper == UPPER_MEMORY) != (r->upper_bytes > 0) ||
             (r->image.kind == NO_DEVICE && r->upper == NO_UPPER);
}

static char *find_root(const char *name)
{
    for (int i = 0; i < MAX_ROOTS; i++)
        if (strcmp(roots[i], name) == 0)
            return roots[i];
    return NULL;
}

bool root_exists(const char *name)
{
    return *name && find_root(name);
}

/* A container has its mounts in a namespace of its own, where ours being gone would not tell that they are. */
uint64_t roots_named(const unsigned char *spec, size_t length)
{
    char path[sizeof ROOTS + MAX_NAME + 2];
    uint64_t named = 0;
    for (int i = 0; i < MAX_ROOTS; i++) {
        int size = snprintf(path, sizeof path, ROOTS "/%s/", roots[i]);
        if (*roots[i] && memmem(spec, length, path, (size_t)size))
            named |= (uint64_t)1 << i;
    }
    return named;
}

static const char *part(const char *root, const char *name)
{
    static char paths[4][sizeof ROOTS + MAX_NAME + 16];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], ROOTS "/%s%s%s", root, *name ? "/" : "", name);
    return path;
}

static int mount_image(const struct mount_request *r, const char *device, const char *at, bool *direct)
{
    char path[64];
    unsigned long flags = MS_RDONLY | MS_NODEV | MS_NOATIME;
    snprintf(path, sizeof path, "/dev/%.40s", device);
    *direct = strncmp(device, "pmem", 4) == 0 && mount(path, part(r->root, at), "erofs", flags, "dax=always") == 0;
    return *direct || mount(path, part(r->root, at), "erofs", flags, NULL) == 0 ? 0 : errno;
}

static int mount_upper(const struct mount_request *r, const char *device, const char *at)
{
    char text[64];
    unsigned long flags = MS_NODEV | MS_NOATIME;
    if (r->upper == UPPER_MEMORY) {
        snprintf(text, sizeof text, "mode=755,size=%llu", (unsigned long long)r->upper_bytes);
        return mount("upper", part(r->root, at), "tmpfs", flags, text) == 0 ? 0 : errno;
    }
    snprintf(text, sizeof text, "/dev/%.40s", device);
    return mount(text, part(r->root, at), "ext4", flags, NULL) == 0 ? 0 : errno;
}

/* A disk may have been another's before: what is there is not followed if it is a link. */
static int make_folder(const char *path, mode_t mode)
{
    struct stat status;
    if (mkdir(path, mode) == 0)
        return 0;
    return errno != EEXIST || lstat(path, &status) != 0 ? errno : S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
}

static int mount_both(const struct mount_request *r)
{
    char options[4 * (sizeof ROOTS + MAX_NAME + 32)];
    int error = make_folder(part(r->root, "upper/upper"), 0755);
    error = error == 0 ? make_folder(part(r->root, "upper/work"), 0700) : error;
    if (error != 0)
        return error;
    snprintf(options, sizeof options, "lowerdir=%s,upperdir=%s,workdir=%s", part(r->root, "lower"),
             part(r->root, "upper/upper"), part(r->root, "upper/work"));
    return mount("root", part(r->root, "root"), "overlay", MS_NODEV | MS_NOATIME, options) == 0 ? 0 : errno;
}

static void take_away(const char *root, int flags)
{
    static const char *const parts[] = {"root", "lower", "upper"};
    for (int i = 0; i < 3; i++) {
        umount2(part(root, parts[i]), flags);
        rmdir(part(root, parts[i]));
    }
    rmdir(part(root, ""));
}

static int make_folders(const char *root)
{
    static const char *const parts[] = {"", "root", "lower", "upper"};
    mkdir(ROOTS, 0755);
    for (int i = 0; i < 4; i++)
        if (mkdir(part(root, parts[i]), 0755) != 0 && errno != EEXIST)
            return errno;
    return 0;
}

int try_mount(const struct mount_request *r, char *answer, size_t size, char *problem, size_t problem_size)
{
    char image[64] = "", disk[64] = "";
    bool direct = false;
    const char *step = "making the folders of";
    if (find_root(r->root)) {
        snprintf(problem, problem_size, "There is a root %s already", r->root);
        return EEXIST;
    }
    char *free_root = find_root("");
    if (!free_root) {
        snprintf(problem, problem_size, "%d roots are mounted, and no more may be at once", MAX_ROOTS);
        return ENOSPC;
    }
    if ((r->image.kind && !find_device(&r->image, image, sizeof image)) ||
        (r->disk.kind && !find_device(&r->disk, disk, sizeof disk))) {
        snprintf(problem, problem_size, "No device %s for root %s has come", *image || !r->image.kind ? r->disk.text : r->image.text,
                 r->root);
        return EAGAIN;
    }
    int error = make_folders(r->root);
    if (error == 0 && r->image.kind) {
        step = "mounting the image of";
        error = mount_image(r, image, r->upper ? "lower" : "root", &direct);
    }
    if (error == 0 && r->upper) {
        step = "mounting the upper of";
        error = mount_upper(r, disk, r->image.kind ? "upper" : "root");
    }
    /* A device has its name before it can be opened. */
    if (error == ENXIO || error == ENOENT)
        error = EAGAIN;
    if (error == 0 && r->image.kind && r->upper) {
        step = "mounting the overlay of";
        error = mount_both(r);
    }
    if (error != 0) {
        snprintf(problem, problem_size, "Failed at %s root %s: %s", step, r->root, strerror(error));
        take_away(r->root, MNT_DETACH);
        return error;
    }
    snprintf(free_root, sizeof roots[0], "%s", r->root);
    snprintf(answer, size, "%s\n%s\n%s\n%s", part(r->root, "root"), image, disk, direct ? "dax" : "");
    return 0;
}

void handle_unmount(uint32_t stream, struct fields *f)
{
    char name[MAX_NAME + 1];
    take_name(f, name);
    char *root = all_taken(f) ? find_root(name) : NULL;
    if (!root) {
        refuse(stream, ENOENT, "There is no root %s", name);
        return;
    }
    if (uses_roots((uint64_t)1 << (root - roots[0]) / (ptrdiff_t)sizeof roots[0])) {
        refuse(stream, EBUSY, "A container uses root %s", name);
        return;
    }
    /* Not lazily: who unmounts wants to unplug. */
    if (umount2(part(name, "root"), 0) != 0) {
        refuse(stream, errno, "Failed at unmounting root %s: %s", name, strerror(errno));
        return;
    }
    take_away(name, 0);
    *root = '\0';
    done(stream, NULL, 0);
}

void unmount_all(void)
{
    for (int i = 0; i < MAX_ROOTS; i++) {
        if (*roots[i])
            take_away(roots[i], MNT_DETACH);
        *roots[i] = '\0';
    }
}
