"""Reports as one HTML page that needs nothing else: no script, no font, no request."""

from collections.abc import Iterator, Sequence

from validation.finding import Finding
from validation.output.place import located
from validation.output.safe import html, html_prose
from validation.output.summary import conclusion, described, label, overall, pinned
from validation.report import Report

_STYLE = """\
:root { color-scheme: light dark; --line: light-dark(#d5d9e0, #3a4150); --soft: light-dark(#5a6372, #9aa4b5);
  --error: light-dark(#b3261e, #ff8a80); --warning: light-dark(#8a5a00, #ffcc66); --note: light-dark(#0b6380, #7fd4f0);
  --unknown: light-dark(#7a2ea0, #dca6f5); --compatible: light-dark(#1c6b35, #7fdc9a); --incompatible: var(--error); }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif;
  color: light-dark(#1b1f27, #e6e9ef); background: light-dark(#fff, #14171d); }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; overflow-wrap: anywhere; margin-top: 2.5rem; }
code { font: .92em ui-monospace, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; margin: .8rem 0; }
th, td { text-align: left; vertical-align: top; padding: .2rem .9rem .2rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: normal; color: var(--soft); }
.verdict { font-weight: 600; color: var(--word); }
.finding { border-left: 4px solid var(--word); padding: .1rem 0 .1rem .9rem; margin: 1rem 0; }
.finding h3 { font-size: 1rem; margin: 0; } .finding h3 b { color: var(--word); }
.finding p { margin: .2rem 0; } .soft { color: var(--soft); }
.error { --word: var(--error); } .warning { --word: var(--warning); } .note { --word: var(--note); }
.unknown { --word: var(--unknown); } .suppressed { --word: var(--line); }
.compatible { --word: var(--compatible); } .incompatible { --word: var(--incompatible); }
"""
_HEAD = f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Slipway: model checks</title>
<style>
{_STYLE}</style>
</head>
<body>
<main>
<h1>Model checks</h1>"""
_FOOT = "</main>\n</body>\n</html>"


def render(reports: Sequence[Report]) -> str:
    """Return the page: an overview of the models, then each with its facts and findings."""
    return "\n".join(_lines(reports)) + "\n"


def _lines(reports: Sequence[Report]) -> Iterator[str]:
    yield _HEAD
    if len(reports) > 1:
        yield from _overview(reports)
    for number, report in enumerate(reports):
        yield from _model(number, report)
    yield _FOOT


def _overview(reports: Sequence[Report]) -> Iterator[str]:
    yield f"<p>{html(overall(reports))}</p>"
    yield "<table>"
    yield '<tr><th scope="col">model</th><th scope="col">verdict</th></tr>'
    for number, report in enumerate(reports):
        link = f'<a href="#model-{number}"><code>{html(report.source)}</code></a>'
        yield f'<tr><td>{link}</td><td class="verdict {report.verdict}">{report.verdict}</td></tr>'
    yield "</table>"


def _model(number: int, report: Report) -> Iterator[str]:
    yield f'<section id="model-{number}">'
    yield f"<h2><code>{html(pinned(report))}</code></h2>"
    yield f'<p class="verdict {report.verdict}">{html(conclusion(report))}</p>'
    facts = described(report)
    if facts:
        rows = (f'<tr><th scope="row">{html(name)}</th><td>{html(value)}</td></tr>' for name, value in facts)
        yield from ("<table>", *rows, "</table>")
    yield from (f'<p class="soft">{html_prose(note)}</p>' for note in report.notes)
    for finding in report.findings:
        yield from _finding(located(report, finding))
    for finding, reason in report.suppressed:
        yield from _article("suppressed", finding, f"reason: {reason}")
    yield "</section>"


def _finding(finding: Finding) -> Iterator[str]:
    yield from _article(label(finding), finding, f"help: {finding.help}" if finding.help else "")


def _article(word: str, finding: Finding, remark: str) -> Iterator[str]:
    yield f'<article class="finding {word}">'
    yield f"<h3><b>{word}</b> <code>{html(finding.rule)}</code></h3>"
    yield f"<p>{html_prose(finding.message)}</p>"
    if finding.where is not None:
        yield f'<p class="soft">at <code>{html(str(finding.where))}</code></p>'
    if remark:
        yield f"<p>{html_prose(remark)}</p>"
    yield f'<p class="soft">docs: <code>{html(finding.docs)}</code></p>'
    yield "</article>"
