#!/usr/bin/env python3
"""QEMU command lines for Trefoil, and `make run`.

As a module: Machine describes what to boot and how, command() turns it into an argument list, and prepares the files
that list names (ramdisk, UEFI volume). The other tools build on it, so that a test boots just what `make run` boots.

As a program: qemu.py run FLAGS boots the kernel in the foreground. With a terminal on standard input it ends at the
monitor; without one it runs the tests, powers off, and its exit status is 0 only when the kernel said that all went well.
"""

import argparse
import os
import re
import shlex
import subprocess
import sys
import threading
import zlib
from dataclasses import dataclass, field

import make_esp

# MACHINE_EXIT_SUCCESS and _FAILURE of arch/machine.h. A machine that crashes may well exit with 0: success is 33 alone.
EXIT_SUCCESS = 33
EXIT_FAILURE = 35

BOOTS = {"x86_64": ("direct", "efi"), "aarch64": ("direct", "efi"), "riscv64": ("direct", "sbi")}
CPUS_MAX = 64
# The wall-clock limit of a `make run` without a terminal.
RUN_LIMIT_SECONDS = 300

# What a machine that nobody watches needs besides command(): its serial line on standard output, and an end on a reset.
UNATTENDED = ["-serial", "stdio", "-monitor", "none", "-no-reboot"]

OPENSBI_JUMP = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_jump.bin"
OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS_4M.fd"
AAVMF = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"


class SettingsError(Exception):
    """A setting that cannot be, in a sentence for people."""


@dataclass
class Machine:
    arch: str
    build: str
    boot: str = "direct"
    smp: int = 4
    memory: str = "256M"
    accel: str = "tcg"
    cpu: str = ""
    gic: int = 0  # 0: as smp needs
    name: str = "run"  # tells the files of machines that run at the same time apart
    arguments: list = field(default_factory=list)  # the kernel's boot arguments

    def check(self):
        if self.arch not in BOOTS:
            raise SettingsError(f"ARCH={self.arch}: the machines are {', '.join(BOOTS)}")
        if self.boot not in BOOTS[self.arch]:
            raise SettingsError(f"BOOT={self.boot}: the ways into {self.arch} are {', '.join(BOOTS[self.arch])}")
        if not 1 <= self.smp <= CPUS_MAX:
            raise SettingsError(f"SMP={self.smp}: from 1 to {CPUS_MAX} CPUs")
        if not re.fullmatch(r"[1-9][0-9]*[MG]", self.memory):
            raise SettingsError(f"MEM={self.memory}: a number and M or G, such as 256M")
        if self.gic == 2 and self.smp > 8:
            raise SettingsError(f"GIC=2 serves 8 CPUs, not {self.smp}; GIC=3 serves all")

    def path(self, name):
        return os.path.join(self.build, name)

    def firmware(self):
        """Files that QEMU needs and does not bring, in the order make_esp.py takes them."""
        return {
            ("x86_64", "efi"): [OVMF_CODE, OVMF_VARS],
            ("aarch64", "efi"): [AAVMF],
            ("riscv64", "sbi"): [OPENSBI_JUMP],
        }.get((self.arch, self.boot), [])

    def kernel(self):
        """What is handed to QEMU's -kernel, or put on the UEFI volume."""
        return self.path("trefoil.elf" if self.arch == "x86_64" or self.boot == "efi" else "trefoil.image")


