/** Durations as Go writes them: 1h30m, 250ms, 1.5s. */
import { invalid } from '../errors/cli-error.js';

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy;

/** Milliseconds, possibly negative or a fraction. */
export function parseDuration(text: string): number {
  const body = text.replace(/^[+-]/, '');
  if (body === '0') return 0;
  let end = 0;
  let ms = 0;
  for (const [part, number, unit] of body.matchAll(PART)) {
    ms += Number(number) * (UNIT_MS[unit ?? ''] ?? 0);
    end += part.length;
  }
  if (body === '' || end !== body.length) throw invalid(durationProblem(text, body, end));
  return text.startsWith('-') ? -ms : ms;
}

function durationProblem(text: string, body: string, end: number): string {
  const rest = body.slice(end);
  const unit = /^(?:\d+\.?\d*|\.\d+)(.*)$/.exec(rest)?.[1];
  if (unit === '') return `time: missing unit in duration ${JSON.stringify(text)}`;
  if (unit !== undefined && /^[^\d.]/.test(unit)) {
    return `time: unknown unit ${JSON.stringify(/^[^\d.]+/.exec(unit)?.[0] ?? unit)} in duration ${JSON.stringify(text)}`;
  }
  return `time: invalid duration ${JSON.stringify(text)}`;
}

/** A duration, or a number of milliseconds. */
export function parseInterval(text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) : parseDuration(text);
  if (ms < 0) throw invalid(`negative duration ${JSON.stringify(text)}`);
  return ms;
}
