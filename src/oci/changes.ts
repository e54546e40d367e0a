/** Instructions of a Dockerfile that change the config of an image: `commit --change`, `import --change`. */
import { posix } from 'node:path';

import { TspodError } from '../errors.js';
import { parseSignal } from '../util/signals.js';
import type { ImageRunConfig } from './image.js';

type Apply = (config: ImageRunConfig, value: string) => ImageRunConfig;

const INSTRUCTIONS: Readonly<Record<string, Apply>> = {
  CMD: ({ Cmd: _, ...others }, value) => (value === '' ? others : { ...others, Cmd: commandOf(value) }),
  ENTRYPOINT: ({ Entrypoint: _, ...others }, value) =>
    value === '' ? others : { ...others, Entrypoint: commandOf(value) },
  ENV: (config, value) => ({ ...config, Env: withVariables(config.Env ?? [], pairsOf(value)) }),
  EXPOSE: (config, value) => ({
    ...config,
    ExposedPorts: { ...config.ExposedPorts, ...Object.fromEntries(wordsOf(value).map((port) => [portOf(port), {}])) },
  }),
  LABEL: (config, value) => ({ ...config, Labels: { ...config.Labels, ...Object.fromEntries(pairsOf(value)) } }),
  ONBUILD: (config, value) => ({ ...config, OnBuild: [...(config.OnBuild ?? []), value] }),
  STOPSIGNAL: (config, value) => ({ ...config, StopSignal: signalOf(value) }),
  USER: (config, value) => ({ ...config, User: value }),
  VOLUME: (config, value) => ({
    ...config,
    Volumes: {
      ...config.Volumes,
      ...Object.fromEntries((listOf(value) ?? wordsOf(value)).map((path) => [absolute(path), {}])),
    },
  }),
  WORKDIR: (config, value) => ({ ...config, WorkingDir: posix.resolve('/', config.WorkingDir ?? '', value) }),
};

/** Instructions that remove the previous value if they have none. */
const CLEARING: ReadonlySet<string> = new Set(['CMD', 'ENTRYPOINT']);

/**
 * Applies changes, `INSTRUCTION VALUE` or `INSTRUCTION=VALUE`, one after the other. Throws INVALID_ARGUMENT, which
 * quotes the change.
 */
export function withChanges(config: ImageRunConfig, changes: readonly string[]): ImageRunConfig {
  return changes.reduce((changed, text) => withChange(changed, text), config);
}

function withChange(config: ImageRunConfig, text: string): ImageRunConfig {
  const [, name = '', value = ''] = /^\s*([A-Za-z]+)(?:\s+|=)([^]*)$/.exec(text) ?? [];
  if (name === '') throw invalid(text, 'must be formatted as KEY VALUE');
  const instruction = name.toUpperCase();
  const apply = Object.hasOwn(INSTRUCTIONS, instruction) ? INSTRUCTIONS[instruction] : undefined;
  if (apply === undefined) throw invalid(text, `invalid instruction ${instruction}`);
  if (value.trim() === '' && !CLEARING.has(instruction)) throw invalid(text, `${instruction} needs a value`);
  if (text.includes('\0')) throw invalid(text, 'it has a zero byte');
  try {
    return apply(config, value.trim());
  } catch (error) {
    throw error instanceof Refusal ? invalid(text, error.message) : error;
  }
}

class Refusal extends Error {}

function invalid(text: string, why: string): TspodError {
  return new TspodError('INVALID_ARGUMENT', `invalid change ${JSON.stringify(text)} - ${why}`);
}

/** Parses a command: a JSON list of words, or a line for the shell. */
function commandOf(value: string): readonly string[] {
  return listOf(value) ?? ['/bin/sh', '-c', value];
}

function listOf(value: string): readonly string[] | undefined {
  if (!value.startsWith('[')) return undefined;
  let list: unknown;
  try {
    list = JSON.parse(value);
  } catch {
    return undefined;
  }
  if (Array.isArray(list) && list.every((word) => typeof word === 'string')) return list;
  throw new Refusal('a list must consist of strings');
}

/** Splits words with quotes and backslashes like a shell, without its other features. */
function wordsOf(value: string): readonly string[] {
  return (value.match(/(?:"(?:\\[^]|[^"\\])*"|'[^']*'|\\[^]|[^\s"'\\])+/g) ?? []).map((word) =>
    word.replace(/"((?:\\[^]|[^"\\])*)"|'([^']*)'|\\([^])/g, (_, double?: string, single?: string, other?: string) =>
      double === undefined ? (single ?? other ?? '') : double.replace(/\\([^])/g, '$1'),
    ),
  );
}

/**
 * Parses `KEY=VALUE KEY=VALUE`, or one `KEY VALUE` or `KEY=VALUE` whose value is the rest, including blanks and quotes.
 */
function pairsOf(value: string): readonly (readonly [string, string])[] {
  const [, key, rest] = /^([^\s="']+)\s+([^]*)$/.exec(value) ?? [];
  if (key !== undefined && rest !== undefined) return [[key, rest]];
  const words = wordsOf(value);
  const [, name, text] = /^([^\s="']+)=([^]*)$/.exec(value) ?? [];
  if (name !== undefined && text !== undefined && words.some((word) => !word.includes('='))) return [[name, text]];
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals === 0) throw new Refusal('a name is missing');
    return equals === -1 ? ([word, ''] as const) : ([word.slice(0, equals), word.slice(equals + 1)] as const);
  });
}

function withVariables(env: readonly string[], pairs: readonly (readonly [string, string])[]): readonly string[] {
  const names = new Set(pairs.map(([name]) => name));
  const kept = env.filter((item) => !names.has(item.split('=', 1)[0] ?? ''));
  return [...kept, ...[...new Map(pairs)].map(([name, value]) => `${name}=${value}`)];
}

function portOf(text: string): string {
  const [, from, to, protocol = 'tcp'] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? [];
  const isPort = (port: string) => Number(port) >= 1 && Number(port) <= 65_535;
  if (from === undefined || !isPort(from) || (to !== undefined && !isPort(to)))
    throw new Refusal(`${JSON.stringify(text)} is not a port`);
  return `${to === undefined ? from : `${from}-${to}`}/${protocol.toLowerCase()}`;
}

function signalOf(text: string): string {
  if (parseSignal(text) === undefined) throw new Refusal(`unknown signal ${JSON.stringify(text)}`);
  return text;
}

function absolute(path: string): string {
  if (!path.startsWith('/')) throw new Refusal('the volume must be an absolute path');
  return path;
}
