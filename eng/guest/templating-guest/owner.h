/*
 * The owner's port: the guest's end of docs/guest-protocol.md, "The owner's port". A machine that is a sandbox has a second virtio-serial port, and
 * who owns the sandbox runs containers through it. It is a conversation of its own beside the daemon's, in the same loop:
 * neither waits for the other, each has its buffers.
 *
 *   main.c --poll()--> owner.c   bytes of the port -> frames -> one type's handler for each
 *                       |   ^
 *                       v   +---- answers: done(), refuse(), send_frame()
 *                     handle_*()  containers.c, connections.c, mounts.c, network.c, place.c, processes.c: take every field by fields.c
 *                       |         before they act on any
 *                       v
 *                     jobs.c, streams.c, crun.c, cgroup.c, netlink.c: what is done with what was checked
 *
 * Nothing of this costs a machine without that port more than a look at a socket.
 */
#ifndef TEMPLATING_OWNER_H
#define TEMPLATING_OWNER_H

#include "guest.h"

#define OWNER_PORT_NAME "dev.templating.shim.0"
#define ROOTS "/run/templating/roots"
#define CONTAINERS "/run/templating/containers"
#define POD_NETWORK "/run/templating/netns/pod"
#define POD_PROCESSES "/run/templating/pidns/pod"

/* The numbers of docs/guest-protocol.md, "The owner's port". */
enum {
    OWNER_VERSION = 1,
    FRAME_HEADER = 9,
    MAX_PAYLOAD_IN = (1 << 20) + (1 << 16),
    MAX_PAYLOAD_OUT = 1 << 16,
    MAX_SPEC = 1 << 20,
    MAX_JOBS = 64,
    MAX_CONNECTIONS = 32, /* besides: who forwards ports must not keep probes from running */
    ALL_JOBS = MAX_JOBS + MAX_CONNECTIONS,
    MAX_CONTAINERS = 32,
    MAX_ROOTS = 64,
    MAX_NAME = 128,
    MAX_PLACE = 1023,
    MAX_READ = 16384,
    MAX_WAIT_MS = 30000,
    MAX_WAITING = 16,
    MAX_ADDRESSES = 32,
    MAX_ROUTES = 64,
    MAX_NEIGHBOURS = 64,
    JOB_OUTPUT_WINDOW = 262144,
    JOB_INPUT_WINDOW = 65536,
    JOB_CHUNK = 16384,
};

enum frame_type {
    PADDING = 0, /* a byte alone, without a header */
    HELLO = 1,
    MOUNT = 2,
    UNMOUNT = 3,
    NETWORK = 4,
    PLACE = 5,
    RUN = 6,
    EXEC = 7,
    STDIN = 8,
    STDIN_END = 9,
    CREDIT = 10,
    RESIZE = 11,
    SIGNAL = 12,
    STATS = 13,
    DELETE = 14,
    READ = 15,
    CONNECT = 16,
    UPDATE = 17,
    PROCESSES = 18,
    DEVICE = 19,
    WELCOME = 65,
    DONE = 66,
    ERROR = 67,
    STARTED = 68,
    STDOUT = 69,
    STDERR = 70,
    TAKEN = 71,
    EXIT = 72,
};

/* fields.c: the fields of a payload, little-endian. What is cut short, too long or left over makes all of it bad. */
struct fields {
    const unsigned char *at;
    size_t left;
    bool bad;
};

uint64_t take_number(struct fields *f, size_t bytes);
const unsigned char *take_bytes(struct fields *f, size_t count);
void take_text(struct fields *f, char *to, size_t size);        /* u16 length; no NUL inside */
void take_name(struct fields *f, char *to);                     /* MAX_NAME + 1 bytes; of [A-Za-z0-9_.-], no dot first */
const unsigned char *take_rest(struct fields *f, size_t *count); /* all that is left */
bool all_taken(const struct fields *f);
size_t put_number(unsigned char *to, uint64_t value, size_t bytes);

