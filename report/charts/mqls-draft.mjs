// MQLs by period, two bars each: those that are recorded, and those of a draft. The running period is pale, since more will come.
import { light } from '../palette.mjs';
import { formatPeriod, periodTitle } from '../periods.mjs';
import { formatCount } from '../text.mjs';
import { GRID, LEGEND, periodAxis, valueAxis } from './axes.mjs';

const ROOM = 750; // of all bars

export function mqlDraftChart({ periods, total, grain }) {
    const series = [
        { name: 'Recorded', column: 'mqls_before', color: light.soft, ink: light.muted },
        { name: 'By the draft', column: 'mqls', color: light.accent, ink: light.ink },
    ].filter(({ column }) => total[column] !== null);
    if (!series.some(({ column }) => total[column])) return null;
    // a number stands above its bar where it is not wider: else it would stand behind the next one
    const widest = 7 * Math.max(...series.flatMap(({ column }) => periods.map((row) => formatCount(row[column]).length)));
    const isRoomy = widest <= ROOM / (series.length * periods.length);
    const running = periods.some((row) => !row.complete);
    return {
        name: 'mqls-draft',
        title: `MQLs: ${series.map(({ name, column }) => `${formatCount(total[column])} ${name.toLowerCase()}`).join(', ')}`,
        subtitle: `By the ${grain} in which they qualified` + (running ? `; the running ${grain} is pale` : ''),
        option: {
            grid: { ...GRID, top: 72 },
            legend: LEGEND,
            xAxis: periodAxis(periods, grain),
            yAxis: valueAxis('MQLs', { minInterval: 1 }),
            series: series.map(({ name, column, color, ink }) => ({
                name, type: 'bar', barMaxWidth: 28, barGap: '6%', barCategoryGap: '22%',
                itemStyle: { color, borderRadius: [3, 3, 0, 0] },
                data: periods.map((row) => ({
                    value: row[column], itemStyle: { opacity: row.complete ? 1 : 0.5 }, label: { show: isRoomy && row[column] > 0 },
                })),
                label: {
                    show: true, position: 'top', distance: 3, fontSize: 12, color: ink, opacity: 1,
                    formatter: ({ value }) => formatCount(value),
                },
            })),
        },
        columns: [periodTitle(grain), ...series.map(({ name }) => name)],
        rows: periods.map((row) => [formatPeriod(row.period, grain), ...series.map(({ column }) => formatCount(row[column]))]),
    };
}
