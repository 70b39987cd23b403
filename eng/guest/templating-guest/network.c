/* The pod's network namespace: containers join it, the card that the host plugged in moves into it, and nothing of the
 * template is in it. The second NETWORK for a card changes what it has; another card makes one more link. */
#include "owner.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int pod = -1; /* the namespace */

static void take_address(struct fields *f, struct address *a)
{
    a->family = (uint8_t)take_number(f, 1);
    f->bad = f->bad || (a->family != 4 && a->family != 6);
    size_t size = a->family == 4 ? 4 : 16;
    const unsigned char *bytes = take_bytes(f, size);
    if (bytes)
        memcpy(a->bytes, bytes, size);
    a->prefix = (uint8_t)take_number(f, 1);
    f->bad = f->bad || a->prefix > 8 * size;
}

static void take_mac(struct fields *f, unsigned char mac[6])
{
    const unsigned char *bytes = take_bytes(f, 6);
    if (bytes)
        memcpy(mac, bytes, 6);
}

static size_t take_count(struct fields *f, size_t most)
{
    size_t count = (size_t)take_number(f, 1);
    f->bad = f->bad || count > most;
    return f->bad ? 0 : count;
}

void take_network(struct fields *f, struct network_request *r)
{
    take_mac(f, r->mac);
    take_text(f, r->name, sizeof r->name);
    r->mtu = (uint32_t)take_number(f, 4);
    f->bad = f->bad || *r->name == '\0' || strcmp(r->name, "lo") == 0 || strpbrk(r->name, "/: %") || r->name[0] == '.' ||
             (r->mtu != 0 && (r->mtu < 68 || r->mtu > 65535));
    r->addresses = take_count(f, MAX_ADDRESSES);
    for (size_t i = 0; i < r->addresses; i++)
        take_address(f, &r->address[i]);
    r->routes = take_count(f, MAX_ROUTES);
    for (size_t i = 0; i < r->routes; i++) {
        struct route *route = &r->route[i];
        take_address(f, &route->to);
        route->flags = (uint8_t)take_number(f, 1);
        f->bad = f->bad || route->flags > 3 || route->flags == 2;
        size_t size = route->to.family == 4 ? 4 : 16;
        const unsigned char *gateway = route->flags & 1 ? take_bytes(f, size) : NULL;
        if (gateway)
            memcpy(route->gateway, gateway, size);
    }
    r->neighbours = take_count(f, MAX_NEIGHBOURS);
    for (size_t i = 0; i < r->neighbours; i++) {
        take_address(f, &r->neighbour[i].of);
        take_mac(f, r->neighbour[i].mac);
    }
}

/* Kept by a mount, so that crun finds it by a path. */
static int make_pod(int own)
{
    if (pod >= 0)
        return 0;
    mkdir("/run/templating/netns", 0755);
    int file = open(POD_NETWORK, O_RDONLY | O_CREAT | O_CLOEXEC, 0444);
    close_fd(&file);
    if (unshare(CLONE_NEWNET) != 0)
        return errno;
    int error = mount("/proc/self/ns/net", POD_NETWORK, NULL, MS_BIND, NULL) == 0 ? 0 : errno;
    int made = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (setns(own, CLONE_NEWNET) != 0)
        error = errno;
    if (error != 0)
        close_fd(&made);
    pod = made;
    return error;
}

/* 0, or EAGAIN where no card has that address (yet). */
static int move_card(const struct network_request *r, int own, int inside, uint32_t *index)
{
    if (find_link(inside, r->mac, index) == 0)
        return 0; /* it was moved before */
    int outside = open_netlink(own);
    int error = outside < 0 ? errno : find_link(outside, r->mac, index);
    if (error == 0)
        error = move_link(outside, *index, pod);
    close_fd(&outside);
    if (error == ENODEV)
        return EAGAIN;
    return error != 0 ? error : find_link(inside, r->mac, index);
}

static int set_up(const struct network_request *r, int inside, uint32_t index, const char **step, size_t *number)
{
    *step = "naming the card, or its MTU,";
    int error = set_link(inside, index, r->name, r->mtu);
    if (error == 0) {
        *step = "raising the card";
        error = raise_link(inside, index);
    }
    for (size_t i = 0; error == 0 && i < r->addresses; i++) {
        *step = "address";
        *number = i + 1;
        error = add_address(inside, index, &r->address[i]);
    }
    for (size_t i = 0; error == 0 && i < r->neighbours; i++) {
        *step = "neighbour";
        *number = i + 1;
        error = add_neighbour(inside, index, &r->neighbour[i]);
    }
    for (size_t i = 0; error == 0 && i < r->routes; i++) {
        *step = "route";
        *number = i + 1;
        error = add_route(inside, index, &r->route[i]);
    }
    return error;
}

int pod_socket(int family)
{
    if (pod >= 0)
        return socket_in(pod, family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    errno = ENOTCONN;
    return -1;
}

int try_network(const struct network_request *r, char *problem, size_t problem_size)
{
    static const unsigned char none[6];
    const char *step = "making the pod's namespace";
    uint32_t index = 0;
    size_t at = 0;
    int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    int error = own < 0 ? errno : make_pod(own);
    int inside = error == 0 ? open_netlink(pod) : -1;
    if (error == 0 && inside < 0)
        error = errno;
    if (error == 0) {
        step = "raising lo";
        error = raise_link(inside, 1); /* lo is the first of every namespace */
    }
    /* Without an address: the namespace alone, with nothing in it but itself. */
    if (error == 0 && memcmp(r->mac, none, sizeof none) != 0) {
        step = "finding the card";
        error = move_card(r, own, inside, &index);
        if (error == 0)
            error = set_up(r, inside, index, &step, &at);
    }
    close_fd(&inside);
    close_fd(&own);
    if (error == EAGAIN)
        snprintf(problem, problem_size, "No network card %02x:%02x:%02x:%02x:%02x:%02x has come", r->mac[0], r->mac[1], r->mac[2],
                 r->mac[3], r->mac[4], r->mac[5]);
    else if (error != 0 && at > 0)
        snprintf(problem, problem_size, "Failed at %s %zu: %s", step, at, strerror(error));
    else if (error != 0)
        snprintf(problem, problem_size, "Failed at %s: %s", step, strerror(error));
    return error;
}
