#!/usr/bin/python3
"""What the comparison on a host with libvirt needs.

  kvm_tools.py write-latency URI DOMAIN SECONDS RESULTS TOOL STEP   4 KiB writes at the machine's disk, 50 a second, each timed
  kvm_tools.py apply OLD NEW URI DOMAIN                             makes the machine's disk, which holds OLD, hold NEW: only differences are written
  kvm_tools.py report RESULTS                                       the table
"""
import json
import os
import random
import statistics
import sys
import tempfile
import time

import disk_tools

BLOCK, PIECE = disk_tools.BLOCK, 64 * disk_tools.BLOCK


def disk_of(uri, domain):
    """A function that gives a command to the machine's first disk, as if the guest did it."""
    import libvirt  # python3-libvirt; only the verbs that write need it
    import libvirt_qemu

    machine = libvirt.open(uri).lookupByName(domain)

    def run(command):
        answer = libvirt_qemu.qemuMonitorCommand(
            machine, f'qemu-io -d /machine/peripheral/virtio-disk0/virtio-backend "{command}"',
            libvirt_qemu.VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP)
        if "rror" in answer or "ailed" in answer:
            raise SystemExit(f"{command}: {answer}")

    return run


def differences(old_path, new_path):
    """(offset, bytes) of what differs, ascending, at most PIECE long and either all zero or not."""
    old, new, zero = os.open(old_path, os.O_RDONLY), os.open(new_path, os.O_RDONLY), bytes(BLOCK)
    batches = {at // PIECE * PIECE for fd in (old, new) for start, length in disk_tools.data_segments(fd)
               for at in range(start // PIECE * PIECE, start + length, PIECE)}
    for offset in sorted(batches):
        then, now = os.pread(old, PIECE, offset), os.pread(new, PIECE, offset)
        begun, kind = 0, None
        for at in range(0, len(now) + BLOCK, BLOCK):
            block = now[at : at + BLOCK]
            this = None if block == then[at : at + BLOCK] else block == zero
            if this != kind:
                if kind is not None:
                    yield offset + begun, now[begun:at]
                begun, kind = at, this


def apply(old_path, new_path, uri, domain):
    run = disk_of(uri, domain)
    with tempfile.NamedTemporaryFile() as file:
        for offset, data in differences(old_path, new_path):
            if not any(data):
                run(f"write -q -z -u {offset} {len(data)}")
                continue
            file.seek(0)
            file.truncate()
            file.write(data)
            file.flush()
            run(f"write -q -s {file.name} {offset} {len(data)}")
    run("flush")


def write_latency(uri, domain, seconds, results, tool, step):
    run, rnd, times = disk_of(uri, domain), random.Random(1), []
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        # The last eighth of the disk is left to these writes: what is measured is not what is changed.
        offset = rnd.randrange(11 << 30, 12 << 30, 4096)
        begun = time.monotonic()
        run(f"write -q -P 7 {offset} 4096")
        times.append(time.monotonic() - begun)
        time.sleep(0.02)
    times.sort()
    row = {"tool": tool, "step": step, "writes": len(times), "p50": statistics.median(times), "p99": times[len(times) * 99 // 100], "max": times[-1]}
    with open(results, "a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def report(results):
    with open(results, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    tools = list(dict.fromkeys(row["tool"] for row in rows if "wall" in row))

    def of(tool, step, name):
        values = [row[name] for row in rows if row["tool"] == tool and row["step"] == step and name in row]
        return statistics.median(values) if values else None

    print("| step | tool | wall s | CPU s | stored MiB | × vprotect's wall |")
    print("|---|---|---|---|---|---|")
    for step in ("full", "incremental", "restore"):
        ours = of("vprotect", step, "wall")
        for tool in tools:
            wall, cpu = of(tool, step, "wall"), (of(tool, step, "cpu") or 0) + (of(tool, step, "serverCpu") or 0)
            if wall is None:
                continue
            stored = of(tool, step, "repositoryBytes")
            print(f"| {step} | {tool} | {wall:.1f} | {cpu:.1f} | {'' if stored is None else f'{stored / 1048576:.0f}'} | {f'{wall / ours:.1f}' if ours else ''} |")
    print("\n| writes at the machine's disk | p50 ms | p99 ms | max ms | writes |")
    print("|---|---|---|---|---|")
    for row in rows:
        if "p99" in row:
            print(f"| {row['tool']}, {row['step']} | {row['p50'] * 1000:.2f} | {row['p99'] * 1000:.2f} | {row['max'] * 1000:.1f} | {row['writes']} |")


{"write-latency": write_latency, "apply": apply, "report": report}[sys.argv[1]](*sys.argv[2:])