def make_ramdisk(path):
    """Writes a small newc archive, the same each time, and returns its CRC-32."""
    files = {
        "hello.txt": b"Trefoil's ramdisk: the kernel checks its CRC-32 against the boot argument ramdisk-crc32.\n",
        "bytes": bytes(i * i // 7 & 255 for i in range(100000)),
    }
    archive = bytearray()
    for inode, (name, data) in enumerate([*files.items(), ("TRAILER!!!", b"")], 1):
        mode = 0 if name == "TRAILER!!!" else 0o100644
        fields = [inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
        archive += b"070701" + b"".join(b"%08X" % value for value in fields) + name.encode() + b"\0"
        archive += bytes(-len(archive) % 4) + data
        archive += bytes(-len(archive) % 4)
    # Written aside and renamed, because another machine may be starting with the old one.
    with open(f"{path}.{os.getpid()}.{threading.get_ident()}", "wb") as file:
        file.write(archive)
    os.replace(file.name, path)
    return zlib.crc32(archive)


def find_missing(machine):
    """The files a boot needs and lacks."""
    needed = [machine.kernel(), *machine.firmware()]
    if machine.boot == "efi":
        needed.append(machine.path(os.path.join("efi", make_esp.LOADERS[machine.arch])))
    return [path for path in needed if not os.path.isfile(path)]


def machine_flags(machine):
    if machine.arch == "x86_64":
        return ["-M", "q35", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
    if machine.arch == "aarch64":
        return ["-M", f"virt,gic-version={machine.gic or (3 if machine.smp > 8 else 2)}", "-semihosting"]
    return ["-M", "virt"]


def boot_flags(machine, kernel_arguments, ramdisk):
    """How the kernel, its arguments and its ramdisk get into the machine."""
    if machine.boot == "efi":
        # Made now and not by make: its command line differs from boot to boot.
        try:
            return make_esp.prepare(machine, kernel_arguments, ramdisk)
        except make_esp.ImageError as error:
            raise SettingsError(f"no UEFI volume: {error}") from None
    flags = ["-kernel", machine.kernel(), "-initrd", ramdisk, "-append", kernel_arguments]
    if machine.arch == "riscv64":
        flags += ["-bios", OPENSBI_JUMP if machine.boot == "sbi" else "default"]
    return flags


def command(machine):
    """The argument list, but for -serial and -no-reboot; makes the files it names. Settings must have been checked."""
    os.makedirs(machine.build, exist_ok=True)
    ramdisk = machine.path("ramdisk")
    crc = make_ramdisk(ramdisk)
    kernel_arguments = " ".join([*machine.arguments, f"ramdisk-crc32={crc:#x}"])
    cpu = machine.cpu or ("host" if machine.accel == "kvm" else "rv64" if machine.arch == "riscv64" else "max")
    accel = "tcg,thread=multi" if machine.accel == "tcg" else machine.accel
    # Memory is taken from the host as it is touched: 64 GiB boot on a host with less.
    backend = f"memory-backend-ram,id=memory,size={machine.memory},reserve=off"
    return [
        f"qemu-system-{machine.arch}",
        *machine_flags(machine),
        *("-object", backend, "-machine", "memory-backend=memory"),
        *("-accel", accel, "-cpu", cpu, "-smp", str(machine.smp), "-m", machine.memory),
        *("-nodefaults", "-display", "none"),
        *boot_flags(machine, kernel_arguments, ramdisk),
    ]


def add_machine_arguments(parser):
    parser.add_argument("--arch", required=True)
    parser.add_argument("--build", required=True, help="the directory of what was built")
    parser.add_argument("--boot", default="direct")
    parser.add_argument("--smp", type=int, default=4)
    parser.add_argument("--memory", default="256M")
    parser.add_argument("--accel", default="tcg")
    parser.add_argument("--cpu", default="")
    parser.add_argument("--gic", type=int, default=0)
    parser.add_argument("--tests", default="", help="globs of tests to run, comma-separated")
    parser.add_argument("--seed", default="")
    parser.add_argument("--args", default="", help="more boot arguments")
    parser.add_argument("--show", action="store_true", help="print the command")


def machine_from(options, arguments):
    """Options to Machine; arguments are the boot arguments that the caller adds."""
    machine = Machine(options.arch, options.build, options.boot, options.smp, options.memory, options.accel)
    machine.cpu = options.cpu
    machine.gic = options.gic
    if options.tests:
        machine.arguments.append(f"test={options.tests}")
    if options.seed:
        machine.arguments.append(f"seed={options.seed}")
    machine.arguments += arguments + options.args.split()
    machine.check()
    missing = find_missing(machine)
    if missing:
        raise SettingsError(f"not there: {', '.join(missing)}")
    return machine


def run(options):
    interactive = sys.stdin.isatty()
    machine = machine_from(options, ["after=monitor" if interactive else "after=poweroff"])
    # Control-C belongs to the guest's prompt; Control-A X ends QEMU, Control-A C is QEMU's own monitor.
    # Without a person to see it, a machine that resets has crashed.
    arguments = command(machine) + (["-serial", "mon:stdio"] if interactive else UNATTENDED)
    if options.show:
        print(shlex.join(arguments), file=sys.stderr)
    if interactive:
        print("Control-A X ends QEMU.", file=sys.stderr, flush=True)
    try:
        status = subprocess.run(
            arguments,
            stdin=None if interactive else subprocess.DEVNULL,
            timeout=None if interactive else RUN_LIMIT_SECONDS,
            check=False,
        ).returncode
    except FileNotFoundError:
        raise SettingsError(f"{arguments[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise SettingsError(f"the machine did not end within {RUN_LIMIT_SECONDS} s; stopped") from None
    if status == EXIT_SUCCESS or (interactive and status == 0):
        return 0
    if status == EXIT_FAILURE:
        raise SettingsError("the kernel reported a failure")
    raise SettingsError(f"QEMU ended with status {status}, which is not the kernel's {EXIT_SUCCESS} for success")


def main():
    parser = argparse.ArgumentParser(description="Boots Trefoil in QEMU.")
    parser.add_argument("command", choices=["run"])
    add_machine_arguments(parser)
    options = parser.parse_args()
    try:
        sys.exit(run(options))
    except SettingsError as error:
        sys.exit(f"qemu.py: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
