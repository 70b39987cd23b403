"""Many clones at once, which stay until released.

Each worker is a process, forked before the time starts, so that no interpreter's lock stands between two VMs. Workers take tickets
from one pipe, a byte for each clone.
"""
import json
import os
import socket
import time

from .clones import files_of, restore
from .copies import own_copies, unshared
from .guests import identify
from .processes import Vm, milliseconds
from .qmp import connect

# Each worker that stays, and the driver's end of its socket: the worker ends its VMs when that is closed.
held = []


def many(request):
    tickets, giver = os.pipe()
    workers = []
    for number in range(request["at_once"]):
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            # A copy of the driver's end, or of the pipe's, would keep others waiting for its close.
            for descriptor in [giver, ours.fileno(), *(end.fileno() for _, end in held + workers)]:
                os.close(descriptor)
            work(request, number, tickets, theirs)
        theirs.close()
        workers.append((pid, ours))
    os.close(tickets)
    for _, end in workers:
        end.recv(1)  # It is there.
    start = time.perf_counter()
    os.write(giver, b"." * request["count"])
    os.close(giver)
    reports = [json.loads(end.makefile("rb").readline()) for _, end in workers]
    total = milliseconds(start)
    held.extend(workers)
    if faults := [report["error"] for report in reports if report["error"]]:
        release({})
        raise RuntimeError(faults[0])
    return {"total": total, "each": sum((r["each"] for r in reports), []), "pids": sum((r["pids"] for r in reports), [])}


def release(_):
    """Returns when all are gone."""
    for _, end in held:
        end.close()
    for pid, _ in held:
        os.waitpid(pid, 0)
    count = len(held)
    held.clear()
    return {"workers": count}


def work(request, number, tickets, driver):
    """Never returns: what it was forked from is another's."""
    vms, guests, times, error = [], [], [], None
    try:
        driver.sendall(b".")
        try:
            while os.read(tickets, 1):
                start = time.perf_counter()
                vm, guest = start_one(request, os.path.join(request["folder"], f"{os.getpid()}-{len(vms)}"))
                times.append(milliseconds(start))
                vms.append(vm)
                guests.append(guest)
        except Exception as fault:  # the driver waits for a report, whatever happens
            error = f"worker {number}: {type(fault).__name__}: {fault}"
        driver.sendall(json.dumps({"each": times, "pids": [vm.pid for vm in vms], "error": error}).encode() + b"\n")
        driver.recv(1)  # Nothing comes but its end.
    finally:
        for vm in vms:
            vm.end()
        os._exit(0)


def start_one(request, folder):
    """A VM with running CPUs and its identity confirmed. What is connected to it stays so."""
    files, argv, own = files_of(request), request["argv"], []
    if request.get("own_copies"):
        own, files = own_copies(files, request["memory"])
        argv = unshared(argv, request["memory"])
    vm = Vm(argv, folder, files, (request["state"], os.O_RDONLY))
    with vm.told():
        for descriptor in own:
            os.close(descriptor)
        # As the daemon does: an agent whose host is away looks for it ten times a second, and so would take its VM's CPU.
        others = [connect(path) for name, path in vm.paths.items() if name not in ("qmp", "guest")]
        qmp, _ = restore(vm, time.perf_counter())
        return vm, (qmp, identify(vm.paths["guest"], "bare-clone"), *others)
