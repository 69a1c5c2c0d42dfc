// All charts of a report, drawn: { name, title, light, dark, page, columns, rows }. `page` is for inside the page,
// whose style sheet has the colours; columns and rows are the figures behind the chart. A chart without anything to
// show is left out.
import * as echarts from 'echarts';
import { asDark, asVariables, light } from './palette.mjs';
import { funnelChart } from './charts/funnel.mjs';
import { mqlChart } from './charts/mqls.mjs';
import { scoreChart } from './charts/scores.mjs';
import { cohortChart } from './charts/cohorts.mjs';
import { speedChart } from './charts/speed.mjs';

export const WIDTH = 960;
const FONT = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

export function drawCharts(data, currency) {
    return [funnelChart, mqlChart, scoreChart, cohortChart, speedChart]
        .map((chart) => chart(data, currency))
        .filter((chart) => chart !== null)
        .map(draw);
}

function draw({ name, title, subtitle, height = 430, option, columns, rows }) {
    const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
    chart.setOption({
        animation: false,
        textStyle: { fontFamily: FONT, color: light.ink },
        ...option,
        title: {
            text: title, subtext: subtitle, left: 0, top: 0, padding: 0, itemGap: 8,
            textStyle: { fontSize: 22, fontWeight: 600, color: light.ink, width: WIDTH - 40, overflow: 'truncate' },
            subtextStyle: { fontSize: 14, color: light.muted, width: WIDTH - 40, overflow: 'truncate' },
        },
    });
    const svg = chart.renderToSVGString();
    chart.dispose();
    return { name, title, light: svg, dark: asDark(svg), page: asVariables(svg), columns, rows };
}
