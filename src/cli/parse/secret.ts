/** Parses --secret. */
import type { SecretOptions } from '../../spec/files/secret-options.js';
import { invalid } from '../errors/cli-error.js';
import { splitPair } from './key-values.js';

type Draft = { -readonly [K in keyof SecretOptions]: SecretOptions[K] };

const SETTERS: Readonly<Record<string, (draft: Draft, value: string) => void>> = {
  source: (draft, value) => {
    draft.source = value;
  },
  type: (draft, value) => {
    if (value !== 'mount' && value !== 'env') throw bad(`type ${value} is invalid`);
    draft.type = value;
  },
  target: (draft, value) => {
    draft.target = value;
  },
  uid: (draft, value) => {
    draft.uid = number('UID', value, 10);
  },
  gid: (draft, value) => {
    draft.gid = number('GID', value, 10);
  },
  mode: (draft, value) => {
    draft.mode = number('mode', value, 8);
  },
};

/** Parses NAME[,OPTION=VALUE...]; the name may also be given as the option source=NAME. */
export function parseSecret(text: string): SecretOptions {
  const draft: Draft = { source: '' };
  for (const [index, word] of text.split(',').entries()) {
    const [key, value] = splitPair(word);
    if (value === undefined && index === 0) draft.source = word;
    else if (value === undefined) throw bad(`option ${word} must be in form option=value`);
    else if (Object.hasOwn(SETTERS, key)) SETTERS[key]?.(draft, value);
    else throw bad(`option ${word} invalid`);
  }
  if (draft.source === '') throw bad(`no source found ${text}`);
  return draft;
}

function number(what: string, text: string, base: 8 | 10): number {
  if (!(base === 8 ? /^[0-7]{1,7}$/ : /^[0-9]{1,10}$/).test(text)) throw bad(`${what} ${text} invalid`);
  return Number.parseInt(text, base);
}

function bad(why: string) {
  return invalid(`parsing secret: ${why}`);
}
