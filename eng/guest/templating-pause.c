/* The first process of a pod's PID namespace: reaps what the pod's containers leave behind. SIGCHLD is blocked when it starts, and so none is
 * missed. It ends by a SIGKILL from outside: the first of a namespace gets no other signal that it does not ask for. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>

int main(void)
{
    sigset_t set;
    int number;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    for (;;) {
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
        sigwait(&set, &number);
    }
}
