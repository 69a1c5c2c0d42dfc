// How the scores as of now are spread, on a value axis, with the score that makes an MQL.
import { light } from '../palette.mjs';
import { formatCount, formatShare, share } from '../text.mjs';
import { GRID, valueAxis } from './axes.mjs';

export function scoreChart({ scores }) {
    if (scores === null) return null;
    const { bins, threshold, width } = scores;
    if (!bins.length) return null;
    const all = bins.reduce((sum, bin) => sum + bin.leads, 0);
    const hot = threshold === null ? null
        : bins.filter((bin) => bin.low >= threshold).reduce((sum, bin) => sum + bin.leads, 0);
    const low = Math.min(bins[0].low, threshold ?? Infinity);
    const high = Math.max(bins.at(-1).high, (threshold ?? -Infinity) + width);

    return {
        name: 'scores',
        title: hot === null ? `Scores of ${formatCount(all)} leads`
            : `${formatCount(hot)} of ${formatCount(all)} leads score ${threshold} or more today`,
        subtitle: `All leads by score as of now, ${width} ${width === 1 ? 'point' : 'points'} a bar`
            + (hot === null ? '' : `; ${formatShare(share(hot, all))} are at or above the score for MQL`),
        option: {
            grid: { ...GRID, top: 48, bottom: 30 },
            xAxis: valueAxis('Score', {
                min: low, max: high, splitLine: { show: false }, nameLocation: 'middle', nameGap: 32,
                axisLabel: { color: light.muted, fontSize: 13, showMinLabel: false, showMaxLabel: false },
                axisLine: { show: true, onZero: false, lineStyle: { color: light.line } },
            }),
            yAxis: valueAxis('Leads', { minInterval: 1, axisLine: { show: false, onZero: false } }),
            series: [{
                type: 'custom', encode: { x: [0, 1], y: 2 },
                data: bins.map((bin) => [bin.low, bin.high, bin.leads]),
                renderItem(params, api) {
                    const [left, top] = api.coord([api.value(0), api.value(2)]);
                    const [right, bottom] = api.coord([api.value(1), 0]);
                    const hotBin = threshold !== null && api.value(0) >= threshold;
                    return {
                        type: 'rect',
                        shape: {
                            x: left + 1, y: top, width: Math.max(right - left - 2, 1), height: bottom - top, r: [2, 2, 0, 0],
                        },
                        style: { fill: hotBin || threshold === null ? light.accent : light.soft },
                    };
                },
                markLine: threshold === null ? undefined : {
                    symbol: 'none', silent: true, data: [{ xAxis: threshold }],
                    lineStyle: { color: light.second, width: 2, type: 'solid' },
                    label: { formatter: `MQL from ${threshold}`, color: light.second, fontSize: 14, fontWeight: 600 },
                },
            }],
        },
        columns: ['Score', 'Leads'],
        rows: bins.map((bin) => [`${bin.low} to ${bin.high}`, formatCount(bin.leads)]),
    };
}
