"""The host's end of the owner's port (docs/guest-protocol.md): frames to the guest of a sandbox, and what it answers.

One thread reads, and hands each frame to the stream it belongs to; callers wait on their streams. Python's standard library
alone is needed.
"""

import queue
import secrets
import socket
import struct
import threading

(HELLO, MOUNT, UNMOUNT, NETWORK, PLACE, RUN, EXEC, STDIN, STDIN_END, CREDIT, RESIZE, SIGNAL, STATS, DELETE, READ, CONNECT, UPDATE,
 PROCESSES, DEVICE) = range(1, 20)
WELCOME, DONE, ERROR, STARTED, STDOUT, STDERR, TAKEN, EXIT = range(65, 73)
VERSION = 1
MAX_PAYLOAD_OUT = 65536  # of the guest's frames
RESYNC_ZEROS = 9 + (1 << 20) + (1 << 16)
INPUT_WINDOW = 65536
NO_DEVICE, BY_NAME, BY_SERIAL, BY_PCI = range(4)
NEW_FILE, MORE_OF_FILE, FOLDER, LINK, REMOVED = range(5)
COUNTERS = ("memory_current", "memory_peak", "memory_max", "memory_anon", "memory_inactive_file", "memory_max_events",
            "oom_kills", "cpu_usec", "cpu_user_usec", "cpu_system_usec", "cpu_throttled", "cpu_throttled_usec",
            "pids_current", "pids_max")


class GuestError(Exception):
    """The guest refused; `errno` is its reason as a number."""

    def __init__(self, errno, text):
        super().__init__(f"{text} (errno {errno})")
        self.errno = errno


class PortClosed(Exception):
    """The port is closed, or the guest said what no guest says."""


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("<H", len(data)) + data


def frame(kind, stream, payload=b""):
    return struct.pack("<BII", kind, stream, len(payload)) + payload


def device(kind, value=""):
    return struct.pack("<B", kind) + text(value)


def address(value, prefix):
    """An IPv4 or IPv6 address as a field."""
    if ":" in value:
        return b"\6" + socket.inet_pton(socket.AF_INET6, value) + bytes([prefix])
    return b"\4" + socket.inet_aton(value) + bytes([prefix])


def mac_bytes(value):
    return bytes(int(part, 16) for part in value.split(":"))


class Process:
    """A process in the guest: its stream. `read` takes output and gives credit for it."""

    def __init__(self, port, stream, frames):
        self.port, self.stream, self.frames = port, stream, frames
        self.pid = None
        self.room = INPUT_WINDOW
        self.pending = []

    def wait_started(self, timeout=60):
        kind, payload = self.frames.get(timeout=timeout)
        if kind == ERROR:
            self.port.forget(self.stream)
        self.port.raise_error(kind, payload)
        if kind != STARTED:
            raise PortClosed(f"expected STARTED, found frame {kind}")
        self.pid = struct.unpack("<I", payload)[0]
        return self

    def next(self, timeout=60, credit=True):
        """(STDOUT | STDERR, bytes) or (EXIT, (code, signal, flags))."""
        while True:
            kind, payload = self.pending.pop(0) if self.pending else self.frames.get(timeout=timeout)
            if kind == TAKEN:
                self.room += struct.unpack("<I", payload)[0]
            elif kind in (STDOUT, STDERR):
                if credit:
                    self.credit(len(payload))
                return kind, payload
            elif kind == EXIT:
                self.port.forget(self.stream)
                return kind, struct.unpack("<IIB", payload)
            else:
                self.port.raise_error(kind, payload)
                raise PortClosed(f"found frame {kind} on the stream of a process")

    def credit(self, count):
        self.port.send(frame(CREDIT, self.stream, struct.pack("<I", count)))

    def write(self, data):
        """As much of it as the guest takes now; returns the rest."""
        now = data[:min(self.room, 32768)]
        if now:
            self.room -= len(now)
            self.port.send(frame(STDIN, self.stream, now))
        return data[len(now):]

    def end_input(self):
        self.port.send(frame(STDIN_END, self.stream))

    def communicate(self, data=b"", end=True, timeout=60):
        """(stdout, stderr, code, signal, flags), having written `data`."""
        out = {STDOUT: b"", STDERR: b""}
        ended = not end
        while True:
            while data and self.room > 0:
                data = self.write(data)
            if not data and not ended:
                self.end_input()
                ended = True
            kind, payload = self.frames.get(timeout=timeout)
            if kind == TAKEN:
                self.room += struct.unpack("<I", payload)[0]
                continue
            self.pending.append((kind, payload))
            kind, value = self.next(timeout)
            if kind == EXIT:
                return out[STDOUT], out[STDERR], *value
            out[kind] += value

    def signal(self, number, everything=False):
        return self.port.ask(SIGNAL, struct.pack("<IBB", self.stream, number, everything))

    def resize(self, rows, columns):
        return self.port.ask(RESIZE, struct.pack("<IHH", self.stream, rows, columns))


