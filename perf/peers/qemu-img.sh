# shellcheck shell=bash
# qemu-img into zstd qcow2 images, with as many requests in flight as it takes. It knows no increments: the second
# run is a second image.
version() { qemu-img --version | sed -n 's/.*version \([^ ]*\).*/\1/p'; }
prepare() { mkdir "$REPOSITORY"; }
compress() { qemu-img convert -m 8 -W -c -f raw -O qcow2 -o compression_type=zstd "$1" "$2"; }
full() { compress "$DISK1" "$REPOSITORY/1.qcow2"; }
incremental() { compress "$DISK2" "$REPOSITORY/2.qcow2"; }
restore() { qemu-img convert -m 8 -W -f qcow2 -O raw "$REPOSITORY/2.qcow2" "$OUT/disk.raw"; }
restored() { echo "$OUT/disk.raw"; }
