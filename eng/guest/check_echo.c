/* check_pod.py's server: echoes what comes at a port of 127.0.0.1, up to its end. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int count, char **arguments)
{
    static char bytes[65536];
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)atoi(arguments[count - 1]))};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 64) != 0)
        return 1;
    for (;;) {
        int one = accept(listener, NULL, NULL);
        if (fork() != 0) {
            close(one);
            continue;
        }
        for (ssize_t got; (got = read(one, bytes, sizeof bytes)) > 0;)
            for (ssize_t wrote = 0, now; wrote < got; wrote += now)
                if ((now = write(one, bytes + wrote, (size_t)(got - wrote))) < 0)
                    return 1;
        return 0;
    }
}
