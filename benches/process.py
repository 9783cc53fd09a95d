"""Processes that are measured from outside, by what Linux keeps of them."""

import contextlib
import os
import subprocess
import tempfile
import time


class Process:
    """A running program; its lines are read, and it ends with the block."""

    def __init__(self, command, environment=None):
        self.command = [str(word) for word in command]
        self.environment = {**os.environ, **(environment or {})}

    def __enter__(self):
        self.complaints = tempfile.TemporaryFile()
        self.child = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.complaints,
            text=True,
            env=self.environment,
        )
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait()

    def line(self):
        line = self.child.stdout.readline()
        if not line:
            self.complaints.seek(0)
            said = self.complaints.read().decode()
            raise RuntimeError(f"{' '.join(self.command)} has ended: {said}")
        return line.strip()

    def ask(self, line):
        """Writes a line and waits for one."""
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()
        return self.line()

    def processor_seconds(self):
        """Of all threads that there are."""
        total = 0
        for thread in os.listdir(f"/proc/{self.child.pid}/task"):
            # One that has ended in between is gone.
            with contextlib.suppress(FileNotFoundError):
                with open(f"/proc/{self.child.pid}/task/{thread}/schedstat") as statistics:
                    total += int(statistics.read().split()[0])
        return total / 1e9

    def memory_mb(self, most=False):
        """Resident memory now, or the most that it ever was."""
        name = "VmHWM" if most else "VmRSS"
        with open(f"/proc/{self.child.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(name)) / 1000


class Stopwatch:
    """Seconds of the clock and of a process's processor time, in a block."""

    def __init__(self, process):
        self.process = process

    def __enter__(self):
        self.processor = -self.process.processor_seconds()
        self.wall = -time.perf_counter()
        return self

    def __exit__(self, *_):
        self.wall += time.perf_counter()
        self.processor += self.process.processor_seconds()
