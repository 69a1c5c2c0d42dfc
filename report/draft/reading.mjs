// Reads what the draft of a model changes, what it would have made of the leads and what publishing it would do, in one
// transaction. Of leads it reads numbers alone. A role needs SELECT on the tables of the model.
import { latest } from '../periods.mjs';
import { readAtOnce } from '../session.mjs';

// since: text of a time, or undefined; what happened before is left out then.
export const readDraft = (model, since, connection) => readAtOnce(connection, async (client, rows) => {
    const [time] = await rows(`
        SELECT to_char(now(), 'YYYY-MM-DD HH24:MI') AS "asOf", to_char($1::timestamptz, 'YYYY-MM-DD HH24:MI') AS since`, [since]);
    const changes = await rows('SELECT what, name, field, old, new FROM lead_scoring.diff($1)', [model]);
    const [published = null] = await rows(`
        SELECT version, published_at::date AS day, note FROM lead_scoring.versions($1) ORDER BY version DESC LIMIT 1`, [model]);
    const page = { ...time, grain: 'month', changes, published };
    if (!changes.length) return page;

    const months = await rows('SELECT * FROM lead_scoring.preview($1, since => $2) ORDER BY period', [model, since]);
    const dated = months.filter((row) => row.period !== null), periods = latest(dated, page.grain);
    const stages = await rows(`
        SELECT stage_now, stage_after, count(*) AS leads FROM lead_scoring.preview_leads($1)
        WHERE stage_after IS NOT NULL GROUP BY stage_now, stage_after ORDER BY leads DESC, stage_now, stage_after`, [model]);
    // A stage that is called otherwise is the same.
    const renamed = new Map(changes.filter(({ what, field }) => what === 'stage' && field === 'name')
        .map((row) => [row.old, row.new]));
    return {
        ...page, periods, earlier: dated.length - periods.length, total: months.find((row) => row.period === null),
        moves: stages.filter((row) => (renamed.get(row.stage_now) ?? row.stage_now) !== row.stage_after),
    };
});
