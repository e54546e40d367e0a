/** Options of a call and options of the container or command come in one object: here they part. */
import type { CreateOptions, ExecOptions } from '../spec/create-options.js';

/** Keys that say how a call is made; what is left is checked as options of the container or the command. */
const EXEC_CALL_KEYS: ReadonlySet<string> = new Set([
  'input',
  'stdin',
  'stdout',
  'stderr',
  'encoding',
  'maxOutputBytes',
  'signal',
  'fds',
  'size',
  'detach',
  'detachKeys',
]);

const RUN_CALL_KEYS: ReadonlySet<string> = new Set([
  'input',
  'stdin',
  'stdout',
  'stderr',
  'encoding',
  'maxOutputBytes',
  'signal',
  'size',
  'timeoutMs',
]);

export function pickExecOptions(options: ExecOptions): ExecOptions {
  return without(options, EXEC_CALL_KEYS) as unknown as ExecOptions;
}

export function pickCreateOptions(options: CreateOptions): CreateOptions {
  return without(options, RUN_CALL_KEYS);
}

function without(options: object, keys: ReadonlySet<string>): Record<string, unknown> {
  const rest: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) {
    if (!keys.has(key)) rest[key] = value;
  }
  return rest;
}
