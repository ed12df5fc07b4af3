"""What the programs of several lessons share: their command line, and pictures for files."""

import argparse
import importlib.util
from pathlib import Path


def folder_for(out):
    """Make the folder for pictures and return it, or None where there is nothing to draw them with."""
    if importlib.util.find_spec("matplotlib") is None:
        print('No pictures: matplotlib is missing (pip install "fastgrad[plots]").')
        return None
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def picture(folder, name, draw, across=1):
    """Call `draw` with axes, `across` of them, and save them as `folder/name.png`; without a folder, draw nothing."""
    if folder is None:
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0 * across, 4.5), layout="constrained")
    draw(*figure.subplots(1, across, squeeze=False)[0])
    path = folder / f"{name}.png"
    figure.savefig(path)
    print(f"  drawn: {path}")


def give(lessons, program, summary, argv=None):
    """Give lessons, functions of a folder and of whether to be quick, by title; return all their numbers by name."""
    parser = argparse.ArgumentParser(prog=f"python -m examples.{program}", description=summary)
    parser.add_argument("--out", metavar="FOLDER", default=".", help="draw pictures into this folder, as PNG")
    parser.add_argument("--quick", action="store_true", help="less data and fewer steps, to see that it runs")
    options = parser.parse_args(argv)
    folder, results = folder_for(options.out), {}
    for number, (title, lesson) in enumerate(lessons.items(), start=1):
        print(f"\n{number}. {title}")
        results |= lesson(folder, options.quick)
    return results
