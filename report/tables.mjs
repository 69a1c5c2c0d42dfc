// The tables of the page.
import { escapeHtml, formatCount, formatDays, formatInterval, formatMoney, formatShare, valueTitle } from './text.mjs';

// A value is a text, or a list of one and of what stands below it in small print.
const cell = (value) => (Array.isArray(value)
    ? `${escapeHtml(value[0])}<small>${escapeHtml(value[1])}</small>` : escapeHtml(value));
const cells = (tag, values, key = -1) =>
    values.map((value, index) => `<${tag}${index === key ? ' class="key"' : ''}>${cell(value)}</${tag}>`).join('');

export const table = (columns, rows, { key, foot, isText } = {}) => `<div class="wide${isText ? ' texts' : ''}"><table>
<thead><tr>${cells('th', columns)}</tr></thead>
<tbody>
${rows.map((row) => `<tr>${cells('td', row, key)}</tr>`).join('\n')}
</tbody>${foot ? `\n<tfoot><tr>${cells('td', foot)}</tr></tfoot>` : ''}
</table></div>`;

// without spend there is no cost to sort by, and 0.00 would say it is known to be nothing
const spent = (row, currency) => formatMoney(row.spend || null, currency);
const optional = (wanted, ...values) => (wanted ? values : []);

export function campaignTable({ campaigns, total, grain, isPart }, currency) {
    if (!campaigns.length) return '';
    const spend = total.spend !== null, revenue = total.revenue !== null;
    const money = (value) => formatMoney(value, currency);
    const row = (name, r) => [
        name, ...optional(spend, spent(r, currency)),
        formatCount(r.leads), formatCount(r.mqls), formatCount(r.sqls), formatCount(r.customers),
        formatShare(r.mqls ? r.mqls_converted / r.mqls : null),
        ...optional(spend, money(r.cost_per_lead), money(r.cost_per_mql), money(r.cost_per_customer)),
        ...optional(revenue, money(r.revenue)),
    ];
    const columns = [
        'Campaign', ...optional(spend, 'Spend'), 'Leads', 'MQLs', 'SQLs', 'Customers', 'MQL to customer',
        ...optional(spend, 'Per lead', 'Per MQL', 'Per customer'), ...optional(revenue, 'Revenue'),
    ];
    const rows = campaigns.map((r) => row(valueTitle(r.campaign), r));
    const best = campaigns[0].cost_per_customer !== null ? campaigns[0] : null;
    return `<section id="campaigns">
<h2>${best ? `Customers cost least from ${escapeHtml(best.campaign ?? 'no campaign')}` : 'Campaigns'}</h2>
<p>${best ? 'Campaigns by cost per customer; those without spend or customers are last' : 'Campaigns'}${
    isPart ? `; each count is of the ${grain}s in which it happened` : ''}</p>
${table(columns, rows, { key: columns.indexOf('Per customer'), foot: row('All', total) })}
</section>`;
}

// What campaigns cost stands in their own table.
export function dimensionTable({ dimension, roles }, currency) {
    if (!dimension?.values.length) return '';
    const { by, values, all } = dimension;
    const spend = dimension.hasSpend && by !== 'campaign';
    const revenue = all.revenue !== null;
    const money = (value) => formatMoney(value, currency);
    const rate = (value, low, high) => (value === null ? formatShare(value) : [formatShare(value), formatInterval(low, high)]);
    const row = (name, r) => [
        name, formatCount(r.leads), formatCount(r.mqls), formatCount(r.sqls), formatCount(r.customers),
        rate(r.mql_rate, r.mql_low, r.mql_high), rate(r.customer_rate, r.customer_low, r.customer_high),
        ...optional(roles.lead, formatDays(r.days_to_mql)), ...optional(roles.sql, formatDays(r.days_to_sql)),
        ...optional(spend, spent(r, currency), money(r.cost_per_mql), money(r.cost_per_customer)),
        ...optional(revenue, money(r.revenue)),
    ];
    const columns = [
        by, 'Leads', 'MQLs', 'SQLs', 'Customers', 'Lead to MQL', 'MQL to customer',
        ...optional(roles.lead, 'Days to MQL'), ...optional(roles.sql, 'Days to SQL'),
        ...optional(spend, 'Spend', 'Per MQL', 'Per customer'), ...optional(revenue, 'Revenue'),
    ];
    return `<section id="dimension">
<h2>By ${escapeHtml(by)}</h2>
<p>SQLs and customers: what became of the MQLs so far; small: 95 % interval of a rate; days: mean of those who got there</p>
${table(columns, values.map((r) => row(valueTitle(r.dimension), r)), { foot: row('All', all) })}
</section>`;
}
