#!/usr/bin/env python3
"""The baseline: starts QEMU, speaks QMP, and does nothing else. No checks, no records, no other user for the VM.

Reads one JSON request per line from standard input and answers with one JSON line; ends at the end of its input. It stays
running between requests, so that its interpreter's start is never in a measurement.

  {"op": "clone", "argv": [...], "state": PATH, "folder": DIR, "http": true?}
      the very command line of a clone; milliseconds from before the spawn to QMP's first answer, to the restored state and
      to the answer of `cont`; with "http" also to the guest's confirmed identity and to its first HTTP answer
  {"op": "boot", "argv": [...], "folder": DIR, "memory": PATH, "memory_bytes": N}
      the command line of a template's boot; milliseconds to the identity and to the HTTP answer
"""
import base64
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
            raise RuntimeError("QEMU ended; see qemu.log")
        return json.loads(line)


def connect(path):
    end = socket.socket(socket.AF_UNIX)
    end.settimeout(DEADLINE)
    end.connect(path)
    return end


def spawn(argv, folder):
    """Every `fd=N` of a chardev becomes a listening socket at that very number; its path is named by the chardev's id."""
    os.makedirs(folder, exist_ok=True)
    log = os.path.join(folder, "qemu.log")
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2)]
    listeners, targets, paths = [], [], {}
    for before, word in zip(argv, argv[1:]):
        if before == "-chardev" and (found := re.search(r"id=([a-z]+).*fd=(\d+)", word)):
            path = os.path.join(folder, found[1] + ".sock")
            if os.path.exists(path):
                os.unlink(path)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen(1)
            listeners.append(listener)
            targets.append(int(found[2]))
            paths[found[1]] = path
    # First all above the target numbers, then down to them, so that none is overwritten before it was moved.
    high = range(SAFE_DESCRIPTOR, SAFE_DESCRIPTOR + len(listeners))
    actions += [(os.POSIX_SPAWN_DUP2, s.fileno(), h) for s, h in zip(listeners, high)]
    actions += [(os.POSIX_SPAWN_DUP2, h, t) for h, t in zip(high, targets)]
    actions += [(os.POSIX_SPAWN_CLOSE, h) for h in high]
    pid = os.posix_spawn(argv[0], argv, {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, file_actions=actions, setsid=True)
    for listener in listeners:
        listener.close()
    return pid, paths


def end(pid):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


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
    pid, paths = spawn(request["argv"], request["folder"])
    result = {}
    try:
        qmp = Qmp(paths["qmp"])
        result["qemu_start"] = milliseconds(start)
        qmp.run("migrate-set-capabilities", capabilities=[
            {"capability": "x-ignore-shared", "state": True}, {"capability": "events", "state": True}])
        qmp.send("migrate-incoming", uri="file:" + request["state"])
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
    finally:
        end(pid)
    return result


def boot(request):
    with open(request["memory"], "wb") as memory:
        memory.truncate(request["memory_bytes"])
    start = time.perf_counter()
    pid, paths = spawn(request["argv"], request["folder"])
    try:
        qmp = Qmp(paths["qmp"])
        guest = identify(paths["guest"], "bare-boot", "booted")
        result = {"identity": milliseconds(start)}
        first_answer(forwarded(qmp), "bare-boot")
        result["http"] = milliseconds(start)
        guest.close()
    finally:
        end(pid)
        os.unlink(request["memory"])
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
