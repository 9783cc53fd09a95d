"""What a user's program pays to build: this library, and the generic `oauth2`, with and without an HTTP client."""

import subprocess
import tempfile
import time
from pathlib import Path

PROGRAMS = Path(__file__).parent / "build"


def costs():
    return {
        f"{crate}, {name}": cost(crate, features)
        for name, features in [("default features", ["--features", "https"]), ("no HTTP client", [])]
        for crate in ["weixin", "oauth2"]
    }


def cost(crate, features):
    directory = PROGRAMS / crate
    tree = ["cargo", "tree", "--edges", "normal,build", "--prefix", "none", *features]
    lines = subprocess.check_output(tree, cwd=directory, text=True).splitlines()
    crates = {line.removesuffix(" (*)") for line in lines}
    with tempfile.TemporaryDirectory() as target:
        begin = time.perf_counter()
        build = ["cargo", "build", "--quiet", "--release", "--target-dir", target, *features]
        subprocess.run(build, cwd=directory, check=True)
        seconds = time.perf_counter() - begin
        size = (Path(target) / f"release/{crate}-login").stat().st_size
    print(f"  clean build of {crate} {' '.join(features)}: {seconds:.0f} s", flush=True)
    # Without the program itself.
    return {"crates": len(crates) - 1, "seconds": seconds, "megabytes": size / 1e6}
