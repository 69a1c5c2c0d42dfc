// How figures are written, the same in charts and tables.

const count = new Intl.NumberFormat('en-US');
const cents = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const NOTHING = '–';

export const formatCount = (value) => (value === null ? NOTHING : count.format(value));
export const formatShare = (value, digits = 1) => (value === null ? NOTHING : `${(100 * value).toFixed(digits)} %`);
export const formatInterval = (low, high) => `${(100 * low).toFixed(0)} to ${(100 * high).toFixed(0)} %`;
export const formatDays = (value) => (value === null ? NOTHING : value.toFixed(1));

export function formatMoney(value, currency, whole = false) {
    if (value === null) return NOTHING;
    const amount = whole ? count.format(Math.round(Math.abs(value))) : cents.format(Math.abs(value));
    return `${value < 0 ? '-' : ''}${currency}${amount}`;
}

// Stage names as people write them: mql is MQL.
export const stageTitle = (name) => (/^(mql|sql|sal)$/.test(name) ? name.toUpperCase() : name);

// A value of a dimension, or a campaign.
export const valueTitle = (value) => value ?? 'none';

export const share = (part, whole) => (part === null || !whole ? null : part / whole);

export function escapeHtml(text) {
    return String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

// The least of 1, 2, 5, 10, 20, 50 ... that is not below size.
export function roundStep(size) {
    for (let power = 1; ; power *= 10) {
        for (const digit of [1, 2, 5]) if (digit * power >= size) return digit * power;
    }
}
