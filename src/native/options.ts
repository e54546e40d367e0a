/**
 * Objects of options, looked at before anything is done. What is not understood must not count as left out: the call would do something else than
 * was meant, mostly on the host, and with the rights of root.
 */
import { unknownOption } from '../util/unknown-option.js';
import { requireObject } from './arguments.js';
import type { InsideOptions } from './mounts.js';
import { isHandle } from './namespace-handle.js';
import { NAMESPACE_KINDS } from './namespace-kinds.js';

/** `any`: looked at where it is used. */
type OptionKind = 'any' | 'boolean' | 'signal';

/** Every option of T with its kind. */
export type OptionsOf<T> = Readonly<Record<keyof Required<T>, OptionKind>>;

/** Of functions that take nothing else. */
export const INSIDE: OptionsOf<InsideOptions> = { inside: 'any' };

/** Of functions that take nothing else. */
export const SIGNAL: OptionsOf<{ readonly signal?: AbortSignal }> = { signal: 'signal' };

/** TypeError for what is no object of options, an option that is none of these, a value of another kind. What is undefined counts as left out. */
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
  if (isHandle(options)) return new TypeError(`a namespace handle is no object of options: ${what}`);
  const place = known.find((each) => each === 'inside' || each === 'namespaces');
  if (place === undefined || !(NAMESPACE_KINDS as readonly string[]).includes(name))
    return unknownOption(what, name, known);
  return new TypeError(`unknown option "${name}" in ${what}: did you mean "${place}: { ${name} }"?`);
}
