"""What a shim does with a node, from its .proto files alone: protoc makes the messages, and grpc calls by their names.

Debian's packages protobuf-compiler, libprotobuf-dev, python3-protobuf and python3-grpcio are all it needs. Each verb of the
service is a method here; what runs in the guest goes over guest_port.py.
"""

import glob
import importlib
import os
import queue
import subprocess
import sys
import tempfile

import grpc
from google.protobuf import descriptor_pool, symbol_database

HERE = os.path.dirname(os.path.abspath(__file__))
PROTOS = os.path.join(HERE, "..", "..", "protos")
PACKAGE = "templating.v1"


def compile_protos(folder):
    """Makes modules of protos/ in `folder` and reads them."""
    files = sorted(os.path.relpath(path, PROTOS) for pattern in ("templating/v1/*.proto", "google/rpc/*.proto")
                   for path in glob.glob(os.path.join(PROTOS, pattern)))
    subprocess.run(["protoc", "-I", PROTOS, f"--python_out={folder}", *files], check=True)
    sys.path.insert(0, folder)
    import google  # A package that is installed in part already: ours is looked for first.
    google.__path__ = [os.path.join(folder, "google"), *google.__path__]
    for file in files:
        importlib.import_module(file[:-len(".proto")].replace("/", ".") + "_pb2")


def message(name):
    """The class of a message of the API."""
    return symbol_database.Default().GetSymbol(f"{PACKAGE}.{name}")


class Refused(Exception):
    """The node refused a call: `reason` is a code of docs/errors.md."""

    def __init__(self, call):
        self.code, self.reason = call.code(), None
        status = symbol_database.Default().GetSymbol("google.rpc.Status")()
        info = symbol_database.Default().GetSymbol("google.rpc.ErrorInfo")()
        for key, value in call.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                status.ParseFromString(value)
        for detail in status.details:
            if detail.Unpack(info):
                self.reason = info.reason
        super().__init__(f"{self.code.name} {self.reason}: {call.details()}")


class Call:
    """A call of two streams; requests go by send(), answers come by next()."""

    def __init__(self, method, timeout):
        self.requests = queue.Queue()
        self.answers = method(iter(self.requests.get, None), timeout=timeout)

    def send(self, request):
        self.requests.put(request)

    def next(self):
        try:
            return next(self.answers)
        except grpc.RpcError as error:
            raise Refused(error) from None

    def end(self):
        self.requests.put(None)

    def break_off(self):
        self.answers.cancel()
        self.requests.put(None)


class Node:
    """A node's services, each method by its name: node.call("SandboxService", "ReleaseSandbox", name=...)."""

    def __init__(self, socket_path, timeout=240):
        self.channel = grpc.insecure_channel(f"unix:{socket_path}")
        self.timeout = timeout

    def close(self):
        self.channel.close()

    def method(self, service, name):
        described = descriptor_pool.Default().FindServiceByName(f"{PACKAGE}.{service}").methods_by_name[name]
        kinds = {(False, False): self.channel.unary_unary, (False, True): self.channel.unary_stream,
                 (True, False): self.channel.stream_unary, (True, True): self.channel.stream_stream}
        answer = symbol_database.Default().GetSymbol(described.output_type.full_name)
        return kinds[described.client_streaming, described.server_streaming](
            f"/{PACKAGE}.{service}/{name}", request_serializer=lambda m: m.SerializeToString(), response_deserializer=answer.FromString)

    def call(self, service, method, /, **fields):
        described = descriptor_pool.Default().FindServiceByName(f"{PACKAGE}.{service}").methods_by_name[method]
        request = symbol_database.Default().GetSymbol(described.input_type.full_name)(**fields)
        try:
            return self.method(service, method)(request, timeout=self.timeout)
        except grpc.RpcError as error:
            raise Refused(error) from None


def publish(node, tenant, lowerdirs):
    """An image of a container's layers, the top one first."""
    return node.call("ImageService", "PublishImage", tenant=tenant, layers=message("ImageLayers")(lowerdirs=lowerdirs))


class Sandbox:
    """A sandbox that is held by this process's call, until it is detached."""

    def __init__(self, node, sandbox_id, template, owner=None, **acquire):
        self.node = node
        self.hold = Call(node.method("SandboxService", "Hold"), node.timeout)
        spec = message("CloneSpec")(template=template, **acquire.pop("spec", {}))
        owner = message("SandboxOwner")(pid=owner or os.getpid())
        self.hold.send(message("HoldRequest")(acquire=message("AcquireSandbox")(sandbox_id=sandbox_id, spec=spec, owner=owner, **acquire)))
        self.held = self.hold.next().held
        self.name = self.held.clone.name

    @property
    def clone(self):
        return self.held.clone

    @property
    def port(self):
        """The socket that the guest's port for its owner ends in."""
        return self.held.connection.owner_port

    def now(self):
        return self.node.call("SandboxService", "GetSandbox", name=self.name)

    def plug_image(self, digest):
        image = message("PlugImage")(digest=digest)
        return self.node.call("SandboxService", "PlugDevice", name=self.name, image=image).device

    def plug_disk(self, size, serial, ext4=True):
        disk = message("PlugDisk")(size_bytes=size, serial=serial, format="DISK_FORMAT_EXT4" if ext4 else 0)
        return self.node.call("SandboxService", "PlugDevice", name=self.name, disk=disk).device

    def plug_nic(self, network_namespace, tap, mac, mtu=0):
        nic = message("PlugNic")(network_namespace=network_namespace, tap=tap, mac=mac, mtu=mtu)
        return self.node.call("SandboxService", "PlugDevice", name=self.name, nic=nic).device

    def unplug(self, device):
        return self.node.call("SandboxService", "UnplugDevice", name=self.name, device=device.id)

    def resize(self, vcpus=0, memory=0):
        return self.node.call("SandboxService", "ResizeSandbox", name=self.name, vcpus=vcpus, memory_bytes=memory)

    def detach(self):
        """It lives on without the call, as long as its owner does."""
        self.hold.send(message("HoldRequest")(detach=message("DetachSandbox")()))
        if not self.hold.next().HasField("detached"):
            raise RuntimeError("expected to be told that the sandbox is detached")
        self.hold.end()

    def release(self):
        return self.node.call("SandboxService", "ReleaseSandbox", name=self.name).reason


def scratch():
    """A folder that goes with this process."""
    return tempfile.TemporaryDirectory(prefix="shim-")
