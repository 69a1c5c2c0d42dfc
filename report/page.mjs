// The page: the key figures, the charts, each with its figures, the campaigns as a table, and what is split by a dimension.
import { section, writeDocument } from './document.mjs';
import { formatDate } from './periods.mjs';
import { campaignTable, dimensionTable } from './tables.mjs';
import { escapeHtml, formatCount, formatMoney } from './text.mjs';

function figures({ total, isPart, grain }, currency) {
    if (!total.leads && !total.mqls) {
        return `<section>${isPart ? `There are no leads of these ${grain}s.` : 'The model has no leads yet.'}</section>`;
    }
    const list = [
        ['leads', formatCount(total.leads)], ['MQLs', formatCount(total.mqls)],
        ['customers', formatCount(total.customers)], ['cost per MQL', formatMoney(total.cost_per_mql, currency)],
        ['cost per customer', formatMoney(total.cost_per_customer, currency)],
    ].filter(([, value]) => value !== '–');
    const items = list.map(([name, value]) => `<div><b>${escapeHtml(value)}</b>${name}</div>`);
    return `<section class="figures">${items.join('')}</section>`;
}

// What the page is of: the instant, the periods and the dimension; and what it leaves out.
function scope({ asOf, isNow, grain, since, until, periods, earlier, dimension }) {
    const range = [since && `from ${formatDate(since)}`, until && `to ${formatDate(until)}`].filter(Boolean).join(' ');
    return [
        `As of ${asOf} UTC, by ${grain}${dimension ? ` and by ${dimension.by}` : ''}.`,
        range && `Only ${grain}s that begin ${range}.`,
        earlier && `Charts by ${grain} show the latest ${periods.length}.`,
        !isNow && 'The spread of scores is left out: it is known as of now alone.',
    ].filter(Boolean).join(' ');
}

// data: what readModel gives; charts: what drawCharts gives.
export function writePage(data, charts, { title, currency }) {
    const parts = charts.filter((chart) => !chart.isSplit).map(section);
    parts.splice(2, 0, campaignTable(data, currency));
    const split = [dimensionTable(data, currency), ...charts.filter((chart) => chart.isSplit).map(section)];
    return writeDocument(title, scope(data), [figures(data, currency), ...parts, ...split]);
}
