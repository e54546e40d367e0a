/** --health-cmd and the durations of health checks. */
import type { HealthTest } from '../../spec/health/health-options.js';
import { CliError, invalid } from '../errors/cli-error.js';
import { parseDuration } from './duration.js';

/** A shell's command line; a JSON array of a program and its arguments; CMD or CMD-SHELL and either; `none`. */
export function parseHealthCommand(text: string): HealthTest {
  const words = parseArray(text);
  if (words === undefined) return parseLine(text);
  const [first = '', ...rest] = words;
  const kind = first.toUpperCase();
  if (kind === 'NONE') return ['NONE'];
  if (kind === 'CMD' || kind === 'CMD-SHELL') return [kind, ...rest];
  // One string alone is a command line, as Podman takes it.
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

/** Undefined if it is no array of strings. */
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

/** Milliseconds between checks; `disable` is 0. */
export function parseHealthInterval(flag: string, text: string): number {
  if (text === 'disable') return 0;
  return Math.ceil(durationOf(flag, text));
}

export function parseHealthTimeout(flag: string, text: string): number {
  const ms = durationOf(flag, text);
  if (ms <= 0) throw invalid(`${flag} must be at least 1 second`);
  return Math.ceil(ms);
}

/** Milliseconds of a time that may be 0. */
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
