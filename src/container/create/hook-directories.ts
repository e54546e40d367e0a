/** Reads OCI hooks from directories of JSON files (oci-hooks(5)), and picks those that apply to a container. */
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { messageOf, TspodError } from '../../errors.js';
import type { HookKind, HookOptions } from '../../spec/create-options.js';

/** What the conditions of a hook are tested against. */
export interface HookSubject {
  readonly annotations: Readonly<Record<string, string>>;
  /** The program that the container runs. */
  readonly program: string;
  readonly hasBindMounts: boolean;
}

/** Limit of a hook's file, in characters; such a file has a few lines. */
const MAX_FILE_BYTES = 1 << 20;

const STAGES: ReadonlySet<string> = new Set<HookKind>([
  'prestart',
  'createRuntime',
  'createContainer',
  'startContainer',
  'poststart',
  'poststop',
]);

/** The format of version 1.0.0. */
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

/**
 * Returns the hooks that apply, in the order of their file names; a file in a later directory replaces one of the same
 * name. Throws INVALID_ARGUMENT, which names the file.
 */
export function readHooks(directories: readonly string[], subject: HookSubject): readonly HookOptions[] {
  const files = new Map<string, string>();
  for (const directory of directories) {
    for (const name of jsonFiles(directory)) files.set(name, join(directory, name));
  }
  return [...files.keys()].sort().flatMap((name) => hooksIn(files.get(name) ?? '', subject));
}

function jsonFiles(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.json'));
  } catch (error) {
    throw invalid(`hooks directory ${JSON.stringify(directory)}`, error);
  }
}

function invalid(what: string, cause: unknown): TspodError {
  return new TspodError('INVALID_ARGUMENT', `${what}: ${messageOf(cause)}`, { cause });
}

/** Returns the hooks of a file that apply. Every error names the file, also that of an invalid pattern. */
function hooksIn(path: string, subject: HookSubject): readonly HookOptions[] {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length > MAX_FILE_BYTES) throw new Error(`longer than ${MAX_FILE_BYTES} bytes`);
    const value: unknown = JSON.parse(text);
    checkHookFile(value);
    accessSync(value.hook.path, constants.X_OK);
    return hooksOf(value, subject);
  } catch (error) {
    throw invalid(`parsing hook ${JSON.stringify(path)}`, error);
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
  checkWhen(file.when);
}

function checkWhen(value: unknown): void {
  if (typeof value !== 'object' || value === null) throw new Error('missing required property: when');
  const when = value as { [K in keyof HookFile['when']]?: unknown };
  for (const key of ['always', 'hasBindMounts'] as const) {
    if (when[key] !== undefined && typeof when[key] !== 'boolean') throw new Error(`when.${key} must be true or false`);
  }
  if (!isStrings(when.commands ?? [])) throw new Error('when.commands must be a list of strings');
  const { annotations = {} } = when;
  if (typeof annotations !== 'object' || annotations === null || !isStrings(Object.values(annotations)))
    throw new Error('when.annotations must be an object of strings');
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function hooksOf({ hook, when, stages }: HookFile, subject: HookSubject): readonly HookOptions[] {
  if (!applies(when, subject)) return [];
  return stages.map((stage) => ({
    kind: stage as HookKind,
    path: hook.path,
    ...(hook.args === undefined ? {} : { args: hook.args }),
    ...(hook.env === undefined ? {} : { env: hook.env }),
    ...(hook.timeout === undefined ? {} : { timeoutSec: hook.timeout }),
  }));
}

/** Whether there is a condition, and all that are named hold. */
function applies(when: HookFile['when'], subject: HookSubject): boolean {
  const annotations = Object.entries(subject.annotations);
  const conditions = [
    when.always,
    when.annotations === undefined
      ? undefined
      : Object.entries(when.annotations).every(([key, value]) =>
          annotations.some((pair) => matches(key, pair[0]) && matches(value, pair[1])),
        ),
    when.commands === undefined ? undefined : when.commands.some((pattern) => matches(pattern, subject.program)),
    when.hasBindMounts === undefined ? undefined : when.hasBindMounts === subject.hasBindMounts,
  ].filter((condition) => condition !== undefined);
  return conditions.length > 0 && conditions.every(Boolean);
}

function matches(pattern: string, text: string): boolean {
  return new RegExp(pattern).test(text);
}
