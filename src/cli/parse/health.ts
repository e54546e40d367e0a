/** Parses --health-cmd and the durations of health checks. */
import type { HealthTest } from '../../spec/health/health-options.js';
import { CliError, invalid } from '../errors/cli-error.js';
import { parseDuration } from './duration.js';

/**
 * Parses a check: a command line for the shell; a JSON array of a program and its arguments; CMD or CMD-SHELL with
 * either; or `none`.
 */
export function parseHealthCommand(text: string): HealthTest {
  const words = parseArray(text);
  if (words === undefined) return parseLine(text);
  const [first = '', ...rest] = words;
  const kind = first.toUpperCase();
  if (kind === 'NONE') return ['NONE'];
  if (kind === 'CMD' || kind === 'CMD-SHELL') return [kind, ...rest];
  // A single string is a command line, as in Podman.
  return rest.length === 0 ? ['CMD-SHELL', first] : ['CMD', ...words];
}

function parseLine(text: string): HealthTest {
  const [first = ''] = text.split(' ', 1);
  const rest = text.slice(first.length + 1);
  switch (first.toUpperCase()) {
    case 'NONE':
      return ['NONE'];
    case 'CMD':
      return ['CMD', ...rest.split(/\s+/).filter((word) => word !== '')];
    case 'CMD-SHELL':
      return ['CMD-SHELL', rest];
    default:
      return ['CMD-SHELL', text];
  }
}

/** Parses a JSON array of strings; undefined if the text is none. */
function parseArray(text: string): readonly string[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const isWords = Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === 'string');
  return isWords ? (value as readonly string[]) : undefined;
}

/** Returns the time between checks in ms; 0 for `disable`. */
export function parseHealthInterval(flag: string, text: string): number {
  if (text === 'disable') return 0;
  return Math.ceil(durationOf(flag, text));
}

/** Returns the time limit of a check in ms, which must not be 0. */
export function parseHealthTimeout(flag: string, text: string): number {
  const ms = durationOf(flag, text);
  if (ms <= 0) throw invalid(`${flag} must be at least 1 second`);
  return Math.ceil(ms);
}

/** Returns a period in ms, which may be 0. */
export function parseHealthPeriod(flag: string, text: string): number {
  const ms = durationOf(flag, text);
  if (ms < 0) throw invalid(`${flag} must be 0 seconds or greater`);
  return Math.ceil(ms);
}

function durationOf(flag: string, text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw invalid(`invalid ${flag}: ${error.message}`);
  }
}
