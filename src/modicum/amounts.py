"""How time and money are written for people: never more digits than are known."""

from modicum.types import Interval


def count(value: float) -> str:
    """Whole numbers in groups: 12,400."""
    return f"{round(value):,}"


def counted(value: int, one: str) -> str:
    """`1 image`, `12 images`."""
    return f"{value:,} {one}" + ("" if value == 1 else "s")


def about(value: float) -> str:
    """An estimate with two digits that count: 210, 12,000."""
    return count(float(f"{value:.2g}"))


def duration(seconds: float) -> str:
    """Seconds for people: `4.2 s`, `40 s`, `3 min`, `1 h 20 min`, `130 h`. Work is not told in days: whose day?"""
    if 0 < seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours:,} h {rest} min" if rest and hours < 20 else f"{round(minutes / 60):,} h"


def money(value: float, currency: str) -> str:
    """`EUR 0.62`, `EUR 14`, `EUR 1,830`."""
    return f"{currency} {amount(value)}"


def amount(value: float) -> str:
    """Money without its currency: cents only below ten."""
    return f"{value:.2f}" if abs(value) < 9.995 else count(value)


def between(low: str, high: str) -> str:
    """`between 160 and 210`, or nothing when both read the same."""
    return "" if low == high else f"between {low} and {high}"


def durations(seconds: Interval) -> str:
    """A band of time: `between 8 h and 10 h 20 min`."""
    return between(duration(seconds.low), duration(seconds.high))
