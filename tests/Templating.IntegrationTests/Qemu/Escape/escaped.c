/*
 * Stands in for a QEMU that a guest has taken over: started like QEMU, with its descriptors, user, namespaces and filter,
 * it maps what it is told to, at once or when its monitor says so, answers its monitor as far as a clone's start needs, and at `cont` tries what such a guest
 * would. Each line it prints is "NAME OUTCOME": "ok" for what worked, else the error.
 *
 * Built by the test: cc -static -O1 -o escaped escaped.c
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

static void tell(const char *name, long result) {
    if (result < 0) {
        printf("%s %s\n", name, strerrorname_np(errno));
    } else {
        printf("%s ok\n", name);
    }
}

static const char *value(const char *option, const char *key, char *out, size_t size) {
    const char *at = strstr(option, key);
    if (at == NULL) {
        return NULL;
    }

    at += strlen(key);
    size_t length = strcspn(at, ",");
    snprintf(out, size, "%.*s", (int)length, at);
    return out;
}

/* As QEMU does: RAM privately and writable, an image shared and read-only. */
static int map(const char *path, int shared) {
    struct stat file;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &file) != 0) {
        perror(path);
        exit(3);
    }

    void *memory = mmap(NULL, file.st_size, shared ? PROT_READ : PROT_READ | PROT_WRITE, shared ? MAP_SHARED : MAP_PRIVATE, fd, 0);
    if (memory == MAP_FAILED) {
        perror("mmap");
        exit(3);
    }

    return fd;
}

static void map_option(const char *option) {
    char path[256], share[8];
    value(option, "mem-path=", path, sizeof path);
    value(option, "share=", share, sizeof share);
    close(map(path, strcmp(share, "on") == 0));
}

/* QEMU keeps the file of a backend open. */
static void map_object(const char *command) {
    char path[256];
    const char *at = strstr(command, "\"mem-path\":\"") + strlen("\"mem-path\":\"");
    snprintf(path, sizeof path, "%.*s", (int)strcspn(at, "\""), at);
    map(path, strstr(command, "\"share\":true") != NULL);
}

static void look_at_files(void) {
    struct dirent *entry;
    char name[300];
    DIR *root = opendir("/");
    while (root != NULL && (entry = readdir(root)) != NULL) {
        snprintf(name, sizeof name, "/%s", entry->d_name);
        if (entry->d_name[0] != '.' && entry->d_type == DT_DIR) {
            int count = 0;
            DIR *inner = opendir(name);
            while (inner != NULL && readdir(inner) != NULL) {
                count++;
            }

            printf("entries-in-%s %d\n", entry->d_name, count - 2);
            closedir(inner);
        }
    }

    closedir(root);

    tell("read-/etc/passwd", open("/etc/passwd", O_RDONLY));
    tell("read-/proc/1", open("/proc/1/cmdline", O_RDONLY));
    tell("read-victim", open(VICTIM, O_RDONLY));
    tell("read-victim-by-daemon", open("/proc/self/root" VICTIM, O_RDONLY));
    tell("write-/", open("/x", O_CREAT | O_RDWR, 0600));
    tell("write-/tmp", open("/tmp/x", O_CREAT | O_RDWR, 0600));
    tell("write-/dev/shm", open("/dev/shm/x", O_CREAT | O_RDWR, 0600));
    tell("write-/dev", open("/dev/x", O_CREAT | O_RDWR, 0600));
    tell("open-kvm", open("/dev/kvm", O_RDWR));
    tell("remount-root", mount("none", "/", NULL, MS_REMOUNT | MS_BIND, NULL));
    tell("mount-proc", mount("proc", "/proc", "proc", 0, NULL));
    tell("chroot", chroot("/"));
    struct file_handle handle = {.handle_bytes = 0};
    tell("open-by-handle", open_by_handle_at(AT_FDCWD, &handle, O_RDONLY));
}

static void look_at_network(void) {
    tell("socket-inet", socket(AF_INET, SOCK_STREAM, 0));
    tell("socket-inet6", socket(AF_INET6, SOCK_STREAM, 0));
    tell("socket-udp", socket(AF_INET, SOCK_DGRAM, 0));
    tell("socket-unix", socket(AF_UNIX, SOCK_STREAM, 0));
    tell("socket-netlink", socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
    tell("socket-packet", socket(AF_PACKET, SOCK_RAW, 0));
    tell("socket-vsock", socket(AF_VSOCK, SOCK_STREAM, 0));
    char ring[128] = {0};
    tell("io_uring", syscall(SYS_io_uring_setup, 4, ring));
    tell("bpf", syscall(SYS_bpf, 0, NULL, 0));
}

/* A listening socket of the host's can be closed and used to connect where nobody forbids that. */
static void turn_forward(int fd) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    tell("forward-disconnect", connect(fd, &nobody, sizeof nobody));
    shutdown(fd, SHUT_RDWR);
    tell("forward-connect", connect(fd, (struct sockaddr *)&to, sizeof to));
    tell("forward-fast-open", sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof to));
    struct iovec part = {"x", 1};
    struct msghdr message = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &part, .msg_iovlen = 1};
    tell("forward-fast-open-message", sendmsg(fd, &message, MSG_FASTOPEN | MSG_NOSIGNAL));
    struct mmsghdr messages = {.msg_hdr = message};
    tell("forward-fast-open-messages", sendmmsg(fd, &messages, 1, MSG_FASTOPEN | MSG_NOSIGNAL));
}

