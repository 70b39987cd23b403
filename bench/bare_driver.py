#!/usr/bin/env python3
"""The baseline: starts QEMU, speaks QMP, and does nothing else. No checks, no records, no other user for the VM.

Reads one JSON request per line from standard input and answers with one JSON line; ends at the end of its input. It stays
running between requests, so that its interpreter's start is never in a measurement.

  {"op": "clone", "argv": [...], "files": {N: PATH}, "state": PATH, "folder": DIR, "http": true?}
      the very command line of a clone; milliseconds from before the spawn to QMP's first answer, to the restored state and
      to the answer of `cont`; with "http" also to the guest's confirmed identity and to its first HTTP answer
  {"op": "boot", "argv": [...], "files": {N: PATH}, "folder": DIR, "memory": N, "memory_bytes": N}
      the command line of a template's boot; milliseconds to the identity and to the HTTP answer

A command line names files by the numbers under which QEMU has them open ("files"; "memory" is the one that is written to), its
state by `-add-fd` and its sockets by `fd=`: QEMU gets all of them under those numbers, and no others.
"""
import base64
import contextlib
import json
import os
import re
import signal
import socket
import sys
import time

DEADLINE = 120
# A sync may be lost while the guest opens its port (docs/guest-protocol.md).
RESEND = 0.25
# Above all numbers that a command line names and a small process has open.
SAFE_DESCRIPTOR = 500
# What the -add-fd of the daemon's command lines calls the state.
STATE = "/dev/fdset/1"
# Of what QEMU said, as much as an error repeats.
LAST_WORDS = 4000


class Qmp:
    def __init__(self, path):
        self.socket = connect(path)
        self.reader = self.socket.makefile("rb")
        # Both at once, before QEMU is there to read them: it greets, then answers.
        self.send("qmp_capabilities")
        self.answer("qmp_capabilities")

    def send(self, command, **arguments):
        line = {"execute": command, "arguments": arguments, "id": command}
        self.socket.sendall(json.dumps(line).encode() + b"\n")

    def answer(self, command):
        while (answer := self.read()).get("id") != command:
            pass
        if "error" in answer:
            raise RuntimeError(f"{command}: {answer['error']}")
        return answer["return"]

    def run(self, command, **arguments):
        self.send(command, **arguments)
        return self.answer(command)

    def wait_restored(self):
        while True:
            message = self.read()
            if message.get("event") == "MIGRATION" and message["data"]["status"] in ("completed", "failed"):
                if message["data"]["status"] == "failed":
                    raise RuntimeError(f"restore: {self.run('query-migrate')}")
                return

    def read(self):
        line = self.reader.readline()
        if not line:
            raise RuntimeError("QEMU closed its monitor")
        return json.loads(line)


def connect(path):
    end = socket.socket(socket.AF_UNIX)
    end.settimeout(DEADLINE)
    end.connect(path)
    return end


