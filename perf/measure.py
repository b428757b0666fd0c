#!/usr/bin/python3
"""Runs a command and appends what it cost to a file of JSON lines.

  measure.py RESULTS TOOL STEP [--server PID] -- COMMAND...

wall and cpu in seconds (cpu: user and system, of the command and all it waited for), rss: bytes at the peak of the
largest process among them; serverCpu: what the NBD server spent meanwhile, which is not the tool's.
"""
import json
import os
import subprocess
import sys
import time


def cpu_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(results, tool, step, *rest):
    split = rest.index("--")
    server = rest[1] if rest[:split] else None
    before = cpu_of(server) if server else 0
    begun = time.monotonic()
    process = subprocess.Popen(rest[split + 1 :], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    row = {"tool": tool, "step": step, "wall": time.monotonic() - begun,
           "cpu": usage.ru_utime + usage.ru_stime, "rss": usage.ru_maxrss * 1024}
    if server:
        row["serverCpu"] = cpu_of(server) - before
    if status != 0:
        raise SystemExit(f"{tool} {step}: failed with wait status {status}")
    with open(results, "a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


main(*sys.argv[1:])
