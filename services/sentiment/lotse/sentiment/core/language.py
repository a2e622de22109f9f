"""German, English or neither, by runs of letters."""

import numpy as np
from numpy.typing import NDArray

BITS = 12
ROWS = 1 << BITS
LANGUAGES = ("de", "en", "und")
_READ = 400
_MULTIPLIER = np.uint32(0x85EBCA6B)
_SHIFT = np.uint32(32 - BITS)


def has_latin_letters(text: str) -> bool:
    """Whether there is a letter that German or English could be written with."""
    return any("a" <= letter <= "z" for letter in text)


def language_rows(normalised: str) -> NDArray[np.int64]:
    """Rows of all runs of 2, 3 and 4 characters at the beginning of a text."""
    letters = np.frombuffer(f" {normalised[:_READ]} ".encode("utf-32-le"), dtype=np.uint32)
    pairs = letters[:-1] * _MULTIPLIER + letters[1:]
    hashes: list[NDArray[np.uint32]] = [pairs]
    for length in (3, 4):
        if letters.size < length:
            break
        hashes.append(hashes[-1][:-1] * _MULTIPLIER + letters[length - 1 :])
    every = np.concatenate(hashes)
    return (((every ^ (every >> np.uint32(13))) * _MULTIPLIER) >> _SHIFT).astype(np.int64)
