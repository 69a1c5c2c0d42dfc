// How a page writes figures, said a second time.

export const count = (value) => (value === null ? '–' : value.toLocaleString('en-US'));
export const money = (value, currency = '$') => (value === null ? '–'
    : currency + value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 }));
export const percent = (value, digits = 1) => (value === null ? '–' : `${(100 * value).toFixed(digits)} %`);
export const days = (value) => (value === null || value === undefined ? '–' : value.toFixed(1));
export const share = (part, whole) => (part === null || !whole ? null : part / whole);

const date = (day, options) => new Date(`${day}T00:00:00Z`).toLocaleString('en-US', { year: 'numeric', timeZone: 'UTC', ...options });
export const writtenPeriod = (first, grain) => ({
    day: date(first, { month: 'short', day: 'numeric' }),
    week: `Week of ${date(first, { month: 'short', day: 'numeric' })}`,
    month: date(first, { month: 'short' }),
    quarter: `Q${(Number(first.slice(5, 7)) + 2) / 3} ${first.slice(0, 4)}`,
}[grain]);

// Of a table of a page, each row as the texts of its cells.
export const cells = (page, selector) => page.$$eval(`${selector} tr`, (all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
