"""Pictures for files: what the programs that plot share."""

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
