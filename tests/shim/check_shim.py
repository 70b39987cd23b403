"""A whole life of a sandbox as a shim lives it, against a running node. One line per check; ends with 1 when one failed.

    check_shim.py --socket SOCKET --run RUN --template NAME --image FOLDER

SOCKET is the node's, RUN its run folder, NAME a template with `sandbox: true`, and FOLDER holds the guest image it was made of.
"""

import argparse
import glob
import json
import os
import queue
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(HERE, "..", "..", "eng", "guest"))

import guest_port  # noqa: E402
import shim  # noqa: E402
from check_containers import config, process, read_until, tree  # noqa: E402

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


def run(port, ident, *arguments, stdin=b"", root="/run/templating/roots/one/root", **how):
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
    check(refused("SANDBOX_OWNED", shim.Sandbox, node, "pod-1", options.template, owner=os.getppid())
          or refused("ALREADY_EXISTS", shim.Sandbox, node, "pod-1", options.template, owner=os.getppid()), "hold: another owner is refused")
    return again


def check_containers(port, check_network):
    check(run(port, "code", "sh", "-c", "echo out; echo err >&2; exit 7", network=check_network) == (b"out\n", b"err\n", 7, 0, 0),
          "container: output, errors, exit code")
    check(run(port, "input", "cat", stdin=b"hello", network=check_network) == (b"hello", b"", 0, 0, 0), "container: standard input")
    data = os.urandom(4 << 20)
    start = time.monotonic()
    check(run(port, "pipe", "cat", stdin=data, network=check_network)[0] == data, "container: 4 MiB in and out again, whole")
    print(f"     {4 / (time.monotonic() - start):.1f} MiB/s each way")

    main = port.run("main", config("/run/templating/roots/one/root", "sh", "-c", "trap 'exit 5' TERM; while :; do sleep 1; done", network=check_network))
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


def check_resize(node, sandbox, port, options):
    def memory():
        words = run(port, "memory", "cat", "/proc/meminfo", network=False)[0].split()
        return int(words[words.index(b"MemTotal:") + 1]) >> 10

    before = memory()
    start = time.monotonic()
    grown = node.call("CloneService", "ResizeClone", name=sandbox.name, memory_bytes=options.memory + (256 << 20))
    print(f"time 256 MiB more {(time.monotonic() - start) * 1000:.1f} ms")
    check(grown.memory_bytes == options.memory + (256 << 20) and memory() - before >= 250, f"resize: from {before} to {memory()} MiB in the guest")
    check(refused("INVALID_ARGUMENT", node.call, "CloneService", "ResizeClone", name=sandbox.name, memory_bytes=1 << 40),
          "resize: beyond the template's maximum is refused")


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
    for name in ("socket", "run", "template", "image"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--memory", type=int, default=128 << 20)
    options = parser.parse_args()
    with shim.scratch() as folder:
        shim.compile_protos(f"{folder}")
        node = shim.Node(options.socket)
        sandbox = check_hold(node, options)
        tree(f"{folder}/tree", options.image)
        port = guest_port.GuestPort(vms(options.run)[0], timeout=120)
        port.mount("one", memory=32 << 20)
        put_tree(port, "one", f"{folder}/tree")
        check_containers(port, False)
        check_resize(node, sandbox, port, options)
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
