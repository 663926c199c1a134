"""Reads places of a file through mmap(2), and compares them with a local copy.

    python3 mapped.py FILE COPY OFFSET:LENGTH ...

Touches one byte of each page first, as programs do that walk over a tensor. Prints what was wrong, or "right".
"""

import mmap
import sys

file, copy, *places = sys.argv[1:]
with open(file, "rb") as shown, open(copy, "rb") as real:
    mapped = mmap.mmap(shown.fileno(), 0, prot=mmap.PROT_READ)
    for place in places:
        offset, length = map(int, place.split(":"))
        for page in range(offset, offset + length, mmap.PAGESIZE):
            mapped[page]
        real.seek(offset)
        if mapped[offset : offset + length] != real.read(length):
            sys.exit(f"{place} is wrong")
print("right")
