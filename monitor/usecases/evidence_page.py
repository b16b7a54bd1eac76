"""The evidence of an incident as one page that needs nothing beside it: no network, no script, no other file."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from monitor.usecases.evidence import PICTURES, EvidencePack

_HEADINGS = {
    "reference": "Reference",
    "event": "Event",
    "latest": "Latest",
    "overlay": "Event over reference",
    "difference": "Differences",
}
_STYLE = """
body{font:16px/1.45 system-ui,sans-serif;margin:0 auto;padding:1rem;max-width:120rem;background:#fff;color:#1a1c20}
h1{font-size:1.4rem;margin:.2rem 0}h2{font-size:1.05rem;margin:1.4rem 0 .4rem}
.do{border-left:.4rem solid #c2410c;background:#fff3ea;padding:.6rem .9rem;margin:.8rem 0;font-weight:600}
.pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(24rem,1fr));gap:.8rem;align-items:start}
figure{margin:0}figcaption{font-weight:600}img{width:100%;height:auto;border:1px solid #c8ccd2}
table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding:.15rem .9rem .15rem 0}
th{font-weight:600;white-space:nowrap}details{margin:.6rem 0}.none{color:#5b6270}
@media(prefers-color-scheme:dark){body{background:#17191d;color:#e8eaed}.do{background:#3a2415}.none{color:#a3a9b3}}
"""


def page(pack: EvidencePack) -> str:
    """The pack as HTML: pictures side by side, what to do, and the figures."""
    shown = pack.figures
    parts = [
        f"<h1>{escape(str(shown['title']))}</h1>",
        f"<p>{escape(_where(shown))}</p>",
        f'<p class="do">{escape(str(shown["remedy"]))}</p>',
        f'<div class="pictures">{"".join(_picture(name, pack.pictures, shown) for name in PICTURES)}</div>',
        "<h2>Figures</h2>",
        _table(_summary(shown)),
        _reasons(shown),
        _section("Course", _course(shown)),
        _section("What the verdict rests on", _pairs((shown["verdict"] or {}).get("evidence") or {})),
        _section("Thresholds", _pairs(shown["thresholds"])),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(str(shown['title']))}</title><style>{_STYLE}</style></head>\n"
        f"<body>{chr(10).join(parts)}</body></html>\n"
    )


def _where(shown: Mapping[str, Any]) -> str:
    name = shown["camera"] if shown["view"] == "main" else f"{shown['camera']}/{shown['view']}"
    state = f"over since {_time(shown['resolved_at'])}" if shown["resolved_at"] else "open"
    return f"Site {shown['site']}, view {name}; severity {shown['severity']}; {state}. Times are UTC."


def _picture(name: str, pictures: Mapping[str, bytes], shown: Mapping[str, Any]) -> str:
    heading = _HEADINGS[name]
    content = pictures.get(name)
    if content is None:
        why = shown["missing"].get(name) or "There is none."
        return f'<figure><figcaption>{heading}</figcaption><p class="none">{escape(str(why))}</p></figure>'
    source = f"data:image/jpeg;base64,{base64.b64encode(content).decode()}"
    alt = escape(f"{heading}: {shown['title']}")
    return f'<figure><figcaption>{heading}</figcaption><img src="{source}" alt="{alt}"></figure>'


def _summary(shown: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    verdict, moved, worst = shown["verdict"] or {}, shown["displacement"] or {}, shown["worst"]
    yield "Cause", str(shown["cause"]).replace("_", " ")
    if shown["parts"]:
        yield "Stands for incidents", _parts(shown)
    if shown["part_of"]:
        yield "Part of incident", str(shown["part_of"])
    yield "First seen", _time(shown["first_seen_at"])
    yield "Alert raised", _time(shown["opened_at"])
    yield "Last seen", _time(shown["last_seen_at"])
    if shown["reopened"]:
        yield "Taken up again", f"{shown['reopened']} times"
    if shown["acknowledged_by"]:
        yield "Acknowledged", f"{_time(shown['acknowledged_at'])} by {shown['acknowledged_by']}"
    if shown["comment"]:
        yield "Comment", str(shown["comment"])
    if verdict:
        yield "Sure", f"{verdict['confidence'] * 100:.0f} %"
    if moved:
        yield "Displacement", str(moved["words"])
    if "pan_degrees" in moved:
        yield (
            "In degrees",
            f"{_angle(moved['pan_degrees'], 'right', 'left')}, "
            + _angle(moved["tilt_degrees"], "down", "up"),
        )
    if verdict.get("similarity") is not None:
        yield "Similarity", f"{verdict['similarity']:.3f}"
    if worst["displacement"]:
        yield "Worst displacement", f"{worst['displacement']['words']}, at {_time(worst['displaced_at'])}"
    if worst["similarity"] is not None:
        yield "Least similarity", f"{worst['similarity']:.3f}, at {_time(worst['unlike_at'])}"
    before, after = shown["disagreement"]["before"], shown["disagreement"]["after"]
    if before is not None and after is not None:
        yield (
            "Edges that disagree",
            f"{before * 100:.0f} % as it came, {after * 100:.0f} % turned and moved back",
        )
    if shown["reference"]:
        made = shown["reference"]
        yield "Reference", f"{made['id']}, {made['origin']} {_time(made['created_at'])}"
    if shown["bundle"]:
        yield "Network", str(shown["bundle"])


def _parts(shown: Mapping[str, Any]) -> str:
    more = shown["part_count"] - len(shown["parts"])
    return ", ".join(str(number) for number in shown["parts"]) + (f" and {more} more" if more else "")


def _angle(degrees: float, positive: str, negative: str) -> str:
    return f"{abs(degrees):.1f}° {positive if degrees > 0 else negative}"


def _reasons(shown: Mapping[str, Any]) -> str:
    reasons = (shown["verdict"] or {}).get("reasons") or []
    return f"<ul>{''.join(f'<li>{escape(str(reason))}</li>' for reason in reasons)}</ul>" if reasons else ""


def _course(shown: Mapping[str, Any]) -> str:
    told = [
        (
            entry["at"],
            ": ".join(filter(None, (f"{entry['kind'].replace('_', ' ')}{_by(entry)}", entry["text"]))),
        )
        for entry in shown["timeline"]
    ]
    seen = [
        (row["at"], f"check: {row['verdict'].replace('_', ' ')}; {row['change'].replace('_', ' ')}")
        for row in shown["history"]
        if row["change"]
    ]
    return _table((_time(at), text) for at, text in sorted([*told, *seen], key=lambda line: line[0]))


def _by(entry: Mapping[str, Any]) -> str:
    return f" by {entry['by']}" if entry["by"] else ""


def _pairs(values: Mapping[str, Any]) -> str:
    return _table(
        (name, f"{value:.5g}" if isinstance(value, float) else str(value)) for name, value in values.items()
    )


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in rows)
    return f"<table>{cells}</table>" if cells else ""


def _section(heading: str, content: str) -> str:
    return f"<details><summary>{heading}</summary>{content}</details>" if content else ""


def _time(at: str | None) -> str:
    return at[:19].replace("T", " ") if at else "–"
