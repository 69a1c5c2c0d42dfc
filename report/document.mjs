// What pages have in common: a document that holds everything it shows, and whose content policy forbids the browser to load
// anything; its style sheet, and the section of a chart.
import { darkVariables, lightVariables } from './palette.mjs';
import { table } from './tables.mjs';
import { escapeHtml } from './text.mjs';

const STYLE = `
:root { color-scheme: light dark; ${lightVariables} --page: #f5f7fa; }
@media screen and (prefers-color-scheme: dark) { :root { ${darkVariables} --page: #0d1117; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
    font: 16px/1.5 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 20px; }
h1 { font-size: 30px; margin: 0; line-height: 1.2; }
h2 { font-size: 22px; margin: 0 0 4px; }
p { color: var(--muted); margin: 4px 0 24px; }
section p { font-size: 14px; margin-bottom: 16px; }
section { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; margin: 0 0 24px; padding: 20px; }
figure { margin: 0; overflow-x: auto; }
svg { display: block; width: 100%; min-width: 640px; height: auto; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 16px; }
.figures div { color: var(--muted); font-size: 14px; }
.figures b { display: block; color: var(--ink); font-size: 28px; line-height: 1.2; font-weight: 600; }
.figures small { display: block; font-size: 13px; }
section p.lead { color: var(--ink); font-size: 18px; }
section p.lead:last-child { margin: 0; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 7px 6px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { white-space: normal; min-width: 64px; vertical-align: bottom; color: var(--muted); font-weight: 600; }
th:first-child, td:first-child { text-align: left; }
td small { display: block; color: var(--muted); font-size: 11px; font-weight: 400; }
td.key { font-weight: 600; color: var(--accent); }
.texts th, .texts td { text-align: left; }
.texts td { white-space: normal; vertical-align: top; min-width: 100px; overflow-wrap: anywhere; }
.texts td:nth-child(n + 3) { min-width: 160px; }
#moves table { width: auto; min-width: 280px; }
tfoot td { font-weight: 600; border-bottom: 0; }
details { margin-top: 12px; font-size: 14px; color: var(--muted); }
summary { cursor: pointer; }
details table { color: var(--ink); margin-top: 8px; }
footer { color: var(--muted); font-size: 13px; }
@page { size: A4; margin: 14mm; }
@media print {
    :root { color-scheme: light; }
    body { background: #fff; font-size: 12px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
    main { padding: 0; max-width: none; }
    section { break-inside: avoid; border: 0; border-radius: 0; padding: 0; margin-bottom: 18px; }
    h1 { font-size: 24px; } h2 { font-size: 16px; }
    .figures { grid-template-columns: repeat(6, auto); } .figures b { font-size: 20px; }
    section p.lead { font-size: 14px; }
    table { font-size: 10px; } th, td { padding: 5px 4px; } th { min-width: 0; } td small { font-size: 9px; }
    details { display: none; }
}`;

// A chart and the figures behind it.
export const section = ({ name, title, subtitle, page, columns, rows }) => `<section id="${name}">
<h2>${escapeHtml(title)}</h2>
<p>${escapeHtml(subtitle)}</p>
<figure role="img" aria-label="${escapeHtml(title)}">${page}</figure>
<details><summary>The figures</summary>
${table(columns, rows)}</details>
</section>`;

// scope: what the page is of; parts: its sections as HTML, of which some may be empty.
export const writeDocument = (title, scope, parts) => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(scope)}</p>
${parts.filter(Boolean).join('\n')}
</main>
</body>
</html>
`;
