#!/usr/bin/env python3
"""Makes the volume that UEFI boots Trefoil from: a FAT image with

    \\EFI\\BOOT\\BOOTX64.EFI or BOOTAA64.EFI   the loader, by the name firmware looks for on removable media
    \\trefoil\\kernel.elf                     the kernel
    \\trefoil\\cmdline.txt                    its boot arguments, one line
    \\trefoil\\ramdisk                        optional

As a module: make_image() writes the image, prepare() gives the QEMU arguments of a machine's UEFI path as well. As a
program: make_esp.py -o IMAGE --loader FILE --kernel FILE [--command-line TEXT] [--ramdisk FILE].

The same input gives the same image, byte for byte. The image is written aside and renamed: a machine that is running
from the old one keeps it.
"""

import argparse
import os
import subprocess
import sys

LOADERS = {"x86_64": "BOOTX64.EFI", "aarch64": "BOOTAA64.EFI"}
SECTOR = 512
MEBIBYTE = 1 << 20
# Tables, directories and half-filled clusters; with these 8 MiB on top mformat picks a FAT of a size firmware expects.
SPARE_BYTES = 8 * MEBIBYTE
VOLUME_SERIAL = "54524546"


class ImageError(Exception):
    """Why there is no image, in a sentence for people."""


def run_mtool(name, *arguments, text=b""):
    """Runs one of mtools, free from the user's settings and the clock."""
    environment = dict(os.environ, MTOOLSRC=os.devnull, MTOOLS_SKIP_CHECK="1", SOURCE_DATE_EPOCH="1700000000", TZ="UTC")
    try:
        result = subprocess.run([name, *arguments], input=text, env=environment, capture_output=True, check=False)
    except FileNotFoundError:
        raise ImageError(f"{name} is not installed (Debian's package mtools)") from None
    if result.returncode != 0:
        raise ImageError(f"{name} failed: {result.stderr.decode(errors='replace').strip()}")


def fill_image(path, files, command_line):
    """Formats path, large enough for files (pairs of a host's file and a path on the volume), and copies them."""
    try:
        total = SPARE_BYTES + sum(os.path.getsize(source) * 102 // 100 for source, _ in files)
    except OSError as error:
        raise ImageError(f"{error.filename}: {error.strerror}") from None
    # mformat wants whole tracks: 64 heads of 32 sectors make 1 MiB.
    sectors = (total + MEBIBYTE - 1) // MEBIBYTE * MEBIBYTE // SECTOR
    run_mtool("mformat", "-i", path, "-C", "-T", str(sectors), "-h", "64", "-s", "32", "-N", VOLUME_SERIAL, "::")
    run_mtool("mmd", "-i", path, "::/EFI", "::/EFI/BOOT", "::/trefoil")
    for source, target in files:
        run_mtool("mcopy", "-i", path, source, f"::{target}")
    run_mtool("mcopy", "-i", path, "-", "::/trefoil/cmdline.txt", text=command_line.encode() + b"\n")


def make_image(path, loader, kernel, command_line="", ramdisk=None):
    """Writes the volume to path. The loader keeps its file name. Raises ImageError."""
    if os.path.basename(loader) not in LOADERS.values():
        raise ImageError(f"{loader}: firmware looks for {' or '.join(LOADERS.values())}")
    files = [(loader, f"/EFI/BOOT/{os.path.basename(loader)}"), (kernel, "/trefoil/kernel.elf")]
    if ramdisk:
        files.append((ramdisk, "/trefoil/ramdisk"))
    aside = f"{path}.{os.getpid()}"
    try:
        fill_image(aside, files, command_line)
        os.replace(aside, path)
    finally:
        if os.path.exists(aside):
            os.remove(aside)


def firmware_flags(machine):
    """QEMU's arguments for the firmware. Nothing is ever written to its files, so machines may share them."""
    if machine.arch == "x86_64":
        code, variables = machine.firmware()
        return [
            *("-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}"),
            *("-drive", f"if=pflash,unit=1,format=raw,snapshot=on,file={variables}"),
        ]
    # Without ACPI the firmware passes the device tree on; with splash-time=0 it does not count down for its menu.
    return ["-bios", machine.firmware()[0], "-no-acpi", "-boot", "menu=on,splash-time=0"]


def prepare(machine, command_line, ramdisk):
    """Makes the volume of a qemu.Machine and returns the QEMU arguments that boot it through UEFI."""
    image = machine.path(f"esp-{machine.name}.img")
    loader = machine.path(os.path.join("efi", LOADERS[machine.arch]))
    make_image(image, loader, machine.kernel(), command_line, ramdisk)
    return [*firmware_flags(machine), "-drive", f"format=raw,snapshot=on,file={image}"]


def main():
    parser = argparse.ArgumentParser(description="Makes the volume that UEFI boots Trefoil from.")
    parser.add_argument("-o", "--output", required=True, help="the image to write")
    parser.add_argument("--loader", required=True, help="BOOTX64.EFI or BOOTAA64.EFI")
    parser.add_argument("--kernel", required=True, help="the kernel's ELF file")
    parser.add_argument("--command-line", default="", help="the kernel's boot arguments")
    parser.add_argument("--ramdisk", help="the initial ramdisk")
    options = parser.parse_args()
    try:
        make_image(options.output, options.loader, options.kernel, options.command_line, options.ramdisk)
    except (ImageError, OSError) as error:
        sys.exit(f"make_esp.py: {error}")


if __name__ == "__main__":
    main()
