/** Parses environment variables, labels and other KEY=VALUE items from flags and files. */
import { messageOf } from '../../errors.js';
import { invalid } from '../errors/cli-error.js';
import type { Caller } from './caller.js';

/** Splits at the first =; the value is undefined if there is none. */
export function splitPair(text: string): readonly [string, string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/**
 * Parses KEY=VALUE; KEY alone takes the caller's value (nothing if there is none), KEY* all of the caller's variables
 * with that prefix.
 */
export function parseEnv(items: readonly string[], caller: Caller): Record<string, string> {
  const result: Record<string, string> = {};
  for (const item of items) addVariable(result, item, caller);
  return result;
}

function addVariable(result: Record<string, string>, item: string, caller: Caller): void {
  const [key, value] = splitPair(item);
  const name = key.replace(/^[ \t]+/, '');
  if (name === '') throw invalid(`invalid environment variable: ${JSON.stringify(item)}`);
  if (value !== undefined) result[name] = value;
  else if (name.endsWith('*')) addMatching(result, name.slice(0, -1), caller);
  else if (Object.hasOwn(caller.env, name)) result[name] = caller.env[name] ?? '';
}

function addMatching(result: Record<string, string>, prefix: string, caller: Caller): void {
  for (const [name, value] of Object.entries(caller.env)) {
    if (value !== undefined && name.startsWith(prefix)) result[name] = value;
  }
}

/** Returns the lines of a text that are neither empty nor comments, without leading spaces. */
function significantLines(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/^[ \t]+/, ''))
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** Reads a file of environment variables; each line has the form of --env. */
export function readEnvFile(path: string, caller: Caller): Record<string, string> {
  try {
    return parseEnv(significantLines(caller.readFile(path)), caller);
  } catch (error) {
    throw invalid(`parsing env file ${JSON.stringify(path)}: ${messageOf(error)}`);
  }
}

/** Parses labels: KEY=VALUE, or KEY for an empty value. */
export function parseLabels(items: readonly string[]): Record<string, string> {
  const result: Record<string, string> = {};
  for (const item of items) {
    const [key, value = ''] = splitPair(item);
    if (key === '') throw invalid(`unable to process labels: invalid label format: ${JSON.stringify(item)}`);
    result[key] = value;
  }
  return result;
}

/** Reads a file of labels, one KEY=VALUE per line; lines without a value are ignored. */
export function readLabelFile(path: string, caller: Caller): Record<string, string> {
  try {
    const lines = significantLines(caller.readFile(path));
    return parseEnv(
      lines.filter((line) => line.includes('=')),
      caller,
    );
  } catch (error) {
    throw invalid(`unable to process labels: ${messageOf(error)}`);
  }
}

/** Parses KEY=VALUE items, each of which must have a value; `message` makes the error for one without. */
export function parsePairs(items: readonly string[], message: (item: string) => string): Record<string, string> {
  const result: Record<string, string> = {};
  for (const item of items) {
    const [key, value] = splitPair(item);
    if (key === '' || value === undefined) throw invalid(message(item));
    result[key] = value;
  }
  return result;
}
