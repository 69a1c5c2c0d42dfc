// The page of a draft: what it would have made of the leads, what it changes, MQLs under both, month by month, and what
// publishing it does. It has numbers of leads, and names none.
import { section, writeDocument } from '../document.mjs';
import { formatDate } from '../periods.mjs';
import { outcome, unchanged } from './outcome.mjs';
import { changeTable, monthTable, moveTable } from './tables.mjs';

function scope({ asOf, since, published, earlier, periods, grain }) {
    return [
        `As of ${asOf} UTC.`,
        published && `Published is version ${published.version}, of ${formatDate(published.day)}`
            + `${published.note ? ` (${published.note})` : ''}.`,
        since && `Only of what happened since ${since} UTC.`,
        earlier && `By ${grain} it shows the latest ${periods.length}; totals are of all.`,
    ].filter(Boolean).join(' ');
}

// data: what readDraft gives; charts: what drawCharts gives.
export function writeDraftPage(data, charts, { title, currency }) {
    if (!data.changes.length) return writeDocument(title, scope(data), [unchanged(data)]);
    return writeDocument(title, scope(data),
        [outcome(data, currency), changeTable(data), ...charts.map(section), monthTable(data, currency), moveTable(data)]);
}
