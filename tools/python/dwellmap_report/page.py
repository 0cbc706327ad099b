# SPDX-License-Identifier: Apache-2.0
"""The page: HTML that needs nothing but itself, and prints on A4."""
from .plots import TEXT_WIDTH_IN, Figure, Panel
from .words import escape

CSS = """
@page { size: A4; margin: 14mm 13mm; }
:root { --ink: #16191d; --quiet: #5b626b; --line: #d5d9de; }
* { box-sizing: border-box; }
html { background: #fff; color: var(--ink); font: 15px/1.5 Georgia, 'Times New Roman', 'DejaVu Serif', serif; }
body { max-width: 62rem; margin: 0 auto; padding: 2rem 1.5rem 4rem; }
h1, h2, h3, th, nav, .panel-title, .save { font-family: 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; margin: 2.4rem 0 .6rem; padding-bottom: .2rem; border-bottom: 1.5px solid var(--ink); }
.lead { color: var(--quiet); margin: 0 0 1.2rem; }
nav { font-size: .86rem; border: 1px solid var(--line); border-radius: 4px; padding: .7rem 1rem; columns: 2; }
nav ol { margin: 0; padding-left: 1.2rem; }
nav a, .save a { color: #00527f; text-decoration: none; }
a:hover { text-decoration: underline; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .86rem; line-height: 1.35; margin: .6rem 0;
        border-top: 1.5px solid var(--ink); border-bottom: 1.5px solid var(--ink); font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; font-size: .8rem; vertical-align: bottom;
     border-bottom: 1px solid var(--ink); }
th, td { padding: .28rem .7rem .28rem 0; }
td { vertical-align: top; border-top: 1px solid var(--line); }
tr.first td { font-weight: 600; }
ul { padding-left: 1.2rem; margin: .5rem 0; }
li { margin: .25rem 0; }
figure { margin: 1rem 0 2.2rem; }
.panel { margin: 1rem 0; break-inside: avoid; }
.panel-title { font-size: .86rem; font-weight: 600; display: flex; justify-content: space-between; gap: 1rem; }
.save { font-weight: 400; font-size: .76rem; }
svg.plot { display: block; width: 100%; height: auto; overflow: visible; margin: .3rem auto;
           stroke-linejoin: round; stroke-linecap: butt; }
figcaption { font-size: .9rem; line-height: 1.45; break-inside: avoid; }
.absent { color: var(--quiet); border-left: 3px solid var(--line); padding: .3rem .8rem; margin: .4rem 0; }
pre { font-size: .74rem; line-height: 1.35; background: #f6f7f8; border: 1px solid var(--line); padding: .7rem 1rem;
      white-space: pre-wrap; }
@media (max-width: 40rem) { nav { columns: 1; } body { padding: 1rem .8rem; } }
@media print {
  html { font-size: 9.5pt; } body { max-width: none; padding: 0; } .save { display: none; }
  h2 { break-after: avoid; } .panel-title { break-after: avoid; } tr { break-inside: avoid; }
  pre { font-size: 6.5pt; columns: 2; }
}
"""


def svg_name(figure: Figure, k: int) -> str:
    return f"figure_{figure.number}_{k + 1}.svg"


def panel_html(figure: Figure, k: int, panel: Panel) -> str:
    title = f"<span>{escape(panel.title)}</span>"
    if panel.absent:
        return (f'<div class="panel"><div class="panel-title">{title}</div>'
                f'<p class="absent">Not shown: {escape(panel.absent)}.</p></div>')
    name = svg_name(figure, k)
    share = 100 * min(1, panel.width_in / TEXT_WIDTH_IN)
    svg = panel.svg.replace("<svg ", f'<svg style="width:{share:.1f}%" ', 1)
    return (f'<div class="panel"><div class="panel-title">{title}<span class="save">'
            f'<a href="figures/{name}" download>SVG</a></span></div>{svg}</div>')


def figure_html(figure: Figure) -> str:
    panels = "\n".join(panel_html(figure, k, p) for k, p in enumerate(figure.panels))
    shown = any(p.svg for p in figure.panels)
    caption = f"<figcaption><b>Figure {figure.number}.</b> {figure.caption}</figcaption>\n" if shown else ""
    return (f'<h2 id="figure-{figure.number}">Figure {figure.number}. {escape(figure.title)}</h2>\n'
            f"<figure>\n{panels}\n{caption}</figure>")


def contents(sections: list[tuple[str, str]]) -> str:
    links = "".join(f'<li><a href="#{key}">{escape(title)}</a></li>' for key, title in sections)
    return f'<nav aria-label="Contents"><ol>{links}</ol></nav>'


def table(head: list[str], rows: list[list[str]], first: int | None = None) -> str:
    """@param rows HTML of the cells  @param first the row that is headlined"""
    cells = "".join(f"<th>{h}</th>" for h in head)
    lines = "".join(f'<tr{" class=first" if k == first else ""}>' + "".join(f"<td>{c}</td>" for c in row) + "</tr>\n"
                    for k, row in enumerate(rows))
    return f'<div class="table"><table><thead><tr>{cells}</tr></thead><tbody>\n{lines}</tbody></table></div>'


def page(title: str, lead: str, before: list[tuple[str, str, str]], figures: list[Figure],
         after: list[tuple[str, str, str]]) -> str:
    """@param before, after sections as (id, title, HTML), around the figures"""
    def sections(some: list[tuple[str, str, str]]) -> str:
        return "\n".join(f'<h2 id="{key}">{escape(name)}</h2>\n{body}' for key, name, body in some)

    links = [(key, name) for key, name, _ in before]
    links += [(f"figure-{f.number}", f"Figure {f.number}. {f.title}") for f in figures]
    links += [(key, name) for key, name, _ in after]
    return f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><link rel="icon" href="data:,"><style>{CSS}</style></head>
<body>
<h1>{escape(title)}</h1>
<p class="lead">{lead}</p>
{contents(links)}
{sections(before)}
{chr(10).join(figure_html(f) for f in figures)}
{sections(after)}
</body>
</html>
"""
