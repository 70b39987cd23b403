"""QEMU's monitor, and sockets."""
import json
import re
import socket

DEADLINE = 120


class Qmp:
    def __init__(self, path):
        self.socket = connect(path)
        self.reader = self.socket.makefile("rb")
        # Both at once, before QEMU is there to read them: it greets, then answers.
        self.send("qmp_capabilities")
        self.answer("qmp_capabilities")

    def send(self, command, **arguments):
        line = {"execute": command, "arguments": arguments, "id": command}
        self.socket.sendall(json.dumps(line).encode() + b"\n")

    def answer(self, command):
        while (answer := self.read()).get("id") != command:
            pass
        if "error" in answer:
            raise RuntimeError(f"{command}: {answer['error']}")
        return answer["return"]

    def run(self, command, **arguments):
        self.send(command, **arguments)
        return self.answer(command)

    def wait_restored(self):
        while True:
            message = self.read()
            if message.get("event") == "MIGRATION" and message["data"]["status"] in ("completed", "failed"):
                if message["data"]["status"] == "failed":
                    raise RuntimeError(f"restore: {self.run('query-migrate')}")
                return

    def read(self):
        line = self.reader.readline()
        if not line:
            raise RuntimeError("QEMU closed its monitor")
        return json.loads(line)

    def forwarded(self):
        text = self.run("human-monitor-command", **{"command-line": "info usernet"})
        return int(re.search(r"HOST_FORWARD\]\s+\d+\s+\S+\s+(\d+)", text)[1])

    def close(self):
        self.reader.close()
        self.socket.close()


def connect(path):
    end = socket.socket(socket.AF_UNIX)
    end.settimeout(DEADLINE)
    end.connect(path)
    return end
