"""Checks of the owner's port (docs/guest-protocol.md): containers in a guest, by the frames that an owner of a sandbox sends."""

import json
import os
import queue
import random
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tests", "shim"))

import check_pod  # noqa: E402
import guest_port  # noqa: E402  It lies beside its other users.
from guest_port import BY_NAME, BY_PCI, BY_SERIAL, EXIT, FOLDER, LINK, MORE_OF_FILE, NO_DEVICE, REMOVED, device  # noqa: E402

HELLO_TIMEOUTS = (20, 20, 20)
MAC = "52:54:00:aa:bb:01"


def tree(folder, image):
    """A root of busybox alone, with what a hostile image would hold."""
    for name in ("bin", "etc", "proc", "sys", "dev", "tmp", "run/templating", "data"):
        os.makedirs(f"{folder}/{name}", exist_ok=True)
    with open(f"{image}/initrd", "rb") as initrd, open(f"{folder}/bin/busybox", "wb") as to:
        subprocess.run(["cpio", "-i", "--quiet", "--to-stdout", "./bin/busybox", "bin/busybox"], stdin=initrd, stdout=to, check=True)
    os.chmod(f"{folder}/bin/busybox", 0o755)
    for name in ("sh", "echo", "cat", "true", "sleep", "dd", "httpd", "ip", "stty", "head", "ls", "hostname", "kill", "id", "yes", "grep", "wc"):
        os.symlink("busybox", f"{folder}/bin/{name}")
    os.symlink("/run/templating", f"{folder}/absolute")
    os.symlink("../../../../../../run/templating", f"{folder}/up")
    os.symlink("/proc/1/root/run", f"{folder}/magic")
    os.symlink("loop", f"{folder}/loop")
    os.symlink("/run/templating/env", f"{folder}/etc/file-out")
    os.symlink("/nowhere/at/all", f"{folder}/dangling")
    os.mkfifo(f"{folder}/etc/pipe")


