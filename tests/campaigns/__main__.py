"""All campaigns, one after the other, in a given time."""

import argparse
import subprocess
import sys

from campaigns.campaign import NAMES


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=100.0, help="of all together")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    of_each = ["--seconds", str(options.seconds / len(NAMES)), "--seed", str(options.seed)]
    commands = [[sys.executable, "-m", f"campaigns.{name}", *of_each] for name in NAMES]
    return max(subprocess.run(command, check=False).returncode for command in commands)


if __name__ == "__main__":
    sys.exit(main())
