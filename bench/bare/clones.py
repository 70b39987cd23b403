"""One clone, or one boot, by the daemon's own command lines."""
import os
import time

from .guests import first_answer, identify
from .processes import milliseconds, running
from .qmp import Qmp

# What the -add-fd of the daemon's command lines calls the state.
STATE = "/dev/fdset/1"


def files_of(request, flags=lambda number: os.O_RDONLY):
    return {int(number): (path, flags(int(number))) for number, path in request["files"].items()}


def restore(vm, start):
    """From a QEMU that was just spawned to running CPUs; its monitor, and milliseconds since the start."""
    result = {}
    qmp = Qmp(vm.paths["qmp"])
    result["qemu_start"] = milliseconds(start)
    qmp.run("migrate-set-capabilities", capabilities=[
        {"capability": "x-ignore-shared", "state": True}, {"capability": "events", "state": True}])
    qmp.send("migrate-incoming", uri="file:" + STATE)
    qmp.wait_restored()  # Its answer may come before or after that event.
    result["restore"] = milliseconds(start)
    qmp.run("cont")
    result["running"] = milliseconds(start)
    return qmp, result


def clone(request):
    start = time.perf_counter()
    with running(request["argv"], request["folder"], files_of(request), (request["state"], os.O_RDONLY)) as vm:
        qmp, result = restore(vm, start)
        if request.get("http"):
            guest = identify(vm.paths["guest"], "bare-clone")
            result["identity"] = milliseconds(start)
            first_answer(qmp.forwarded(), "bare-clone")
            result["http"] = milliseconds(start)
            guest.close()
        qmp.close()
    return result


def boot(request):
    memory = request["memory"]
    path = request["files"][str(memory)]
    with open(path, "wb") as file:
        file.truncate(request["memory_bytes"])
    files = files_of(request, lambda number: os.O_RDWR if number == memory else os.O_RDONLY)
    try:
        start = time.perf_counter()
        # Nobody freezes this one, so its state is written nowhere.
        with running(request["argv"], request["folder"], files, ("/dev/null", os.O_WRONLY)) as vm:
            qmp = Qmp(vm.paths["qmp"])
            qmp.run("cont")
            guest = identify(vm.paths["guest"], "bare-boot", "booted")
            result = {"identity": milliseconds(start)}
            first_answer(qmp.forwarded(), "bare-boot")
            result["http"] = milliseconds(start)
            guest.close()
            qmp.close()
    finally:
        os.unlink(path)
    return result


def forget(request):
    for path in request["files"]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            # What is not on the disk yet would stay.
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
    return {"files": len(request["files"])}
