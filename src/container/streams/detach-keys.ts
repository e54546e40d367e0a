/** The keys that detach from a container, as Podman writes them: `ctrl-p,ctrl-q`. */
import { TspodError } from '../../errors.js';

export const DEFAULT_DETACH_KEYS = 'ctrl-p,ctrl-q';

/** Control characters whose name is not a letter. */
const CONTROL_NAMES: Readonly<Record<string, number>> = { '@': 0, '[': 27, '\\': 28, ']': 29, '^': 30, _: 31 };

/** Returns the bytes of a sequence; none for ''. Throws INVALID_ARGUMENT. */
export function parseDetachKeys(text: string): readonly number[] {
  return text === '' ? [] : text.split(',').map(parseKey);
}

function parseKey(key: string): number {
  const name = /^ctrl-(.)$/i.exec(key)?.[1];
  if (name === undefined) {
    if (/^[\x21-\x7e]$/.test(key)) return key.charCodeAt(0);
  } else if (/[a-z]/i.test(name)) {
    return name.toLowerCase().charCodeAt(0) - 96;
  } else if (CONTROL_NAMES[name] !== undefined) {
    return CONTROL_NAMES[name];
  }
  throw new TspodError('INVALID_ARGUMENT', `invalid detach keys: Unknown character: '${key}'`);
}

export interface DetachFilter {
  /** Returns the input that is to be passed on. What may be the beginning of the sequence is held back. */
  push(input: Uint8Array): { readonly pass: Uint8Array; readonly detach: boolean };
  /** Returns what was held back, at the end of the input. */
  end(): Uint8Array;
}

/**
 * Looks for a key sequence in a stream of input, however that is cut. Input without the first key is passed on as it
 * is.
 */
export function detachFilter(keys: readonly number[]): DetachFilter {
  const [first] = keys;
  let matched = 0;
  return {
    push(input) {
      if (first === undefined || (matched === 0 && !input.includes(first))) return { pass: input, detach: false };
      const pass: Uint8Array[] = [];
      let at = 0;
      while (at < input.length) {
        if (matched === 0) {
          const found = input.indexOf(first, at);
          const end = found === -1 ? input.length : found;
          pass.push(input.subarray(at, end));
          at = end;
          if (found === -1) break;
        }
        if (input[at] === keys[matched]) {
          matched += 1;
          at += 1;
          if (matched === keys.length) return { pass: Buffer.concat(pass), detach: true };
        } else {
          pass.push(Uint8Array.from(keys.slice(0, matched)));
          matched = 0;
        }
      }
      return { pass: Buffer.concat(pass), detach: false };
    },
    end: () => Uint8Array.from(keys.slice(0, matched)),
  };
}
