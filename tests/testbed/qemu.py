#!/usr/bin/python3
"""Speaks to a running QEMU or qemu-storage-daemon over its QMP socket, and to a guest's agent.

  qemu.py qmp SOCKET COMMAND [JSON]                one QMP command; prints what it returns
  qemu.py snapshot SOCKET NODE NUMBER [SINCE]      freezes a view of NODE and exports it over NBD as snapNUMBER;
                                                   with SINCE, its bitmap "changed" tells what was written since then
  qemu.py release SOCKET NUMBER                    ends that view; what is written next is counted by snapshot NUMBER
  qemu.py call SOCKET COMMAND                      one command of the guest agent; prints what it returns
  qemu.py agent SOCKET COMMAND...                  runs a shell command in the guest, prints its output, waits for it

The NBD server must be running (nbd-server-start, or --nbd-server of the storage daemon). Works on a qcow2 NODE,
since the bitmaps are persistent.
"""
import base64
import json
import os
import shlex
import socket
import subprocess
import sys
import time


class Channel:
    """Line-wise JSON over a unix socket: QMP, and the guest agent's dialect of it."""

    def __init__(self, path, timeout=60):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(path)
        self.file = self.socket.makefile("rw")

    def call(self, command, **arguments):
        # QMP names contain hyphens, Python's do not.
        arguments = {name.replace("_", "-"): value for name, value in arguments.items()}
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            line = self.file.readline()
            if not line:
                raise SystemExit(f"{command}: the other side closed the connection")
            answer = json.loads(line)
            if "error" in answer:
                raise SystemExit(f"{command}: {answer['error']['desc']}")
            if "return" in answer:  # anything else is the greeting or an event
                return answer["return"]


def monitor(path):
    channel = Channel(path)
    channel.call("qmp_capabilities")
    return channel


def snapshot(path, node, number, since=None):
    """A fleecing view: whatever the guest overwrites from now on goes to a scratch overlay first.

    One transaction starts the overlay, starts counting changes for the next snapshot, and stops counting for this
    one, so no write falls between two snapshots.
    """
    qmp = monitor(path)
    overlay, job = f"snap{number}", f"fleece{number}"
    disk = next(n for n in qmp.call("query-named-block-nodes") if n["node-name"] == node)["image"]
    scratch = os.path.join(os.path.dirname(os.path.abspath(path)), f"{overlay}.qcow2")
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", scratch, str(disk["virtual-size"])], check=True)
    qmp.call("blockdev-add", driver="qcow2", node_name=overlay, file={"driver": "file", "filename": scratch}, backing=node)
    actions = [
        {"type": "blockdev-backup", "data": {"device": node, "target": overlay, "sync": "none", "job-id": job}},
        {"type": "block-dirty-bitmap-add", "data": {"node": node, "name": f"since{number}", "persistent": True, "granularity": 65536}},
    ]
    if since is not None:
        actions += [
            {"type": "block-dirty-bitmap-disable", "data": {"node": node, "name": f"since{since}"}},
            {"type": "block-dirty-bitmap-add", "data": {"node": overlay, "name": "changed", "disabled": True}},
            {"type": "block-dirty-bitmap-merge", "data": {"node": overlay, "target": "changed", "bitmaps": [{"node": node, "name": f"since{since}"}]}},
        ]
    qmp.call("transaction", actions=actions)
    bitmaps = {"bitmaps": ["changed"]} if since is not None else {}
    qmp.call("block-export-add", type="nbd", id=overlay, node_name=overlay, name=overlay, writable=False, **bitmaps)


def release(path, number):
    qmp = monitor(path)
    overlay, job = f"snap{number}", f"fleece{number}"
    qmp.call("block-export-del", id=overlay, mode="hard")
    qmp.call("block-job-cancel", device=job)
    # Export and job end in their own time; the node is free when both are gone.
    while any(j["device"] == job for j in qmp.call("query-block-jobs")) or any(e["id"] == overlay for e in qmp.call("query-block-exports")):
        time.sleep(0.02)
    qmp.call("blockdev-del", node_name=overlay)
    os.unlink(os.path.join(os.path.dirname(os.path.abspath(path)), f"{overlay}.qcow2"))


def guest(path):
    channel = Channel(path, timeout=180)  # a guest under emulation starts its agent late
    mark = int(time.time() * 1000) % 2**31
    while channel.call("guest-sync", id=mark) != mark:
        pass  # an answer to somebody before us
    return channel


def agent(path, command):
    channel = guest(path)
    pid = channel.call("guest-exec", path="/bin/sh", arg=["-c", command], capture_output=True)["pid"]
    while not (status := channel.call("guest-exec-status", pid=pid))["exited"]:
        time.sleep(0.1)
    sys.stdout.write(base64.b64decode(status.get("out-data", "")).decode(errors="replace"))
    sys.stderr.write(base64.b64decode(status.get("err-data", "")).decode(errors="replace"))
    return status.get("exitcode", 1)


def main(verb, path, *rest):
    match verb:
        case "qmp":
            print(json.dumps(monitor(path).call(rest[0], **(json.loads(rest[1]) if len(rest) > 1 else {}))))
        case "snapshot":
            snapshot(path, *rest)
        case "release":
            release(path, *rest)
        case "call":
            print(json.dumps(guest(path).call(*rest)))
        case "agent":
            return agent(path, rest[0] if len(rest) == 1 else shlex.join(rest))
        case _:
            raise SystemExit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) if len(sys.argv) > 2 else __doc__)
