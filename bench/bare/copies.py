"""A clone without sharing: RAM and images are copies of its own, in memory. What the template never wrote stays a hole."""
import os

# The clone's role of RAM (docs/design.md, the three memory roles), and the one that writes straight into the file it is given.
SHARED = "share=off,readonly=on,rom=off"
OWN = "share=on,readonly=off"


def own_copies(files, memory):
    """Descriptors of the copies, to be closed once QEMU has them, and what to open in place of the files."""
    own, copies = [], {}
    for number, (path, flags) in files.items():
        copy = os.memfd_create(f"copy-{number}")
        own.append(copy)
        copy_data(path, copy)
        copies[number] = (f"/proc/self/fd/{copy}", os.O_RDWR if number == memory else flags)
    return own, copies


def copy_data(path, copy):
    source = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(source).st_size
        os.ftruncate(copy, size)
        end = 0
        while end < size:
            try:
                start = os.lseek(source, end, os.SEEK_DATA)
            except OSError:  # only a hole is left
                break
            end = os.lseek(source, start, os.SEEK_HOLE)
            os.lseek(copy, start, os.SEEK_SET)
            while start < end:
                start += os.sendfile(copy, source, start, end - start)
    finally:
        os.close(source)


def unshared(argv, memory):
    path = f"mem-path=/proc/self/fd/{memory},"
    changed = [word.replace(SHARED, OWN) if path in word else word for word in argv]
    if changed == argv:
        raise RuntimeError(f"no RAM with {SHARED} in {argv}")
    return changed
