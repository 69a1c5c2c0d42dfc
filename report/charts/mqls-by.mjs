// MQLs by period, a small chart for each value of the dimension, all to the same scale.
import { light } from '../palette.mjs';
import { formatPeriod, periodTitle } from '../periods.mjs';
import { formatCount, roundStep, valueTitle } from '../text.mjs';
import { periodAxis, valueAxis } from './axes.mjs';
import { MOST_VALUES, ofMost } from './values.mjs';

const COLUMNS = 3, WIDTH = 320, HEIGHT = 230;

function mqlsOf(rows, periods) {
    const known = new Map(rows.map((row) => [row.period, row.mqls]));
    return periods.map(({ period }) => known.get(period) ?? 0);
}

export function mqlsByChart({ dimension, periods, grain }) {
    if (!dimension) return null;
    const panels = dimension.values.slice(0, MOST_VALUES).map(({ dimension: value }) => ({
        title: valueTitle(value),
        mqls: mqlsOf(dimension.periods.filter((row) => row.dimension === value), periods),
    }));
    const most = Math.max(0, ...panels.flatMap(({ mqls }) => mqls));
    if (!most) return null;
    const step = roundStep(most / 3), last = periods.length - 1;
    const place = (index) => ({
        left: 24 + (index % COLUMNS) * WIDTH, top: 36 + Math.floor(index / COLUMNS) * HEIGHT,
        width: WIDTH - 48, height: HEIGHT - 90,
    });

    return {
        name: 'mqls-by', isSplit: true,
        title: `MQLs by ${dimension.by} and ${grain}${ofMost(dimension.values)}`,
        subtitle: `MQLs by the ${grain} in which they qualified, all to the same scale`
            + (periods.some((row) => !row.complete) ? `; the running ${grain} is pale` : ''),
        height: Math.ceil(panels.length / COLUMNS) * HEIGHT,
        option: {
            grid: panels.map((panel, index) => place(index)),
            xAxis: panels.map((panel, index) => periodAxis(periods, grain, {
                gridIndex: index,
                axisLabel: {
                    color: light.muted, fontSize: 12, interval: (tick) => tick === 0 || tick === last,
                    alignMinLabel: 'left', alignMaxLabel: 'right',
                },
            })),
            yAxis: panels.map(({ title }, index) => valueAxis(title, {
                gridIndex: index, max: Math.ceil(most / step) * step, interval: step,
                nameTextStyle: { color: light.ink, fontSize: 14, fontWeight: 600, align: 'left', padding: [0, 0, 0, -24] },
                nameTruncate: { maxWidth: WIDTH - 48 },
                axisLabel: { color: light.muted, fontSize: 12 },
            })),
            series: panels.map(({ title, mqls }, index) => ({
                name: title, type: 'bar', xAxisIndex: index, yAxisIndex: index, barCategoryGap: '20%', barMaxWidth: 44,
                data: mqls.map((value, at) => ({
                    value, itemStyle: { color: periods[at].complete ? light.accent : light.soft },
                })),
            })),
        },
        columns: [periodTitle(grain), ...panels.map(({ title }) => title)],
        rows: periods.map(({ period }, at) => [
            formatPeriod(period, grain), ...panels.map(({ mqls }) => formatCount(mqls[at])),
        ]),
    };
}
