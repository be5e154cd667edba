"""Free pieces of memory.

Loading modules leaves them everywhere, and each that a fork used would be a page to copy. They are given away in the host,
so that what forks need lies together.
"""

import sys

POOL = 1 << 14
# Larger objects are the C library's business.
LARGEST_OF_POOLS = 512
LARGEST = 4096
MOST = 20000


def filling():
    """Objects that fill the holes, to be kept."""
    kept = []
    head = sys.getsizeof(b"")
    end = id(bytes(1 << 16))
    for size in range(LARGEST, LARGEST_OF_POOLS, -16):
        while len(kept) < MOST:
            piece = bytes(size - head)
            if id(piece) > end:
                break
            kept.append(piece)
    for size in range(LARGEST_OF_POOLS, head, -16):
        before = 0
        while len(kept) < MOST:
            piece = bytes(size - head)
            kept.append(piece)
            # Side by side at the start of a pool: it is a fresh one.
            if id(piece) - before == size and id(piece) % POOL < 3 * size:
                del kept[-2:]
                break
            before = id(piece)
    return kept
