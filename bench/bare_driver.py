#!/usr/bin/env python3
"""The baseline: starts QEMU, speaks QMP, and does nothing else. No checks, no records, no identity of its own.

Reads one JSON request per line from standard input and answers with one JSON line. It stays running between requests, so
that its interpreter's start is never in a measurement.

  {"op": "clone", "argv": [...], "state": PATH, "folder": DIR, "port": 80?}
      the very command line of a clone; milliseconds from before the fork to the answer of `cont`, and where "port" is
      given also to the first HTTP answer, its guest told who it is on the way
  {"op": "boot", "argv": [...], "folder": DIR, "memory": PATH, "port": 80}
      the command line of a template's boot; milliseconds to the first HTTP answer after the same identity
"""
import base64
import json
import os
import re
import socket
import subprocess
import sys
import time

DEADLINE = 120


class Qmp:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(path)
        self.file = self.socket.makefile("rwb", buffering=0)
        self.reader = self.socket.makefile("rb")
        json.loads(self.reader.readline())
        self.run("qmp_capabilities")

    def run(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while True:
            answer = json.loads(self.reader.readline())
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']}")

    def wait_event(self, name, check):
        while True:
            message = json.loads(self.reader.readline())
            if message.get("event") == name and check(message["data"]):
                return


def spawn(argv, folder):
    """Every `fd=N` of a chardev becomes a listening socket at that very number; paths by the chardev's id."""
    os.makedirs(folder, exist_ok=True)
    listeners, paths = [], {}
    for i, word in enumerate(argv):
        if argv[i - 1] == "-chardev" and (found := re.search(r"id=([a-z]+).*fd=(\d+)", word)):
            path = os.path.join(folder, found[1] + ".sock")
            if os.path.exists(path):
                os.unlink(path)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen(1)
            listeners.append((listener, int(found[2])))
            paths[found[1]] = path

    # Dup first above all target numbers, then down to them, so that none is overwritten before it was moved.
    def place():
        moved = [(os.dup2(s.fileno(), 500 + i), target) for i, (s, target) in enumerate(listeners)]
        for high, target in moved:
            os.dup2(high, target, inheritable=True)

    with open(os.path.join(folder, "qemu.log"), "wb") as log:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=place, close_fds=False, start_new_session=True)
    for listener, _ in listeners:
        listener.close()
    return process, paths


def forwarded(qmp):
    text = qmp.run("human-monitor-command", **{"command-line": "info usernet"})
    return int(re.search(r"HOST_FORWARD\]\s+\d+\s+\S+\s+(\d+)", text)[1])


def identify(path, name):
    """One identity over templating-guest's port (docs/guest-protocol.md)."""
    guest = socket.socket(socket.AF_UNIX)
    guest.settimeout(DEADLINE)
    guest.connect(path)
    reader = guest.makefile("rb")
    guest.sendall(b"\nsync 0123456789abcdef\n")
    while not reader.readline().startswith(b"synced 0123456789abcdef"):
        pass
    b64 = lambda value: base64.b64encode(value).decode()
    guest.sendall(
        f"identify {b64(name.encode())} {b64(name.encode())} {os.urandom(16).hex()} {time.time_ns()} - "
        f"{b64(os.urandom(32))} - -\n".encode())
    while not (line := reader.readline()).startswith(b"identified "):
        if line.startswith(b"failed"):
            raise RuntimeError(line)
    return guest


def first_answer(port, wanted):
    """Asks until the page carries the wanted id, as a client that polls would."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
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
    process, paths = spawn(request["argv"], request["folder"])
    result = {}
    try:
        qmp = Qmp(paths["qmp"])
        result["qemu_start"] = milliseconds(start)
        qmp.run("migrate-set-capabilities", capabilities=[
            {"capability": "x-ignore-shared", "state": True}, {"capability": "events", "state": True}])
        qmp.run("migrate-incoming", uri="file:" + request["state"])
        qmp.wait_event("MIGRATION", lambda data: data["status"] == "completed")
        result["restore"] = milliseconds(start)
        qmp.run("cont")
        result["running"] = milliseconds(start)
        if "port" in request:
            guest = identify(paths["guest"], "bare-clone")
            result["identity"] = milliseconds(start)
            first_answer(forwarded(qmp), "bare-clone")
            result["http"] = milliseconds(start)
            guest.close()
    finally:
        process.kill()
        process.wait()
    return result


def boot(request):
    with open(request["memory"], "wb") as memory:
        memory.truncate(request["memory_bytes"])
    start = time.perf_counter()
    process, paths = spawn(request["argv"], request["folder"])
    try:
        qmp = Qmp(paths["qmp"])
        if qmp.run("query-status")["status"] != "running":
            qmp.run("cont")
        guest = identify(paths["guest"], "bare-boot")
        ready = milliseconds(start)
        first_answer(forwarded(qmp), "bare-boot")
        result = {"identity": ready, "http": milliseconds(start)}
        guest.close()
    finally:
        process.kill()
        process.wait()
        os.unlink(request["memory"])
    return result


for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"clone": clone, "boot": boot}[request["op"]](request)
    except Exception as error:  # the driver must answer whatever happens, or the benchmark would hang
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
