// Of the leads that reached a stage in the same period, the share that went on within so many times 30 days. What a cohort
// is too young for stays empty. By a dimension: of all cohorts of a value that
// are old enough, together, unless they are too few to stand for it.
import { light } from '../palette.mjs';
import { formatPeriod, periodTitle } from '../periods.mjs';
import { formatCount, formatShare, stageTitle, valueTitle } from '../text.mjs';
import { categoryAxis, GRID } from './axes.mjs';
import { MOST_VALUES, ofMost } from './values.mjs';

export function cohortChart({ cohorts, roles, grain }) {
    const periods = [...new Set(cohorts.filter((row) => row.leads > 0).map((row) => row.period))];
    const [from, to] = [roles.cohortFrom, roles.cohortTo].map(stageTitle);
    return rateMap(from, periods.map((period) => ({
        title: formatPeriod(period, grain), rates: cohorts.filter((row) => row.period === period),
    })), {
        name: 'cohorts',
        title: `From ${from} to ${to}, by ${grain} and age`,
        subtitle: `Of those who became ${from} in a ${grain} (how many), the share that became ${to} `
            + 'within so many days; empty: too young yet',
        head: periodTitle(grain),
    });
}

export function cohortsByChart({ dimension, roles }) {
    if (!dimension) return null;
    const [from, to] = [roles.cohortFrom, roles.cohortTo].map(stageTitle);
    const lines = dimension.values.slice(0, MOST_VALUES).map(({ dimension: value }) => ({
        title: valueTitle(value), rates: dimension.cohorts.filter((row) => row.dimension === value),
    }));
    return rateMap(from, lines.filter(({ rates }) => rates.length), {
        name: 'cohorts-by',
        title: `From ${from} to ${to}, by ${dimension.by} and age${ofMost(dimension.values)}`,
        subtitle: `Of those who became ${from} (how many), the share that became ${to} within so many days; `
            + 'empty: most are too young yet',
        head: dimension.by, isSplit: true,
    });
}

// A row for each line, { title, rates: [{ age, leads, rate }] }.
function rateMap(from, lines, { head, ...chart }) {
    const cells = lines.flatMap(({ rates }, line) => rates.map(({ age, rate }) => ({ line, age, rate })))
        .filter(({ rate }) => rate !== null);
    if (!cells.length) return null;
    const ages = [...new Set(cells.map(({ age }) => age))].sort((a, b) => a - b);
    const most = Math.max(...cells.map(({ rate }) => rate)) || 1;
    const leads = ({ rates }) => formatCount(rates[0].leads);

    return {
        ...chart,
        height: 48 + 32 * lines.length,
        option: {
            grid: { ...GRID, left: 32, top: 8, bottom: 4 },
            xAxis: categoryAxis(ages.map((age) => `${30 * age} d`), {
                position: 'top', axisLine: { show: false },
                axisLabel: { color: light.muted, fontSize: 13, interval: 0 },
            }),
            yAxis: categoryAxis(lines.map((line) => `${line.title}  (${leads(line)})`), {
                inverse: true, axisLine: { show: false },
                axisLabel: { color: light.ink, fontSize: 13, interval: 0, width: 240, overflow: 'truncate' },
            }),
            series: [{
                type: 'custom', encode: { x: 0, y: 1, tooltip: 2 },
                data: cells.map(({ line, age, rate }) => [ages.indexOf(age), line, rate]),
                renderItem(params, api) {
                    const [x, y] = api.coord([api.value(0), api.value(1)]);
                    const [width, height] = api.size([1, 1]);
                    const strength = api.value(2) / most;
                    return {
                        type: 'rect',
                        shape: {
                            x: x - width / 2 + 1, y: y - height / 2 + 1,
                            width: width - 2, height: height - 2, r: 2,
                        },
                        style: { fill: light.accent, opacity: 0.07 + 0.93 * strength },
                        textContent: {
                            style: {
                                text: formatShare(api.value(2), 0), fontSize: 13,
                                fill: strength > 0.75 ? light.onAccent : light.ink,
                            },
                        },
                        textConfig: { position: 'inside' },
                    };
                },
            }],
        },
        columns: [head, from, ...ages.map((age) => `${30 * age} days`)],
        rows: lines.map((line) => [line.title, leads(line),
            ...ages.map((age) => formatShare(line.rates.find((cell) => cell.age === age)?.rate ?? null))]),
    };
}
