/** Parses durations as Go writes them: 1h30m, 250ms, 1.5s. */
import { readDuration } from '../../util/duration.js';
import { invalid } from '../errors/cli-error.js';

/** Returns a duration in ms, possibly negative or fractional. Throws CliError. */
export function parseDuration(text: string): number {
  const duration = readDuration(text);
  if (duration?.rest !== '') throw invalid(durationProblem(text, duration?.rest ?? ''));
  return duration.ms;
}

function durationProblem(text: string, rest: string): string {
  const unit = /^(?:\d+\.?\d*|\.\d+)(.*)$/.exec(rest)?.[1];
  if (unit === '') return `time: missing unit in duration ${JSON.stringify(text)}`;
  if (unit !== undefined && /^[^\d.]/.test(unit)) {
    return `time: unknown unit ${JSON.stringify(/^[^\d.]+/.exec(unit)?.[0] ?? unit)} in duration ${JSON.stringify(text)}`;
  }
  return `time: invalid duration ${JSON.stringify(text)}`;
}

/** Parses a duration, or a plain number of milliseconds; returns ms. Throws CliError. */
export function parseInterval(text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) : parseDuration(text);
  if (ms < 0) throw invalid(`negative duration ${JSON.stringify(text)}`);
  return ms;
}
