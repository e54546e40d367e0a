/** Merges a command's flags with those that all commands have; where names clash, the command's own flag wins. */
import type { Flag } from './flag.js';
import { longNames } from './flag.js';

export function mergeFlags(own: readonly Flag[], common: readonly Flag[]): readonly Flag[] {
  const names = new Set(own.flatMap(longNames));
  const shorts = new Set(own.flatMap(({ short }) => (short === undefined ? [] : [short])));
  const added = common
    .filter((flag) => !names.has(flag.name))
    .map((flag) => (flag.short !== undefined && shorts.has(flag.short) ? withoutShort(flag) : flag));
  return [...own, ...added];
}

function withoutShort(flag: Flag): Flag {
  const copy: { -readonly [K in keyof Flag]: Flag[K] } = { ...flag };
  delete copy.short;
  return copy;
}
