// What the charts' axes have in common.
import { light } from '../palette.mjs';

const label = { color: light.muted, fontSize: 13 };
const name = { nameTextStyle: { ...label }, nameGap: 14 };

export const GRID = { left: 8, right: 12, top: 96, bottom: 12, containLabel: true };

export const LEGEND = {
    top: 60, left: 0, padding: 0, itemWidth: 16, itemHeight: 12, itemGap: 20, textStyle: { color: light.ink, fontSize: 13 },
};

export const categoryAxis = (data, more = {}) => ({
    type: 'category', data, axisTick: { show: false }, axisLine: { lineStyle: { color: light.line } }, axisLabel: label,
    ...name, ...more,
});

export const valueAxis = (text, more = {}) => ({
    type: 'value', name: text, axisLine: { show: false }, axisTick: { show: false }, axisLabel: label,
    splitLine: { lineStyle: { color: light.line } }, ...name, ...more,
});
