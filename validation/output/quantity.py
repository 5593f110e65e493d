"""Numbers as people read them."""

GIB = 1 << 30
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"))


def gib(size: int) -> str:
    """Return bytes as ``4.7 GiB``, below a tenth of one as ``12.3 MiB`` or ``512 bytes``."""
    if size >= GIB // 10:
        return f"{size / GIB:,.1f} GiB"
    return f"{size / (1 << 20):.1f} MiB" if size >= 1 << 20 else f"{size:,} bytes"


def count(number: int) -> str:
    """Return a large number as ``2.53 billion``, a small one as ``131,072``."""
    for scale, word in _SCALES:
        if number >= scale:
            return f"{number / scale:.3g} {word}" if number < 1000 * scale else f"{number / scale:,.0f} {word}"
    return f"{number:,}"


def plural(number: int, noun: str) -> str:
    """Return ``1 error`` or ``2 errors``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
