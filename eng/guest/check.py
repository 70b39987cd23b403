"""The checks behind check.sh. Run by hand or by CI; one line per check, exit status 1 when one failed."""

import argparse
import base64
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import check_containers

HERE = os.path.dirname(os.path.abspath(__file__))
MEMORY = 256 << 20
KERNEL_WORDS = "console=ttyS0 quiet panic=-1 swiotlb=noforce tsc=reliable"
FAILED = []


def check(good, what):
    print(f"{'ok  ' if good else 'FAIL'} {what}", flush=True)
    if not good:
        FAILED.append(what)


def b64(data):
    data = data.encode() if isinstance(data, str) else data
    return base64.b64encode(data).decode() if data else "-"


def unb64(word):
    return b"" if word == "-" else base64.b64decode(word)


class Guest:
    """The host's end of docs/guest-protocol.md, as far as a check needs it."""

    def __init__(self, path):
        self.path = path
        self.connect()

    def connect(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(self.path)
        self.lines = self.socket.makefile("rb")

    def close(self):
        self.lines.close()
        self.socket.close()

    def send(self, line):
        self.socket.sendall(line.encode() + b"\n")

    def receive(self):
        line = self.lines.readline(16385)
        if not line.endswith(b"\n"):
            raise RuntimeError(f"the port closed: {line!r}")
        return line.decode().rstrip("\n").split(" ")

    def sync(self):
        nonce = secrets.token_hex(8)
        self.send("\x18\nsync " + nonce)
        self.extras = []
        while len(words := self.receive()) != 3 or words[:2] != ["synced", nonce]:
            if words[:2] == ["synced", nonce]:
                self.extras = words[3:]
        return words[2]

    def identify(self, ident, host, kept="-", env="", user_data="", booted=False):
        machine = secrets.token_hex(16)
        now = time.time_ns()
        self.send(f"identify {b64(ident)} {b64(host)} {machine} {now} {kept} {b64(secrets.token_bytes(32))} "
                  f"{b64(env)} {b64(user_data)}{' booted' if booted else ''}")
        words = self.receive()
        if words[0] != "identified":
            raise RuntimeError(" ".join(words[:2]) + " " + unb64(words[-1]).decode())
        same = unb64(words[1]).decode() == ident and unb64(words[2]).decode() == host and words[3] == machine
        same = same and abs(int(words[4]) - now) < 5e9
        return same, words[5], words[6]

    def start(self, number, *arguments, flags="-", timeout=0, cwd="", env="", size="", user=""):
        more = f"{size} " if size else ""
        more += f"{b64(user)} " if user else ""
        self.send(f"exec {number} {flags} {timeout} {b64(cwd)} {b64(env)} {more}" + " ".join(b64(a) for a in arguments))

    def read_until(self, number, expected):
        """Output of a command up to and with what is expected."""
        out = b""
        while expected not in out:
            words = self.receive()
            if words[0] == "exit":
                raise RuntimeError(f"it ended after {out!r}")
            if words[:2] == ["out", str(number)]:
                out += unb64(words[2])
                self.send(f"ack {number} {len(unb64(words[2]))}")
        return out

    def finish(self, number, acknowledge=True):
        """(out, err, code, signal) or (None, reason, ...) where it did not start."""
        out = {"out": b"", "err": b""}
        while True:
            words = self.receive()
            if words[0] in out and words[1] == str(number):
                data = unb64(words[2])
                out[words[0]] += data
                if acknowledge:
                    self.send(f"ack {number} {len(data)}")
            elif words[0] == "exit" and words[1] == str(number):
                self.why = words[4:]
                return out["out"], out["err"], words[2], words[3]
            elif words[0] == "nostart":
                return None, unb64(words[2]).decode(), "-", "-"
            elif words[0] == "failed":
                return None, unb64(words[2]).decode(), "failed", words[1]

    def run(self, *arguments, **options):
        self.start(1, *arguments, **options)
        return self.finish(1)

    def shell(self, script, **options):
        return self.run("sh", "-c", script, **options)


class Machine:
    """One QEMU. `incoming` None boots; else it is the state file of a template whose RAM is `ram`."""

    def __init__(self, options, ram, incoming=None, image_role="share=on,readonly=on", append="", kernel=True, owner=False):
        self.folder = tempfile.mkdtemp(prefix="machine-", dir=options.work)
        listeners = {}
        for name in ("qmp", "agent", "guest", "console", "owner"):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(f"{self.folder}/{name}")
            listener.listen(1)
            listener.set_inheritable(True)
            listeners[name] = listener
        image = f"{options.image}/rootfs.img"
        role = "share=off,readonly=on,rom=off" if incoming else "share=on"
        command = f"""qemu-system-x86_64 -nodefaults -no-user-config
            -machine q35,accel=tcg,nvdimm=on,memory-backend=ram -cpu {options.cpu} -smp 1 -m 256M,slots=4,maxmem=2G
            -object memory-backend-file,id=ram,mem-path={ram},size={MEMORY},{role}
            -object memory-backend-file,id=img0,mem-path={image},size={os.path.getsize(image)},{image_role}
            -device nvdimm,memdev=img0,unarmed=on
            -device virtio-serial-pci
            -device virtserialport,chardev=agent,name=org.qemu.guest_agent.0
            -device virtserialport,chardev=guest,name=dev.templating.guest.0
            -device vmgenid,guid=auto
            -serial chardev:console -mon chardev=qmp,mode=control -display none -no-reboot""".split()
        if owner:
            # A sandbox: the owner's port, room for what will be plugged in, and no card of its own.
            command += ["-device", "virtserialport,nr=3,chardev=owner,name=dev.templating.shim.0"]
            for n in range(8):
                command += ["-device", f"pcie-root-port,id=port{n},chassis={n + 1},slot={n + 1},addr={n + 8:#x}"]
        else:
            command += ["-netdev", "user,id=net0,restrict=on,hostfwd=tcp:127.0.0.1:0-:80",
                        "-device", "virtio-net-pci,netdev=net0,romfile="]
        for name, listener in listeners.items():
            log = f",logfile={self.folder}/console.log" if name == "console" else ""
            command += ["-chardev", f"socket,id={name},fd={listener.fileno()},server=on,wait=off{log}"]
        if kernel:
            command += ["-kernel", options.kernel, "-initrd", f"{options.image}/initrd"]
            command += ["-append", f"{KERNEL_WORDS} {options.append} {append}"]
        if incoming:
            command += ["-incoming", "defer"]
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, close_fds=False, stdin=subprocess.DEVNULL)
        for listener in listeners.values():
            listener.close()
        MACHINES.append(self)
        self.guest = Guest(f"{self.folder}/guest")
        self.qmp = socket.socket(socket.AF_UNIX)
        self.qmp.settimeout(60)
        self.qmp.connect(f"{self.folder}/qmp")
        self.qmp_lines = self.qmp.makefile("rb")
        self.qmp_lines.readline()
        self.ask("qmp_capabilities")
        if incoming:
            self.ask("migrate-set-capabilities", capabilities=[{"capability": "x-ignore-shared", "state": True}])
            self.ask("migrate-incoming", uri=f"file:{incoming}")
            while self.ask("query-migrate").get("status") != "completed":
                time.sleep(0.001)

    def ask(self, command, **arguments):
        self.qmp.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while True:
            answer = json.loads(self.qmp_lines.readline())
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def freeze(self, state):
        self.ask("stop")
        self.ask("migrate-set-capabilities", capabilities=[{"capability": "x-ignore-shared", "state": True}])
        self.ask("migrate", uri=f"file:{state}")
        while (status := self.ask("query-migrate")["status"]) != "completed":
            if status == "failed":
                raise RuntimeError("the migration to a file failed")
            time.sleep(0.001)
        self.ask("quit")
        self.process.wait(20)

    def web(self):
        text = self.ask("human-monitor-command", **{"command-line": "info usernet"})
        port = re.search(r"HOST_FORWARD\]\s+\d+\s+\S+\s+(\d+)", text).group(1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
            return json.loads(answer.read())

    def anonymous_kb(self, path):
        """(permissions, kB the host spent) of the mapping of that file."""
        permissions, spent = "", 0
        with open(f"/proc/{self.process.pid}/smaps", encoding="ascii") as smaps:
            inside = False
            for line in smaps:
                if re.match(r"^[0-9a-f]+-[0-9a-f]+ ", line):
                    inside = line.rstrip().endswith(path)
                    permissions = line.split()[1] if inside else permissions
                elif inside and line.startswith("Anonymous:"):
                    spent += int(line.split()[1])
        return permissions, spent

    def busy_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def agent_ping(self):
        with socket.socket(socket.AF_UNIX) as agent:
            agent.settimeout(30)
            agent.connect(f"{self.folder}/agent")
            number = secrets.randbelow(1 << 30)
            agent.sendall(b"\xff" + json.dumps({"execute": "guest-sync", "arguments": {"id": number}}).encode() + b"\n")
            for line in agent.makefile("rb"):
                if str(number).encode() in line:
                    return True
        return False

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


MACHINES = []


class Timings:
    def __init__(self):
        self.rows = []

    def add(self, name, start):
        self.rows.append((name, (time.monotonic() - start) * 1000))

    def show(self):
        for name, milliseconds in self.rows:
            print(f"time {name:<44} {milliseconds:8.1f} ms")


def check_exec(guest):
    check(guest.shell("echo out; echo err >&2; exit 7") == (b"out\n", b"err\n", "7", "-"), "exec: output, errors, code")
    check(guest.run("no-such-program")[0] is None, "exec: an unknown program does not start")
    check(guest.run("pwd", cwd="/no/such")[0] is None, "exec: an unknown folder does not start")
    check(guest.run("pwd", cwd="/usr")[0] == b"/usr\n", "exec: working folder")
    check(guest.shell("echo $A,$B", env="A=1\0B=two words\0")[0] == b"1,two words\n", "exec: environment")
    start = time.monotonic()
    out = guest.shell("echo early; sleep 100 & sleep 100", timeout=500)
    check(out == (b"early\n", b"", "-", "9") and time.monotonic() - start < 5, "exec: timeout ends all of it")
    guest.start(3, "sleep", "100")
    guest.send("kill 3 15")
    check(guest.finish(3)[2:] == ("-", "15"), "exec: kill")
    start = time.monotonic()
    check(guest.shell("sleep 100 & echo $!")[2] == "0" and time.monotonic() - start < 5,
          "exec: a background child that keeps the pipes is not waited for")
    guest.shell("killall sleep")

    guest.start(4, "cat", flags="i")
    guest.send(f"in 4 {b64('hello ')}")
    guest.send(f"in 4 {b64('world')}")
    guest.send("in 4 -")
    took, out = 0, b""
    while (words := guest.receive())[0] != "exit":
        took += int(words[2]) if words[0] == "took" else 0
        out += unb64(words[2]) if words[0] == "out" else b""
    check(out == b"hello world" and took == 11, "exec: standard input, and how much of it was taken")

    data = os.urandom(1000000)
    guest.start(5, "cat", flags="i")
    sent = took = 0
    out = b""
    while True:
        while sent < len(data) and sent - took < 65536:
            chunk = data[sent:sent + min(20000, 65536 - (sent - took))]
            guest.send(f"in 5 {b64(chunk)}")
            sent += len(chunk)
            if sent == len(data):
                guest.send("in 5 -")
        words = guest.receive()
        if words[0] == "took":
            took += int(words[2])
        elif words[0] == "out":
            out += unb64(words[2])
            guest.send(f"ack 5 {len(unb64(words[2]))}")
        else:
            break
    check(words[:3] == ["exit", "5", "0"] and out == data, "exec: a megabyte through cat and back")

    guest.start(6, "yes")
    received = 0
    while received < 262144:
        words = guest.receive()
        received += len(unb64(words[2]))
    guest.start(7, "echo", "meanwhile")
    other = guest.finish(7)
    check(received == 262144 and other[0] == b"meanwhile\n",
          "exec: output stops at the window, and another command goes on")
    guest.send("kill 6 9")
    guest.send("ack 6 262144")
    check(guest.finish(6)[3] == "9", "exec: the acknowledged command goes on and ends")

    for number in range(1, 18):
        guest.start(100 + number, "sleep", "100")
    words = guest.receive()
    check(words[:2] == ["nostart", "117"], "exec: sixteen at once, not seventeen")
    guest.sync()
    check(guest.shell("pidof sleep")[0] == b"", "sync: ends what the conversation before had started")


def check_terminals(guest):
    check(guest.extras == ["terminal", "user", "why"], "terminal: the guest says what it can do beyond version 1")
    out = guest.shell("tty; stty size; echo $TERM; echo err >&2", flags="t", size="30 100")
    check(re.fullmatch(rb"/dev/pts/\d+\r\n30 100\r\nxterm\r\nerr\r\n", out[0] or b"") and out[1:] == (b"", "0", "-"),
          f"terminal: a device, its size, its type, one stream {out}")
    guest.start(2, "sh", "-c", "trap 'stty size; exit 4' WINCH; echo on; while :; do sleep 0.1; done", flags="t", size="24 80")
    guest.read_until(2, b"on\r\n")
    guest.send("resize 2 50 132")
    check(guest.finish(2)[::2] == (b"50 132\r\n", "4"), "terminal: a resize is told by SIGWINCH")
    guest.start(2, "sh", flags="it", size="24 80")
    guest.read_until(2, b"# ")
    guest.send(f"in 2 {b64('sleep 100' + chr(10))}")
    guest.shell("until pidof sleep; do sleep 0.1; done")
    guest.send(f"in 2 {b64(chr(3))}")
    guest.send(f"in 2 {b64('echo got=$?' + chr(10))}")
    guest.read_until(2, b"got=130\r\n")
    guest.send("in 2 -")
    check(guest.finish(2)[2] == "0", "terminal: Ctrl-C ends the job, not its shell; the end of input ends that")
    # The end comes while a job has the terminal: it is there for the job, and for the shell that reads after it.
    for job in ("sleep 0.5", "cat", "stty -icanon; sleep 0.2"):
        guest.start(2, "sh", flags="it", size="24 80")
        guest.read_until(2, b"# ")
        guest.send(f"in 2 {b64(job + chr(10))}")
        guest.send("in 2 -")
        check(guest.finish(2)[2] == "0", f"terminal: the end of input lasts for who reads after '{job}'")
    guest.start(2, "sh", "-c", "set -m; sleep 101", flags="t", size="24 80", timeout=500)
    guest.finish(2)
    check(guest.shell("pidof sleep")[0] == b"", "terminal: a timeout ends the job that has it, too")
    guest.start(2, "sh", "-c", "set -m; echo on; sleep 102", flags="t", size="24 80")
    guest.read_until(2, b"on\r\n")
    guest.sync()
    check(guest.shell("for i in 1 2 3 4 5 6 7 8 9; do pidof sleep || break; sleep 0.1; done")[0] == b"", "terminal: hung up with its conversation")
    for flags, size in (("t", "0 80"), ("t", "24 65536"), ("t", "24 x"), ("tt", "24 80"), ("x", ""), ("t", "")):
        check(guest.run("true", flags=flags, size=size)[0] is None, f"terminal: {flags} {size} does not start")
    guest.send("resize 99 1 1")
    guest.start(2, "cat", flags="it", size="24 80")
    for _ in range(4000):
        guest.send("resize 2 24 80")
    flood = b"x" * 60000
    guest.send(f"in 2 {b64(flood)}")
    guest.send("kill 2 9")
    check(guest.finish(2)[3] == "9", "terminal: a flood of resizes and of input nobody reads is survived")
    guest.start(2, "yes", flags="t", size="24 80")
    received = 0
    while received < 262144:
        received += len(unb64(guest.receive()[2]))
    check(guest.shell("echo meanwhile")[0] == b"meanwhile\n", "terminal: output stops at the window")
    guest.send("kill 2 9")
    guest.send("ack 2 262144")
    check(guest.finish(2)[3] == "9", "terminal: and ends")


def check_users(guest):
    guest.shell("printf 'root:x:0:0::/root:/bin/sh\\nann:x:1000:1001::/home/ann:/bin/sh\\n' >/run/passwd;"
                "printf 'staff:x:1001:\\nextra:x:1002:bob,ann\\n' >/run/group;"
                "mount --bind /run/passwd /etc/passwd; mount --bind /run/group /etc/group")
    out = guest.shell("id -u; id -g; id -G; echo $HOME $USER $LOGNAME", flags="u", user="ann")
    check(out[:2] == (b"1000\n1001\n1001 1002\n/home/ann ann ann\n", b""), f"user: by name, with all groups {out}")
    check(guest.shell("id -G; echo $USER", flags="u", user="1000")[0] == b"1001 1002\nann\n", "user: by number")
    check(guest.shell("id -u; id -G; echo $HOME", flags="u", user="7:extra")[0] == b"7\n1002\n/\n", "user: a number and a group, nothing else")
    check(guest.shell("id -G", flags="u", user="4242")[0] == b"4242\n", "user: a number nobody has is in no group of others")
    check(guest.shell("tty >/dev/null && : </dev/tty && echo x >$(tty) && id -u", flags="tu", size="24 80", user="ann")[0] == b"x\r\n1000\r\n",
          "user: at a terminal that is its own")
    out = guest.run("true", flags="u", user="eve")
    check(out[:2] == (None, "No user eve in /etc/passwd"), "user: an unknown one is named")
    check(guest.run("true", flags="u", user="ann:eve")[1] == "No group eve in /etc/group", "user: an unknown group is named")
    check(guest.shell("cat /run/templating/user-data", flags="u", user="ann")[2] != "0", "user: has no rights of root's")
    guest.shell("mkdir -m 700 /run/closed")
    check("Permission denied" in str(guest.run("true", flags="u", user="ann", cwd="/run/closed")[1]), "user: reaches its folder with its own rights")
    for bad in ("", ":", ":staff", "99999999999"):
        check(guest.run("true", flags="u", user=bad or "\0")[0] is None, f"user: {bad!r} does not start")
    guest.shell("umount /etc/passwd /etc/group")


def check_reasons(guest):
    guest.run("sleep", "100", flags="w", timeout=300)
    check(guest.why == ["timeout"], "exit: tells a timeout")
    guest.start(2, "sleep", "100", flags="w")
    guest.send("kill 2 9")
    guest.finish(2)
    check(guest.why == [], "exit: of a kill tells nothing")
    guest.run("sleep", "100", timeout=300)
    check(guest.why == [], "exit: tells only a host that asked")
    guest.shell("echo '<3>Out of memory: Killed process 12345 (x)' >/dev/kmsg")
    out = guest.run("tail", "/dev/zero", flags="w")
    check(guest.why == ["oom"] and out[3] == "9", f"exit: tells that the kernel took its memory {out[2:]} {guest.why}")
    out = guest.shell("echo \"<3>Out of memory: Killed process $$ (x)\" >/dev/kmsg; kill -9 $$", flags="w")
    check(guest.why == [] and out[3] == "9", "exit: believes the kernel alone")


def check_lines(guest):
    guest.send("kill 1 15\x18")
    guest.send("nonsense")
    words = guest.receive()
    check(words[:2] == ["failed", "line"], "an unknown verb is refused, a voided line is ignored")
    guest.send("exec 9 - 0 - - !!!!")
    check(guest.receive()[:2] == ["nostart", "9"], "a word that is not base64 is refused")
    guest.send("identify - - - - - - - -")
    check(guest.receive()[:2] == ["failed", "identify"], "an identity without content is refused")
    guest.send("in 1 " + "A" * 300000)
    check(guest.receive()[:2] == ["failed", "line"], "a line that is too long is refused")
    check(guest.sync() == "1", "and the next conversation works")


def check_disconnect(machine):
    guest = machine.guest
    guest.start(8, "sleep", "100")
    guest.start(9, "echo", "x")
    guest.finish(9)
    guest.socket.sendall(b"exec 10 - 0 - - c2xl")
    guest.close()
    time.sleep(0.5)
    before = machine.busy_seconds()
    time.sleep(2)
    busy = (machine.busy_seconds() - before) / 2
    check(busy < 0.3, f"disconnected: the guest sleeps ({busy * 100:.0f} % of a CPU)")
    start = time.monotonic()
    guest.connect()
    guest.sync()
    print(f"time reconnect to synced {(time.monotonic() - start) * 1000:.1f} ms")
    check(guest.shell("pidof sleep")[0] == b"", "disconnect: ends what was running")


def boot(options, timings):
    ram, state = f"{options.work}/ram", f"{options.work}/state"
    machine = Machine(options, ram, append="iomem=relaxed")
    version = machine.guest.sync()
    timings.add("start to synced", machine.started)
    check(version == "1", "boot: synced, version 1")
    check(machine.agent_ping(), "boot: qemu-guest-agent answers")
    timings.add("start to qemu-guest-agent", machine.started)
    mount = machine.guest.shell("grep ' / ' /proc/mounts")[0]
    check(b"dax" in mount and b" ro," in mount, "boot: the root is the NVDIMM, read-only, with dax")
    check(machine.guest.shell("head -c0 /etc/shadow /x; echo x >/etc/x")[2] != "0", "boot: the root cannot be written")
    print("     guest memory:", machine.guest.shell("free -m | sed -n 2p")[0].decode().split())
    start = time.monotonic()
    same, reseed, _ = machine.guest.identify("template", "template", booted=True)
    check(same and reseed == "seed" and time.monotonic() - start < 1.5, "boot: an identity without a restore, no wait")
    check_exec(machine.guest)
    check_terminals(machine.guest)
    check_users(machine.guest)
    check_reasons(machine.guest)
    check_lines(machine.guest)
    check_disconnect(machine)
    machine.guest.sync()
    machine.freeze(state)
    os.chmod(ram, 0o444)
    return ram, state


def restore(options, timings, ram, state, n, **how):
    machine = Machine(options, ram, state, **how)
    timings.add(f"clone {n}: start to restored", machine.started)
    start = time.monotonic()
    machine.ask("cont")
    machine.guest.sync()
    timings.add(f"clone {n}: cont to synced", start)
    middle = time.monotonic()
    same, reseed, random = machine.guest.identify(
        f"clone-{n}", f"host-{n}", f"52:54:00:00:00:{n:02x}", "GREETING=it's\0N=1\0", b"\0data" * 1000)
    timings.add(f"clone {n}: synced to identified", middle)
    timings.add(f"clone {n}: cont to identified", start)
    middle = time.monotonic()
    page = machine.web()
    timings.add(f"clone {n}: identified to first HTTP answer", middle)
    timings.add(f"clone {n}: start to first HTTP answer", machine.started)
    check(same and reseed == "kernel", f"clone {n}: identity in force, reseeded by {reseed}")
    check(page["id"] == f"clone-{n}" and page["random"] == random, f"clone {n}: says so over HTTP")
    middle = time.monotonic()
    out = machine.guest.shell(". /run/templating/env; hostname; echo \"$GREETING$N\"; cat /sys/class/net/eth0/address; "
                              "cat /etc/machine-id; wc -c </run/templating/user-data; stat -c %a /run/templating/user-data")
    timings.add(f"clone {n}: first exec", middle)
    expected = f"host-{n}\nit's1\n52:54:00:12:34:56\n{page['machine_id']}\n5000\n600\n"
    check(out[0].decode() == expected, f"clone {n}: host name, environment, its card's address kept, machine id, user data")
    check_boot_id(machine, page, f"clone {n}")
    return machine, page


def check_boot_id(machine, page, who):
    out = machine.guest.shell("cat /proc/sys/kernel/random/boot_id; grep -c boot_id /proc/mounts; ls /run/templating /run/www | grep -c next")[0]
    check(out.decode() == f"{page['boot_id']}\n1\n0\n", f"{who}: its boot id is its own and covers one mount, and no file is left half made")


def check_daemon_again(machine, page):
    """Whoever ends templating-guest meets it again, and the clone's identity with it."""
    machine.guest.start(11, "killall", "-9", "templating-guest")
    machine.guest.socket.settimeout(1)
    again = time.monotonic() + 20
    while True:
        try:
            machine.guest.sync()
            break
        except TimeoutError:
            # What nobody has the port open for is lost.
            check(time.monotonic() < again, "killed: templating-guest is back")
            machine.guest.close()
            machine.guest.connect()
            machine.guest.socket.settimeout(1)
    machine.guest.socket.settimeout(20)
    out = machine.guest.shell("cat /proc/sys/kernel/random/boot_id; grep -c boot_id /proc/mounts; cat /run/templating/id; hostname")[0]
    check(out.decode() == f"{page['boot_id']}\n1\n{page['id']}\n{page['hostname']}\n", "killed: templating-guest comes again, and who the clone is stays")


def check_idle(machine):
    """Its own timers are what an idle clone costs (docs/guest-image.md). A guest that the host lets wait ticks more while it works, so the least of
    three counts; a timer that should not be is in all of them."""
    counted = []
    with socket.socket(socket.AF_UNIX) as agent:
        # As the daemon does: qemu-guest-agent looks for a host that is away ten times a second.
        agent.connect(f"{machine.folder}/agent")
        while len(counted) < 3 and (not counted or min(counted) >= 70):
            out = machine.guest.shell(
                "n() { sed -n 's/^ *LOC: *\\([0-9]*\\).*/\\1/p' /proc/interrupts; }; sleep 2; before=$(n); sleep 10; echo $(($(n) - before))", timeout=30000)
            counted.append(int(out[0]))
    woken = min(counted)
    check(woken < 70, f"clones: an idle one is woken up {woken} times in 10 s, of 70 at most")


def check_attack(machine, wrong):
    permissions, before = machine.anonymous_kb("/rootfs.img")
    out = machine.guest.run("templating-attack-nvdimm", "200", timeout=20000)
    after = machine.anonymous_kb("/rootfs.img")[1]
    told = (out[0] or b"").decode().strip() or out[1]
    print(f"     mapping {permissions}, Anonymous {before} kB -> {after} kB; guest: {told}")
    if wrong:
        check(after - before == 800 and "kept=200" in told, "attack: a mapping with rom=off pays for each page (800 kB)")
    else:
        check(permissions.startswith("r--") and after == 0 and "kept=0 dropped=200" in told,
              "attack: the stores vanish and cost the host nothing")
        check(machine.guest.shell("echo alive")[0] == b"alive\n", "attack: the guest lives on")


def check_power_off(machine):
    start = time.monotonic()
    machine.ask("system_powerdown")
    try:
        code = machine.process.wait(15)
    except subprocess.TimeoutExpired:
        code = None
    check(code == 0, f"power button: off in {(time.monotonic() - start) * 1000:.0f} ms")


def check_faults(options):
    machine = Machine(options, f"{options.work}/ram-fault", append="templating.test=panic")
    try:
        code = machine.process.wait(60)
    except subprocess.TimeoutExpired:
        code = None
    with open(f"{machine.folder}/console.log", encoding="utf-8", errors="replace") as log:
        check(code is not None and "Kernel panic" in log.read(), "templating.test=panic: panics, and QEMU ends")
    machine = Machine(options, f"{options.work}/ram-fault", append="templating.test=never-ready")
    machine.guest.socket.settimeout(12)
    try:
        machine.guest.sync()
        answered = True
    except (TimeoutError, RuntimeError):
        answered = False
    check(not answered and machine.process.poll() is None, "templating.test=never-ready: runs and never answers")
    machine.end()


def check_all(options, timings):
    ram, state = boot(options, timings)
    print(f"     state file {os.path.getsize(state)} bytes, RAM file {os.stat(ram).st_blocks // 2} kB used")
    first, page1 = restore(options, timings, ram, state, 1)
    second, page2 = restore(options, timings, ram, state, 2, kernel=False)
    check(all(page1[k] != page2[k] for k in ("random", "boot_id", "machine_id")), "clones: nothing in common")
    check(second.agent_ping(), "clones: qemu-guest-agent answers")
    check_idle(second)
    # As a container sees it, whose /proc is a new one.
    under = [m.guest.shell("mkdir /tmp/p && mount -t proc p /tmp/p && cat /tmp/p/sys/kernel/random/boot_id; umount /tmp/p")[0] for m in (first, second)]
    check(len(set(under)) == 2 and all(len(u) == 37 for u in under), "clones: the kernel's own boot ids differ, too")
    check_daemon_again(second, page2)
    check_attack(first, wrong=False)
    check_power_off(first)
    second.end()
    third, _ = restore(options, timings, ram, state, 3, image_role="share=off,readonly=on,rom=off")
    check_attack(third, wrong=True)
    third.end()
    check_faults(options)
    check_containers.check_all(options, timings, Machine, check)


def main():
    cache = os.environ.get("TEMPLATING_CACHE", os.path.join(HERE, "..", "..", ".cache"))
    parser = argparse.ArgumentParser(prog="check.sh")
    parser.add_argument("--image", default=os.path.join(cache, "guest"))
    parser.add_argument("--cpu", default="max")
    parser.add_argument("--kernel", help="vmlinux of the image by default")
    parser.add_argument("--append", default="", help="more words for the kernel's command line")
    options = parser.parse_args()
    options.image = os.path.abspath(options.image)
    options.kernel = options.kernel or f"{options.image}/vmlinux"
    # RAM files in memory where there is some: a template's RAM is written while it boots.
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    options.work = tempfile.mkdtemp(prefix="templating-check-", dir=place)
    timings = Timings()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Whatever hangs, this ends; each step has its own, shorter limit.
    watchdog = threading.Timer(420, lambda: os.kill(os.getpid(), signal.SIGTERM))
    watchdog.daemon = True
    watchdog.start()
    try:
        check_all(options, timings)
    finally:
        for machine in MACHINES:
            machine.end()
        shutil.rmtree(options.work, ignore_errors=True)
    timings.show()
    print(f"{len(FAILED)} checks failed")
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
