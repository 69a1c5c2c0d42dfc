#!/usr/bin/env node
// Writes one self-contained page of charts from the reports of a model, or of what its draft would have made of the leads, and
// the charts one by one as SVG.
process.env.TZ = 'UTC';

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readModel } from './model.mjs';
import { draftCharts, drawCharts, reportCharts } from './charts.mjs';
import { readDraft } from './draft/reading.mjs';
import { writeDraftPage } from './draft/page.mjs';
import { writePage } from './page.mjs';

const USAGE = `usage: report.mjs MODEL [--out FOLDER] [--title TEXT] [--currency SIGN] [--connection URL]
                  [--as-of TIME] [--grain day|week|month|quarter] [--by DIMENSION] [--since DATE] [--until DATE]
       report.mjs MODEL --for draft [--out FOLDER] [--title TEXT] [--currency SIGN] [--connection URL] [--since TIME]
Writes index.html and a file NAME.svg and NAME-dark.svg for each chart into FOLDER, by default ./MODEL, or ./MODEL-draft.
Connects as libpq's variables (PGHOST, PGPORT, PGDATABASE, PGUSER ...) say, or to URL.
The second line is what the reports of the model are asked for; a TIME without a zone is UTC. For the draft the page shows
what it changes and what it would have made of the leads, by month.`;

function readArguments() {
    const text = { type: 'string' };
    const { values, positionals } = parseArgs({
        allowPositionals: true,
        options: {
            out: text, title: text, currency: text, connection: text, help: { type: 'boolean' }, for: text,
            'as-of': text, grain: text, by: text, since: text, until: text,
        },
    });
    if (values.help) {
        console.log(USAGE);
        process.exit();
    }
    if (positionals.length !== 1) throw new Error(`one model, not ${positionals.length}\n${USAGE}`);
    const isDraft = values.for !== undefined;
    if (isDraft && values.for !== 'draft') {
        throw new Error(`a page is for draft, or for the reports without --for, not for "${values.for}"`);
    }
    const unasked = isDraft && ['as-of', 'grain', 'by', 'until'].find((name) => values[name] !== undefined);
    if (unasked) throw new Error(`a page for draft takes no --${unasked}: it is by month, as of now`);
    return { model: positionals[0], isDraft, currency: '', ...values };
}

// Gives { charts, html }.
async function reportPage({ model, title = model, currency, 'as-of': asOf, grain = 'month', by, since, until }, connection) {
    const data = await readModel(model, { as_of: asOf, grain, by, since, until }, connection);
    const charts = await drawCharts(reportCharts, data, currency);
    return { charts, html: writePage(data, charts, { title, currency }) };
}

async function draftPage({ model, title = `The draft of ${model}`, currency, since }, connection) {
    const data = await readDraft(model, since, connection);
    const charts = await drawCharts(data.changes.length ? draftCharts : [], data, currency);
    return { charts, html: writeDraftPage(data, charts, { title, currency }) };
}

let isDraft = false;
try {
    const asked = readArguments();
    isDraft = asked.isDraft;
    const { model, out = isDraft ? `${model}-draft` : model, connection } = asked;
    const { charts, html } = await (isDraft ? draftPage : reportPage)(asked, connection && { connectionString: connection });
    await mkdir(out, { recursive: true });
    for (const chart of charts) {
        await writeFile(join(out, `${chart.name}.svg`), chart.light);
        await writeFile(join(out, `${chart.name}-dark.svg`), chart.dark);
    }
    await writeFile(join(out, 'index.html'), html);
    console.log(join(out, 'index.html'));
} catch (error) {
    // What the server says goes on one line. Its hints are SQL: what mends a draft, and else nothing to type here.
    const said = [error.message || error.code, error.detail, isDraft && error.hint && `Hint: ${error.hint}`].filter(Boolean);
    const line = said.map((part, index) => (index < said.length - 1 ? part.replace(/\.$/, '') : part)).join('. ');
    console.error(`report: ${error.severity ? line.replace(/\s+/g, ' ') : line}`);
    process.exitCode = 1;
}
