#!/usr/bin/env python3
"""`make gdb`: boots the machine halted and attaches gdb to it, with the kernel's symbols and tools/gdb/trefoil.py.

What follows -- goes to gdb as it is. The serial line goes to build/<arch>/logs/gdb.log.
"""

import argparse
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time

import qemu

CONNECT_SECONDS = 20


def wait_for_socket(process, path):
    end = time.monotonic() + CONNECT_SECONDS
    while not os.path.exists(path):
        if process.poll() is not None:
            raise qemu.SettingsError(f"QEMU ended with status {process.returncode}")
        if time.monotonic() > end:
            raise qemu.SettingsError(f"QEMU opened no debug socket within {CONNECT_SECONDS} s")
        time.sleep(0.02)


def debug(options, extra):
    machine = qemu.machine_from(options, ["after=monitor"])
    machine.name = "gdb"
    log = machine.path("logs/gdb.log")
    os.makedirs(os.path.dirname(log), exist_ok=True)
    # A socket in a directory of its own: no port can be taken, nobody else can connect, and the path is short.
    with tempfile.TemporaryDirectory(prefix="trefoil-gdb-") as directory:
        socket = os.path.join(directory, "socket")
        arguments = qemu.command(machine) + ["-serial", f"file:{log}", "-monitor", "none", "-no-reboot"]
        arguments += ["-S", "-gdb", f"unix:{socket},server=on,wait=off"]
        if options.show:
            print(shlex.join(arguments), file=sys.stderr)
        # In a session of its own, so that gdb's Control-C does not end it.
        process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            wait_for_socket(process, socket)
            print(f"The serial line goes to {log}.", file=sys.stderr, flush=True)
            settings = ["set confirm off", "set pagination off", f"target remote {socket}"]
            commands = [word for line in settings for word in ("-ex", line)]
            script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gdb", "trefoil.py")
            # Control-C is for gdb, which stops the machine; a handler, because SIG_IGN would be inherited.
            signal.signal(signal.SIGINT, lambda *_: None)
            gdb = ["gdb-multiarch", "-q", machine.path("trefoil.elf"), *commands, "-x", script, *extra]
            return subprocess.run(gdb, check=False).returncode
        finally:
            process.kill()
            process.wait()


def main():
    arguments = sys.argv[1:]
    split = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(description="Boots Trefoil halted, and attaches gdb.")
    qemu.add_machine_arguments(parser)
    options = parser.parse_args(arguments[:split])
    try:
        sys.exit(debug(options, arguments[split + 1 :]))
    except (qemu.SettingsError, FileNotFoundError) as error:
        sys.exit(f"debug.py: {error}")


if __name__ == "__main__":
    main()
