// The colours, by role. Each is written nowhere else and is unlike all others, because one drawing serves for both: the
// light colours are replaced by the dark ones, and in the page by variables of its style sheet.
const COLOURS = {
    ink: ['#1b2430', '#e9edf3'],
    muted: ['#5b6675', '#9da9b8'],
    line: ['#dde3ea', '#303a47'],
    surface: ['#fffffe', '#161b22'],
    accent: ['#2557c7', '#7ea6ff'],
    soft: ['#b9cbf0', '#3b4f7d'],
    second: ['#c4570b', '#ffa45c'],
    onAccent: ['#fdfdff', '#0b0f16'],
};

export const light = Object.fromEntries(Object.entries(COLOURS).map(([role, [colour]]) => [role, colour]));

const replace = (svg, to) => Object.entries(COLOURS)
    .reduce((text, [role, colours]) => text.replaceAll(colours[0], to(role, colours)), svg);
export const asDark = (svg) => replace(svg, (role, colours) => colours[1]);
export const asVariables = (svg) => replace(svg, (role) => `var(--${role})`);

const declare = (index) => Object.entries(COLOURS).map(([role, colours]) => `--${role}: ${colours[index]};`).join(' ');
export const lightVariables = declare(0);
export const darkVariables = declare(1);
