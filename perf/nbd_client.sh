# shellcheck shell=bash disable=SC2154
# Clients of an NBD server at $uri whose disk has $size GiB; sourced. $seconds is how long each random workload runs.

# bench OPTIONS...: fio's answer as JSON.
bench() { fio --name=m --ioengine=nbd --uri="$uri" --output-format=json --size="${size}G" --randseed=1 --allow_file_create=0 "$@" 2>/dev/null | sed -n '/^{/,$p'; }
read_rate() { bench --rw=read --bs=1M --iodepth=4 | jq '.jobs[0].read.bw_bytes / 1048576 | floor'; }
read_iops() { bench --rw=randread --bs=4k --iodepth=16 --time_based --runtime="$seconds" | jq '.jobs[0].read.iops | floor'; }
write_iops() { bench --rw=randwrite --bs=4k --time_based --runtime="$seconds" "$@" | jq '.jobs[0].write.iops | floor'; }

# Milliseconds from asking to having, by a client that is running already.
first_read() {
  /usr/bin/python3 - "$uri" <<'PY'
import nbd, sys, time
h = nbd.NBD()
began = time.monotonic()
h.connect_uri(sys.argv[1])
h.pread(4096, 512 * 1024 * 1024 + 4096)
print(round((time.monotonic() - began) * 1000, 1))
PY
}