def say_hello(path_or_socket, timeouts, send=socket.socket.sendall):
    """Says hello until it is answered; bytes of the conversation before are dropped. A guest in the middle of a frame that
    another host left half sent gets zeros up to its end first. And to a path by a connection of its own each time: QEMU may have been left
    waiting for a host before to read, and ends that when it sees a host go; and the guest may be told that one has gone when it has read the
    first bytes of the next. Returns the connection, the nonce, and what came after it: 18 bytes of limits and more."""
    connection = None
    for attempt, timeout in enumerate(timeouts):
        if not isinstance(path_or_socket, str):
            connection = path_or_socket
        else:
            if connection:
                connection.close()
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(path_or_socket)
        nonce = secrets.token_bytes(16)
        wanted = struct.pack("<BII", WELCOME, 0, 34) + nonce
        connection.settimeout(timeout)
        buffer = b""
        try:
            connection.sendall(b"\0" * RESYNC_ZEROS if attempt else b"")
            send(connection, frame(HELLO, 0, b"TGOWNER1" + struct.pack("<H", VERSION) + nonce))
            while wanted not in buffer or len(buffer.split(wanted, 1)[1]) < 18:
                got = connection.recv(65536)
                if not got:
                    raise PortClosed("the port closed before the guest answered")
                buffer = buffer[-1024:] + got
            return connection, nonce, buffer.split(wanted, 1)[1]
        except socket.timeout:
            continue
    raise PortClosed("the guest did not answer to HELLO")


