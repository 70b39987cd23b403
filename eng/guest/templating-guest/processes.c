/* The pod's PID namespace, for pods whose containers share one. Its first process is templating-pause: it reaps, sees nothing of the guest,
 * may do nothing, and its end is that of all that run there. */
#include "owner.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAUSE "/usr/sbin/templating-pause"
#define FOLDER "/run/templating/pidns"

enum { NOBODY = 65535 }; /* as Kubernetes' own pause container */

static pid_t pause_process;

/* In the new namespace; SIGCHLD is blocked, as templating-pause needs it. Containers of the pod that may trace would find the guest's root
 * and descriptors behind it, were they not taken away. */
static void become_pause(void)
{
    static char *const arguments[] = {"pause", NULL}, *const nothing[] = {NULL};
    int program = open(PAUSE, O_PATH | O_CLOEXEC);
    if (program >= 0 && program != 3)
        program = dup3(program, 3, O_CLOEXEC);
    bool good = program >= 0 && syscall(SYS_close_range, 0, 2, 0) == 0 && syscall(SYS_close_range, 4, ~0U, 0) == 0 &&
                mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                mount("pause", FOLDER, "tmpfs", MS_RDONLY | MS_NODEV | MS_NOSUID | MS_NOEXEC, "size=4k,mode=555") == 0 &&
                chdir(FOLDER) == 0 && syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0 && chdir("/") == 0 &&
                setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0 &&
                prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    if (good)
        syscall(SYS_execveat, program, "", arguments, nothing, AT_EMPTY_PATH);
    _exit(1);
}

static int make(void)
{
    char path[64];
    if (access(PAUSE, X_OK) != 0)
        return errno;
    mkdir(FOLDER, 0755);
    int file = open(POD_PROCESSES, O_RDONLY | O_CREAT | O_CLOEXEC, 0444);
    close_fd(&file);
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, NULL);
    if (pid < 0)
        return errno;
    if (pid == 0)
        become_pause();
    pause_process = pid;
    snprintf(path, sizeof path, "/proc/%d/ns/pid", (int)pid);
    int error = mount(path, POD_PROCESSES, NULL, MS_BIND, NULL) == 0 ? 0 : errno;
    if (error != 0)
        forget_processes();
    return error;
}

/* PROCESSES: no fields. Once there, it stays. */
void handle_processes(uint32_t stream, struct fields *f)
{
    if (!all_taken(f)) {
        refuse(stream, EINVAL, "Expected PROCESSES without fields");
        return;
    }
    int error = pause_process > 0 ? 0 : make();
    if (error == 0)
        done(stream, NULL, 0);
    else
        refuse(stream, error, "Failed at making the pod's PID namespace of " PAUSE ": %s", strerror(error));
}

void forget_processes(void)
{
    if (pause_process <= 0)
        return;
    kill(pause_process, SIGKILL);
    umount2(POD_PROCESSES, MNT_DETACH);
    pause_process = 0;
}
