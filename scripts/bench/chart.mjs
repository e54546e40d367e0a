/** The ratios as a picture: a bar for each, on a logarithmic scale around 1, with a tick where its target is. */
import { isMet } from './ratio.mjs';

const ROW = 22;
const LABELS = 470;
const BARS = 420;
const VALUES = 70;
const MARGIN = 12;
const COLOURS = { met: '#2e7d4f', missed: '#c0392b', free: '#5b7083' };

/** Answers the text of an SVG file. */
export function chart({ scenarios, machine }) {
  const bars = Object.entries(scenarios).flatMap(([scenario, { ratios }]) =>
    ratios.filter(({ value }) => value > 0).map((ratio) => ({ ...ratio, label: `${scenario}: ${ratio.name}` })),
  );
  const x = scaleFor(bars);
  const width = LABELS + BARS + VALUES + 2 * MARGIN;
  const height = (bars.length + 3) * ROW + 2 * MARGIN;
  const bottom = height - MARGIN - ROW;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    text(MARGIN, MARGIN + 14, `${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, Node ${machine.node}`),
    ...[x.from, 1, x.to].map((value) => axis(x(value), bottom, value)),
    ...bars.flatMap((bar, index) => row(bar, x, MARGIN + (index + 1.5) * ROW)),
    text(MARGIN, height - MARGIN, 'The bar ends at the ratio, the black tick is its target: green met, red missed.'),
    '</svg>',
    '',
  ].join('\n');
}

/** Powers of ten around all values and targets, 1 among them. */
function scaleFor(bars) {
  const amounts = bars.flatMap(({ value, atMost, atLeast }) => [value, atMost, atLeast]).filter((n) => n > 0);
  const low = Math.min(-1, Math.floor(Math.log10(Math.min(...amounts))));
  const high = Math.max(1, Math.ceil(Math.log10(Math.max(...amounts))));
  const x = (value) => MARGIN + LABELS + (BARS * (Math.log10(value) - low)) / (high - low);
  return Object.assign(x, { from: 10 ** low, to: 10 ** high });
}

function row(bar, x, top) {
  const target = bar.atMost ?? bar.atLeast;
  const colour = target === undefined ? COLOURS.free : isMet(bar) ? COLOURS.met : COLOURS.missed;
  const [left, right] = [x(1), x(bar.value)].toSorted((a, b) => a - b);
  return [
    text(MARGIN, top + 14, bar.label),
    rectangle({ left, top: top + 4, width: right - left, height: ROW - 8, colour }),
    ...(target > 0
      ? [rectangle({ left: x(target) - 1, top: top + 1, width: 2, height: ROW - 2, colour: '#000000' })]
      : []),
    text(MARGIN + LABELS + BARS + 8, top + 14, bar.value.toPrecision(3)),
  ];
}

function axis(left, bottom, value) {
  const line = rectangle({ left, top: MARGIN + ROW, width: 1, height: bottom - MARGIN - ROW - 6, colour: '#b0b8c0' });
  return `${line}${text(left - 6, bottom + 8, String(value))}`;
}

function rectangle({ left, top, width, height, colour }) {
  const [x, w] = [left, width].map((number) => number.toFixed(1));
  return `<rect x="${x}" y="${top}" width="${w}" height="${height}" fill="${colour}"/>`;
}

function text(x, y, words) {
  const safe = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y}">${safe}</text>`;
}
