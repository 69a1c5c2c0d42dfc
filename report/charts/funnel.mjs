// How many get how far: a bar a step, and between two bars the share that goes on.
import { light } from '../palette.mjs';
import { formatCount, formatShare, share } from '../text.mjs';
import { categoryAxis, GRID, valueAxis } from './axes.mjs';

export function funnelChart({ funnel, grain, isPart }) {
    if (!funnel.leads && !funnel.mqls) return null;
    const steps = [
        { name: 'Leads', value: funnel.leads, rate: null },
        { name: 'MQLs', value: funnel.mqls, rate: share(funnel.leads_qualified, funnel.leads) },
        { name: 'SQLs', value: funnel.sqls, rate: share(funnel.sqls, funnel.mqls) },
        { name: 'Customers', value: funnel.customers, rate: share(funnel.customers, funnel.sqls ?? funnel.mqls) },
    ].filter((step) => step.value !== null);

    const names = [], bars = [], rates = [];
    for (const { name, value, rate } of steps) {
        if (names.length) {
            rates.push({ value: [0, names.length], label: { formatter: `▼  ${formatShare(rate)}` } });
            names.push('');
            bars.push(null);
        }
        names.push(name);
        bars.push({ value, label: { formatter: formatCount(value) } });
    }
    // Those that came in some periods alone are others than those that qualified in them.
    const [whole, of] = isPart ? [funnel.mqls, 'MQLs'] : [funnel.leads, 'leads'];
    const won = share(funnel.customers, whole);
    return {
        name: 'funnel',
        title: won === null ? 'From lead to MQL' : `${formatShare(won)} of ${of} become customers`,
        subtitle: isPart
            ? `Leads that came and MQLs that qualified in these ${grain}s, what became of these MQLs so far, and the share that went on`
            : 'Leads that reached each step so far, and the share of the step before that went on',
        height: 28 + 52 * names.length,
        option: {
            grid: { ...GRID, left: 24, top: 12, right: 80 },
            xAxis: valueAxis('', { show: false, max: Math.max(funnel.leads, funnel.mqls) }),
            yAxis: categoryAxis(names, {
                inverse: true, axisLine: { show: false }, axisLabel: { color: light.ink, fontSize: 16, interval: 0 },
            }),
            series: [
                {
                    type: 'bar', data: bars, barWidth: 46, itemStyle: { color: light.accent, borderRadius: 3 },
                    label: { show: true, position: 'right', fontSize: 18, fontWeight: 600, color: light.ink },
                },
                {
                    type: 'scatter', data: rates, symbolSize: 0, symbol: 'rect',
                    label: {
                        show: true, position: 'right', distance: 8, fontSize: 15, color: light.second, fontWeight: 600,
                    },
                },
            ],
        },
        columns: ['Step', 'Leads', 'Of the step before'],
        rows: steps.map(({ name, value, rate }) => [name, formatCount(value), formatShare(rate)]),
    };
}
