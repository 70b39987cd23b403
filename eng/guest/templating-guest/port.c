/* A virtio-serial port by its name, and whether somebody is at the host's end of it. */
#include "guest.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Level-triggered poll() reports POLLHUP without end while the host is away, so it cannot be used to wait for its return:
 * the driver wakes the port's wait queue when the host opens it, and an edge-triggered epoll passes on just that. */
static bool watch_port(struct port *p)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET};
    p->wake = epoll_create1(EPOLL_CLOEXEC);
    return p->wake >= 0 && epoll_ctl(p->wake, EPOLL_CTL_ADD, p->fd, &event) == 0;
}

/* Without udev there is no /dev/virtio-ports; sysfs has the names. */
bool open_named_port(struct port *p, const char *wanted)
{
    DIR *folder = opendir("/sys/class/virtio-ports");
    char path[300], name[64];
    for (struct dirent *entry; folder && p->fd < 0 && (entry = readdir(folder));) {
        snprintf(path, sizeof path, "/sys/class/virtio-ports/%.255s/name", entry->d_name);
        if (entry->d_name[0] == '.' || !read_text(path, name, sizeof name) || strcmp(name, wanted) != 0)
            continue;
        snprintf(path, sizeof path, "/dev/%.255s", entry->d_name);
        p->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    }
    if (folder)
        closedir(folder);
    if (p->fd >= 0 && !watch_port(p))
        close_fd(&p->fd);
    return p->fd >= 0;
}

void look_for_host(struct port *p)
{
    struct epoll_event event;
    struct pollfd now = {.fd = p->fd, .events = POLLIN | POLLOUT};
    /* First take the edge, then look: an opening in between makes a new edge. */
    epoll_wait(p->wake, &event, 1, 0);
    p->connected = poll(&now, 1, 0) > 0 && !(now.revents & POLLHUP);
}

struct pollfd port_poll(const struct port *p, short events)
{
    return p->connected ? (struct pollfd){.fd = p->fd, .events = events}
                        : (struct pollfd){.fd = p->wake, .events = POLLIN};
}
