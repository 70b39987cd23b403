"""A guest's end: its identity over templating-guest's port (docs/guest-protocol.md), and its web page."""
import base64
import os
import re
import socket
import time

from .qmp import DEADLINE, connect

# A sync may be lost while the guest opens its port.
RESEND = 0.25


def identify(path, name, *words):
    """One identity, asked for in one write."""
    guest = connect(path)
    nonce = os.urandom(8).hex().encode()
    sync = b"\x18\nsync " + nonce + b"\n"
    encode = lambda value: base64.b64encode(value).decode()
    line = " ".join([
        "identify", encode(name.encode()), encode(name.encode()), os.urandom(16).hex(), str(time.time_ns()), "-",
        encode(os.urandom(32)), "-", "-", *words]).encode() + b"\n"
    received = b""
    if words:  # It boots: nobody listens yet.
        guest.settimeout(RESEND)
        give_up = time.monotonic() + DEADLINE
        while b"synced " + nonce not in received:
            if time.monotonic() > give_up:
                raise TimeoutError("no answer from the guest")
            try:
                # Nobody takes them while it boots, and the kernel keeps some 70 of them at most.
                guest.sendall(sync)
                received += guest.recv(65536)
            except TimeoutError:
                pass
        guest.settimeout(DEADLINE)
        guest.sendall(line)
    else:
        guest.sendall(sync + line)
    while not (found := re.search(rb"(?:identified|failed) [^\n]*\n", received)):
        chunk = guest.recv(65536)
        if not chunk:
            raise RuntimeError("the guest's port was closed")
        received += chunk
    if found[0].startswith(b"failed"):
        raise RuntimeError(found[0])
    return guest


def first_answer(port, wanted):
    """Asks until the page carries the wanted id, as a client that polls would."""
    give_up = time.monotonic() + DEADLINE
    while time.monotonic() < give_up:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as http:
                http.sendall(b"GET / HTTP/1.0\r\n\r\n")
                answer = b""
                while chunk := http.recv(65536):
                    answer += chunk
            if wanted.encode() in answer:
                return
        except OSError:
            pass
        time.sleep(0.002)
    raise TimeoutError(f"no answer with {wanted} from port {port}")
