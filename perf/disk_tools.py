#!/usr/bin/python3
"""What the comparison needs to do to disks.

  disk_tools.py warm FILE...                reads the files' data (not their holes), so that it is in the page cache
  disk_tools.py apply OLD NEW URI           makes the NBD export, which holds OLD, hold NEW: only differences are
                                            written, as a guest would have, zeros as discards
  disk_tools.py scatter URI MIB SEED        writes that many MiB in 1 MiB pieces, evenly over the whole export
  disk_tools.py mixed FILE SEED EVERY       fills one MiB in every so many: half of these text, a quarter noise, a quarter left as it is
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


def mixed(path, seed, every):
    rnd, every = random.Random(int(seed)), int(every)
    words = [bytes(rnd.choices(b"abcdefghijklmnopqrstuvwxyz", k=rnd.randint(2, 9))) + b" " for _ in range(4000)]
    text = [b"".join(rnd.choices(words, k=190_000))[:MIB] for _ in range(16)]
    with open(path, "r+b") as disk:
        for mib in range(0, os.path.getsize(path) // MIB, every):
            kind = mib // every % 4
            if kind == 3:
                continue
            disk.seek(mib * MIB)
            if kind == 1:
                disk.write(os.urandom(MIB))
            else:
                # Turned by another amount each time: no two chunks are alike.
                piece, turn = text[mib % 16], mib * 211 % MIB
                disk.write(mib.to_bytes(8, "big") + (piece[turn:] + piece[:turn])[8:])


if __name__ == "__main__":
    {"warm": warm, "apply": apply, "scatter": scatter, "mixed": mixed}[sys.argv[1]](*sys.argv[2:])
