// The page: the key figures, the charts, each with its figures, and the campaigns as a table. It holds everything it
// shows, and its content policy forbids the browser to load anything.
import { darkVariables, lightVariables } from './palette.mjs';
import { escapeHtml, formatCount, formatMoney, formatShare } from './text.mjs';

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
section { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; margin: 0 0 24px; padding: 20px; }
svg { display: block; width: 100%; height: auto; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 16px; }
.figures div { color: var(--muted); font-size: 14px; }
.figures b { display: block; color: var(--ink); font-size: 28px; line-height: 1.2; font-weight: 600; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 7px 6px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { white-space: normal; vertical-align: bottom; color: var(--muted); font-weight: 600; }
th:first-child, td:first-child { text-align: left; }
td.key { font-weight: 600; color: var(--accent); }
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
    .figures { grid-template-columns: repeat(5, auto); } .figures b { font-size: 20px; }
    table { font-size: 10px; } th, td { padding: 5px 4px; }
    details { display: none; }
}`;

const cells = (tag, values, key = -1) =>
    values.map((value, index) => `<${tag}${index === key ? ' class="key"' : ''}>${escapeHtml(value)}</${tag}>`).join('');
const table = (columns, rows, { key, foot } = {}) => `<div class="wide"><table>
<thead><tr>${cells('th', columns)}</tr></thead>
<tbody>
${rows.map((row) => `<tr>${cells('td', row, key)}</tr>`).join('\n')}
</tbody>${foot ? `\n<tfoot><tr>${cells('td', foot)}</tr></tfoot>` : ''}
</table></div>`;

function figures({ funnel, total }, currency) {
    const list = [
        ['leads', formatCount(funnel.leads)], ['MQLs', formatCount(funnel.mqls)],
        ['customers', formatCount(funnel.customers)], ['cost per MQL', formatMoney(total.cost_per_mql, currency)],
        ['cost per customer', formatMoney(total.cost_per_customer, currency)],
    ].filter(([, value]) => value !== '–');
    const items = list.map(([name, value]) => `<div><b>${escapeHtml(value)}</b>${name}</div>`);
    return `<section class="figures">${items.join('')}</section>`;
}

const section = ({ name, title, page, columns, rows }) => `<section id="${name}">
<figure role="img" aria-label="${escapeHtml(title)}" style="margin:0">${page}</figure>
<details><summary>The figures</summary>
${table(columns, rows)}</details>
</section>`;

function campaignTable({ campaigns, total }, currency) {
    if (!campaigns.length) return '';
    const spend = total.spend, revenue = total.revenue;
    const money = (value) => formatMoney(value, currency);
    // without spend there is no cost to sort by, and 0.00 would say it is known to be nothing
    const spent = (row) => money(row.spend || null);
    const optional = (wanted, ...values) => (wanted === null ? [] : values);
    const row = (name, r) => [
        name, ...optional(spend, spent(r)),
        formatCount(r.leads), formatCount(r.mqls), formatCount(r.sqls), formatCount(r.customers),
        formatShare(r.mqls ? r.mqls_converted / r.mqls : null),
        ...optional(spend, money(r.cost_per_lead), money(r.cost_per_mql), money(r.cost_per_customer)),
        ...optional(revenue, money(r.revenue)),
    ];
    const columns = [
        'Campaign', ...optional(spend, 'Spend'), 'Leads', 'MQLs', 'SQLs', 'Customers', 'MQL to customer',
        ...optional(spend, 'Per lead', 'Per MQL', 'Per customer'), ...optional(revenue, 'Revenue'),
    ];
    const rows = campaigns.map((r) => row(r.campaign ?? 'none', r));
    const best = campaigns[0].cost_per_customer !== null ? campaigns[0] : null;
    return `<section id="campaigns">
<h2>${best ? `Customers cost least from ${escapeHtml(best.campaign ?? 'no campaign')}` : 'Campaigns'}</h2>
<p>${best ? 'Campaigns by cost per customer; those without spend or customers are last' : 'Campaigns'}</p>
${table(columns, rows, { key: columns.indexOf('Per customer'), foot: row('All', total) })}
</section>`;
}

// data: what readModel gives; charts: what drawCharts gives.
export function writePage(data, charts, { title, currency }) {
    const parts = charts.map(section);
    parts.splice(2, 0, campaignTable(data, currency));
    return `<!DOCTYPE html>
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
<p>As of ${escapeHtml(data.asOf)} UTC</p>
${data.funnel.leads ? figures(data, currency) : '<section>The model has no leads yet.</section>'}
${parts.join('\n')}
</main>
</body>
</html>
`;
}
