/* Requests to the kernel about one network namespace, by rtnetlink(7): no program to start, and each answer an errno. */
#include "owner.h"

#include <fcntl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union request {
    struct nlmsghdr header;
    char bytes[512];
};

/* A socket belongs to the namespace in which it was made. */
int socket_in(int namespace, int family, int type, int protocol)
{
    int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    int made = -1;
    if (own >= 0 && setns(namespace, CLONE_NEWNET) == 0) {
        made = socket(family, type | SOCK_CLOEXEC, protocol);
        int error = errno;
        if (setns(own, CLONE_NEWNET) != 0)
            close_fd(&made); /* cannot be: it is our own */
        errno = error;
    }
    close_fd(&own);
    return made;
}

int open_netlink(int namespace)
{
    return socket_in(namespace, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}

static void *begin(union request *r, uint16_t type, uint16_t flags, size_t size)
{
    memset(r, 0, sizeof *r);
    r->header.nlmsg_type = type;
    r->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
    r->header.nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
    return NLMSG_DATA(&r->header);
}

static void put(union request *r, uint16_t type, const void *data, size_t length)
{
    size_t at = NLMSG_ALIGN(r->header.nlmsg_len);
    struct rtattr *a = (struct rtattr *)(r->bytes + at);
    a->rta_type = type;
    a->rta_len = (uint16_t)RTA_LENGTH(length);
    memcpy(RTA_DATA(a), data, length);
    r->header.nlmsg_len = (uint32_t)(at + RTA_LENGTH(length));
}

static void put_u32(union request *r, uint16_t type, uint32_t value)
{
    put(r, type, &value, sizeof value);
}

/* The kernel has answered when send() returns. */
static int ask(int netlink, union request *r)
{
    char answer[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
    if (send(netlink, r->bytes, r->header.nlmsg_len, 0) < 0)
        return errno;
    ssize_t got = recv(netlink, answer, sizeof answer, MSG_DONTWAIT);
    if (got < 0)
        return errno;
    const struct nlmsghdr *h = (const struct nlmsghdr *)answer;
    if (!NLMSG_OK(h, (size_t)got) || h->nlmsg_type != NLMSG_ERROR)
        return EPROTO;
    return -((const struct nlmsgerr *)NLMSG_DATA(h))->error;
}

static bool has_mac(const struct nlmsghdr *h, const unsigned char mac[6])
{
    const struct ifinfomsg *link = NLMSG_DATA(h);
    size_t left = h->nlmsg_len - NLMSG_LENGTH(sizeof *link);
    for (const struct rtattr *a = IFLA_RTA(link); RTA_OK(a, left); a = RTA_NEXT(a, left))
        if (a->rta_type == IFLA_ADDRESS && RTA_PAYLOAD(a) == 6 && memcmp(RTA_DATA(a), mac, 6) == 0)
            return true;
    return false;
}

int find_link(int netlink, const unsigned char mac[6], uint32_t *index)
{
    static char answer[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
    union request r;
    begin(&r, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
    if (send(netlink, r.bytes, r.header.nlmsg_len, 0) < 0)
        return errno;
    int error = ENODEV;
    for (;;) {
        ssize_t got = recv(netlink, answer, sizeof answer, MSG_DONTWAIT);
        if (got <= 0)
            return got < 0 ? errno : EPROTO;
        size_t left = (size_t)got;
        for (const struct nlmsghdr *h = (const struct nlmsghdr *)answer; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
            if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
                return error;
            if (h->nlmsg_type == RTM_NEWLINK && has_mac(h, mac)) {
                *index = (uint32_t)((const struct ifinfomsg *)NLMSG_DATA(h))->ifi_index;
                error = 0;
            }
        }
    }
}

static struct ifinfomsg *begin_link(union request *r, uint32_t index)
{
    struct ifinfomsg *link = begin(r, RTM_NEWLINK, 0, sizeof *link);
    link->ifi_family = AF_UNSPEC;
    link->ifi_index = (int)index;
    return link;
}

int move_link(int netlink, uint32_t index, int namespace)
{
    union request r;
    begin_link(&r, index);
    put_u32(&r, IFLA_NET_NS_FD, (uint32_t)namespace);
    return ask(netlink, &r);
}

int set_link(int netlink, uint32_t index, const char *name, uint32_t mtu)
{
    union request r;
    begin_link(&r, index);
    put(&r, IFLA_IFNAME, name, strlen(name) + 1);
    if (mtu > 0)
        put_u32(&r, IFLA_MTU, mtu);
    return ask(netlink, &r);
}

int raise_link(int netlink, uint32_t index)
{
    union request r;
    struct ifinfomsg *link = begin_link(&r, index);
    link->ifi_flags = link->ifi_change = IFF_UP;
    return ask(netlink, &r);
}

static uint8_t family_of(const struct address *a)
{
    return a->family == 4 ? AF_INET : AF_INET6;
}

static size_t size_of(const struct address *a)
{
    return a->family == 4 ? 4 : 16;
}

int add_address(int netlink, uint32_t index, const struct address *a)
{
    union request r;
    struct ifaddrmsg *m = begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, sizeof *m);
    m->ifa_family = family_of(a);
    m->ifa_prefixlen = a->prefix;
    m->ifa_index = index;
    put(&r, IFA_LOCAL, a->bytes, size_of(a));
    put(&r, IFA_ADDRESS, a->bytes, size_of(a));
    /* The namespace on the host holds the address already: to ask whether somebody has it would find just that. */
    put_u32(&r, IFA_FLAGS, IFA_F_NODAD | IFA_F_PERMANENT);
    return ask(netlink, &r);
}

int add_route(int netlink, uint32_t index, const struct route *route)
{
    union request r;
    struct rtmsg *m = begin(&r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, sizeof *m);
    bool gateway = route->flags & 1;
    m->rtm_family = family_of(&route->to);
    m->rtm_dst_len = route->to.prefix;
    m->rtm_table = RT_TABLE_MAIN;
    m->rtm_protocol = RTPROT_STATIC;
    m->rtm_scope = gateway || route->to.family == 6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
    m->rtm_type = RTN_UNICAST;
    m->rtm_flags = route->flags & 2 ? RTNH_F_ONLINK : 0;
    if (route->to.prefix > 0)
        put(&r, RTA_DST, route->to.bytes, size_of(&route->to));
    if (gateway)
        put(&r, RTA_GATEWAY, route->gateway, size_of(&route->to));
    put_u32(&r, RTA_OIF, index);
    return ask(netlink, &r);
}

int add_neighbour(int netlink, uint32_t index, const struct neighbour *n)
{
    union request r;
    struct ndmsg *m = begin(&r, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof *m);
    m->ndm_family = family_of(&n->of);
    m->ndm_ifindex = (int)index;
    m->ndm_state = NUD_PERMANENT;
    put(&r, NDA_DST, n->of.bytes, size_of(&n->of));
    put(&r, NDA_LLADDR, n->mac, sizeof n->mac);
    return ask(netlink, &r);
}
