"""Checks of what a pod has as a whole (docs/guest-protocol.md, "The owner's port"): connections to its loopback, a PID namespace for all of
its containers, and limits that change."""

import json
import os
import signal
import struct
import subprocess
import time

import guest_port
from guest_port import EXIT, STDOUT

LEAVE = (1 << 64) - 1
ROOT = "/run/templating/roots/one/root"


def read_all(connection):
    out = b""
    while True:
        kind, value = connection.next(30)
        if kind == EXIT:
            return out, value
        assert kind == STDOUT
        out += value


def connect(port, to):
    """To what may not listen yet."""
    until = time.monotonic() + 20
    while True:
        try:
            return port.connect(to)
        except guest_port.GuestError as error:
            if error.errno != 111 or time.monotonic() > until:
                raise
            time.sleep(0.02)


def echo_server(work):
    """Busybox has none."""
    subprocess.run(["gcc", "-std=gnu11", "-O2", "-static", "-s", "-o", f"{work}/echo", f"{os.path.dirname(os.path.abspath(__file__))}/check_echo.c"],
                   check=True)
    with open(f"{work}/echo", "rb") as program:
        return program.read()


def check_connections(machine, port, work, config, check, refused):
    def serve(ident, *arguments):
        return port.run(ident, config(ROOT, *arguments))

    check(refused(111, port.connect, 8081), "connect: where nothing listens")
    check(refused(22, port.connect, 0) and refused(22, port.ask, guest_port.CONNECT, b"\1"), "connect: nonsense is refused")
    port.place("one", "etc/index.html", b"pod")
    web = serve("web", "httpd", "-f", "-p", "127.0.0.1:8081", "-h", "/etc")
    port.place("one", "bin/check-echo", echo_server(work), mode=0o755)
    echo = serve("echo", "check-echo", "8083")
    six = serve("six", "httpd", "-f", "-p", "[::1]:8082", "-h", "/etc")
    for number, family in ((8081, 4), (8082, 6)):
        one = connect(port, number)
        one.write(b"GET /index.html HTTP/1.0\r\n\r\n")
        out, end = read_all(one)
        check(out.endswith(b"pod") and end == (0, 0, 0), f"connect: to the loopback of IPv{family}: {end}")
    data = os.urandom(3 << 20)
    start = time.monotonic()
    out = connect(port, 8083).communicate(data)
    check(out[0] == data and out[2:] == (0, 0, 0), "connect: 3 MiB there and back, and the end of one side is heard by the other")
    print(f"     3 MiB to the pod's loopback and back: {6 / (time.monotonic() - start):.1f} MiB/s")
    both = [connect(port, 8083) for _ in range(2)]
    for number, one in enumerate(both):
        one.write(b"%d" % number)
    check([one.next()[1] for one in both] == [b"0", b"1"], "connect: two at once, each with its own bytes")
    both[0].signal(signal.SIGKILL)
    check(read_all(both[0])[1][0] in (0, 104) and refused(22, both[1].signal, signal.SIGTERM), "connect: SIGKILL, and no other signal, resets one")
    both[1].end_input()
    check(read_all(both[1]) == (b"", (0, 0, 0)), "connect: and the other goes on")
    many = [connect(port, 8083) for _ in range(32)]
    check(refused(11, port.connect, 8083), "limits: 32 connections at once, not 33")
    check(port.exec("echo", json.dumps({"args": ["true"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}}).encode())
          .communicate(end=False)[2] == 0, "limits: and processes are not kept from starting")
    for one in many:
        one.end_input()
    check(all(read_all(one)[1] == (0, 0, 0) for one in many), "limits: and all of them end")
    over = connect(port, 8083)
    port.send(guest_port.frame(guest_port.STDIN_END, over.stream))
    port.send(guest_port.frame(guest_port.STDIN, over.stream, b"x"))
    try:
        read_all(over)
        check(True, "connect: input after its end ends it")
    except guest_port.PortClosed:
        check(False, "connect: input after its end ends it")
    except guest_port.GuestError as error:
        check(error.errno == 71, "connect: input after its end ends it")
    check(machine.guest.shell("echo daemon; netstat -ltn | tail -n +3")[0] == b"daemon\n", "connect: and nothing listens in the guest itself")
    for name, server in (("web", web), ("echo", echo), ("six", six)):
        server.signal(signal.SIGKILL)
        server.communicate(end=False)
        port.delete(name)


