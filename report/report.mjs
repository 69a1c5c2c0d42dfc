#!/usr/bin/env node
// Writes one self-contained page of charts from the reports of a model, and the charts one by one as SVG.
process.env.TZ = 'UTC';

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readModel } from './model.mjs';
import { drawCharts } from './charts.mjs';
import { writePage } from './page.mjs';

const USAGE = `usage: report.mjs MODEL [--out FOLDER] [--title TEXT] [--currency SIGN] [--connection URL]
                  [--as-of TIME] [--grain day|week|month|quarter] [--by DIMENSION] [--since DATE] [--until DATE]
Writes index.html and a file NAME.svg and NAME-dark.svg for each chart into FOLDER, by default ./MODEL.
Connects as libpq's variables (PGHOST, PGPORT, PGDATABASE, PGUSER ...) say, or to URL.
The second line is what the reports of the model are asked for; a TIME without a zone is UTC.`;

function readArguments() {
    const text = { type: 'string' };
    const { values, positionals } = parseArgs({
        allowPositionals: true,
        options: {
            out: text, title: text, currency: text, connection: text, help: { type: 'boolean' },
            'as-of': text, grain: text, by: text, since: text, until: text,
        },
    });
    if (values.help) {
        console.log(USAGE);
        process.exit();
    }
    if (positionals.length !== 1) throw new Error(`one model, not ${positionals.length}\n${USAGE}`);
    return { model: positionals[0], ...values };
}

try {
    const {
        model, out = model, title = model, currency = '', connection, 'as-of': asOf, grain = 'month', by, since, until,
    } = readArguments();
    const data = await readModel(model, { as_of: asOf, grain, by, since, until }, connection && { connectionString: connection });
    const charts = drawCharts(data, currency);
    await mkdir(out, { recursive: true });
    for (const chart of charts) {
        await writeFile(join(out, `${chart.name}.svg`), chart.light);
        await writeFile(join(out, `${chart.name}-dark.svg`), chart.dark);
    }
    await writeFile(join(out, 'index.html'), writePage(data, charts, { title, currency }));
    console.log(join(out, 'index.html'));
} catch (error) {
    // What the server says goes on one line. Its hints are SQL, and nothing to type here.
    const said = [error.message || error.code, error.detail].filter(Boolean).join('. ');
    console.error(`report: ${error.severity ? said.replace(/\s+/g, ' ') : said}`);
    process.exitCode = 1;
}
