/* Connections of the owner's to the pod's loopback: programs that listen there alone are reached by nobody else. Each is a job whose
 * two pipes are one socket: its input ends by a shutdown, and its end is told when the program has ended what it sends. */
#include "owner.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* As who connects to "localhost" does: one family after the other. */
static const int families[] = {AF_INET, AF_INET6};
enum { FAMILIES = sizeof families / sizeof *families };

static int connect_loopback(int fd, int family, uint16_t port)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } to;
    memset(&to, 0, sizeof to);
    if (family == AF_INET)
        to.four = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    else
        to.six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_loopback};
    return connect(fd, &to.any, family == AF_INET ? sizeof to.four : sizeof to.six) == 0 || errno == EISCONN ? 0 : errno;
}

/* An errno, EINPROGRESS while it is being connected: poll() tells when to look again. */
static int try_connect(struct job *j)
{
    int error = ECONNREFUSED;
    while (j->family < FAMILIES) {
        if (j->process.in < 0)
            j->process.in = pod_socket(families[j->family]);
        error = j->process.in < 0 ? errno : connect_loopback(j->process.in, families[j->family], j->to_port);
        if (error == 0 || error == EINPROGRESS || error == EALREADY)
            return error == 0 ? 0 : EINPROGRESS;
        close_fd(&j->process.in);
        j->family++;
    }
    return error;
}

void serve_connect(struct job *j)
{
    static const unsigned char no_pid[4];
    int error = try_connect(j);
    if (error == EINPROGRESS)
        return;
    if (error == 0) {
        j->process.out = fcntl(j->process.in, F_DUPFD_CLOEXEC, 0);
        error = j->process.out < 0 ? errno : 0;
    }
    if (error == 0) {
        j->started = true;
        send_frame(STARTED, j->stream, no_pid, sizeof no_pid);
        return;
    }
    refuse(j->stream, error, "Failed at connecting to port %u of the pod's loopback: %s", j->to_port, strerror(error));
    forget_job(j);
}

/* The program sees it reset. */
void drop_connection(struct job *j)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (!j->started) {
        refuse(j->stream, ECANCELED, "The connection was given up");
        forget_job(j);
        return;
    }
    if (j->process.out >= 0)
        setsockopt(j->process.out, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close_fd(&j->process.in);
    close_fd(&j->process.out);
}

/* CONNECT: u16 port */
void handle_connect(uint32_t stream, struct fields *f)
{
    struct job *j = job_for(stream, CONNECT_JOB);
    if (!j)
        return;
    uint16_t port = (uint16_t)take_number(f, 2);
    if (!all_taken(f) || port == 0) {
        refuse(stream, EINVAL, "Expected CONNECT with a port of 1 to 65535 and nothing else");
        return;
    }
    *j = (struct job){.used = true, .kind = CONNECT_JOB, .stream = stream, .to_port = port, .listener = -1,
                      .process = {.in = -1, .out = -1, .err = -1}};
    if (!give_input(j)) {
        refuse(stream, ENOMEM, "There is no memory for a connection more");
        forget_job(j);
        return;
    }
    serve_connect(j);
}
