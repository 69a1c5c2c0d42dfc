// What a draft would have made of the leads, in a few sentences and as key figures.
import { escapeHtml, formatCount, formatMoney, formatShare } from '../text.mjs';

const number = (value, one, many = `${one}s`) => `${formatCount(value)} ${value === 1 ? one : many}`;
const known = (...values) => values.every((value) => value !== null);
const beside = (format, value, recorded) => (value === recorded ? ', as recorded' : ` in place of ${format(recorded)}`);

function mqls({ mqls, mqls_before, joins, leaves }) {
    if (!known(mqls)) return 'The draft has no stage that counts as MQL.';
    const made = `Had it been in force all along, the draft would have made ${number(mqls, 'MQL')}`;
    if (!known(joins, leaves)) return `${made}. Nothing is recorded that this could be compared with.`;
    const changed = `${number(joins, 'joins', 'join')}, ${number(leaves, 'leaves', 'leave')}.`;
    return `${made}${beside(formatCount, mqls, mqls_before)}: ${changed}`;
}

function customers({ customers: won, customers_before: wonBefore, customers_missed: missed, customers_missed_before: missedBefore }) {
    if (!known(won, wonBefore)) return '';
    return `${formatCount(won)} of its MQLs became customers${beside(formatCount, won, wonBefore)}; `
        + `it would have missed ${number(missed, 'customer')}${beside(formatCount, missed, missedBefore)}.`;
}

function cost({ cost_per_mql, cost_per_mql_before }, money) {
    if (!known(cost_per_mql, cost_per_mql_before)) return '';
    return `An MQL would have cost ${money(cost_per_mql)}${beside(money, cost_per_mql, cost_per_mql_before)}.`;
}

function publishing(moves, published) {
    const leads = moves.reduce((sum, row) => sum + row.leads, 0);
    if (!published) return `Published now, it puts ${number(leads, 'lead')} in a first stage.`;
    return `Published now, it moves ${leads ? number(leads, 'lead') : 'no lead'}; what is recorded stays.`;
}

function figures(total, money) {
    return [
        ['MQLs', 'mqls', formatCount], ['join', 'joins', formatCount], ['leave', 'leaves', formatCount],
        ['customers missed', 'customers_missed', formatCount],
        ['acceptance', 'acceptance_rate', formatShare], ['cost per MQL', 'cost_per_mql', money],
    ].filter(([, column]) => known(total[column])).map(([name, column, format]) => {
        const recorded = total[`${column}_before`] ?? null;
        return `<div><b>${escapeHtml(format(total[column]))}</b>${name}${
            known(recorded) ? `<small>${escapeHtml(format(recorded))} recorded</small>` : ''}</div>`;
    }).join('');
}

// Of a draft that differs; data is what readDraft gives.
export function outcome({ total, moves, published }, currency) {
    const money = (value) => formatMoney(value, currency);
    const sentences = [mqls(total), customers(total), cost(total, money), publishing(moves, published)].filter(Boolean);
    return `<section id="outcome">
<p class="lead">${escapeHtml(sentences.join(' '))}</p>
<div class="figures">${figures(total, money)}</div>
</section>`;
}

export const unchanged = ({ published }) => `<section id="outcome">
<p class="lead">The draft says what version ${published.version} says: there is nothing to publish.</p>
</section>`;
