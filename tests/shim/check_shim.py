"""A whole life of a sandbox as a shim lives it, against a running node. One line per check; ends with 1 when one failed.

    check_shim.py --socket SOCKET --run RUN --template NAME --image FOLDER --root FOLDER

SOCKET is the node's, RUN its run folder, NAME a template with `sandbox: true`, and FOLDER holds the guest image it was made of. The root
is that of a Debian, in a folder that the node publishes from.
"""

import argparse
import glob
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "..", "eng", "guest"))

import guest_port  # noqa: E402
import shim  # noqa: E402
from check_containers import config, process, read_until, tree  # noqa: E402

ROOT = "/run/templating/roots/one/root"
FAILED = []


def check(good, what):
    print(f"{'ok  ' if good else 'FAIL'} {what}", flush=True)
    if not good:
        FAILED.append(what)


def refused(reason, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except shim.Refused as error:
        return error.reason == reason
    return False


def vms(run):
    return glob.glob(f"{run}/clones/*/shim.sock")


def put_tree(port, root, folder):
    """What a container needs, file by file: for a root without an image."""
    for at, folders, files in os.walk(folder):
        inside = os.path.relpath(at, folder)
        for name in folders:
            if not os.path.islink(f"{at}/{name}"):
                port.place(root, os.path.normpath(f"{inside}/{name}"), what=guest_port.FOLDER, mode=0o755)
        for name in [*files, *(n for n in folders if os.path.islink(f"{at}/{n}"))]:
            path = os.path.normpath(f"{inside}/{name}")
            if os.path.islink(f"{at}/{name}"):
                port.place(root, path, os.readlink(f"{at}/{name}").encode(), what=guest_port.LINK)
            elif os.path.isfile(f"{at}/{name}"):
                put_file(port, root, f"{at}/{name}", path)


def put_file(port, root, source, path):
    with open(source, "rb") as file:
        what = guest_port.NEW_FILE
        while (part := file.read(1 << 20)) or what == guest_port.NEW_FILE:
            port.place(root, path, part, what=what, mode=os.stat(source).st_mode & 0o777)
            what = guest_port.MORE_OF_FILE


def run(port, ident, *arguments, stdin=b"", root=ROOT, **how):
    started = port.run(ident, config(root, *arguments, **how), stdin=bool(stdin))
    out = started.communicate(stdin, end=bool(stdin), timeout=120)
    port.delete(ident)
    return out


def check_hold(node, options):
    start = time.monotonic()
    sandbox = shim.Sandbox(node, "pod-1", options.template)
    print(f"time hold to held {(time.monotonic() - start) * 1000:.1f} ms")
    clone = sandbox.clone
    states = shim.message("VmClone").DESCRIPTOR.fields_by_name["state"].enum_type.values_by_name
    check(clone.state == states["CLONE_STATE_RUNNING"].number and clone.owner.pid == os.getpid() and not clone.owner.detached,
          f"hold: {clone.name} runs and is ours")
    check({"qemu_start", "restore", "resume", "identity"} <= {phase.name for phase in clone.phases} and len(clone.identity.generation) == 36,
          "hold: its phases and its generation are told")
    again = shim.Sandbox(node, "pod-1", options.template)
    check(again.clone.pid == clone.pid and sandbox.hold.next().ended.reason != "", "hold: a retry is given the same VM, and the call before is told")
    check(refused("SANDBOX_OWNED", shim.Sandbox, node, "pod-1", options.template, owner=os.getppid()), "hold: another owner is refused")
    return again


def check_containers(port):
    check(run(port, "code", "sh", "-c", "echo out; echo err >&2; exit 7", network=False) == (b"out\n", b"err\n", 7, 0, 0),
          "container: output, errors, exit code")
    check(run(port, "input", "cat", stdin=b"hello", network=False) == (b"hello", b"", 0, 0, 0), "container: standard input")
    data = os.urandom(4 << 20)
    start = time.monotonic()
    check(run(port, "pipe", "cat", stdin=data, network=False)[0] == data, "container: 4 MiB in and out again, whole")
    print(f"     {4 / (time.monotonic() - start):.1f} MiB/s each way")

    main = port.run("main", config(ROOT, "sh", "-c", "trap 'exit 5' TERM; while :; do sleep 1; done", network=False))
    script = "stty size; read line; stty size; trap 'exit 9' INT; echo rea''dy; while :; do sleep 1; done"
    shell = port.exec("main", json.dumps(process("sh", "-c", script, terminal=(33, 101))).encode(), stdin=True, terminal=(33, 101))
    text = read_until(shell, b"33 101")
    shell.resize(44, 102)
    shell.write(b"\n")
    text += read_until(shell, b"ready")
    check(b"33 101" in text and b"44 102" in text, "exec: a terminal of the size asked for, and resized")
    shell.write(b"\x03")
    check(shell.communicate(end=False)[2] == 9, "exec: Ctrl-C reaches the terminal's program")
    check(port.stats("main")["pids_current"] >= 1, "container: its counts")
    main.signal(signal.SIGTERM)
    check(main.communicate(end=False) == (b"", b"", 5, 0, 0), "container: a signal, and its handler's exit code")
    port.delete("main")


def check_resize(sandbox, port, options):
    def memory():
        words = run(port, "memory", "cat", "/proc/meminfo", network=False)[0].split()
        return int(words[words.index(b"MemTotal:") + 1]) >> 10

    def vcpus():
        return run(port, "vcpus", "grep", "-c", "^processor", "/proc/cpuinfo", network=False)[0]

    before = memory()
    start = time.monotonic()
    grown = sandbox.resize(vcpus=2, memory=options.memory + (256 << 20)).room
    print(f"time a vCPU and 256 MiB more {(time.monotonic() - start) * 1000:.1f} ms")
    after = memory()
    check(grown.memory_bytes == options.memory + (256 << 20) and after - before >= 250, f"resize: from {before} to {after} MiB in the guest")
    seen = vcpus()
    check(grown.vcpus == 2 and seen == b"2\n", f"resize: {seen.decode().strip()} vCPUs in the guest")
    check(refused("INVALID_ARGUMENT", sandbox.resize, memory=1 << 40) and refused("INVALID_ARGUMENT", sandbox.resize, vcpus=64),
          "resize: beyond the template's maximum is refused")


def check_image(node, sandbox, port, options):
    """The root of a real distribution, one layer over it."""
    with tempfile.TemporaryDirectory(prefix="layer-", dir=os.path.dirname(options.root)) as layer:
        with open(f"{layer}/top", "w", encoding="ascii") as top:
            top.write("layer")
        start = time.monotonic()
        image = shim.publish(node, options.template.split("/")[1], [layer, options.root])
        print(f"time image of {image.size_bytes >> 20} MiB published {(time.monotonic() - start) * 1000:.1f} ms")
        start = time.monotonic()
        again = shim.publish(node, options.template.split("/")[1], [layer, options.root])
        check(again.digest == image.digest and image.inodes > 1000, f"image: made once ({(time.monotonic() - start) * 1000:.1f} ms the second time)")
    start = time.monotonic()
    device = sandbox.plug_image(image.digest)
    _, name, _, dax = port.mount("debian", guest_port.device(guest_port.BY_PCI, device.bridge), memory=16 << 20)
    print(f"time image plugged to mounted {(time.monotonic() - start) * 1000:.1f} ms")
    check(name.startswith("pmem") and dax, "image: mounted with DAX")
    script = "cat /top; . /etc/os-release; echo $ID; dpkg-query --list | grep -c ^ii; echo x >/etc/mine && cat /etc/mine"
    debian = json.loads(config("/run/templating/roots/debian/root", "/bin/sh", "-c", script, network=False))
    debian["process"]["env"] = ["PATH=/usr/bin:/bin:/usr/sbin:/sbin"]
    started = port.run("debian", json.dumps(debian).encode())
    out = started.communicate(end=False)
    port.delete("debian")
    words = out[0].split()
    check(out[2] == 0 and words[:1] + words[1:2] == [b"layerdebian"] + words[1:2] and int(words[1]) > 20 and words[2] == b"x",
          f"image: a container of a real Debian runs and writes {out}")
    check(not os.path.exists(f"{options.root}/etc/mine"), "image: and what it writes is its own")
    port.unmount("debian")
    check(refused("ILLEGAL_STATE", sandbox.unplug, device), "image: it stays until the sandbox ends")


def check_disk(sandbox, port):
    start = time.monotonic()
    disk = sandbox.plug_disk(64 << 20, "upper-1")
    port.mount("disk", memory=0, disk=guest_port.device(guest_port.BY_SERIAL, "upper-1"))
    print(f"time disk plugged to mounted {(time.monotonic() - start) * 1000:.1f} ms")
    port.place("disk", "file", b"kept")
    check(sandbox.now().clone.devices[-1].id == disk.id, "disk: it is told of")
    port.unmount("disk")
    port.mount("disk", disk=guest_port.device(guest_port.BY_SERIAL, "upper-1"))
    port.place("disk", "big", b"x" * (1 << 20))
    full = False
    try:
        for _ in range(80):
            port.place("disk", "big", b"x" * (1 << 20), what=guest_port.MORE_OF_FILE)
    except guest_port.GuestError as error:
        full = error.errno == 28
    check(full, "disk: it holds what it was given room for, and no more")
    port.unmount("disk")
    sandbox.unplug(disk)
    check(disk.id not in [device.id for device in sandbox.now().clone.devices], "disk: and is gone when it is unplugged")


class PodNetwork:
    """A network namespace as a container runtime's network plugin leaves it, with a card's other end inside."""

    def __init__(self, name):
        self.name, self.path = name, f"/run/netns/{name}"
        self.ip("netns", "add", name)

    def ip(self, *words):
        subprocess.run(["ip", *words], check=True)

    def inside(self, *words):
        return subprocess.run(["ip", "netns", "exec", self.name, *words], check=True, capture_output=True).stdout

    def remove(self):
        self.ip("netns", "delete", self.name)


def check_network(sandbox, port):
    network = PodNetwork(f"shim-{os.getpid()}")
    try:
        mac = "52:54:00:aa:bb:02"
        start = time.monotonic()
        nic = sandbox.plug_nic(network.path, "tap0", mac, mtu=1400)
        network.inside("ip", "address", "add", "10.77.0.1/24", "dev", "tap0")
        address = guest_port.address
        port.network(mac, "eth0", mtu=1400, addresses=[address("10.77.0.2", 24), address("fd77::2", 64)],
                     routes=[(address("0.0.0.0", 0), "10.77.0.1", False)])
        print(f"time card plugged to set up {(time.monotonic() - start) * 1000:.1f} ms")
        server = port.run("web", config(ROOT, "httpd", "-f", "-p", "8080", "-h", "/etc"))
        port.place("one", "etc/index.html", b"pod")
        script = "import sys,time,urllib.request\nfor i in range(100):\n try: sys.exit(print(urllib.request.urlopen(sys.argv[1],timeout=5).read().decode()))\n except OSError: time.sleep(.05)"
        answer = network.inside("/usr/bin/python3", "-c", script, "http://10.77.0.2:8080/")
        print(f"time card plugged to an HTTP answer {(time.monotonic() - start) * 1000:.1f} ms")
        check(answer == b"pod\n", "card: a container answers over HTTP in the pod's network")
        server.signal(signal.SIGKILL)
        server.communicate(end=False)
        port.delete("web")
        check(nic.tap == "tap0" and nic.mac == mac, "card: what it is is told")
        sandbox.unplug(nic)
        check(b"tap0" not in network.inside("ip", "link"), "card: its end goes with it")
    finally:
        network.remove()


def check_end(node, sandbox, options):
    sandbox.detach()
    time.sleep(0.2)
    states = node.call("CloneService", "GetClone", name=sandbox.name)
    check(states.owner.detached and states.pid == sandbox.clone.pid, "detach: it lives on without the call")
    reason = sandbox.release()
    check(reason != "" and vms(options.run) == [] and not os.path.exists(f"/proc/{sandbox.clone.pid}"), f"release: nothing is left ({reason})")
    broken = shim.Sandbox(node, "pod-2", options.template)
    broken.hold.break_off()
    until = time.monotonic() + 60
    while (vms(options.run) or os.path.exists(f"/proc/{broken.clone.pid}")) and time.monotonic() < until:
        time.sleep(0.05)
    check(vms(options.run) == [], "hold: a call that breaks off ends its sandbox, and nothing is left")


def main():
    parser = argparse.ArgumentParser()
    for name in ("socket", "run", "template", "image", "root"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--memory", type=int, default=128 << 20)
    options = parser.parse_args()
    with shim.scratch() as folder:
        shim.compile_protos(f"{folder}")
        node = shim.Node(options.socket)
        sandbox = check_hold(node, options)
        tree(f"{folder}/tree", options.image)
        port = guest_port.GuestPort(sandbox.port, timeout=120)
        port.mount("one", memory=32 << 20)
        put_tree(port, "one", f"{folder}/tree")
        check_containers(port)
        check_resize(sandbox, port, options)
        check_image(node, sandbox, port, options)
        check_disk(sandbox, port)
        check_network(sandbox, port)
        port.close()
        check_end(node, sandbox, options)
        node.close()
    for what in FAILED:
        print(f"FAILED: {what}", file=sys.stderr)
    sys.exit(1 if FAILED else 0)


if __name__ == "__main__":
    try:
        main()
    except queue.Empty:
        sys.exit("The guest did not answer in time.")
