"""Reads files of a mount in all the ways that programs read, and checks every byte.

    python3 racing.py MOUNT PATTERNS SECONDS SEED

PATTERNS has a file of the same name for each: what the file repeats from its beginning to its end. Pages are dropped
before each read, so that the kernel asks for them again. Prints a line of JSON: files and bytes that were read
in each way. Ends with 1 and says where, when a byte is wrong.
"""

import json
import mmap
import os
import random
import sys
import time

PAGE = 4096
MIB = 1 << 20
mount, patterns, seconds, seed = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]
random.seed(seed)
deadline = time.monotonic() + seconds
aligned = mmap.mmap(-1, MIB)


class File:
    def __init__(self, name, flags=0):
        self.name = name
        self.fd = os.open(os.path.join(mount, name), os.O_RDONLY | flags)
        self.size = os.fstat(self.fd).st_size
        with open(os.path.join(patterns, name), "rb") as file:
            pattern = file.read()
        self.period = len(pattern)
        self.pattern = pattern * (MIB // self.period + 2)

    def __enter__(self):
        os.posix_fadvise(self.fd, 0, 0, os.POSIX_FADV_DONTNEED)
        return self

    def __exit__(self, *_):
        os.posix_fadvise(self.fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(self.fd)

    def check(self, how, offset, length, got):
        """Length is at most 1 MiB."""
        wanted = min(length, self.size - offset)
        start = offset % self.period
        right = self.pattern[start : start + wanted]
        if got == right:
            return wanted
        if len(got) != len(right):
            sys.exit(f"{how} {self.name} {offset}: {len(got)} bytes for {len(right)}")
        at = next(i for i in range(wanted) if got[i] != right[i])
        rest = got[at : at + PAGE]
        zeros = "zeros" if rest.count(0) == len(rest) else "no zeros"
        sys.exit(f"{how} {self.name} {offset}+{length}: wrong at {offset + at}, {zeros}: {rest[:16].hex()}")


def place(file, length):
    return random.randrange(max(1, file.size - length + 1))


def single(name):
    """Single places."""
    total = 0
    with File(name) as file:
        for _ in range(random.randint(1, 20)):
            length = random.choice([1, 100, PAGE, 64 << 10, 128 << 10, 700_000, MIB])
            offset = place(file, length)
            total += file.check("single", offset, length, os.pread(file.fd, length, offset))
    return total


def direct(name):
    """Single places, past the page cache."""
    total = 0
    with File(name, os.O_DIRECT) as file:
        for _ in range(random.randint(1, 20)):
            length = random.choice([PAGE, 128 << 10, MIB])
            offset = place(file, length) // PAGE * PAGE
            count = os.preadv(file.fd, [memoryview(aligned)[:length]], offset)
            total += file.check("direct", offset, length, aligned[:count])
    return total


def sequential(name):
    """From some place on to the end, or to some other."""
    total = 0
    with File(name) as file:
        step = random.choice([64 << 10, 256 << 10, MIB])
        offset = random.choice([0, place(file, MIB)])
        end = random.choice([file.size, place(file, 1)])
        while offset < end and time.monotonic() < deadline:
            got = file.check("sequential", offset, step, os.pread(file.fd, step, offset))
            total += got
            offset += got
    return total


def mapped(name):
    """Some pages, and some pieces."""
    total = 0
    with File(name) as file:
        with mmap.mmap(file.fd, 0, prot=mmap.PROT_READ) as memory:
            for _ in range(random.randint(1, 12)):
                length = random.choice([1, PAGE, 300_000, MIB])
                offset = place(file, length)
                total += file.check("mapped", offset, length, memory[offset : offset + length])
    return total


names = sorted(os.listdir(mount))
# Often the same few: what was said of a file that is gone is then asked for soon after it was fetched again.
favourites = sorted(names, key=lambda name: -os.stat(os.path.join(mount, name)).st_size)[:3]
done = {}
while time.monotonic() < deadline:
    way = random.choice([single, direct, sequential, mapped])
    total = way(random.choice(random.choice([names, favourites])))
    files, so_far = done.get(way.__name__, (0, 0))
    done[way.__name__] = (files + 1, so_far + total)
print(json.dumps({way: {"files": f, "bytes": b} for way, (f, b) in done.items()}))
