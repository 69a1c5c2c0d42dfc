// read.mjs: what node-pg gives, as read.py has it of other drivers.
import { readFileSync } from 'node:fs';
import pg from 'pg';

// Integers that need 64 bits and decimals come as the text they are, since a number would round them.
const CLASSES = {
    text: String, bigint: String, integer: Number, numeric: String, 'double precision': Number, boolean: Boolean, date: Date,
    'timestamp with time zone': Date,
};

// A Date has milliseconds: of a time with zone the text as well, by which alone it can be compared to the last digit.
const { TIMESTAMPTZ } = pg.types.builtins;
const types = {
    getTypeParser: (oid, format) => {
        const parse = pg.types.getTypeParser(oid, format);
        return oid === TIMESTAMPTZ ? (sent) => Object.assign(parse(sent), { sent }) : parse;
    },
};

function text(value, type) {
    if (value === null) return '\\N';
    if (Object(value).constructor !== CLASSES[type]) return `${Object(value).constructor.name}: ${value}`;
    if (type === 'boolean') return value ? 't' : 'f';
    if (type === 'double precision' && value !== 0 && Math.abs(value) < 1e-4) return value.toExponential().replace(/-(\d)$/, '-0$1');
    if (type === 'date') return value.toLocaleDateString('sv');
    if (value.sent) return value.getTime() === Date.parse(value.sent.replace(/(\.\d{3})\d+/, '$1')) ? value.sent : String(value);
    return String(value);
}

const client = new pg.Client({ types });
await client.connect();
for (const line of readFileSync(0, 'utf8').trimEnd().split('\n')) {
    const [statement, list] = line.split('\t');
    const names = list.split(',');
    const { fields, rows } = await client.query({ text: statement, rowMode: 'array' });
    const values = [fields.map((field) => field.name), ...rows.map((row) => row.map((value, i) => text(value, names[i])))].flat();
    process.stdout.write(values.map((value) => value + '\0').join(''));
}
await client.end();
