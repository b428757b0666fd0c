#!/usr/bin/python3
"""What the comparison needs to do to disks.

  disk_tools.py warm FILE...                reads the files' data (not their holes), so that it is in the page cache
  disk_tools.py apply OLD NEW URI           makes the NBD export, which holds OLD, hold NEW: only differences are
                                            written, as a guest would have, zeros as discards
  disk_tools.py scatter URI MIB SEED        writes that many MiB in 1 MiB pieces, evenly over the whole export
"""
import os
import random
import sys

BLOCK = 64 * 1024
MIB = 1048576


def data_segments(fd):
    """(offset, length) of the file's data, ascending."""
    size = os.fstat(fd).st_size
    position = 0
    while position < size:
        try:
            start = os.lseek(fd, position, os.SEEK_DATA)
        except OSError:  # ENXIO: nothing but a hole up to the end
            return
        position = os.lseek(fd, start, os.SEEK_HOLE)
        yield start, position - start


def warm(*paths):
    buffer = bytearray(4 * MIB)
    for path in paths:
        fd = os.open(path, os.O_RDONLY)
        for start, length in data_segments(fd):
            for at in range(start, start + length, len(buffer)):
                os.preadv(fd, [buffer], at)
        os.close(fd)


def connect(uri):
    import nbd  # python3-libnbd; only the verbs that write need it

    export = nbd.NBD()
    export.connect_uri(uri)
    return export


def apply(old_path, new_path, uri):
    old, new, export = os.open(old_path, os.O_RDONLY), os.open(new_path, os.O_RDONLY), connect(uri)
    batch, zero = 64 * BLOCK, bytes(BLOCK)
    batches = {start // batch * batch + i for fd in (old, new) for start, length in data_segments(fd)
               for i in range(0, length + start % batch, batch)}
    for offset in sorted(batches):
        then, now = os.pread(old, batch, offset), os.pread(new, batch, offset)
        if then == now:
            continue
        for at in range(0, len(now), BLOCK):
            block = now[at : at + BLOCK]
            if block == then[at : at + BLOCK]:
                continue
            if block == zero[: len(block)]:
                export.zero(len(block), offset + at)
            else:
                export.pwrite(block, offset + at)
    export.flush()
    export.shutdown()


def scatter(uri, mib, seed):
    export, rnd = connect(uri), random.Random(seed)
    pieces = int(mib)
    # The seed shifts every piece a little: other seeds touch other places.
    stride = export.get_size() // pieces
    for piece in range(pieces):
        export.pwrite(rnd.randbytes(MIB), (piece * stride + int(seed) * 2 * MIB) // MIB * MIB)
    export.flush()
    export.shutdown()


if __name__ == "__main__":
    {"warm": warm, "apply": apply, "scatter": scatter}[sys.argv[1]](*sys.argv[2:])