static int nothing(void *unused) {
    (void)unused;
    return 0;
}

static void look_at_others(void) {
    static char stack[65536];
    tell("kill-daemon", kill(DAEMON, 0));
    tell("kill-init", kill(1, 0));
    tell("ptrace-daemon", ptrace(PTRACE_ATTACH, DAEMON, NULL, NULL));
    struct iovec part = {stack, 1};
    tell("read-daemon", process_vm_readv(DAEMON, &part, 1, &part, 1, 0));
    tell("steal-descriptor", syscall(SYS_pidfd_getfd, 0, 0, 0));
    tell("unshare-user", unshare(CLONE_NEWUSER));
    tell("clone-user", clone(nothing, stack + sizeof stack, CLONE_NEWUSER | SIGCHLD, NULL));
    tell("setns", setns(0, 0));
    tell("shm", shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600));
    tell("keyring", syscall(SYS_add_key, "user", "x", "y", 1, -2));
    tell("setuid-root", setuid(0));
    tell("setgid-root", setgid(0));
    tell("clear-no-new-privs", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

static const char *number(char *out, const char *name, int fd) {
    sprintf(out, "%s%d", name, fd);
    return out;
}

static void look_at_descriptors(void) {
    for (int fd = 0; fd < 256; fd++) {
        struct stat what;
        if (fstat(fd, &what) != 0) {
            continue;
        }

        int flags = fcntl(fd, F_GETFL) & O_ACCMODE, listens = 0;
        socklen_t size = sizeof listens;
        const char *kind = S_ISREG(what.st_mode) ? "file" : S_ISSOCK(what.st_mode) ? "socket" : S_ISCHR(what.st_mode) ? "device" : S_ISDIR(what.st_mode) ? "folder" : "other";
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
        printf("fd-%d %s-%s\n", fd, kind, flags == O_RDONLY ? "r" : flags == O_WRONLY ? "w" : "rw");
        if (S_ISREG(what.st_mode) && fd > 2) {
            char name[32];
            tell(number(name, "write-fd-", fd), pwrite(fd, "x", 1, 0));
            tell(number(name, "map-fd-", fd), mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
            tell(number(name, "chmod-fd-", fd), fchmod(fd, 0777));
            tell(number(name, "empty-fd-", fd), ftruncate(fd, 0));
        }

        if (S_ISSOCK(what.st_mode) && listens) {
            struct sockaddr_storage own;
            socklen_t length = sizeof own;
            if (getsockname(fd, (struct sockaddr *)&own, &length) == 0 && own.ss_family == AF_INET) {
                turn_forward(fd);
            }
        }
    }
}

/* QEMU's own port, as slirp opens one. */
static void forward(void) {
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    tell("forward-asked-for", fd);
    tell("forward-bind", bind(fd, (struct sockaddr *)&own, sizeof own));
    tell("forward-listen", listen(fd, 1));
    tell("forward-beyond", socket(AF_INET, SOCK_STREAM, 0));
}

/* A line, and what descriptor comes with it, which stays open. */
static int read_line(int fd, char *line, size_t size) {
    char control[CMSG_SPACE(sizeof(int))];
    for (size_t length = 0; length < size - 1; length++) {
        struct iovec part = {line + length, 1};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        if (recvmsg(fd, &message, 0) <= 0) {
            return 0;
        }

        if (line[length] == '\n') {
            line[length] = '\0';
            return 1;
        }
    }

    return 0;
}

/* The command's own id is a number; an object's among its arguments is a name. */
static long number_of(const char *command) {
    for (const char *at = strstr(command, "\"id\":"); at != NULL; at = strstr(at, "\"id\":")) {
        at += strlen("\"id\":");
        char *end;
        long number = strtol(at, &end, 10);
        if (end != at) {
            return number;
        }
    }

    return 0;
}

static void serve(int listener) {
    char line[65536];
    int fd = accept(listener, NULL, NULL);
    dprintf(fd, "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 0, \"major\": 10}, \"package\": \"\"}, \"capabilities\": []}}\n");
    while (read_line(fd, line, sizeof line)) {
        long number = number_of(line);
        if (strstr(line, "\"object-add\"") != NULL) {
            map_object(line);
        } else if (strstr(line, "hostfwd_add") != NULL) {
            forward();
            dprintf(fd, "{\"return\": \"\", \"id\": %ld}\n", number);
            continue;
        } else if (strstr(line, "\"cont\"") != NULL) {
            look_at_files();
            look_at_network();
            look_at_others();
            look_at_descriptors();
            printf("done ok\n");
            fflush(stdout);
        }

        dprintf(fd, "{\"return\": {}, \"id\": %ld}\n", number);
    }
}

int main(int argc, char **argv) {
    int monitor = -1;
    char number[16];
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("QEMU emulator version 10.0.2 (escaped)");
        return 0;
    }

    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "memory-backend-file,", 20) == 0) {
            map_option(argv[i]);
        } else if (strncmp(argv[i], "socket,id=qmp,", 14) == 0) {
            monitor = atoi(value(argv[i], "fd=", number, sizeof number));
        } else if (strstr(argv[i], "hostfwd=") != NULL) {
            forward();
        }
    }

    serve(monitor);
    return 0;
}
