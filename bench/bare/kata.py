"""A clone the way Kata Containers makes one from its template, without Kata.

After its Go runtime (kata-containers, src/runtime): arguments as pkg/govmm/qemu/qemu.go writes them for a q35 machine, with the
template's knobs of setupTemplate in virtcontainers/qemu.go; there too waitVM, bootFromTemplate, waitMigration and togglePauseSandbox
are the order of the steps, each with a connection to the monitor of its own. Three things are other: a virtio-serial port for
templating-guest stands where Kata has vhost-vsock and its agent; there is an image besides the initrd, which Kata's templates have
alone, and it is shared, or its content would be in the state; and the state of the restore is asked for every 20 ms, where that
source sleeps 100.
"""
import os
import time
import uuid

from .guests import identify
from .processes import milliseconds, running
from .qmp import DEADLINE, Qmp

POLL = 0.020
# Of genericMemoryTopology: an NVDIMM's room beside the host's memory.
NVDIMM_ROOM_MIB = 1024
MIB = 1 << 20
MONITOR, CONSOLE, GUEST = 3, 4, 5


def kata_template(request):
    """Boots what its clones are made of, freezes it and leaves RAM and state in files."""
    with running(arguments(request, boots=True), request["folder"], {}) as vm:
        qmp = Qmp(vm.paths["qmp"])
        identify(vm.paths["guest"], "kata-template", "booted").close()
        # As Kata's factory does: the guest comes to rest first.
        time.sleep(2)
        qmp.run("stop")
        capabilities(qmp)
        qmp.run("migrate", uri=f"exec:cat>{request['state']}")
        wait_migration(qmp)
        qmp.close()
    return {}


def kata(request):
    start = time.perf_counter()
    result = {}
    with running(arguments(request, boots=False), request["folder"], {}) as vm:
        Qmp(vm.paths["qmp"]).close()
        result["qemu_start"] = milliseconds(start)
        qmp = Qmp(vm.paths["qmp"])
        capabilities(qmp)
        qmp.run("migrate-incoming", uri=f"exec:cat {request['state']}")
        wait_migration(qmp)
        qmp.close()
        result["restore"] = milliseconds(start)
        qmp = Qmp(vm.paths["qmp"])
        qmp.run("cont")
        result["running"] = milliseconds(start)
        if request.get("answers"):
            identify(vm.paths["guest"], "kata-clone").close()
        qmp.close()
    return result


def capabilities(qmp):
    qmp.run("migrate-set-capabilities", capabilities=[{"capability": "x-ignore-shared", "state": True}])


def wait_migration(qmp):
    give_up = time.monotonic() + DEADLINE
    while (status := qmp.run("query-migrate").get("status")) != "completed":
        if status == "failed" or time.monotonic() > give_up:
            raise RuntimeError(f"migration: {status}")
        time.sleep(POLL)


def arguments(request, boots):
    cores = os.cpu_count()
    memory = request["memory_bytes"] // MIB
    host = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MIB
    image = request["image"]
    ram = f"memory-backend-file,id=dimm1,size={memory}M,mem-path={request['memory']}" + (",share=on" if boots else "")
    return [
        request["qemu"], "-name", f"sandbox-{uuid.uuid4().hex}", "-uuid", str(uuid.uuid4()),
        "-machine", f"q35,accel={request['accelerator']},nvdimm=on", "-cpu", "max,pmu=off",
        "-chardev", f"socket,id=qmp,fd={MONITOR},server=on,wait=off", "-mon", "chardev=qmp,mode=control",
        "-m", f"{memory}M,slots=10,maxmem={host + NVDIMM_ROOM_MIB}M",
        "-device", "pci-bridge,bus=pcie.0,id=pci-bridge-0,chassis_nr=1,shpc=off,addr=2,io-reserve=4k,mem-reserve=1m,pref64-reserve=1m",
        "-device", "virtio-serial-pci,disable-modern=false,id=serial0",
        "-device", "virtconsole,chardev=console,id=console0",
        "-chardev", f"socket,id=console,fd={CONSOLE},server=on,wait=off",
        "-device", "virtserialport,chardev=guest,name=dev.templating.guest.0",
        "-chardev", f"socket,id=guest,fd={GUEST},server=on,wait=off",
        "-device", "nvdimm,id=nv0,memdev=mem0,unarmed=on",
        "-object", f"memory-backend-file,id=mem0,mem-path={image},size={os.path.getsize(image)},share=on,readonly=on",
        "-device", "virtio-scsi-pci,id=scsi0,disable-modern=false",
        "-object", "rng-random,id=rng0,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng0",
        "-rtc", "base=utc,driftfix=slew,clock=host", "-global", "kvm-pit.lost_tick_policy=discard",
        "-vga", "none", "-no-user-config", "-nodefaults", "-nographic", "--no-reboot",
        "-object", ram, "-numa", "node,memdev=dimm1",
        "-kernel", request["kernel"], "-initrd", request["initrd"], "-append", request["command_line"],
        "-pidfile", os.path.join(request["folder"], "pid"),
        "-smp", f"1,cores=1,threads=1,sockets={cores},maxcpus={cores}",
        *([] if boots else ["-incoming", "defer"])]