/* owner.c */
void watch_for_owner(void);
enum { OWNER_EVENTS = 2 + 3 * ALL_JOBS };
size_t owner_events(struct pollfd of[OWNER_EVENTS]); /* how many of them */
void serve_owner(const struct pollfd *of, size_t count);
uint64_t owner_deadline(void);
bool owner_out_ready(void); /* ask it before any of the following, unless it answers a frame */
void send_frame(enum frame_type type, uint32_t stream, const void *payload, size_t length);
void done(uint32_t stream, const void *payload, size_t length);
void refuse(uint32_t stream, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* waiting.c: what waits for a device that the host has just plugged in. Each try_*() is 0, an errno, EAGAIN: not there yet. */
void handle_mount(uint32_t stream, struct fields *f);
void handle_network(uint32_t stream, struct fields *f);
void handle_device(uint32_t stream, struct fields *f);
void serve_waiting(void);
uint64_t waiting_deadline(void);
void forget_waiting(void);

/* mounts.c: roots for containers. */
struct device {
    uint8_t kind; /* enum device_kind */
    char text[65];
};

enum device_kind { NO_DEVICE, BY_NAME, BY_SERIAL, BY_PCI };

struct mount_request {
    char root[MAX_NAME + 1];
    struct device image;
    uint8_t upper; /* enum upper_kind */
    uint64_t upper_bytes;
    struct device disk;
};

enum upper_kind { NO_UPPER, UPPER_MEMORY, UPPER_DISK };

void take_device(struct fields *f, struct device *d);
void take_mount(struct fields *f, struct mount_request *r);
int try_mount(const struct mount_request *r, char *answer, size_t size, char *problem, size_t problem_size);
void handle_unmount(uint32_t stream, struct fields *f);
bool root_exists(const char *name);
uint64_t roots_named(const unsigned char *spec, size_t length); /* a bit for each root that a config.json names */
void unmount_all(void);

/* devices.c */
bool find_device(const struct device *d, char *name, size_t size); /* of /sys/block */
enum { DEVICE_ANSWER = 4 + 4 + 8 };
int try_device(const struct device *d, unsigned char answer[DEVICE_ANSWER], char *problem, size_t problem_size);

/* network.c */
struct address {
    uint8_t family; /* 4 or 6 */
    unsigned char bytes[16];
    uint8_t prefix;
};

struct route {
    struct address to;
    uint8_t flags; /* bit 0: through gateway; bit 1: it is on this link */
    unsigned char gateway[16];
};

struct neighbour {
    struct address of;
    unsigned char mac[6];
};

struct network_request {
    unsigned char mac[6];
    char name[16];
    uint32_t mtu;
    size_t addresses, routes, neighbours;
    struct address address[MAX_ADDRESSES];
    struct route route[MAX_ROUTES];
    struct neighbour neighbour[MAX_NEIGHBOURS];
};

void take_network(struct fields *f, struct network_request *r);
int try_network(const struct network_request *r, char *problem, size_t problem_size);
int pod_socket(int family); /* of TCP, in the pod's namespace; -1 and errno */

/* netlink.c: requests to one network namespace, each answered before it returns with 0 or an errno. */
int socket_in(int namespace, int family, int type, int protocol); /* -1 and errno */
int open_netlink(int namespace);
int find_link(int netlink, const unsigned char mac[6], uint32_t *index);
int move_link(int netlink, uint32_t index, int namespace);
int set_link(int netlink, uint32_t index, const char *name, uint32_t mtu);
int raise_link(int netlink, uint32_t index);
int add_address(int netlink, uint32_t index, const struct address *a);
int add_route(int netlink, uint32_t index, const struct route *r);
int add_neighbour(int netlink, uint32_t index, const struct neighbour *n);

/* place.c: a file, folder or link inside a root, wherever the links of that root lead. */
void handle_place(uint32_t stream, struct fields *f);
void handle_read(uint32_t stream, struct fields *f);

/* containers.c, and cgroup.c for what the kernel knows of one. */
struct container {
    bool used, ended, deleting; /* ended: its first process is gone and told */
    pid_t pid;
    char id[MAX_NAME + 1];
    uint64_t roots;
};

void handle_run(uint32_t stream, struct fields *f);
void handle_exec_in(uint32_t stream, struct fields *f);
void handle_delete(uint32_t stream, struct fields *f);
void handle_stats(uint32_t stream, struct fields *f);
void handle_update(uint32_t stream, struct fields *f);
bool containers_left(void);
bool uses_roots(uint64_t roots); /* a container that is there does */
void end_containers(void); /* kills all that runs in them, and has crun take them away */
bool remove_group(const struct container *c); /* false: not empty yet, to be tried when a child ended */
uint64_t oom_kills(const struct container *c);
bool kill_container(const struct container *c, int signal); /* every process of it */
size_t container_counters(const struct container *c, unsigned char *to); /* 0 where it has no cgroup */

/* Of a group; 0 is no limit, and UINT64_MAX leaves what there is. */
struct group_limits {
    uint64_t memory, quota, period, weight, processes;
};

int limit_group(const struct container *c, const struct group_limits *limits, const char **file); /* an errno, and at which */

/* processes.c: one PID namespace for all containers of a pod. */
void handle_processes(uint32_t stream, struct fields *f);
void forget_processes(void); /* and end what runs there */

/* jobs.c: what runs: a container's first process, another one in it, or crun taking one away; or a connection to such a process. */
enum job_kind { RUN_JOB, EXEC_JOB, DELETE_JOB, CONNECT_JOB };

struct job {
    bool used, started, terminal, exited, input_ends, helper_ended, out_of_memory;
    bool lost;   /* how it ended nobody was told */
    bool silent; /* nobody waits for its end */
    enum job_kind kind;
    uint32_t stream;
    struct container *container; /* NULL of a connection */
    pid_t helper;  /* crun */
    uint32_t call; /* of crun, counted */
    int helper_status, status, listener;
    uint16_t rows, columns, to_port;
    int family; /* how many of them were tried */
    struct process process;
    uint64_t kills_before;
    size_t unacknowledged, input_start, input_length;
    uint32_t taken;
    unsigned char *input; /* JOB_INPUT_WINDOW bytes, where it has input */
    char failure[512];    /* what a run failed by, while crun takes its rests away */
};

struct job *free_job(enum job_kind kind);
void kill_job(struct job *j); /* one that was started */
struct job *find_job(uint32_t stream);
struct job *job_for(uint32_t stream, enum job_kind kind); /* containers.c; NULL: refused */
void job_events(struct pollfd *of, size_t *count);
void serve_jobs(void);
bool jobs_ready(void); /* to be served without waiting */
void forget_job(struct job *j);
void forget_jobs(void);
void owner_reaped(pid_t pid, int status);

/* connections.c */
void handle_connect(uint32_t stream, struct fields *f);
void serve_connect(struct job *j); /* one that is not started */
void drop_connection(struct job *j);

/* streams.c: its bytes */
void handle_stdin(uint32_t stream, struct fields *f);
void handle_stdin_end(uint32_t stream, struct fields *f);
void handle_credit(uint32_t stream, struct fields *f);
void handle_resize_job(uint32_t stream, struct fields *f);
void handle_signal(uint32_t stream, struct fields *f);
bool give_input(struct job *j);
bool job_may_read(const struct job *j);
bool serve_streams(struct job *j); /* true where there was output */
void stream_events(const struct job *j, struct pollfd *of, size_t *count);

/* crun.c: its command lines. Each is an errno, 0 when crun runs. */
int start_crun(struct job *j, const unsigned char *spec, size_t length);
int start_crun_delete(struct job *j);
void kill_crun(const struct job *j);  /* and what it has begun to start */
bool crun_process(const struct job *j, pid_t *pid); /* the process it has started */
int crun_console(struct job *j);                    /* the terminal's master, -1 for none */
void crun_problem(const struct job *j, char *text, size_t size);
void forget_crun_files(const struct job *j);
void remove_bundle(const struct container *c);

#endif
