/** The keys that detach from a container, as Podman writes them: `ctrl-p,ctrl-q`. */
import { TspodError } from '../errors.js';

export const DEFAULT_DETACH_KEYS = 'ctrl-p,ctrl-q';

/** Control characters with a name that is no letter. */
const CONTROL_NAMES: Readonly<Record<string, number>> = { '@': 0, '[': 27, '\\': 28, ']': 29, '^': 30, _: 31 };

/** The bytes of a sequence; none for ''. Throws INVALID_ARGUMENT. */
export function parseDetachKeys(text: string): readonly number[] {
  return text === '' ? [] : text.split(',').map((key) => parseKey(key, text));
}

function parseKey(key: string, text: string): number {
  const name = /^ctrl-(.)$/i.exec(key)?.[1];
  if (name === undefined) {
    if (/^[\x21-\x7e]$/.test(key)) return key.charCodeAt(0);
  } else if (/[a-z]/i.test(name)) {
    return name.toLowerCase().charCodeAt(0) - 96;
  } else if (CONTROL_NAMES[name] !== undefined) {
    return CONTROL_NAMES[name];
  }
  throw new TspodError(
    'INVALID_ARGUMENT',
    `invalid detach keys "${text}": each must be a character, or ctrl- and one of a-z, @, [, \\, ], ^, _`,
  );
}

export interface DetachFilter {
  /** The input that is to be passed on; what may be the beginning of the sequence is held back. */
  push(input: Uint8Array): { readonly pass: Uint8Array; readonly detach: boolean };
}

/** Looks for the sequence in a stream of input, however it is cut. */
export function detachFilter(keys: readonly number[]): DetachFilter {
  let matched = 0;
  return {
    push(input) {
      if (keys.length === 0) return { pass: input, detach: false };
      const pass: number[] = [];
      for (const byte of input) {
        if (byte !== keys[matched]) {
          pass.push(...keys.slice(0, matched));
          matched = 0;
        }
        if (byte !== keys[matched]) {
          pass.push(byte);
        } else {
          matched += 1;
          if (matched === keys.length) return { pass: Uint8Array.from(pass), detach: true };
        }
      }
      return { pass: Uint8Array.from(pass), detach: false };
    },
  };
}
