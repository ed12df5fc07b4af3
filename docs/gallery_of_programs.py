"""How the gallery runs the programs of examples/: in their short form, and it shows the pictures that they draw."""

from pathlib import Path

from sphinx_gallery.scrapers import figure_rst

DRAWN = Path(__file__).parent / "gallery" / "drawn"


def arguments(gallery_conf, script_vars):
    """What a program is called with."""
    return ["--quick", "--out", str(DRAWN / Path(script_vars["src_file"]).stem)]


def pictures(block, block_vars, gallery_conf):
    """Hand the pictures that a program has drawn to its page."""
    drawn = sorted(
        path for path in (DRAWN / Path(block_vars["src_file"]).stem).glob("*") if path.suffix in (".png", ".svg")
    )
    moved = [
        str(picture.replace(Path(place).with_suffix(picture.suffix)))
        for picture, place in zip(drawn, block_vars["image_path_iterator"])
    ]
    return figure_rst(moved, gallery_conf["src_dir"])
