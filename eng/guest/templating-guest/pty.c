/* A terminal: the master for us, the slave for a command. */
#include "guest.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>

/* An errno, 0 when both are open; they close at exec. */
int open_pty(const struct winsize *size, int *master, int *slave)
{
    *slave = -1;
    *master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*master < 0)
        return errno;
    /* By the master, not by its name: what lies at /dev/pts is the guest's business. */
    if (unlockpt(*master) == 0 && ioctl(*master, TIOCSWINSZ, size) == 0)
        *slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*slave >= 0)
        return 0;
    int error = errno;
    close_fd(master);
    return error;
}
