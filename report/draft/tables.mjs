// The tables of the page of a draft: what it changes, what it would have made of each month, which leads publishing moves.
import { formatPeriod, periodTitle } from '../periods.mjs';
import { table } from '../tables.mjs';
import { formatCount, formatMoney, formatShare, stageTitle } from '../text.mjs';

const NOTHING = '–';
const words = (field) => field.replaceAll('_', ' ');
const NAMELESS = { settings: 'settings', touches: 'what leads remember' };

// A part that is new or removed is told by all of its fields, which diff() gives as JSON.
function partText(json) {
    if (json === null) return NOTHING;
    return Object.entries(JSON.parse(json))
        .map(([field, value]) => `${words(field)}: ${typeof value === 'string' ? value : JSON.stringify(value)}`).join('; ') || NOTHING;
}

export function changeTable({ changes, published }) {
    const rows = changes.map(({ what, name, field, old, new: drafted }) => [
        name === null ? NAMELESS[what] : [name, what],
        field === null ? (old === null ? 'new' : 'removed') : words(field),
        ...[old, drafted].map((value) => (field === null ? partText(value) : value ?? NOTHING)),
    ]);
    return `<section id="changes">
<h2>What the draft changes</h2>
<p>${published ? 'Field by field' : 'All of it, since nothing is published yet'}; conditions as they were typed</p>
${table(['Part', 'Field', published ? `Version ${published.version}` : 'Published', 'Draft'], rows, { isText: true })}
</section>`;
}

export function monthTable({ periods, total, grain }, currency) {
    const money = (value) => formatMoney(value, currency);
    const both = (column, format) => (row) => {
        const drafted = format(row[column]), recorded = format(row[`${column}_before`]);
        return drafted === NOTHING && recorded === NOTHING ? NOTHING : [drafted, recorded];
    };
    const columns = [
        ['MQLs', both('mqls', formatCount)],
        ['Join', ({ joins }) => formatCount(joins)], ['Leave', ({ leaves }) => formatCount(leaves)],
        ['Customers', both('customers', formatCount)], ['Customer rate', both('customer_rate', formatShare)],
        ['Customers missed', both('customers_missed', formatCount)],
        ['Handed over', both('handed_over', formatCount)], ['Accepted', both('accepted', formatCount)],
        ['Rejected', both('rejected', formatCount)], ['Acceptance', both('acceptance_rate', formatShare)],
        ['Cost per MQL', both('cost_per_mql', money)],
    ].filter(([, value]) => [...periods, total].some((row) => value(row) !== NOTHING));
    if (!periods.length || !columns.length) return '';
    const line = (name, row) => [name, ...columns.map(([, value]) => value(row))];
    return `<section id="months">
<h2>${periodTitle(grain)} by ${grain}</h2>
<p>Small print: as recorded. Who joins or leaves is an MQL under one of both alone; others may have become one in
another ${grain}. Customers, acceptance and spend are those recorded: what sales would have made of other leads, nobody knows.
Rates are of ${grain}s that are over.</p>
${table([periodTitle(grain), ...columns.map(([name]) => name)],
        periods.map((row) => line(formatPeriod(row.period, grain), row)), { foot: line('All', total) })}
</section>`;
}

export function moveTable({ moves, published }) {
    if (!moves.length) return '';
    const move = ({ stage_now, stage_after }) =>
        [stage_now, stage_after].filter((stage) => stage !== null).map(stageTitle).join(' → ');
    return `<section id="moves">
<h2>If it is published now</h2>
<p>${published ? 'Each lead is looked at once, as of now; these go to another stage' : 'The stage in which each lead begins, by its history'}</p>
${table(['Stage', 'Leads'], moves.map((row) => [move(row), formatCount(row.leads)]))}
</section>`;
}