def erofs(folder, to):
    subprocess.run(["mkfs.erofs", "--quiet", "-Enoinline_data", "--all-root", "-T1735689600", to, folder], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    step = 2 << 20
    os.truncate(to, (os.path.getsize(to) + step - 1) // step * step)


def config(root, *arguments, terminal=None, memory=None, network=True):
    capabilities = {kind: ["CAP_KILL", "CAP_NET_BIND_SERVICE"] for kind in ("bounding", "effective", "permitted")}
    resources = {"devices": [{"allow": False, "access": "rwm"}]}
    if memory:
        resources["memory"] = {"limit": memory, "swap": memory}
    spaces = [{"type": kind} for kind in ("pid", "ipc", "uts", "mount", "cgroup")]
    spaces.append({"type": "network", "path": "/run/templating/netns/pod"} if network else {"type": "network"})
    return json.dumps({
        "ociVersion": "1.0.0", "hostname": "pod", "root": {"path": root, "readonly": False},
        "process": process(*arguments, terminal=terminal, capabilities=capabilities),
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=64k"]},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["nosuid", "noexec", "newinstance"]},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]}],
        "linux": {"namespaces": spaces, "resources": resources}}).encode()


def process(*arguments, terminal=None, capabilities=None):
    """`terminal` is (rows, columns): what the program sees from its first moment on."""
    size = {"consoleSize": {"height": terminal[0], "width": terminal[1]}} if terminal else {}
    return {"terminal": bool(terminal), **size, "user": {"uid": 0, "gid": 0}, "args": list(arguments), "cwd": "/",
            "env": ["PATH=/bin", "TERM=xterm", "HOME=/"], "capabilities": capabilities or {}, "noNewPrivileges": True}


def run(port, ident, *arguments, stdin=b"", root="one", **how):
    started = port.run(ident, config(f"/run/templating/roots/{root}/root", *arguments, **how), stdin=bool(stdin))
    out = started.communicate(stdin, end=bool(stdin))
    port.delete(ident)
    return out


def refused(errno, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except guest_port.GuestError as error:
        return error.errno == errno or errno is None
    return False


def plug_pmem(machine, name, path, port):
    machine.ask("object-add", **{"qom-type": "memory-backend-file", "id": f"mem-{name}", "mem-path": path,
                                 "size": os.path.getsize(path), "share": True, "readonly": True})
    machine.ask("device_add", driver="virtio-pmem-pci", id=name, memdev=f"mem-{name}", bus=port)


def plug_disk(machine, name, path, port, read_only):
    machine.ask("blockdev-add", **{"node-name": f"node-{name}", "driver": "raw", "read-only": read_only,
                                   "file": {"driver": "file", "filename": path, "read-only": read_only}})
    machine.ask("device_add", driver="virtio-blk-pci", id=name, drive=f"node-{name}", serial=name, bus=port)


def check_mounts(machine, port, work, timings, check):
    folder, image, disk = f"{work}/tree", f"{work}/image.erofs", f"{work}/disk.ext4"
    erofs(folder, image)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", disk, "16M"], check=True, stdout=subprocess.DEVNULL)
    start = time.monotonic()
    plug_pmem(machine, "pmem-1", image, "port0")
    path, name, _, dax = port.mount("one", device(BY_PCI, "0000:00:08.0"), memory=16 << 20)
    timings.add("owner: plug to mounted (pmem, by its port)", start)
    check(path == "/run/templating/roots/one/root" and name.startswith("pmem") and dax, "mount: erofs on virtio-pmem with dax")
    start = time.monotonic()
    port.mount("again", device(BY_NAME, name), memory=1 << 20)
    timings.add("owner: mount of an image that is there", start)
    start = time.monotonic()
    plug_disk(machine, "disk-1", image, "port1", True)
    plug_disk(machine, "disk-2", disk, "port2", False)
    _, name, upper, dax = port.mount("two", device(BY_SERIAL, "disk-1"), disk=device(BY_SERIAL, "disk-2"))
    timings.add("owner: plug to mounted (two disks)", start)
    check(name.startswith("vd") and upper.startswith("vd") and not dax, "mount: erofs and ext4 on virtio-blk, by serial")
    major, minor, size = port.device(device(BY_SERIAL, "disk-2"))
    check(machine.guest.shell(f"ls -l /dev/{upper}")[0].split()[4:6] == [b"%d," % major, b"%d" % minor] and size == 16 << 20,
          "device: its numbers and its size")
    check(refused(22, port.device, device(NO_DEVICE)) and refused(19, port.device, device(BY_SERIAL, "no-such"), wait_ms=100),
          "device: none, and one that does not come")
    port.mount("plain", memory=1 << 20)
    port.mount("bare", device(BY_SERIAL, "disk-1"))
    check(refused(17, port.mount, "plain", memory=1 << 20), "mount: a name is used once")
    check(refused(22, port.mount, "../x", memory=1 << 20) and refused(22, port.mount, "nothing"), "mount: nonsense is refused")
    start = time.monotonic()
    check(refused(19, port.mount, "never", device(BY_SERIAL, "no-such"), memory=1 << 20, wait_ms=300) and
          time.monotonic() - start < 5, "mount: a device that does not come is told when its time is over")
    port.unmount("again")
    check(refused(2, port.unmount, "again"), "unmount: what is not there")
    check(refused(2, port.place, "again", "x", b"x"), "unmount: and nothing is put there")
    check(refused(30, port.place, "bare", "etc/x", b"x"), "mount: without an upper a root is read-only")


def check_places(machine, port, check):
    for path in ("absolute/escaped", "up/escaped", "/../../run/templating/escaped", "absolute/deep/escaped"):
        port.place("one", path, b"caught")
    seen = machine.guest.shell("find /run/templating -name escaped -not -path '*/roots/*' | wc -l; ls /run/templating/roots/one/root"
                               "/run/templating")[0]
    check(seen == b"0\ndeep\nescaped\n", "place: links of an image lead nowhere but into its root")
    port.place("one", "etc/file-out", b"caught")
    outside = machine.guest.shell("grep -c caught /run/templating/env; cat /run/templating/roots/one/root/run/templating/env")[0]
    check(outside == b"0\ncaught", "place: a link in the place of the file, too")
    check(refused(None, port.place, "one", "magic/x", b"x") and refused(40, port.place, "one", "loop/x", b"x"),
          "place: magic links and loops are errors")
    check(refused(None, port.place, "one", "dangling/x", b"x"), "place: a folder that is a link to nothing is an error")
    check(refused(6, port.place, "one", "etc/pipe", b"x"), "place: a pipe that nobody reads is no file")
    check(all(refused(22, port.place, "one", path, b"x") for path in ("", "/", "..", "a/..", "a/")), "place: no name, no file")
    port.place("one", "new/deep/file", b"one ", mode=0o640, user=7, group=8)
    port.place("one", "new/deep/file", b"two", what=MORE_OF_FILE)
    port.place("one", "new/folder", what=FOLDER, mode=0o1777)
    port.place("one", "new/link", b"deep", what=LINK)
    port.place("one", "new/link", b"folder", what=LINK)
    port.place("one", "new/gone", b"x")
    port.place("one", "new/gone", what=REMOVED)
    there = machine.guest.shell("cd /run/templating/roots/one/root/new; cat deep/file; stat -c ' %a %u %g' deep/file; "
                                "stat -c %a folder; readlink link; ls")[0]
    check(there == b"one two 640 7 8\n1777\nfolder\ndeep\nfolder\nlink\n", "place: files, folders, links, removal")
    check(port.read_end("one", "new/deep/file", 3) == b"two" and port.read_end("one", "new/deep/file", 100) == b"one two",
          "read: the end of a file")
    check(port.read_end("one", "etc/file-out", 100) == b"caught", "read: a link leads nowhere but into its root")
    check(refused(2, port.read_end, "one", "nothing", 1) and refused(22, port.read_end, "one", "new/folder", 1)
          and refused(2, port.read_end, "none", "x", 1), "read: what is no file is told")
    check(refused(22, port.read_end, "one", "new/deep/file", 0) and refused(22, port.read_end, "one", "new/deep/file", 16385),
          "read: within its limits")
    check(refused(28, port.place, "one", "big", b"x" * (1 << 20)) or refused(28, fill, port), "place: a full upper is told")


def fill(port):
    for _ in range(20):
        port.place("one", "big", b"x" * (1 << 20), what=MORE_OF_FILE)


def fetch(url):
    """What a server there says, which may not listen yet."""
    until = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return answer.read()
        except OSError as error:
            if time.monotonic() > until:
                return str(error)
            time.sleep(0.01)


def check_network(machine, port, timings, check):
    start = time.monotonic()
    machine.ask("netdev_add", type="user", id="net1", restrict=True, hostfwd=[{"str": "tcp:127.0.0.1:0-:8080"}])
    machine.ask("device_add", driver="virtio-net-pci", id="nic-1", netdev="net1", mac=MAC, bus="port3", romfile="")
    address = guest_port.address
    port.network(MAC, "eth0", mtu=1400, addresses=[address("10.0.2.15", 24), address("fd00::5", 64)],
                 routes=[(address("0.0.0.0", 0), "10.0.2.2", False), (address("10.9.0.0", 16), "10.8.0.1", True),
                         (address("fd01::", 32), "fd00::1", False), (address("192.0.2.7", 32), None, False)],
                 neighbours=[(address("10.0.2.99", 32), "52:54:00:00:00:99")])
    timings.add("owner: plug to card set up", start)
    out = run(port, "net", "sh", "-c", "ip -o addr; ip route; ip -6 route; ip neigh; ls /sys/class/net")[0].decode()
    for text in ("inet 127.0.0.1/8", "inet 10.0.2.15/24", "inet6 fd00::5/64", "default via 10.0.2.2", "10.9.0.0/16 via 10.8.0.1",
                 "fd01::/32 via fd00::1", "192.0.2.7", "10.0.2.99 dev eth0 lladdr 52:54:00:00:00:99", "mtu 1400"):
        good = text in out or (text == "mtu 1400" and "1400" in run(port, "mtu", "ip", "link")[0].decode())
        check(good, f"network: {text}")
    check(b"eth0" not in machine.guest.shell("ls /sys/class/net; netstat -ltn")[0], "network: the card left the guest's own namespace")
    server = port.run("web", config("/run/templating/roots/one/root", "httpd", "-f", "-p", "8080", "-h", "/etc"))
    port.place("one", "etc/index.html", b"pod")
    forwarded = machine.ask("human-monitor-command", **{"command-line": "info usernet"})
    host = [line.split()[3] for line in forwarded.splitlines() if "HOST_FORWARD" in line][0]
    middle = time.monotonic()
    check(fetch(f"http://127.0.0.1:{host}/") == b"pod", "network: a container answers from the pod's address")
    timings.add("owner: first HTTP answer of a container", middle)
    server.signal(signal.SIGKILL)  # as PID 1 of its namespace it would not notice a SIGTERM
    server.communicate(end=False)
    port.delete("web")
    port.network(MAC, "eth0", addresses=[address("10.0.2.15", 24)])
    check(refused(19, port.network, "52:54:00:aa:bb:99", wait_ms=200), "network: a card that does not come is told")


def check_processes(machine, port, timings, check):
    for n in range(4):
        start = time.monotonic()
        started = port.run(f"true-{n}", config("/run/templating/roots/one/root", "true"))
        timings.add(f"owner: run to started, number {n}", start)
        out = started.communicate(end=False)
        port.delete(f"true-{n}")
        timings.add(f"owner: run, exit and delete, number {n}", start)
        check(out == (b"", b"", 0, 0, 0), f"run: true, number {n}")
    check(run(port, "code", "sh", "-c", "echo out; echo err >&2; exit 7") == (b"out\n", b"err\n", 7, 0, 0),
          "run: output, errors and exit code")
    check(refused(5, port.run, "bad", config("/run/templating/roots/one/root", "no-such-program")), "run: no such program")
    check(refused(22, port.run, "bad", b'{"linux": {"cgroupsPath": "/"}}'), "run: a group of another name")
    check(refused(5, port.run, "bad", b"{}") and refused(5, port.run, "bad", b"\0\xff"), "run: a config.json that is none")
    check(refused(5, port.run, "bad", config("/run/templating/roots/one/root", "true"), terminal=(24, 80)),
          "run: a terminal that the config.json does not ask for")
    check(run(port, "bad", "cat", stdin=b"hello") == (b"hello", b"", 0, 0, 0), "run: the name is free again; standard input")
    start = time.monotonic()
    out = run(port, "big", "dd", "if=/dev/zero", "bs=64k", "count=48")
    print(f"     3 MiB of output: {3 / (time.monotonic() - start):.1f} MiB/s")
    check(len(out[0]) == 3 << 20 and out[2] == 0, "run: 3 MiB of output, whole")
    data = os.urandom(1000000)
    check(run(port, "echo", "cat", stdin=data)[0] == data, "run: a megabyte through cat and back")

    main = port.run("main", config("/run/templating/roots/one/root", "sh", "-c", "trap 'exit 5' TERM; while :; do sleep 1; done"))
    check(refused(17, port.run, "main", config("/run/templating/roots/one/root", "true")), "run: an id is used once")
    for n in range(3):
        start = time.monotonic()
        other = port.exec("main", json.dumps(process("true")).encode())
        out = other.communicate(end=False)
        timings.add(f"owner: exec of true, number {n}", start)
        check(out == (b"", b"", 0, 0, 0), f"exec: true, number {n}")
    check(refused(5, port.exec, "main", json.dumps(process("no-such")).encode()), "exec: no such program")
    check(refused(2, port.exec, "nobody", json.dumps(process("true")).encode()), "exec: no such container")

    script = "stty size; read line; stty size; trap 'exit 9' INT; echo rea''dy; while :; do sleep 1; done"
    shell = port.exec("main", json.dumps(process("sh", "-c", script, terminal=(33, 101))).encode(), stdin=True, terminal=(33, 101))
    text = read_until(shell, b"33 101")
    shell.resize(44, 102)
    shell.write(b"\n")
    text += read_until(shell, b"ready")
    check(b"33 101" in text and b"44 102" in text, "exec: a terminal of the size asked for, and resized")
    shell.write(b"\x03")
    check(shell.communicate(end=False)[2] == 9, "exec: ^C reaches the terminal's program")
    check(refused(22, main.resize, 1, 1), "resize: a process without a terminal has no size")

    stats = port.stats("main")
    check(stats["memory_current"] > 0 and stats["cpu_usec"] > 0 and stats["pids_current"] == 2 and stats["oom_kills"] == 0,
          f"stats: {stats['memory_current'] >> 10} kB, {stats['pids_current']} processes")
    check(refused(3, port.ask, guest_port.SIGNAL, struct.pack("<IBB", 99999, 9, 0)), "signal: no such process")
    main.signal(signal.SIGTERM)
    check(main.communicate(end=False) == (b"", b"", 5, 0, 0), "signal: a handler's exit code")
    check(refused(3, main.signal, signal.SIGKILL), "signal: what has ended is not there")
    port.delete("main")
    check(refused(2, port.delete, "main") and refused(2, port.stats, "main"), "delete: and it is gone")

    hungry = port.run("hungry", config("/run/templating/roots/one/root", "sh", "-c", "a=x; while :; do a=$a$a; done", memory=8 << 20))
    code = hungry.communicate(end=False)
    kills = port.stats("hungry")["oom_kills"]
    port.delete("hungry")
    check(code[3] == 9 and code[4] == 1 and kills == 1, "oom: who takes more than its limit is killed, and that is told")

    # crun looks into the image for a HOME that the specification lacks.
    run(port, "make", "busybox", "mkfifo", "/etc/passwd")
    stuck = port.begin_run("stuck", config("/run/templating/roots/one/root", "true").replace(b'"HOME=/"', b'"A=b"'))
    time.sleep(0.5)
    check(machine.guest.shell("echo daemon")[0] == b"daemon\n", "run: an image that keeps crun waiting keeps nobody else")
    stuck.signal(signal.SIGKILL)
    check(refused(5, stuck.wait_started), "run: and SIGKILL gives its start up")
    # The process that an exec has begun waits there for ever, too, when crun is gone.
    room = port.run("room", config("/run/templating/roots/one/root", "sleep", "100"))
    for n in range(3):
        stuck = port.begin_exec("room", json.dumps(process("sleep", "100") | {"env": ["PATH=/bin"]}).encode(), terminal=None)
        wait_for(lambda: port.stats("room")["pids_current"] > 1, check, f"exec: an image keeps its start waiting, number {n}")
        stuck.signal(signal.SIGKILL)
        check(refused(5, stuck.wait_started), f"exec: SIGKILL gives its start up, number {n}")
        # What was killed takes a moment to be gone.
        wait_for(lambda: port.stats("room")["pids_current"] == 1, check, f"exec: a start that is given up leaves no process, number {n}")
    check(b"crun" not in machine.guest.shell("ps")[0], "exec: and no crun")
    room.signal(signal.SIGKILL)
    room.communicate(end=False)
    port.delete("room")
    port.place("one", "etc/passwd", what=REMOVED)
    both = port.run("both", config("/run/templating/roots/one/root", "sleep", "100"))
    other = port.exec("both", json.dumps(process("sleep", "100")).encode())
    both.signal(signal.SIGKILL, everything=True)
    check(both.communicate(end=False)[3] == 9 and other.communicate(end=False)[3] == 9, "signal: to all of a container")
    port.delete("both")
    left = port.run("left", config("/run/templating/roots/one/root", "sleep", "100"))
    check(refused(16, port.unmount, "one"), "unmount: not while a container uses it")
    port.delete("left")
    check(left.communicate(end=False)[3] == 9, "delete: ends what runs, which is told first")
    check(machine.guest.shell("ls /run/crun /run/templating/containers; ls -d /sys/fs/cgroup/*/")[0].split() ==
          [b"/run/crun:", b"/run/templating/containers:"], "delete: nothing is left of any")
    check(b"crun" not in machine.guest.shell("ps")[0], "delete: no crun either")


def hostile_tree(folder, to):
    """An image whose every place that a runner goes to is a trap."""
    shutil.copytree(folder, to, symlinks=True, ignore=lambda _, names: {"proc", "sys", "dev", "pipe"} & set(names))
    os.symlink("/run/templating", f"{to}/proc")
    os.symlink("../../../../../../..", f"{to}/dev")
    os.symlink("sys", f"{to}/sys")
    os.mknod(f"{to}/data/vda", stat.S_IFBLK | 0o666, os.makedev(254, 0))
    shutil.copy(f"{to}/bin/busybox", f"{to}/data/id")
    os.chmod(f"{to}/data/id", 0o6755)
    os.makedirs(f"{to}/data/{'n' * 254}")  # mkfs.erofs 1.5 fails at 255
    os.symlink("x" * 4000, f"{to}/data/long")


def check_hostile_images(machine, port, work, check):
    """Each is refused, or kept within its container, and the daemon lives."""
    def is_well(what):
        check(machine.guest.shell("echo daemon")[0] == b"daemon\n" and run(port, "well", "echo", "well")[0] == b"well\n", what)

    hostile_tree(f"{work}/tree", f"{work}/hostile")
    erofs(f"{work}/hostile", f"{work}/hostile.erofs")
    with open(f"{work}/image.erofs", "rb") as file:
        whole = file.read()
    broken = {"noise": os.urandom(2 << 20), "zeros": b"\0" * (2 << 20), "half": whole[:len(whole) // 2],
              # The superblock says what it said, and all that it leads to is noise.
              "torn": whole[:1024 + 128] + os.urandom(len(whole) - 1024 - 128)}
    for name, data in broken.items():
        with open(f"{work}/{name}", "wb") as file:
            file.write(data)
        plug_disk(machine, name, f"{work}/{name}", "port4", True)
        wait_for(lambda name=name: machine.guest.shell(f"grep -x {name} /sys/block/*/serial")[0] != b"", check, f"hostile: {name} is there")
        try:
            port.mount("broken", device(BY_SERIAL, name), memory=1 << 20)
            out = run_or_refused(port, "broken", "broken")
            check(out != b"well\n", f"hostile: nothing runs from {name}")
            port.unmount("broken")
        except guest_port.GuestError as error:
            check(error.errno in (5, 22, 74, 95, 117), f"hostile: {name} is refused: {error}")
        is_well(f"hostile: after {name} all goes on")
        unplug(machine, name)

    # A disk that another guest has had: where the overlay's folders would be are links out.
    plug_disk(machine, "hostile", f"{work}/hostile.erofs", "port4", True)
    os.makedirs(f"{work}/upper")
    os.symlink("/run/templating", f"{work}/upper/upper")
    os.symlink("/run", f"{work}/upper/work")
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", f"{work}/upper", f"{work}/links.ext4", "8M"], check=True, stdout=subprocess.DEVNULL)
    plug_disk(machine, "links", f"{work}/links.ext4", "port5", False)
    check(refused(20, port.mount, "links", device(BY_SERIAL, "hostile"), disk=device(BY_SERIAL, "links")),
          "hostile: an upper that is a link leads nowhere")
    check(refused(2, port.place, "links", "x", b"x"), "hostile: and leaves no root")

    port.mount("hostile", device(BY_SERIAL, "hostile"), memory=8 << 20)
    root = "/run/templating/roots/hostile/root"
    seen = "mount | grep -v roots; find / /run /run/templating -xdev -type c -o -xdev -type l | grep -v roots"
    before = machine.guest.shell(seen)[0]
    check(refused(22, port.run, "trap", config(root, "true", network=False)), "hostile: a link in the place of /dev is refused")
    spaced = json.dumps(json.loads(config(root, "true", network=False)), indent=3).replace('"path": ', '"path" \n : ').encode()
    check(refused(22, port.run, "trap", spaced), "hostile: however the config.json is written")
    port.place("hostile", "dev", what=REMOVED)
    port.place("hostile", "dev", what=FOLDER, mode=0o755)
    check(refused(5, port.run, "trap", config(root, "true", network=False)), "hostile: links in the place of /proc and /sys are refused by crun")
    check(machine.guest.shell(seen)[0] == before, "hostile: and nothing was mounted or made outside the root")
    plain = json.loads(config(root, "sh", "-c", "head -c 1 /data/vda | wc -c; id -u", network=False))
    plain["mounts"] = []
    started = port.run("devices", json.dumps(plain).encode())
    out = started.communicate(end=False)
    port.delete("devices")
    check(out[0] == b"0\n0\n" and b"not permitted" in out[1], f"hostile: its device files are none to who may use none {out[:2]}")
    plain["process"] = process("/data/id", "-u") | {"user": {"uid": 1000, "gid": 1000}}
    started = port.run("setuid", json.dumps(plain).encode())
    out = started.communicate(end=False)
    port.delete("setuid")
    check(out[0] == b"1000\n", f"hostile: a file that is setuid gives nothing to a process that may gain nothing {out}")
    check(refused(None, port.place, "hostile", "proc/../../escaped", b"x") is False, "hostile: what is put beyond its root is in it")
    check(machine.guest.shell("ls -d /escaped /run/escaped /run/templating/escaped")[0] == b"", "hostile: and not outside")
    port.unmount("hostile")
    is_well("hostile: after all of it the owner is served")
    for name in ("hostile", "links"):
        unplug(machine, name)


def run_or_refused(port, root, ident):
    """What it said, or why it could not run."""
    try:
        return run(port, ident, "echo", "well", root=root, network=False)[0]
    except guest_port.GuestError as error:
        return str(error)


def unplug(machine, name):
    machine.ask("device_del", id=name)
    until = time.monotonic() + 20
    while True:
        try:
            machine.ask("blockdev-del", **{"node-name": f"node-{name}"})
            return
        except RuntimeError:  # in use, until the guest has let go of it
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def read_until(started, text):
    seen = b""
    while text not in seen:
        try:
            kind, value = started.next(30)
        except queue.Empty:
            raise RuntimeError(f"nothing came after {seen!r}") from None
        if kind == EXIT:
            raise RuntimeError(f"ended with {value} after {seen!r}")
        seen += value
    return seen


def check_borders(machine, port, check):
    flood = port.run("flood", config("/run/templating/roots/one/root", "yes"))
    received = 0
    while received < 262144:
        received += len(flood.next(credit=False)[1])
    check(machine.guest.shell("echo daemon")[0] == b"daemon\n" and received == 262144,
          "window: output stops at it, and the daemon's port goes on")
    check(run(port, "other", "echo", "meanwhile")[0] == b"meanwhile\n", "window: another container goes on")
    flood.signal(signal.SIGKILL)
    flood.credit(262144)
    check(flood.communicate(end=False)[3] == 9, "window: with credit it goes on and ends")
    port.delete("flood")

    many = port.run("many", config("/run/templating/roots/one/root", "sleep", "1000"))
    started = [port.exec("many", json.dumps(process("sleep", "1000")).encode()) for _ in range(63)]
    check(refused(11, port.exec, "many", json.dumps(process("true")).encode()), "limits: 64 processes at once, not 65")
    check(refused(11, port.run, "more", config("/run/templating/roots/one/root", "true")), "limits: of containers, too")
    many.signal(signal.SIGKILL, everything=True)
    check(all(one.communicate(end=False)[3] == 9 for one in [many, *started]), "limits: all of them end, and say so")
    port.delete("many")

    check(refused(71, port.ask, 99, b""), "frames: an unknown type is refused")
    check(refused(22, port.ask, guest_port.NETWORK, b"\1\2\3"), "frames: fields that are cut short are refused")
    check(refused(22, port.ask, guest_port.PLACE, os.urandom(3000)), "frames: nonsense in fields is refused")
    check(refused(22, port.run, "large", b" " * ((1 << 20) + 1)), "frames: a config.json of more than 1 MiB is refused")
    for kind in list(range(19, 65)) + list(range(73, 256)):
        port.send(guest_port.frame(kind, 77, b"x" * 100))
    check(run(port, "after", "echo", "well")[0] == b"well\n", "frames: and the conversation goes on")
    port.close()


def open_port(machine):
    return guest_port.GuestPort(f"{machine.folder}/owner")


def raw(machine, data=b""):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(60)
    connection.connect(f"{machine.folder}/owner")
    connection.sendall(data)
    return connection


def check_conversations(machine, check):
    port = open_port(machine)
    check("one" not in machine.guest.shell("ls /run/templating/roots")[0].decode(), "hello: the roots of who went are unmounted")
    port.mount("one", device(BY_NAME, "pmem1"), memory=4 << 20)
    port.network()
    held = port.run("held", config("/run/templating/roots/one/root", "sleep", "1000"))
    port.exec("held", json.dumps(process("sleep", "1000")).encode())
    port.close()
    wait_for(lambda: machine.guest.shell("pidof sleep; ls /run/crun /run/templating/roots")[0].split() ==
             [b"/run/crun:", b"/run/templating/roots:"], check, "closed: all containers end, all roots go")
    del held

    before = machine.busy_seconds()
    time.sleep(1)
    check(machine.busy_seconds() - before < 0.4, "closed: the guest sleeps")

    connection = raw(machine, guest_port.frame(guest_port.RUN, 5, b"x"))
    check(connection.recv(9)[:1] == b"\x43", "hello: nothing is done before it")
    connection.sendall(struct.pack("<BII", guest_port.PLACE, 6, 0x7fffffff))
    connection.recv(65536)
    connection.sendall(os.urandom(100000))
    check(machine.guest.shell("echo daemon")[0] == b"daemon\n", "frames: one of 2 GiB ends the conversation, not the daemon's")
    connection.close()
    open_port(machine).close()
    check(True, "frames: and the next owner is welcome")

    # Who comes after half a frame, without the guest having seen that the one before had gone. That one reads nothing: of two who
    # read one connection, either may get the answers.
    connection, _, _ = guest_port.say_hello(f"{machine.folder}/owner", HELLO_TIMEOUTS)
    connection.sendall(struct.pack("<BII", guest_port.PLACE, 6, 1 << 20) + b"x" * 5000)
    again = guest_port.GuestPort(connection)
    again.mount("one", device(BY_NAME, "pmem1"), memory=4 << 20)
    check(run(again, "after", "echo", "well", network=False)[0] == b"well\n", "hello: heard after a frame that was cut off")
    again.close()

    # Frames in pieces of any size, a byte at first.
    connection, nonce, _ = guest_port.say_hello(
        f"{machine.folder}/owner", HELLO_TIMEOUTS, lambda connection, hello: [connection.sendall(bytes([byte])) for byte in hello])
    check(True, "frames: a HELLO of single bytes is heard")
    connection.settimeout(60)
    seed = int.from_bytes(nonce[:4], "big")
    print(f"     seed {seed}")
    chance = random.Random(seed)
    for _ in range(400):
        kind, size = chance.choice([*range(2, 19), chance.randrange(256)]), chance.choice([0, 1, 3, 8, 40, 300, 5000])
        if kind == guest_port.HELLO:
            continue
        frame = guest_port.frame(kind, chance.randrange(4), chance.randbytes(size))
        cut = chance.randrange(len(frame))
        connection.sendall(frame[:cut])
        connection.sendall(frame[cut:])
    connection.settimeout(1)
    drain(connection)
    port = guest_port.GuestPort(connection)
    port.mount("one", device(BY_NAME, "pmem1"), memory=4 << 20)
    port.network()
    check(run(port, "after", "echo", "well")[0] == b"well\n", "frames: of every type with random fields, and the next owner is served")
    port.close()

    # A peer that floods and never reads: the daemon's port does not suffer.
    connection = raw(machine)
    connection.setblocking(False)
    sent, some = 0, guest_port.frame(200, 7, b"y" * 1000) * 64
    until = time.monotonic() + 3
    while time.monotonic() < until:
        try:
            sent += connection.send(some[sent % len(some):])
        except BlockingIOError:
            time.sleep(0.01)
    start = time.monotonic()
    check(machine.guest.shell("echo daemon")[0] == b"daemon\n" and time.monotonic() - start < 3,
          f"flood: {sent >> 10} kB of nonsense and nothing read, and the daemon's port answers")
    connection.settimeout(1)
    drain(connection)
    guest_port.GuestPort(connection).close()
    check(True, "flood: who reads again is heard again")

    # And goes without having read: QEMU 10.0 lets nothing out any more until it sees a host go once more.
    connection = raw(machine)
    connection.setblocking(False)
    until = time.monotonic() + 3
    while time.monotonic() < until:
        try:
            connection.send(some)
        except BlockingIOError:
            time.sleep(0.01)
    connection.close()
    open_port(machine).close()
    check(True, "flood: and whoever comes after one that went is heard by another connection")

    # The other way round: the daemon's port is full and not read.
    machine.guest.start(50, "yes")
    port = open_port(machine)
    port.mount("one", device(BY_NAME, "pmem1"), memory=4 << 20)
    check(run(port, "beside", "echo", "well", network=False)[0] == b"well\n", "flood: on the daemon's port, and the owner's answers")
    port.close()
    machine.guest.sync()


def drain(connection):
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        pass


def wait_for(condition, check, what):
    until = time.monotonic() + 20
    while not (good := condition()) and time.monotonic() < until:
        time.sleep(0.05)
    check(good, what)


def check_all(options, timings, machine_type, check):
    work = f"{options.work}/containers"
    os.mkdir(work)
    tree(f"{work}/tree", options.image)
    ram, state = f"{options.work}/ram-owner", f"{options.work}/state-owner"
    template = machine_type(options, ram, owner=True)
    template.guest.sync()
    template.freeze(state)
    machine = machine_type(options, ram, state, owner=True)
    machine.ask("cont")
    machine.guest.sync()
    machine.guest.identify("sandbox", "sandbox")
    start = time.monotonic()
    port = open_port(machine)
    timings.add("owner: connect to welcome", start)
    check(machine.guest.shell("lsmod | grep -c -e erofs -e overlay -e virtio_pmem -e virtio_blk")[0].strip() not in (b"0", b""),
          "sandbox: its drivers are there")
    check(port.limits["version"] == 1 and port.limits["processes"] == 64, "hello: welcome, version 1")
    check(machine.guest.shell("netstat -ltnu | tail -n +3")[0] == b"", "sandbox: nothing listens")
    check_mounts(machine, port, work, timings, check)
    check_places(machine, port, check)
    port.unmount("one")
    port.mount("one", device(BY_PCI, "0000:00:08.0"), memory=16 << 20)
    check_network(machine, port, timings, check)
    check_processes(machine, port, timings, check)
    check_pod.check_connections(machine, port, work, config, check, refused)
    check_pod.check_processes(machine, port, config, process, check, refused)
    check_pod.check_updates(machine, port, config, check, refused)
    check_hostile_images(machine, port, work, check)
    check_borders(machine, port, check)
    check_conversations(machine, check)
    machine.end()
