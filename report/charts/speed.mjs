// How many days it takes to become MQL, and from there SQL, by the month in which the leads set out. Where fewer than half
// get there a median of all does not exist: if that is so in every month of a step, the median of those who did stands for
// it. That leaves the latest months out, since only the fast have got there so far.
import { light } from '../palette.mjs';
import { formatDays, formatMonth, stageTitle } from '../text.mjs';
import { categoryAxis, GRID, LEGEND, valueAxis } from './axes.mjs';

const LATEST = 3;

export function speedChart({ speed, months }) {
    const colours = [light.accent, light.second];
    const lines = speed.map(({ from, to, rows }, index) => {
        const median = rows.some((row) => row.median_days !== null);
        const byMonth = new Map(rows.map((row) => [row.period, median ? row.median_days : row.p50_days]));
        return {
            name: `${stageTitle(from)} to ${stageTitle(to)}` + (median ? '' : ' (converted)'),
            median, colour: colours[index],
            days: months.map((row, at) => (median || at < months.length - LATEST ? byMonth.get(row.period) ?? null : null)),
        };
    }).filter((line) => line.days.some((days) => days !== null));
    if (!lines.length) return null;

    return {
        name: 'speed',
        title: `Median days to ${speed.map((pair) => stageTitle(pair.to)).join(' and ')}`,
        subtitle: 'By the month in which leads set out' + (lines.every((line) => line.median) ? ''
            : '; converted: of those who got there, without the latest months, where only the fast have'),
        option: {
            grid: { ...GRID, top: 124 },
            legend: LEGEND,
            xAxis: categoryAxis(months.map((row) => formatMonth(row.period).replace(' ', '\n'))),
            yAxis: valueAxis('Days', { min: 0 }),
            series: lines.map((line) => ({
                name: line.name, type: 'line', data: line.days, symbol: 'circle', symbolSize: 8,
                lineStyle: { width: 3, color: line.colour }, itemStyle: { color: line.colour },
                label: {
                    show: true, position: 'top', fontSize: 12, fontWeight: 600, color: line.colour,
                    formatter: ({ value }) => formatDays(value), textBorderColor: light.surface, textBorderWidth: 3,
                },
            })),
        },
        columns: ['Month', ...lines.map((line) => line.name)],
        rows: months.map((row, index) => [formatMonth(row.period), ...lines.map((line) => formatDays(line.days[index]))]),
    };
}