def spawn(argv, folder, files, state):
    """QEMU with its files and sockets under the numbers that its command line names.

    files: number -> (path, flags); state: the same pair for -add-fd. Each `fd=N` of a chardev becomes a listening socket; its
    path is named by the chardev's id.
    """
    log = os.path.join(folder, "qemu.log")
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2)]
    given, paths = {}, {}
    try:
        for number, (path, flags) in files.items():
            given[number] = os.open(path, flags)
        for before, word in zip(argv, argv[1:]):
            if before == "-chardev" and (found := re.search(r"id=([a-z]+).*fd=(\d+)", word)):
                paths[found[1]] = os.path.join(folder, found[1] + ".sock")
                given[int(found[2])] = listen(paths[found[1]])
            elif before == "-add-fd" and (found := re.search(r"fd=(\d+)", word)):
                path, flags = state
                given[int(found[1])] = os.open(path, flags, 0o600)
        # First all above the target numbers, then down to them, so that none is overwritten before it was moved.
        high = {number: SAFE_DESCRIPTOR + i for i, number in enumerate(given)}
        actions += [(os.POSIX_SPAWN_DUP2, given[number], high[number]) for number in given]
        actions += [(os.POSIX_SPAWN_DUP2, high[number], number) for number in given]
        actions += [(os.POSIX_SPAWN_CLOSE, high[number]) for number in given]
        return os.posix_spawn(argv[0], argv, {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, file_actions=actions, setsid=True), paths
    finally:
        for descriptor in given.values():
            os.close(descriptor)


def listen(path):
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    return listener.detach()


@contextlib.contextmanager
def running(request, flags, state):
    """A QEMU, from its spawn to its end; what goes wrong meanwhile is told with what QEMU said. Gives its sockets' paths."""
    folder = request["folder"]
    os.makedirs(folder, exist_ok=True)
    files = {int(number): (path, flags(int(number))) for number, path in request["files"].items()}
    pid, paths = spawn(request["argv"], folder, files, state)
    try:
        yield paths
    except Exception as error:
        with open(os.path.join(folder, "qemu.log"), errors="replace") as log:
            said = log.read()[-LAST_WORDS:].strip()
        ended = end(pid)
        pid = None
        how = "" if ended == -signal.SIGKILL else f" and ended with {ended}"
        raise RuntimeError(f"{type(error).__name__}: {error}\nQEMU said: {said or 'nothing'}{how}") from error
    finally:
        if pid is not None:
            end(pid)


def end(pid):
    os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def forwarded(qmp):
    text = qmp.run("human-monitor-command", **{"command-line": "info usernet"})
    return int(re.search(r"HOST_FORWARD\]\s+\d+\s+\S+\s+(\d+)", text)[1])


def identify(path, name, *words):
    """One identity over templating-guest's port (docs/guest-protocol.md), asked for in one write."""
    guest = connect(path)
    nonce = os.urandom(8).hex().encode()
    sync = b"\x18\nsync " + nonce + b"\n"
    encode = lambda value: base64.b64encode(value).decode()
    line = " ".join([
        "identify", encode(name.encode()), encode(name.encode()), os.urandom(16).hex(), str(time.time_ns()), "-",
        encode(os.urandom(32)), "-", "-", *words]).encode() + b"\n"
    received = b""
    if words:  # It boots: nobody listens yet.
        guest.settimeout(RESEND)
        give_up = time.monotonic() + DEADLINE
        while b"synced " + nonce not in received:
            if time.monotonic() > give_up:
                raise TimeoutError("no answer from the guest")
            guest.sendall(sync)
            try:
                received += guest.recv(65536)
            except TimeoutError:
                pass
        guest.settimeout(DEADLINE)
        guest.sendall(line)
    else:
        guest.sendall(sync + line)
    while not (found := re.search(rb"(?:identified|failed) [^\n]*\n", received)):
        chunk = guest.recv(65536)
        if not chunk:
            raise RuntimeError("the guest's port was closed")
        received += chunk
    if found[0].startswith(b"failed"):
        raise RuntimeError(found[0])
    return guest


def first_answer(port, wanted):
    """Asks until the page carries the wanted id, as a client that polls would."""
    give_up = time.monotonic() + DEADLINE
    while time.monotonic() < give_up:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as http:
                http.sendall(b"GET / HTTP/1.0\r\n\r\n")
                answer = b""
                while chunk := http.recv(65536):
                    answer += chunk
            if wanted.encode() in answer:
                return
        except OSError:
            pass
        time.sleep(0.002)
    raise TimeoutError(f"no answer with {wanted} from port {port}")


def milliseconds(start):
    return round((time.perf_counter() - start) * 1000, 3)


def clone(request):
    start = time.perf_counter()
    result = {}
    with running(request, lambda number: os.O_RDONLY, (request["state"], os.O_RDONLY)) as paths:
        qmp = Qmp(paths["qmp"])
        result["qemu_start"] = milliseconds(start)
        qmp.run("migrate-set-capabilities", capabilities=[
            {"capability": "x-ignore-shared", "state": True}, {"capability": "events", "state": True}])
        qmp.send("migrate-incoming", uri="file:" + STATE)
        qmp.wait_restored()  # Its answer may come before or after that event.
        result["restore"] = milliseconds(start)
        qmp.run("cont")
        result["running"] = milliseconds(start)
        if request.get("http"):
            guest = identify(paths["guest"], "bare-clone")
            result["identity"] = milliseconds(start)
            first_answer(forwarded(qmp), "bare-clone")
            result["http"] = milliseconds(start)
            guest.close()
    return result


def boot(request):
    memory = request["memory"]
    path = request["files"][str(memory)]
    with open(path, "wb") as file:
        file.truncate(request["memory_bytes"])
    try:
        start = time.perf_counter()
        # Nobody freezes this one, so its state is written nowhere.
        with running(request, lambda number: os.O_RDWR if number == memory else os.O_RDONLY, ("/dev/null", os.O_WRONLY)) as paths:
            qmp = Qmp(paths["qmp"])
            qmp.run("cont")
            guest = identify(paths["guest"], "bare-boot", "booted")
            result = {"identity": milliseconds(start)}
            first_answer(forwarded(qmp), "bare-boot")
            result["http"] = milliseconds(start)
            guest.close()
    finally:
        os.unlink(path)
    return result


# The benchmark ends it by closing its input; a Ctrl-C in the terminal is the benchmark's to handle.
signal.signal(signal.SIGINT, signal.SIG_IGN)
for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"clone": clone, "boot": boot}[request["op"]](request)
    except Exception as error:  # the driver must answer whatever happens, or the benchmark would hang
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
