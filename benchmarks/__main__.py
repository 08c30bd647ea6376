"""Runs the benchmarks one after the other, at full size: ``make bench``, or ``python -m benchmarks NAME …``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main(names: list[str]) -> int:
    known = sorted(path.stem for path in HERE.glob("*_*.py") if path.stem != "__main__")
    unknown = set(names) - set(known)
    if unknown:
        print(f"No benchmark {', '.join(sorted(unknown))}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    failed = []
    for name in names or known:
        print(f"== {name}", flush=True)
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=HERE.parent, check=False)  # noqa: S603
        if done.returncode:
            failed.append(name)
    if failed:
        print(f"Above the limit, or failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
