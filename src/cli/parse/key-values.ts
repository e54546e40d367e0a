/** Environment variables, labels and other KEY=VALUE items, from flags and from files. */
import { messageOf } from '../../errors.js';
import { invalid } from '../errors/cli-error.js';
import type { Caller } from './caller.js';

/** Cuts at the first =; the value is undefined when there is none. */
export function splitPair(text: string): readonly [string, string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** KEY=VALUE; KEY alone takes the caller's value (nothing if there is none); KEY* all of the caller's that start so. */
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

/** Lines of a file that are neither empty nor comments, without their leading spaces. */
function significantLines(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/^[ \t]+/, ''))
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** The form of each line is that of --env. */
export function readEnvFile(path: string, caller: Caller): Record<string, string> {
  try {
    return parseEnv(significantLines(caller.readFile(path)), caller);
  } catch (error) {
    throw invalid(`parsing env file ${JSON.stringify(path)}: ${messageOf(error)}`);
  }
}

/** KEY=VALUE, or KEY for an empty value. */
export function parseLabels(items: readonly string[]): Record<string, string> {
  const result: Record<string, string> = {};
  for (const item of items) {
    const [key, value = ''] = splitPair(item);
    if (key === '') throw invalid(`unable to process labels: invalid label format: ${JSON.stringify(item)}`);
    result[key] = value;
  }
  return result;
}

/** Lines of KEY=VALUE; one without a value is no label. */
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

/** KEY=VALUE items of which none may lack its value; `message` says so about one. */
export function parsePairs(items: readonly string[], message: (item: string) => string): Record<string, string> {
  const result: Record<string, string> = {};
  for (const item of items) {
    const [key, value] = splitPair(item);
    if (key === '' || value === undefined) throw invalid(message(item));
    result[key] = value;
  }
  return result;
}