def check_processes(machine, port, config, process, check, refused):
    def shared(*arguments):
        made = json.loads(config(ROOT, *arguments))
        made["linux"]["namespaces"] = [space for space in made["linux"]["namespaces"] if space["type"] != "pid"]
        made["linux"]["namespaces"].append({"type": "pid", "path": "/run/templating/pidns/pod"})
        return json.dumps(made).encode()

    check(refused(22, port.ask, guest_port.PROCESSES, b"x"), "processes: fields of it are refused")
    port.processes()
    port.processes()
    check(machine.guest.shell("pidof pause | wc -w")[0] == b"1\n", "processes: one pause process, however often it is asked for")
    first = port.run("first", shared("sleep", "1001"))
    second = port.run("second", shared("sh", "-c", "sleep 1002 & sleep 1003 & wait"))
    seen = b""
    until = time.monotonic() + 20
    while b"1003" not in seen and time.monotonic() < until:
        seen = port.exec("first", json.dumps(process("busybox", "ps", "-o", "pid,user,args")).encode()).communicate(end=False)[0]
    lines = [line.split() for line in seen.decode().splitlines()[1:]]
    check(any(line[:2] == ["1", "65535"] and line[-1] == "pause" for line in lines) and
          all(["sleep", text] in [line[2:] for line in lines] for text in ("1001", "1002", "1003")),
          f"processes: one container sees the other's, and pause is the first: {lines}")
    hidden = "ls /proc/1/root /proc/1/fd; kill -9 1; kill -TERM 1; echo no"
    out = port.exec("first", json.dumps(process("sh", "-c", hidden)).encode()).communicate(end=False)
    check(b"run" not in out[0] and out[0].endswith(b"no\n"), f"processes: pause shows nothing of the guest and cannot be ended from inside: {out[:2]}")
    # With every right in the guest there is nothing behind it either.
    outside = machine.guest.shell("P=$(pidof pause); ls -A /proc/$P/root | wc -l; ls /proc/$P/fd | wc -l; grep -c roots /proc/$P/mounts; "
                                  "grep -E '^(CapEff|CapPrm|NoNewPrivs)' /proc/$P/status")[0]
    check(outside == b"0\n0\n0\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n", f"processes: {outside}")
    orphans = port.exec("second", json.dumps(process("sh", "-c", "(sleep 0.1 &) ; exit 0")).encode())
    check(orphans.communicate(end=False)[2] == 0, "processes: an exec leaves an orphan")
    second.signal(signal.SIGKILL)
    check(second.communicate(end=False)[3] == 9, "processes: the first process of one container ends")
    until = time.monotonic() + 20
    while machine.guest.shell("cat /sys/fs/cgroup/second/cgroup.procs | wc -l")[0] != b"0\n" and time.monotonic() < until:
        time.sleep(0.05)
    left = port.exec("first", json.dumps(process("busybox", "ps", "-o", "stat,args")).encode()).communicate(end=False)[0].decode()
    check("1001" in left and "1002" not in left and "1003" not in left, f"processes: and with it all of its container, but not the other's: {left}")
    check(not any(line.startswith("Z") for line in left.splitlines()), "processes: and none is left unreaped")
    port.delete("second")
    first.signal(signal.SIGKILL)
    check(first.communicate(end=False)[3] == 9, "processes: the other ends by itself")
    port.delete("first")


def check_updates(machine, port, config, check, refused):
    def update(*values):
        return port.ask(guest_port.UPDATE, guest_port.text("grow") + struct.pack("<5Q", *values))

    def group(*files):
        return machine.guest.shell("cd /sys/fs/cgroup/grow; cat " + " ".join(files))[0]

    held = port.run("grow", config(ROOT, "sleep", "1000", memory=16 << 20))
    update(32 << 20, 50000, 100000, 200, 77)
    check(group("memory.max", "cpu.max", "cpu.weight", "pids.max") == b"33554432\n50000 100000\n200\n77\n", "update: all limits of a container")
    update(LEAVE, LEAVE, LEAVE, LEAVE, 78)
    check(group("memory.max", "cpu.max", "cpu.weight", "pids.max") == b"33554432\n50000 100000\n200\n78\n", "update: what is not named stays")
    update(0, 0, 100000, LEAVE, 0)
    check(group("memory.max", "cpu.max", "pids.max") == b"max\nmax 100000\nmax\n", "update: no limit")
    for values in ((1 << 63, LEAVE, LEAVE, LEAVE, LEAVE), (LEAVE, 999, 100000, LEAVE, LEAVE), (LEAVE, 5000, 999, LEAVE, LEAVE),
                   (LEAVE, 5000, 1000001, LEAVE, LEAVE), (LEAVE, LEAVE, LEAVE, 0, LEAVE), (LEAVE, LEAVE, LEAVE, 10001, LEAVE),
                   (LEAVE, 5000, LEAVE, LEAVE, LEAVE), (LEAVE, LEAVE, 5000, LEAVE, LEAVE), (LEAVE, LEAVE, LEAVE, LEAVE, 1 << 63)):
        check(refused(22, update, *values), f"update: refused: {values}")
    check(refused(22, port.ask, guest_port.UPDATE, guest_port.text("grow") + b"\0" * 39) and
          refused(22, port.ask, guest_port.UPDATE, guest_port.text("grow") + b"\0" * 41), "update: fields cut short, or more of them")
    check(refused(2, port.ask, guest_port.UPDATE, guest_port.text("../grow") + b"\0" * 40), "update: no such container")
    check(group("memory.max", "pids.max") == b"max\nmax\n", "update: and what was refused changed nothing")
    held.signal(signal.SIGKILL)
    held.communicate(end=False)
    port.delete("grow")
    check(refused(2, update, 1 << 30, LEAVE, LEAVE, LEAVE, LEAVE), "update: of one that is gone")
