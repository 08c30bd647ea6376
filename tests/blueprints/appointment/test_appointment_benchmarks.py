"""The benchmarks of ``appointment`` hold what they measure: all 500 listeners hear everything; nothing grows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def run(module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.race
def test_500_listeners_on_4_processes_get_each_of_200_notices_once_and_in_order() -> None:
    if shutil.which("redis-server") is None and "redis" not in os.environ.get("TEST_REQUIRE", "").split(","):
        pytest.skip("no redis-server on this machine")
    result = json.loads(run("appointment_notices"))
    assert (result["listeners"], result["processes"], result["notices"]) == (500, 4, 200)
    assert result["heard"] == 500 * 200
    assert result["wrong"] == 0


def test_the_benchmark_of_growth_runs() -> None:
    lines = run("appointment_growth", "--few", "50", "--many", "2000", "--rounds", "2", "--most", "1000").splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["available-days", "hours", "minutes"]
