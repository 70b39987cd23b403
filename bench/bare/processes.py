"""QEMU as a process: its files and sockets under the numbers that its command line names."""
import contextlib
import os
import re
import signal
import socket
import time

# Above all numbers that a command line names.
SAFE_DESCRIPTOR = 500
# Of what QEMU said, as much as an error repeats.
LAST_WORDS = 4000


class Vm:
    """files: number -> (path, flags); state: the same pair for -add-fd, where there is one. Each `fd=N` of a chardev becomes a
    listening socket; its path is named by the chardev's id."""

    def __init__(self, argv, folder, files, state=None):
        os.makedirs(folder, exist_ok=True)
        self.log = os.path.join(folder, "qemu.log")
        self.paths = {}
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2)]
        given = {}
        try:
            for number, (path, flags) in files.items():
                given[number] = os.open(path, flags)
            for before, word in zip(argv, argv[1:]):
                if before == "-chardev" and (found := re.search(r"id=([a-z]+).*fd=(\d+)", word)):
                    self.paths[found[1]] = os.path.join(folder, found[1] + ".sock")
                    given[int(found[2])] = listen(self.paths[found[1]])
                elif before == "-add-fd" and (found := re.search(r"fd=(\d+)", word)):
                    path, flags = state
                    given[int(found[1])] = os.open(path, flags, 0o600)
            # First all above the target numbers and those open here, then down to them, so that none is overwritten before it was moved.
            safe = max(SAFE_DESCRIPTOR, *given.values()) + 1
            high = {number: safe + i for i, number in enumerate(given)}
            actions += [(os.POSIX_SPAWN_DUP2, given[number], high[number]) for number in given]
            actions += [(os.POSIX_SPAWN_DUP2, high[number], number) for number in given]
            actions += [(os.POSIX_SPAWN_CLOSE, high[number]) for number in given]
            self.pid = os.posix_spawn(argv[0], argv, {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, file_actions=actions, setsid=True)
        finally:
            for descriptor in given.values():
                os.close(descriptor)

    @contextlib.contextmanager
    def told(self):
        """What goes wrong meanwhile is told with what QEMU said, and is QEMU's end."""
        try:
            yield self
        except Exception as error:
            with open(self.log, errors="replace") as log:
                said = log.read()[-LAST_WORDS:].strip()
            ended = self.end()
            how = "" if ended == -signal.SIGKILL else f" and ended with {ended}"
            raise RuntimeError(f"{type(error).__name__}: {error}\nQEMU said: {said or 'nothing'}{how}") from error

    def end(self):
        if self.pid is None:
            return None
        pid, self.pid = self.pid, None
        os.kill(pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@contextlib.contextmanager
def running(*arguments):
    """A QEMU, from its spawn to its end."""
    vm = Vm(*arguments)
    try:
        with vm.told():
            yield vm
    finally:
        vm.end()


def listen(path):
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    return listener.detach()


def milliseconds(start):
    return round((time.perf_counter() - start) * 1000, 3)
