#include "tools/report/page_assets.h"

namespace senet {

const char* const kPageStyle = R"css(
:root { color-scheme: light dark; --page: #fff; --ink: #1b1f24; --soft: #57606a; --line: #d8dee4; --card: #f6f8fa; --link: #0b5cad; }
@media screen and (prefers-color-scheme: dark) { :root:not([data-theme=light]) { --page: #14171c; --ink: #e6e9ed; --soft: #9aa4af; --line: #313840; --card: #1d2229; --link: #7ab7ff; } }
@media screen { :root[data-theme=dark] { color-scheme: dark; --page: #14171c; --ink: #e6e9ed; --soft: #9aa4af; --line: #313840; --card: #1d2229; --link: #7ab7ff; } }
:root[data-theme=light] { color-scheme: light; }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; color: var(--ink); background: var(--page); max-width: 1120px; margin: 0 auto; padding: 0 1.25rem 3rem; }
h1 { font-size: 1.55rem; margin: 1.2rem 0 .2rem; } h2 { font-size: 1.25rem; margin: 2.4rem 0 .6rem; } h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
a { color: var(--link); }
nav { position: sticky; top: 0; z-index: 3; display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; align-items: center; background: var(--page); border-bottom: 1px solid var(--line); padding: .5rem 0; }
nav span { flex: 1; }
button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; text-align: inherit; }
nav button { border: 1px solid var(--line); border-radius: 6px; padding: .1rem .6rem; font-size: 13px; }
section { scroll-margin-top: 3.2rem; }
.lead, .note { color: var(--soft); font-size: 13px; margin: .25rem 0; overflow-wrap: anywhere; } ol.note { padding-left: 1.5rem; } .lead { font-size: 14px; }
details.table, figure { border: 1px solid var(--line); border-radius: 8px; padding: .7rem .9rem; margin: .9rem 0; }
details > summary { cursor: pointer; } details.table > summary { font-weight: 600; }
.wide { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .22rem .65rem; border-bottom: 1px solid var(--line); white-space: nowrap; vertical-align: top; }
th { vertical-align: bottom; font-weight: 600; white-space: normal; } thead th { border-bottom: 2px solid var(--soft); }
.number, .number button { text-align: right; }
td small { color: var(--soft); } td.number small { display: block; font-size: 11.5px; white-space: normal; }
tr.group td { border-top: 2px solid var(--line); } table.sorted tr.group td { border-top: 0; }
th:first-child, td:first-child { position: sticky; left: 0; background: var(--page); padding-left: 0; }
th button::after { content: "\2195"; opacity: .25; padding-left: .25em; font-weight: 400; }
th[aria-sort=ascending] button::after { content: "\2191"; opacity: 1; } th[aria-sort=descending] button::after { content: "\2193"; opacity: 1; }
sup { color: var(--soft); line-height: 0; font-size: .72em; }
figure > div { overflow-x: auto; } figure svg { display: block; max-width: 100%; height: auto; margin: 0 auto; } figcaption { font-weight: 600; margin-bottom: .4rem; }
figure svg text, figure svg tspan { font-family: "DejaVu Sans", Verdana, sans-serif; }
figure svg * { pointer-events: none; } figure svg .point, figure svg .point * { pointer-events: all; cursor: default; outline: none; }
figure svg .point:hover use, figure svg .point:focus use { opacity: .35; }
@media screen and (prefers-color-scheme: dark) { :root:not([data-theme=light]) figure svg { filter: invert(.93) hue-rotate(180deg); } }
@media screen { :root[data-theme=dark] figure svg { filter: invert(.93) hue-rotate(180deg); } }
#tip { position: fixed; z-index: 9; max-width: min(24rem, 92vw); background: var(--ink); color: var(--page); font-size: 12.5px; line-height: 1.4; padding: .4rem .6rem; border-radius: 6px; white-space: pre-line; pointer-events: none; overflow-wrap: anywhere; }
#tip[hidden] { display: none; }
details details { margin-left: .8rem; } .cell > summary { padding: .15rem 0; }
@media (max-width: 640px) {
  section { scroll-margin-top: 5.4rem; } body { padding: 0 .8rem 2rem; } details.table, figure { padding: .6rem; } figure svg { max-width: none; zoom: .75; }
  th:first-child, td:first-child { white-space: normal; max-width: 8.5rem; } th, td { padding: .22rem .45rem; }
}
@media print {
  :root, :root[data-theme] { color-scheme: light; --page: #fff; --ink: #000; --soft: #333; --line: #bbb; }
  nav, #settings, th button::after { display: none; } summary { list-style: none; } body { max-width: none; padding: 0; font-size: 10pt; }
  .wide { overflow: visible; } table { font-size: 7.5pt; } th, td { padding: .1rem .35rem; white-space: normal; }
  figure, details.table { border: 0; padding: 0; } figure, tr { break-inside: avoid; }
}
)css";

const char* const kPageScript = R"js(
"use strict";
const value = (row, column) => {
  const cell = row.cells[column], order = cell.dataset.order, text = cell.textContent.trim();
  return order !== undefined ? Number(order) : text === "–" ? null : text;
};
const compared = (a, b) => typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", {numeric: true});
for (const table of document.querySelectorAll("details.table table")) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0], original = [...body.rows];
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    // Numbers begin with the largest; the third click brings back the order that the table came in.
    const first = head.classList.contains("number") ? "descending" : "ascending";
    const second = first === "ascending" ? "descending" : "ascending";
    const now = head.getAttribute("aria-sort"), next = now === null ? first : now === first ? second : null;
    heads.forEach(each => each.removeAttribute("aria-sort"));
    table.classList.toggle("sorted", next !== null);
    const sign = next === "descending" ? -1 : 1;
    const rows = next === null ? original : [...original].sort((a, b) => {
      const x = value(a, column), y = value(b, column);
      return x === null || y === null ? (x === null) - (y === null) : sign * compared(x, y);
    });
    if (next !== null) head.setAttribute("aria-sort", next);
    body.append(...rows);
  }));
}
const tip = document.getElementById("tip");
const show = event => {
  const point = event.currentTarget, box = point.getBoundingClientRect();
  tip.textContent = point.dataset.tip;
  tip.hidden = false;
  const own = tip.getBoundingClientRect(), above = box.top - own.height - 8;
  tip.style.left = Math.max(4, Math.min(box.left + box.width / 2 - own.width / 2, document.documentElement.clientWidth - own.width - 4)) + "px";
  tip.style.top = (above > 4 ? above : box.bottom + 8) + "px";
};
const hide = () => { tip.hidden = true; };
for (const point of document.querySelectorAll(".point")) {
  for (const event of ["mousemove", "focus", "click"]) point.addEventListener(event, show);
  for (const event of ["mouseleave", "blur"]) point.addEventListener(event, hide);
}
addEventListener("scroll", hide, {passive: true});
addEventListener("keydown", event => { if (event.key === "Escape") hide(); });
const tables = [...document.querySelectorAll("details.table")];
document.getElementById("fold").addEventListener("click", () => {
  const open = !tables.some(table => table.open);
  tables.forEach(table => { table.open = open; });
});
document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});
let folded = [];
addEventListener("beforeprint", () => { folded = tables.filter(table => !table.open); folded.forEach(table => { table.open = true; }); });
addEventListener("afterprint", () => folded.forEach(table => { table.open = false; }));
)js";

}  // namespace senet
