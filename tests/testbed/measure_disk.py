#!/usr/bin/python3
"""Facts about a raw disk as JSON: measure_disk.py DISK [EARLIER_DISK]

Counts 64 KiB chunks, the unit of the product's default chunk size and of QEMU's dirty bitmaps: how many bytes lie in
chunks that are not all zero, and in chunks that differ from the earlier disk.
"""
import json
import os
import sys

CHUNK = 64 * 1024
BATCH = 64 * CHUNK
ZERO = bytes(CHUNK)


def data_ranges(fd, size):
    """The file's data segments, widened to batches: (offset, length), ascending, not overlapping."""
    position = 0
    while position < size:
        try:
            start = os.lseek(fd, position, os.SEEK_DATA) // BATCH * BATCH
        except OSError:  # ENXIO: nothing but a hole up to the end
            return
        start = max(start, position)
        yield start, min(BATCH, size - start)
        position = start + BATCH


def main():
    disk = os.open(sys.argv[1], os.O_RDONLY)
    earlier = os.open(sys.argv[2], os.O_RDONLY) if len(sys.argv) > 2 else None
    size = os.fstat(disk).st_size
    batches = dict(data_ranges(disk, size))
    if earlier is not None:
        batches.update(data_ranges(earlier, min(size, os.fstat(earlier).st_size)))
    nonzero = changed = 0
    for offset, length in sorted(batches.items()):
        now = os.pread(disk, length, offset)
        then = os.pread(earlier, length, offset) if earlier is not None else now
        for at in range(0, length, CHUNK):
            chunk = now[at : at + CHUNK]
            nonzero += 0 if chunk == ZERO[: len(chunk)] else len(chunk)
            changed += 0 if chunk == then[at : at + CHUNK] else len(chunk)
    facts = {"sizeBytes": size, "allocatedBytes": os.fstat(disk).st_blocks * 512, "nonZeroBytes64KiB": nonzero}
    if earlier is not None:
        facts["changedBytes64KiB"] = changed
    print(json.dumps(facts))


main()
