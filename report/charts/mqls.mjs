// MQLs by period, and on a second axis what one cost. The running period is pale, since more will come.
import { light } from '../palette.mjs';
import { formatPeriod, periodTitle } from '../periods.mjs';
import { formatCount, formatMoney, roundStep } from '../text.mjs';
import { GRID, LEGEND, periodAxis, valueAxis } from './axes.mjs';

export function mqlChart({ periods, total, grain }, currency) {
    if (!periods.some((row) => row.mqls)) return null;
    // with costs the bars keep to the lower half, so that the line has room
    const room = 2 * Math.max(...periods.map((row) => row.mqls)), step = roundStep(room / 5);
    const costs = periods.some((row) => row.cost_per_mql !== null);
    const running = periods.some((row) => !row.complete);
    const series = [{
        name: 'MQLs', type: 'bar', barMaxWidth: 44, itemStyle: { color: light.accent, borderRadius: [3, 3, 0, 0] },
        data: periods.map((row) => ({ value: row.mqls, itemStyle: row.complete ? {} : { color: light.soft } })),
        label: { show: true, position: 'insideBottom', fontSize: 13, fontWeight: 600, color: light.onAccent },
    }];
    for (const point of series[0].data) {
        if (point.itemStyle.color) point.label = { color: light.ink };
        if (!point.value) point.label = { show: false };
    }
    if (costs) {
        series.push({
            name: 'Cost per MQL', type: 'line', yAxisIndex: 1, symbol: 'circle', symbolSize: 8,
            data: periods.map((row) => row.cost_per_mql), lineStyle: { width: 3, color: light.second },
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
        title: cost === null ? `MQLs by ${grain}` : `An MQL costs ${formatMoney(cost, currency)} on average`,
        subtitle: `MQLs by the ${grain} in which they qualified`
            + (costs ? `; cost: all spend of the ${grain} by all its MQLs` : '')
            + (running ? `; the running ${grain} is pale` : ''),
        option: {
            grid: { ...GRID, top: 72 },
            legend: { ...LEGEND, show: costs },
            xAxis: periodAxis(periods, grain),
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
        columns: [periodTitle(grain), 'MQLs', ...(costs ? ['Cost per MQL'] : [])],
        rows: periods.map((row) => [formatPeriod(row.period, grain), formatCount(row.mqls),
            ...(costs ? [formatMoney(row.cost_per_mql, currency)] : [])]),
    };
}
