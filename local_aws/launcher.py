"""Prepare a child process and become its program: die with the server, see a folder as ``/opt/ml``.

Run as ``python -I -S launcher.py PARENT_PID OPT_ML COMMAND...`` with OPT_ML a folder or ``-``. It imports only
``ctypes`` and ``os``, because it runs before every job. ``preexec_fn`` would do the same inside the server, but
is not safe in a process with threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
OPT_ML = b"/opt/ml"
FAILED_TO_PREPARE = 125

libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def enter_private_mounts() -> None:
    """A mount namespace of our own; without root, inside a user namespace that maps us to root."""
    if os.geteuid() == 0:
        check(libc.unshare(CLONE_NEWNS), "unshare")
    else:
        user, group = os.geteuid(), os.getegid()
        check(libc.unshare(CLONE_NEWUSER | CLONE_NEWNS), "unshare")
        write("/proc/self/setgroups", "deny")
        write("/proc/self/uid_map", f"0 {user} 1")
        write("/proc/self/gid_map", f"0 {group} 1")
    check(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount / private")


def write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:  # noqa: PTH123 - pathlib would double this program's start
        file.write(text)


def main(parent: int, opt_ml: str, command: list[str]) -> None:
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        raise OSError("the server ended before its child could start")
    if opt_ml != "-":
        enter_private_mounts()
        check(libc.mount(os.fsencode(opt_ml), OPT_ML, None, MS_BIND | MS_REC, None), f"mount {opt_ml} on /opt/ml")
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
    except OSError as error:
        sys.stderr.write(f"cannot start {sys.argv[3:4]}: {error}\n")
        sys.exit(FAILED_TO_PREPARE)
