// The first process of a pod's sandbox, of a node and of the control plane: keeps namespaces alive and reaps orphans.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    sigset_t set;
    int signal_number;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (;;) {
        // Children that ended before the signals were blocked are reaped on the way in.
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        if (sigwait(&set, &signal_number) == 0 && signal_number != SIGCHLD)
            return 0;
    }
}