class GuestPort:
    """A conversation with the guest over a Unix socket that leads to its port."""

    def __init__(self, path_or_socket, timeout=60):
        self.timeout = timeout
        self.streams = {}
        self.next_stream = 1
        self.lock = threading.Lock()
        self.sending = threading.Lock()
        self.socket, _, rest = say_hello(path_or_socket, (5, 10, timeout, timeout))
        self.buffer = rest[18:]
        self.limits = dict(zip(("version", "payload", "processes", "output", "input"), struct.unpack("<HIIII", rest[:18])))
        self.socket.settimeout(None)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        data, error = self.buffer, "the port closed"
        try:
            while True:
                while len(data) >= 9:
                    kind, stream, length = struct.unpack_from("<BII", data)
                    if kind < WELCOME or kind > EXIT or length > MAX_PAYLOAD_OUT:
                        raise PortClosed(f"found a frame of type {kind} and {length} bytes")
                    if len(data) < 9 + length:
                        break
                    with self.lock:
                        target = self.streams.get(stream)
                    if target:
                        target.put((kind, data[9:9 + length]))
                    data = data[9 + length:]
                got = self.socket.recv(262144)
                if not got:
                    break
                data += got
        except (OSError, PortClosed) as fault:
            error = str(fault)
        with self.lock:
            for target in self.streams.values():
                target.put((None, error.encode()))

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
        self.reader.join(10)

    def send(self, data):
        with self.sending:
            self.socket.sendall(data)

    def open_stream(self):
        frames = queue.Queue()
        with self.lock:
            stream = self.next_stream
            self.next_stream += 1
            self.streams[stream] = frames
        return stream, frames

    def forget(self, stream):
        with self.lock:
            self.streams.pop(stream, None)

    @staticmethod
    def raise_error(kind, payload):
        if kind is None:
            raise PortClosed(payload.decode())
        if kind == ERROR:
            raise GuestError(struct.unpack_from("<I", payload)[0], payload[4:].decode(errors="replace"))

    def ask(self, kind, payload, timeout=None):
        stream, frames = self.open_stream()
        try:
            self.send(frame(kind, stream, payload))
            answer, value = frames.get(timeout=timeout or self.timeout)
            self.raise_error(answer, value)
            if answer != DONE:
                raise PortClosed(f"expected DONE, found frame {answer}")
            return value
        finally:
            self.forget(stream)

    def mount(self, root, image=None, memory=0, disk=None, wait_ms=10000):
        """Mounts `image` (a device()) with an upper of `memory` bytes or `disk`; returns (path, image's device, disk's, dax)."""
        upper = 1 if memory else 2 if disk else 0
        payload = text(root) + (image or device(NO_DEVICE)) + struct.pack("<BQ", upper, memory)
        answer = self.ask(MOUNT, payload + (disk or device(NO_DEVICE)) + struct.pack("<I", wait_ms)).decode().split("\n")
        return answer[0], answer[1], answer[2], answer[3] == "dax"

    def device(self, found, wait_ms=10000):
        return struct.unpack("<IIQ", self.ask(DEVICE, found + struct.pack("<I", wait_ms)))

    def unmount(self, root):
        self.ask(UNMOUNT, text(root))

    def network(self, mac="00:00:00:00:00:00", name="eth0", mtu=0, addresses=(), routes=(), neighbours=(), wait_ms=10000):
        """`addresses` and the targets of `routes` and `neighbours` are fields of address(); a route is (to, gateway, onlink)."""
        payload = mac_bytes(mac) + text(name) + struct.pack("<I", mtu) + bytes([len(addresses)]) + b"".join(addresses)
        payload += bytes([len(routes)])
        for to, gateway, onlink in routes:
            payload += to + bytes([(1 if gateway else 0) | (2 if onlink else 0)])
            payload += address(gateway, 0)[1:-1] if gateway else b""
        payload += bytes([len(neighbours)]) + b"".join(to + mac_bytes(at) for to, at in neighbours)
        self.ask(NETWORK, payload + struct.pack("<I", wait_ms))

    def place(self, root, path, data=b"", what=NEW_FILE, mode=0o644, user=0, group=0):
        self.ask(PLACE, text(root) + text(path) + struct.pack("<BIII", what, mode, user, group) + data)

    def read_end(self, root, path, most):
        return self.ask(READ, text(root) + text(path) + struct.pack("<I", most))

    def _begin(self, kind, ident, spec, stdin=False, terminal=None):
        stream, frames = self.open_stream()
        rows, columns = terminal or (0, 0)
        flags = (1 if stdin else 0) | (2 if terminal else 0)
        self.send(frame(kind, stream, text(ident) + struct.pack("<BHH", flags, rows, columns) + spec))
        return Process(self, stream, frames)

    def run(self, ident, config, stdin=False, terminal=None):
        """Runs a container from the bytes of its config.json; `terminal` is (rows, columns)."""
        return self.begin_run(ident, config, stdin, terminal).wait_started()

    def begin_run(self, ident, config, stdin=False, terminal=None):
        """As run(), but whether it started is to be asked by wait_started()."""
        return self._begin(RUN, ident, config, stdin, terminal)

    def exec(self, ident, process, stdin=False, terminal=None):
        return self.begin_exec(ident, process, stdin, terminal).wait_started()

    def begin_exec(self, ident, process, stdin=False, terminal=None):
        return self._begin(EXEC, ident, process, stdin, terminal)

    def connect(self, to):
        """To a port of the pod's loopback; it is written to and read as a process is."""
        stream, frames = self.open_stream()
        self.send(frame(CONNECT, stream, struct.pack("<H", to)))
        return Process(self, stream, frames).wait_started()

    def processes(self):
        self.ask(PROCESSES, b"")

    def stats(self, ident):
        values = struct.unpack("<14Q", self.ask(STATS, text(ident)))
        return dict(zip(COUNTERS, (None if value == (1 << 64) - 1 else value for value in values)))

    def delete(self, ident):
        self.ask(DELETE, text(ident))
