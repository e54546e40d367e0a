/** Mounts that a container takes over from others. */
import { invalid } from '../../errors.js';
import type { CreateOptions, MountOptions } from '../../spec/create-options.js';
import { quote } from '../../spec/checks/quote.js';
import { cleanPath } from '../../util/paths.js';
import { readConfig } from '../config.js';
import type { EngineContext } from '../context.js';

/** `ro` and `rw` say how the mounts are mounted in the new container; `z` has no effect, as with any mount. */
const OPTIONS = new Set(['ro', 'rw', 'z']);

/**
 * Returns the options with the bind mounts and volumes of other containers added. A mount in the options replaces one
 * with the same target, and a later container's mount an earlier one's.
 */
export function withVolumesFrom(context: EngineContext, options: CreateOptions): CreateOptions {
  const taken = new Map<string, MountOptions>();
  for (const text of options.volumesFrom ?? []) {
    for (const mount of mountsFrom(context, text)) taken.set(mount.target, mount);
  }
  const own = options.mounts ?? [];
  for (const { target } of own) taken.delete(cleanPath(target));
  return { ...options, mounts: [...taken.values(), ...own] };
}

/** Returns the mounts that CONTAINER[:OPTION[,OPTION]] stands for. */
function mountsFrom(context: EngineContext, text: string): readonly MountOptions[] {
  const [name = '', words, ...rest] = text.split(':');
  const given = words === undefined ? [] : words.split(',');
  const bad = given.find((option) => !OPTIONS.has(option));
  if (rest.length > 0 || bad !== undefined)
    throw invalid(`invalid options ${quote(words ?? '')} of volumesFrom: choose from ro, rw, z`);
  if (given.includes('ro') && given.includes('rw')) throw invalid('volumesFrom: ro and rw cannot be used together');
  const access = given.find((option) => option === 'ro' || option === 'rw');
  return readConfig(context, context.store.find(name).id)
    .mounts.filter(({ type }) => type === 'bind' || type === 'volume')
    .map(({ type, source = '', target, options }) => ({
      type,
      source,
      target,
      options: access === undefined ? options : accessible(options, access),
    }));
}

function accessible(options: readonly string[], access: string): readonly string[] {
  return [...options.filter((option) => option !== 'ro' && option !== 'rw' && option !== 'rro'), access];
}
