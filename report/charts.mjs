// The charts of a page, drawn: { name, title, subtitle, light, dark, page, columns, rows, isSplit }. `page` is for inside
// the page, whose style sheet has the colours; columns and rows are the figures behind the chart, isSplit whether it is by
// a dimension. A chart without anything to show is left out.
import { asDark, asVariables, light } from './palette.mjs';
import { funnelChart } from './charts/funnel.mjs';
import { mqlChart } from './charts/mqls.mjs';
import { scoreChart } from './charts/scores.mjs';
import { cohortChart, cohortsByChart } from './charts/cohorts.mjs';
import { mqlDraftChart } from './charts/mqls-draft.mjs';
import { mqlsByChart } from './charts/mqls-by.mjs';
import { speedChart } from './charts/speed.mjs';

const WIDTH = 960, HEAD = 52;
const FONT = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

export const reportCharts = [funnelChart, mqlChart, scoreChart, cohortChart, speedChart, mqlsByChart, cohortsByChart];
export const draftCharts = [mqlDraftChart];

// ECharts takes longer to load than most models to read: whoever has nothing to draw, or is refused, does without.
export async function drawCharts(charts, data, currency) {
    const shown = charts.map((chart) => chart(data, currency)).filter((chart) => chart !== null);
    if (!shown.length) return [];
    const { init } = await import('echarts');
    return shown.map((chart) => draw(init, chart));
}

// Pictures have their title in them, the page has it above.
function draw(init, { name, title, subtitle, height = 378, option, columns, rows, isSplit = false }) {
    const { grid, legend } = option;
    const svg = render(init, {
        ...option, title: head(title, subtitle), grid: [grid].flat().map(lower), legend: legend && lower(legend),
    }, height + HEAD);
    const page = asVariables(render(init, option, height));
    return { name, title, subtitle, light: svg, dark: asDark(svg), page, columns, rows, isSplit };
}

const lower = (part) => ({ ...part, top: part.top + HEAD });

const head = (title, subtitle) => ({
    text: title, subtext: subtitle, left: 0, top: 0, padding: 0, itemGap: 8,
    textStyle: { fontSize: 22, fontWeight: 600, color: light.ink, width: WIDTH - 40, overflow: 'truncate' },
    subtextStyle: { fontSize: 14, color: light.muted, width: WIDTH - 40, overflow: 'truncate' },
});

function render(init, option, height) {
    const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
    chart.setOption({ animation: false, textStyle: { fontFamily: FONT, color: light.ink }, ...option });
    const svg = chart.renderToSVGString();
    chart.dispose();
    return svg;
}
