// MQLs by month, and on a second axis what one cost. The running month is pale, since more will come.
import { light } from '../palette.mjs';
import { formatCount, formatMoney, formatMonth, roundStep } from '../text.mjs';
import { categoryAxis, GRID, LEGEND, valueAxis } from './axes.mjs';

export function mqlChart({ months, total }, currency) {
    if (!months.some((row) => row.mqls)) return null;
    // with costs the bars keep to the lower half, so that the line has room
    const room = 2 * Math.max(...months.map((row) => row.mqls)), step = roundStep(room / 5);
    const costs = months.some((row) => row.cost_per_mql !== null);
    const running = months.some((row) => !row.complete);
    const series = [{
        name: 'MQLs', type: 'bar', barMaxWidth: 44, itemStyle: { color: light.accent, borderRadius: [3, 3, 0, 0] },
        data: months.map((row) => ({ value: row.mqls, itemStyle: row.complete ? {} : { color: light.soft } })),
        label: { show: true, position: 'insideBottom', fontSize: 13, fontWeight: 600, color: light.onAccent },
    }];
    for (const point of series[0].data) {
        if (point.itemStyle.color) point.label = { color: light.ink };
        if (!point.value) point.label = { show: false };
    }
    if (costs) {
        series.push({
            name: 'Cost per MQL', type: 'line', yAxisIndex: 1, symbol: 'circle', symbolSize: 8,
            data: months.map((row) => row.cost_per_mql), lineStyle: { width: 3, color: light.second },
            itemStyle: { color: light.second },
            label: {
                show: true, position: 'top', fontSize: 12, color: light.second, fontWeight: 600,
                formatter: ({ value }) => formatMoney(value, currency, true),
                textBorderColor: light.surface, textBorderWidth: 3,
            },
            labelLayout: { hideOverlap: true },
        });
    }
    const cost = total.cost_per_mql;
    return {
        name: 'mqls',
        title: cost === null ? 'MQLs by month' : `An MQL costs ${formatMoney(cost, currency)} on average`,
        subtitle: 'MQLs by the month in which they qualified'
            + (costs ? '; cost: all spend of the month by all its MQLs' : '')
            + (running ? '; the running month is pale' : ''),
        option: {
            grid: { ...GRID, top: 124 },
            legend: { ...LEGEND, show: costs },
            xAxis: categoryAxis(months.map((row) => formatMonth(row.period).replace(' ', '\n'))),
            yAxis: [
                valueAxis('MQLs', costs ? { max: Math.ceil(room / step) * step, interval: step } : { minInterval: 1 }),
                valueAxis(currency ? `Cost per MQL, ${currency}` : 'Cost per MQL', {
                    show: costs, min: 0, splitLine: { show: false },
                    nameTextStyle: { color: light.second, fontSize: 13, align: 'right' },
                    axisLabel: { color: light.second, fontSize: 13 },
                }),
            ],
            series,
        },
        columns: ['Month', 'MQLs', ...(costs ? ['Cost per MQL'] : [])],
        rows: months.map((row) => [formatMonth(row.period), formatCount(row.mqls),
            ...(costs ? [formatMoney(row.cost_per_mql, currency)] : [])]),
    };
}
