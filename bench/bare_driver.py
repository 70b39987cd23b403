#!/usr/bin/env python3
"""The baseline: starts QEMU, speaks QMP, and does nothing else. No checks, no records, no other user for the VM.

Reads one JSON request per line from standard input and answers with one JSON line; ends at the end of its input. It stays
running between requests, so that its interpreter's start is never in a measurement.

  {"op": "clone", "argv": [...], "files": {N: PATH}, "state": PATH, "folder": DIR, "http": true?}
      the very command line of a clone; milliseconds from before the spawn to QMP's first answer, to the restored state and
      to the answer of `cont`; with "http" also to the guest's confirmed identity and to its first HTTP answer
  {"op": "boot", "argv": [...], "files": {N: PATH}, "folder": DIR, "memory": N, "memory_bytes": N}
      the command line of a template's boot; milliseconds to the identity and to the HTTP answer
  {"op": "many", ... as clone, "memory": N, "count": N, "at_once": N, "own_copies": true?}
      many of them, so many at once, which stay: milliseconds until the last one's identity is confirmed, each one's own, and their
      process ids; with "own_copies" each has RAM and images of its own, in memory
  {"op": "release"}
      ends those that stay
  {"op": "forget", "files": [PATH]}
      has the kernel let go of what it has of them in memory
  {"op": "kata_template" | "kata", ...}
      a template, and a clone of it, the way Kata Containers makes them (bare/kata.py)

A command line names files by the numbers under which QEMU has them open ("files"; "memory" is the RAM's), its state by
`-add-fd` and its sockets by `fd=`: QEMU gets all of them under those numbers, and no others.
"""
import json
import signal
import sys

# The folder is a checkout's.
sys.dont_write_bytecode = True

from bare.clones import boot, clone, forget
from bare.kata import kata, kata_template
from bare.many import many, release

OPERATIONS = {"clone": clone, "boot": boot, "many": many, "release": release, "forget": forget, "kata": kata, "kata_template": kata_template}

# The benchmark ends it by closing its input; a Ctrl-C in the terminal is the benchmark's to handle.
signal.signal(signal.SIGINT, signal.SIG_IGN)
try:
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = OPERATIONS[request["op"]](request)
        except Exception as error:  # the driver must answer whatever happens, or the benchmark would hang
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
finally:
    release({})
