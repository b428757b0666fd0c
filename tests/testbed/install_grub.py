#!/usr/bin/python3
"""Makes a GPT disk image boot from BIOS: install_grub.py DISK CORE_IMG

What grub-bios-setup does, without its device map and probing: boot.img into the first sector, the core image into
the BIOS boot partition at sector 2048, and the sector numbers by which each finds the next.
"""
import struct
import sys

CORE_SECTOR = 2048
KERNEL_SECTOR_AT = 0x5C  # in boot.img: where the core image starts
DRIVE_CHECK_AT = 0x66    # in boot.img: a jump for floppies, to be replaced by two nops
BLOCK_LIST_AT = 0x1F4    # at the end of the core's first sector: where the rest of it is

disk, core_path = sys.argv[1:3]
with open("/usr/lib/grub/i386-pc/boot.img", "rb") as file:
    boot = bytearray(file.read(512))
with open(core_path, "rb") as file:
    core = bytearray(file.read())

struct.pack_into("<Q", boot, KERNEL_SECTOR_AT, CORE_SECTOR)
boot[DRIVE_CHECK_AT : DRIVE_CHECK_AT + 2] = b"\x90\x90"
rest_sectors = (len(core) + 511) // 512 - 1
struct.pack_into("<QHH", core, BLOCK_LIST_AT, CORE_SECTOR + 1, rest_sectors, 0x820)

with open(disk, "r+b") as image:
    partition_table = image.read(512)[440:]
    image.seek(0)
    image.write(boot[:440] + partition_table)
    image.seek(CORE_SECTOR * 512)
    image.write(core)
