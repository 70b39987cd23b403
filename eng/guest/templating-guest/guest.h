/*
 * templating-guest: the guest's end of docs/guest-protocol.md.
 *
 * A template is frozen while this daemon sleeps in poll(); every clone wakes up inside that same poll(), so the first
 * line the host sends is answered without a fork, an exec or a page fault on the way. One loop, one thread, and no
 * memory beyond static buffers: what the host may have on the way is bounded by the protocol, so nothing here has to
 * grow. It runs as root, and the bytes of the port pass these borders, one file each:
 *
 *   main.c --poll()--> protocol.c   bytes of the port -> lines of printable ASCII -> words, one verb's handler for each
 *                        |   ^
 *                        v   +----- replies: out_*(), reply_reason()
 *                      handle_*()   exec.c, identity.c, files.c: check every word by words.c before they act on any
 *                        |
 *                        v
 *                      spawn.c, login.c, steps.c, files.c: what is done to the guest with what was checked
 *
 * Each file keeps its state to itself; what the others may ask of it is below. A sandbox has a second port, the owner's: its
 * files are in owner.h.
 */
#ifndef TEMPLATING_GUEST_H
#define TEMPLATING_GUEST_H

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/types.h>

#define PORT_NAME "dev.templating.guest.0"

/* The numbers of docs/guest-protocol.md. */
enum {
    MAX_LINE_IN = 262144,
    MAX_LINE_OUT = 16384,
    MAX_COMMANDS = 16,
    MAX_CHUNK = 8192,
    OUTPUT_WINDOW = 262144,
    INPUT_WINDOW = 65536,
    SEED_BYTES = 32,
    RANDOM_BYTES = 16,
    MACHINE_ID_DIGITS = 32,
    RESEED_WAIT_MS = 2000,
    MAX_FILES = 64,
    MAX_FILES_BYTES = 524288,
    MAX_FILE_PATH = 255,
};

/* Limits of this program alone. */
enum {
    MAX_WORDS = 4096, /* of one line; far above what a command line needs */
    MAX_ENVIRONMENT = 1024,
    MAX_BUTTONS = 8,
    MAX_GROUPS = 64, /* of one user */
    MAX_ID = 256,
    OUT_BUFFER = 8 * MAX_LINE_OUT,
    PORT_WAIT_MS = 30000,
};

/* main.c */
uint64_t now_ms(void); /* monotonic */

/* words.c: from a word that nobody has looked at yet to a value, or false; and back. */
bool number(const char *text, uint64_t most, uint64_t *value);
bool is_hex(const char *text, size_t digits);
bool decode(char *word, size_t *length);
bool decode_text(char *word);
void hex(char *to, const unsigned char *bytes, size_t count);
void encode_group(char to[4], const unsigned char *bytes, size_t have);

/* port.c: a port of the host's by its name. */
struct port {
    int fd, wake; /* wake: an epoll that holds it edge-triggered */
    bool connected;
};

bool open_named_port(struct port *p, const char *wanted); /* false: not there (yet) */
void look_for_host(struct port *p);
struct pollfd port_poll(const struct port *p, short events);

/* protocol.c: the daemon's port and its lines. */
bool open_port(void);
struct pollfd port_events(void); /* what to wait for */
void serve_port(short events);   /* takes in what came */
void handle_lines(void);
void flush_port(void);
bool out_ready(void); /* ask it before any of the following */
void out_bytes(const char *bytes, size_t count);
void out_base64(const void *data, size_t count);
void out_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
void reply_reason(const char *start, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* exec.c: the commands the host runs. */
void handle_exec(char **words, size_t count);
void handle_in(char **words, size_t count);
void handle_kill(char **words, size_t count);
void handle_resize(char **words, size_t count);
void handle_ack(char **words, size_t count);
void command_events(struct pollfd of[3 * MAX_COMMANDS]);
uint64_t commands_deadline(void); /* monotonic ms, 0 for now, UINT64_MAX for none */
void serve_commands(void);
void reap_children(void);
void end_all_commands(void);

/* spawn.c: one process. The pipes are our ends, -1 for none. */
struct process {
    pid_t pid;
    int in, out, err;
};

void set_clone_environment(const char *block, size_t length); /* checked, at most MAX_LINE_IN bytes */
char **command_environment(char *block, size_t length);
const char *find_program(const char *name, char **environment, char *path, size_t size);
int start_process(struct process *started, const char *program, char **arguments, char **environment,
                  const char *folder, bool with_input); /* an errno, 0 when it runs */
void close_fd(int *fd);

/* users.c: whom a command runs as. */
struct user {
    uid_t uid;
    gid_t gid, groups[MAX_GROUPS];
    size_t group_count;
    char name[256], home[256];
};

bool find_user(char *text, struct user *user, char *why, size_t size);

/* pty.c */
int open_pty(const struct winsize *size, int *master, int *slave); /* an errno, 0 when both are open */

/* login.c: one process at a terminal, which is `in` and `out` then, or as another user; NULL for neither. */
struct login {
    const char *program, *folder;
    char **arguments, **environment;
    bool with_input;
    const struct winsize *terminal;
    const struct user *user;
};

char **login_environment(const struct user *user, bool terminal, char *block, size_t length); /* spawn.c */
int start_login(struct process *started, const struct login *how); /* an errno, 0 when it runs */

/* kernel_log.c */
void open_kernel_log(void);
int kernel_log_descriptor(void);
bool saw_reseed(void);
bool killed_for_memory(pid_t pid);

/* identity.c: who this clone is. */
char *keep_identity_line(const char *line, size_t length);
void handle_identify(char **words, size_t count);
bool identity_pending(void); /* no line is handled meanwhile */
struct pollfd identity_events(void);
uint64_t identity_deadline(void); /* monotonic ms, UINT64_MAX for none */
bool serve_identity(void);
void forget_identity(void);

/* steps.c: what puts an identity in force. Each is true, or false with errno. */
bool mix_seed(unsigned char seed[SEED_BYTES]);
bool write_environment(const char *block, size_t block_length);
bool set_machine_id(const char *machine_id);
bool read_machine_id(char *machine_id, size_t size);
bool set_boot_id(void);
void prepare_identity(void);
void prepare_file(const char *path, mode_t mode);
bool write_page(const char *id, const char *hostname, const char *machine_id, const char *random);
bool set_clock(int64_t unix_nanos);

/* files.c: those the host sends, and reading and writing our own. */
void handle_file(char **words, size_t count);
const char *files_problem(void); /* what went wrong first since the last identity or sync, "" for nothing */
void date_files(void); /* by the clock as it is now */
void forget_files(void);
bool write_file(const char *path, mode_t mode, const void *data, size_t length); /* a mode that the umask leaves */
bool write_text(const char *path, const char *text);
bool overwrite_text(const char *path, const char *text);
bool read_text(const char *path, char *text, size_t size);

#endif
