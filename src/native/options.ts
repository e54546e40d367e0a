/**
 * Checks of option objects, before anything is done. An option that is not understood must not be ignored: the call
 * would do something else than was meant, mostly on the host, and with the rights of root.
 */
import { unknownOption } from '../util/unknown-option.js';
import { requireObject } from './arguments.js';
import type { InsideOptions } from './mounts.js';
import { isHandle } from './namespace-handle.js';
import { NAMESPACE_KINDS } from './namespace-kinds.js';

/** Kinds of options. `any`: checked where it is used. */
type OptionKind = 'any' | 'boolean' | 'signal';

/** The kind of every option of T. */
export type OptionsOf<T> = Readonly<Record<keyof Required<T>, OptionKind>>;

/** Options of functions that take only `inside`. */
export const INSIDE: OptionsOf<InsideOptions> = { inside: 'any' };

/** Options of functions that take only `signal`. */
export const SIGNAL: OptionsOf<{ readonly signal?: AbortSignal }> = { signal: 'signal' };

/**
 * Throws TypeError for a value that is no option object, an unknown option, or a value of the wrong kind. An option
 * whose value is undefined counts as absent.
 */
export function requireOptions<T extends object>(what: string, options: T, known: OptionsOf<T>): void {
  requireObject(options, what);
  for (const name of Object.keys(options)) {
    const kind = Object.hasOwn(known, name) ? known[name as keyof T] : undefined;
    if (kind === undefined) throw refusal(what, name, options, Object.keys(known));
    if (kind !== 'any') requireValue(`${what}.${name}`, options[name as keyof T], kind);
  }
}

function requireValue(what: string, value: unknown, kind: Exclude<OptionKind, 'any'>): void {
  if (value === undefined) return;
  if (kind === 'boolean' && typeof value !== 'boolean') throw new TypeError(`${what} must be a boolean`);
  if (kind === 'signal' && !(value instanceof AbortSignal)) throw new TypeError(`${what} must be an AbortSignal`);
}

function refusal(what: string, name: string, options: object, known: readonly string[]): TypeError {
  if (isHandle(options)) return new TypeError(`${what} must be an options object, not a namespace handle`);
  const place = known.find((each) => each === 'inside' || each === 'namespaces');
  if (place === undefined || !(NAMESPACE_KINDS as readonly string[]).includes(name))
    return unknownOption(what, name, known);
  return new TypeError(`unknown option "${name}" in ${what}: did you mean "${place}: { ${name} }"?`);
}
