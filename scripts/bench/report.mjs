/** What a run has found, for people: lines on the terminal, and the table of docs/benchmarks.md. */
import { isMet, targetOf } from './ratio.mjs';

/** One scenario, as it ends. */
export function printScenario({ results, ratios }) {
  const width = Math.max(16, ...Object.keys(results).map((name) => name.length));
  for (const [name, figures] of Object.entries(results)) console.log(`  ${name.padEnd(width)} ${inFull(figures)}`);
  for (const ratio of ratios) console.log(`  ${ratio.name}: ${quotient(ratio.value)}${verdict(ratio)}`);
}

/** The table, a row for each ratio. */
export function markdownTable({ scenarios }) {
  const rows = Object.entries(scenarios).flatMap(([scenario, { results, ratios }]) =>
    ratios.map((ratio) => [
      `\`${scenario}\`: ${ratio.name}`,
      inShort(results[ratio.ours]),
      inShort(results[ratio.peer]),
      quotient(ratio.value),
      targetOf(ratio),
    ]),
  );
  return aligned([['scenario', 'tspod', 'peer', 'ratio', 'target'], ...rows]);
}

/** A Markdown table as Prettier would lay it out; the first row is its head. */
export function aligned([head, ...rows]) {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((cells) => cells[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function inFull(figures) {
  if (figures.kilobytesEach !== undefined) return `${figures.kilobytesEach.toFixed(0)} kB`;
  const { medianMs, p10Ms, p90Ms, samples, perSecond } = figures;
  const spread = samples === undefined ? '' : ` (p10 ${time(p10Ms)}, p90 ${time(p90Ms)}, ${samples} samples)`;
  const rate = perSecond === undefined ? '' : `, ${perSecond.toFixed(0)} per second`;
  return `median ${time(medianMs)}${spread}${rate}`;
}

function inShort(figures) {
  if (figures === undefined) return '';
  if (figures.kilobytesEach !== undefined) return `${figures.kilobytesEach.toFixed(0)} kB`;
  return figures.perSecond === undefined ? threeDigits(figures.medianMs) : `${figures.perSecond.toFixed(0)}/s`;
}

function time(milliseconds) {
  return milliseconds < 1 ? `${(milliseconds * 1000).toFixed(0)} µs` : `${milliseconds.toFixed(2)} ms`;
}

function threeDigits(number) {
  if (number >= 100) return number.toFixed(0);
  return number >= 10 ? number.toFixed(1) : Number(number.toPrecision(2)).toString();
}

function quotient(value) {
  return value >= 10 ? value.toFixed(0) : value.toFixed(2);
}

function verdict(ratio) {
  const target = targetOf(ratio);
  return target === '' ? '' : ` (target: ${target}; ${isMet(ratio) ? 'met' : 'MISSED'})`;
}
