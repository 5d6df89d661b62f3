"""The ratios of a benchmark as an SVG picture."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from bench.results import Boot, Pair

LOW, HIGH = 0.70, 1.30  # what lies beyond is drawn at the edge, with its number
LEFT, WIDTH, RIGHT = 250, 560, 280
ROW, HEAD = 30, 34
TOP = 118
COLORS = ("#1f6fb4", "#c4571b")
SAME_WORK = 1.02


def x(ratio: float) -> float:
    return LEFT + (min(max(ratio, LOW), HIGH) - LOW) / (HIGH - LOW) * WIDTH


def number(which: int) -> float:
    """Where the numbers of a boot are."""
    return LEFT + WIDTH + 60 + 120 * which


def text(at: float, y: float, words: str, *, size: int = 13, anchor: str = "start", fill: str = "#222",
         weight: str = "normal") -> str:
    # The halo keeps it legible where there is something behind it.
    return (f'<text x="{at:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}" '
            f'font-weight="{weight}" stroke="white" stroke-opacity="0.8" stroke-width="3" paint-order="stroke">{escape(words)}</text>')


def line(x1: float, y1: float, x2: float, y2: float, color: str, width: float = 1, dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" stroke-width="{width}"{dashes}/>'


def mark(pair: Pair, y: float, which: int) -> Iterator[str]:
    """The quartiles as a bar, the median as a dot, or as an arrow at the edge."""
    spread, color = pair.ratio, COLORS[which]
    yield line(x(spread.first), y, x(spread.third), y, color, 4)
    at = x(spread.median)
    if LOW <= spread.median <= HIGH:
        yield f'<circle cx="{at:.1f}" cy="{y:.1f}" r="4.5" fill="{color}" stroke="white" stroke-width="1"/>'
    else:
        way = 1 if spread.median > HIGH else -1
        yield (f'<polygon points="{at:.1f},{y - 5:.1f} {at + way * 9:.1f},{y:.1f} {at:.1f},{y + 5:.1f}" '
               f'fill="{color}"/>')


def axis(bottom: float, boots: list[Boot]) -> Iterator[str]:
    for percent in range(round(LOW * 100), round(HIGH * 100) + 1, 10):
        at = x(percent / 100)
        yield line(at, TOP, at, bottom, "#333" if percent == 100 else "#ddd", 1.4 if percent == 100 else 1)
        for y in (TOP - 8, bottom + 18):
            yield text(at, y, f"{percent / 100:.2f}", size=12, anchor="middle", fill="#333")
    yield line(x(SAME_WORK), TOP, x(SAME_WORK), bottom, "#c00", 1.4, "5 4")
    yield text(x(SAME_WORK) + 6, TOP - 24, f"target: at most {SAME_WORK:.2f}", size=12, fill="#c00")
    for which, boot in enumerate(boots):
        yield text(number(which), TOP - 24, boot.short, size=11, anchor="end", fill=COLORS[which])
        yield text(number(which), TOP - 8, "ratio", size=11, anchor="end", fill=COLORS[which])
        yield text(number(which) + 54, TOP - 8, f"+{boot.unit_short}", size=11, anchor="end", fill=COLORS[which])
    yield text(x(1) - 14, TOP - 24, "◀ Rust takes less", size=12, anchor="end", fill="#333")
    yield text(x((LOW + HIGH) / 2), bottom + 38, "ratio: what Rust takes for the same work, divided by what C takes",
               size=12, anchor="middle", fill="#333")


def svg(boots: list[Boot]) -> str:
    """One row per pair, one mark in it per boot."""
    pairs = boots[0].pairs
    groups = list(dict.fromkeys(p.group for p in pairs))
    bottom = TOP + HEAD * len(groups) + ROW * len(pairs)
    width, height = LEFT + WIDTH + RIGHT, bottom + 60

    def body() -> Iterator[str]:
        yield text(20, 28, "Workqueues and task work: Rust against C, in one boot", size=18, weight="bold")
        at = 20.0
        for which, boot in enumerate(boots):
            yield f'<circle cx="{at + 5:.1f}" cy="49" r="4.5" fill="{COLORS[which]}"/>'
            yield text(at + 15, 53, boot.title, size=12)
            at += 30 + 6.6 * len(boot.title)
        yield text(20, 74, "Dot: median of the ratios of all rounds. Bar: quartiles. On the right: the medians.",
                   size=12, fill="#555")
        y = float(TOP)
        drawn: list[str] = []
        for group in groups:
            yield f'<rect x="0" y="{y:.1f}" width="{width}" height="{HEAD - 8}" fill="#eef1f5"/>'
            drawn.append(text(20, y + 18, group, size=13, weight="bold"))
            y += HEAD
            for pair in (p for p in pairs if p.group == group):
                drawn.append(text(LEFT - 14, y + 16, pair.name, anchor="end"))
                if pair.target and pair.target != SAME_WORK:
                    drawn.append(line(x(pair.target), y - 1, x(pair.target), y + ROW - 7, "#c00", 2.4))
                    after = pair.target > SAME_WORK  # the line of the other target is to the left
                    drawn.append(text(x(pair.target) + (5 if after else -5), y + 20, f"≤ {pair.target:.2f}", size=10,
                                      anchor="start" if after else "end", fill="#c00"))
                for which, boot in enumerate(boots):
                    if found := boot.find(pair.key):
                        drawn.extend(mark(found, y + 7 + 9 * which, which))
                        more = found.per_operation(0) * (found.ratio.median - 1)
                        drawn.append(text(number(which), y + 16, f"{found.ratio.median:.2f}",
                                          size=12, anchor="end", fill=COLORS[which]))
                        drawn.append(text(number(which) + 54, y + 16, f"{more:+,.0f}",
                                          size=12, anchor="end", fill=COLORS[which]))
                y += ROW
        yield from axis(bottom, boots)
        yield from drawn

    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            'font-family="DejaVu Sans, Verdana, sans-serif">\n'
            f'<rect width="{width}" height="{height}" fill="white"/>\n' + "\n".join(body()) + "\n</svg>\n")
