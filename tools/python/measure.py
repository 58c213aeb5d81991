"""Runs a command and prints, as one JSON line on standard error's last line, what it cost.

measure.py OUT.json COMMAND [ARGUMENT ...]: wall, user and system seconds, peak memory of the largest process in MiB,
and the exit code. Standard output and error of the command go to OUT.json.log.
"""

import json
import resource
import subprocess
import sys
import time


def main() -> int:
    out, command = sys.argv[1], sys.argv[2:]
    begun = time.monotonic()
    with open(out + ".log", "wb") as log:
        code = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL).returncode
    wall = time.monotonic() - begun
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(out, "w") as file:
        json.dump(
            {
                "wall_seconds": round(wall, 2),
                "cpu_seconds": round(used.ru_utime + used.ru_stime, 2),
                "peak_mib": round(used.ru_maxrss / 1024, 1),
                "exit_code": code,
            },
            file,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
