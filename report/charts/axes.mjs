// What the charts' axes have in common. Places are those below a chart's title.
import { light } from '../palette.mjs';
import { formatTick } from '../periods.mjs';

const label = { color: light.muted, fontSize: 13 };
const name = { nameTextStyle: { ...label }, nameGap: 14 };

export const GRID = { left: 8, right: 12, top: 44, bottom: 12, containLabel: true };

export const LEGEND = {
    top: 8, left: 0, padding: 0, itemWidth: 16, itemHeight: 12, itemGap: 20, textStyle: { color: light.ink, fontSize: 13 },
};

export const categoryAxis = (data, more = {}) => ({
    type: 'category', data, axisTick: { show: false }, axisLine: { lineStyle: { color: light.line } }, axisLabel: label,
    ...name, ...more,
});

export const valueAxis = (text, more = {}) => ({
    type: 'value', name: text, axisLine: { show: false }, axisTick: { show: false }, axisLabel: label,
    splitLine: { lineStyle: { color: light.line } }, ...name, ...more,
});

export const periodAxis = (periods, grain, more) => categoryAxis(periods.map(({ period }) => formatTick(period, grain)), more);
