"""How the gallery runs the programs of examples/: in their short form, and it shows the pictures that they draw."""

from pathlib import Path

from sphinx_gallery.scrapers import figure_rst

DRAWN = Path(__file__).parents[1] / "examples" / "pictures"


def arguments(gallery_conf, script_vars):
    """What a program is called with, in the folder that it lies in."""
    return ["--quick", "--out", DRAWN.name]


def pictures(block, block_vars, gallery_conf):
    """Move the pictures that a program has drawn to its page, in the order in which they were drawn."""
    drawn = [path for path in DRAWN.glob("*") if path.suffix in (".png", ".svg")]
    drawn.sort(key=lambda path: path.stat().st_mtime_ns)
    moved = [
        str(picture.replace(Path(place).with_suffix(picture.suffix)))
        for picture, place in zip(drawn, block_vars["image_path_iterator"])
    ]
    return figure_rst(moved, gallery_conf["src_dir"])
