/** OCI hooks in directories of JSON files (oci-hooks(5)): which of them apply to a container. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { CreateOptions, HookKind, HookOptions } from '../spec/create-options.js';
import { invalid } from './cli-error.js';

const STAGES: ReadonlySet<string> = new Set<HookKind>([
  'prestart',
  'createRuntime',
  'createContainer',
  'startContainer',
  'poststart',
  'poststop',
]);

/** The form of version 1.0.0. */
interface HookFile {
  readonly version: string;
  readonly hook: {
    readonly path: string;
    readonly args?: readonly string[];
    readonly env?: readonly string[];
    readonly timeout?: number;
  };
  readonly when: {
    readonly always?: boolean;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly commands?: readonly string[];
    readonly hasBindMounts?: boolean;
  };
  readonly stages: readonly string[];
}

/** Hooks in the order of their file names; a file in a later directory replaces one of the same name. Throws CliError. */
export function readHooks(directories: readonly string[], options: CreateOptions): HookOptions[] {
  const files = new Map<string, string>();
  for (const directory of directories) {
    for (const name of jsonFiles(directory)) files.set(name, join(directory, name));
  }
  return [...files.keys()].sort().flatMap((name) => hooksOf(readHookFile(files.get(name) as string), options));
}

function jsonFiles(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.json'));
  } catch (error) {
    throw invalid(`--hooks-dir: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readHookFile(path: string): HookFile {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    checkHookFile(value);
    return value;
  } catch (error) {
    throw invalid(`parsing hook ${JSON.stringify(path)}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function checkHookFile(value: unknown): asserts value is HookFile {
  const file = (value ?? {}) as { [K in keyof HookFile]?: unknown };
  if (file.version !== '1.0.0') throw new Error(`unrecognized hook version: ${JSON.stringify(file.version)}`);
  const hook = (file.hook ?? {}) as { [K in keyof HookFile['hook']]?: unknown };
  if (typeof hook.path !== 'string' || !hook.path.startsWith('/'))
    throw new Error('hook.path must be an absolute path');
  if (!isStrings(hook.args ?? []) || !isStrings(hook.env ?? []))
    throw new Error('hook.args and hook.env must be lists of strings');
  if (hook.timeout !== undefined && !(typeof hook.timeout === 'number' && hook.timeout > 0))
    throw new Error('hook.timeout must be above 0');
  if (!isStrings(file.stages) || file.stages.length === 0) throw new Error('missing required property: stages');
  const unknown = file.stages.find((stage) => !STAGES.has(stage));
  if (unknown !== undefined) throw new Error(`unknown stage ${JSON.stringify(unknown)}`);
  if (typeof file.when !== 'object' || file.when === null) throw new Error('missing required property: when');
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function hooksOf({ hook, when, stages }: HookFile, options: CreateOptions): HookOptions[] {
  if (!applies(when, options)) return [];
  return stages.map((stage) => ({
    kind: stage as HookKind,
    path: hook.path,
    ...(hook.args === undefined ? {} : { args: hook.args }),
    ...(hook.env === undefined ? {} : { env: hook.env }),
    ...(hook.timeout === undefined ? {} : { timeoutSec: hook.timeout }),
  }));
}

/** Every condition that is named must hold. */
function applies(when: HookFile['when'], options: CreateOptions): boolean {
  const annotations = Object.entries(options.annotations ?? {});
  const program = [...(options.entrypoint ?? []), ...(options.command ?? [])][0] ?? '';
  const conditions = [
    when.always,
    when.annotations === undefined
      ? undefined
      : Object.entries(when.annotations).every(([key, value]) =>
          annotations.some((pair) => matches(key, pair[0]) && matches(value, pair[1])),
        ),
    when.commands === undefined ? undefined : when.commands.some((pattern) => matches(pattern, program)),
    when.hasBindMounts === undefined
      ? undefined
      : when.hasBindMounts === (options.mounts ?? []).some(({ type }) => type === 'bind'),
  ].filter((condition) => condition !== undefined);
  return conditions.length > 0 && conditions.every(Boolean);
}

function matches(pattern: string, text: string): boolean {
  return new RegExp(pattern).test(text);
}
