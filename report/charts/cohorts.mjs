// Of the leads that reached a stage in the same month, the share that went on within so many times 30 days. What a
// cohort is too young for stays empty.
import { light } from '../palette.mjs';
import { formatCount, formatMonth, formatShare, stageTitle } from '../text.mjs';
import { categoryAxis, GRID } from './axes.mjs';

export function cohortChart({ cohorts, roles }) {
    const known = cohorts.filter((row) => row.rate !== null);
    if (!known.length) return null;
    const months = [...new Set(cohorts.filter((row) => row.leads > 0).map((row) => row.period))];
    const ages = [...new Set(cohorts.map((row) => row.age))].sort((a, b) => a - b);
    const most = Math.max(...known.map((row) => row.rate)) || 1;
    const leads = new Map(cohorts.map((row) => [row.period, row.leads]));
    const find = new Map(cohorts.map((row) => [`${row.period} ${row.age}`, row]));
    const from = stageTitle(roles.cohortFrom), to = stageTitle(roles.cohortTo);

    return {
        name: 'cohorts',
        title: `From ${from} to ${to}, by month and age`,
        subtitle: `Of those who became ${from} in a month (how many), the share that became ${to} `
            + 'within so many days; empty: too young yet',
        height: 100 + 32 * months.length,
        option: {
            grid: { ...GRID, left: 32, top: 60, bottom: 4 },
            xAxis: categoryAxis(ages.map((age) => `${30 * age} d`), {
                position: 'top', axisLine: { show: false },
                axisLabel: { color: light.muted, fontSize: 13, interval: 0 },
            }),
            yAxis: categoryAxis(months.map((month) => `${formatMonth(month)}  (${formatCount(leads.get(month))})`), {
                inverse: true, axisLine: { show: false }, axisLabel: { color: light.ink, fontSize: 13, interval: 0 },
            }),
            series: [{
                type: 'custom', encode: { x: 0, y: 1, tooltip: 2 },
                data: known.map((row) => [ages.indexOf(row.age), months.indexOf(row.period), row.rate]),
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
        columns: ['Month', from, ...ages.map((age) => `${30 * age} days`)],
        rows: months.map((month) => [formatMonth(month), formatCount(leads.get(month)),
            ...ages.map((age) => formatShare(find.get(`${month} ${age}`)?.rate ?? null))]),
    };
}
