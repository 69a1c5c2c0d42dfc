// How many days it takes to become MQL, and from there SQL, by the period in which the leads set out. Where fewer than half
// get there a median of all does not exist: if that is so in most periods of a step, the median of those who did stands for
// it. That leaves the latest three months out, since only the fast have got there so far.
import { light } from '../palette.mjs';
import { formatPeriod, periodTitle } from '../periods.mjs';
import { formatDays, stageTitle } from '../text.mjs';
import { GRID, LEGEND, periodAxis, valueAxis } from './axes.mjs';

export function speedChart({ speed, periods, grain }) {
    const colours = [light.accent, light.second];
    const lines = speed.map(({ from, to, rows }, index) => {
        const settled = rows.filter((row) => row.is_settled), judged = settled.length ? settled : rows;
        const median = 2 * judged.filter((row) => row.median_days !== null).length >= judged.length;
        const known = new Map((median ? rows : settled)
            .map((row) => [row.period, median ? row.median_days : row.p50_days]));
        return {
            name: `${stageTitle(from)} to ${stageTitle(to)}` + (median ? '' : ' (converted)'),
            to, median, colour: colours[index],
            days: periods.map((row) => known.get(row.period) ?? null),
        };
    }).filter((line) => line.days.some((days) => days !== null));
    if (!lines.length) return null;

    return {
        name: 'speed',
        title: `Median days to ${lines.map((line) => stageTitle(line.to)).join(' and ')}`,
        subtitle: `By the ${grain} in which leads set out` + (lines.every((line) => line.median) ? ''
            : '; converted: of those who got there, without the latest three months, where only the fast have'),
        option: {
            grid: { ...GRID, top: 72 },
            legend: LEGEND,
            xAxis: periodAxis(periods, grain),
            yAxis: valueAxis('Days', { min: 0 }),
            series: lines.map((line) => ({
                name: line.name, type: 'line', data: line.days, symbol: 'circle', symbolSize: 8,
                lineStyle: { width: 3, color: line.colour }, itemStyle: { color: line.colour },
                label: {
                    show: true, position: 'top', fontSize: 12, fontWeight: 600, color: line.colour,
                    formatter: ({ value }) => formatDays(value), textBorderColor: light.surface, textBorderWidth: 3,
                },
                labelLayout: { hideOverlap: true },
            })),
        },
        columns: [periodTitle(grain), ...lines.map((line) => line.name)],
        rows: periods.map((row, index) => [
            formatPeriod(row.period, grain), ...lines.map((line) => formatDays(line.days[index])),
        ]),
    };
}
