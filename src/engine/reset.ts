/** `engine.reset()`: empties the store. */
import type { SignalOption } from '../container/api/container.js';
import type { EngineContext } from '../container/context.js';
import { removeContainer, removeWholePod } from '../container/verbs/remove.js';
import { isTspodError, type ErrorCode } from '../errors.js';
import { throwIfAborted } from '../native/abort.js';
import { ownNetworks } from '../network/networks.js';
import { removeHideLayers } from '../storage/hide-layer.js';
import { defined } from '../util/defined.js';
import { removeImage } from './images/remove.js';
import { removeList } from './manifests/names.js';
import { makeNetworks } from './networks/networks.js';
import { makeSecrets } from './secrets/secrets.js';
import type { BatchResult, ResetResult } from './types.js';
import { makeVolumes } from './volumes/volumes.js';

/**
 * Ends and removes everything in the store, users before what they use. A container created meanwhile is removed with
 * its image, network or volume, if it has one of those.
 */
export async function reset(context: EngineContext, { signal }: SignalOption = {}): Promise<ResetResult> {
  const { store } = context;
  const networks = makeNetworks(context);
  const volumes = makeVolumes(context);
  const secrets = makeSecrets(context);
  const how = { force: true, timeoutSec: 0, ...defined({ signal }) };
  const each = <T>(things: readonly T[], removal: Removal<T>) => removeEach(things, removal, signal);
  const removed = {
    pods: await each(store.pods.list(), {
      name: ({ id }) => id,
      remove: ({ id }) => removeWholePod(context, id, how),
      missing: 'NO_SUCH_POD',
    }),
    containers: await each(store.list('all').toReversed(), {
      name: ({ id }) => id,
      remove: ({ id }) => removeContainer(context, id, { ...how, depend: true, volumes: true }),
      missing: 'NO_SUCH_CONTAINER',
    }),
    networks: await each(ownNetworks(context.networks, store), {
      name: ({ name }) => name,
      remove: ({ name }) => networks.remove(name, how),
      missing: 'NO_SUCH_NETWORK',
    }),
    images: await each(store.images.list(), {
      name: ({ id }) => id,
      remove: ({ id }) => removeImage(context, id, { force: true, ...defined({ signal }) }),
      missing: 'NO_SUCH_IMAGE',
    }),
    manifestLists: await each(store.manifestLists.list(), {
      name: ({ id }) => id,
      remove: (list) => removeList(context, list),
      missing: 'NO_SUCH_IMAGE',
    }),
    volumes: await each(store.volumes.list(), {
      name: ({ name }) => name,
      remove: ({ name }) => volumes.remove(name, { ...how, exact: true }),
      missing: 'NO_SUCH_VOLUME',
    }),
    secrets: await each(store.secrets.list(), {
      name: ({ id }) => id,
      remove: ({ id }) => secrets.remove(id),
      missing: 'NO_SUCH_SECRET',
    }),
  };
  if (store.list('all').length === 0) await removeHideLayers(context.paths);
  return removed;
}

interface Removal<T> {
  readonly name: (thing: T) => string;
  readonly remove: (thing: T) => unknown;
  /** Error code of a thing that is gone already, removed by another process or together with another thing. */
  readonly missing: ErrorCode;
}

async function removeEach<T>(
  things: readonly T[],
  { name, remove, missing }: Removal<T>,
  signal: AbortSignal | undefined,
): Promise<BatchResult> {
  const done: string[] = [];
  const failed = new Map<string, Error>();
  for (const thing of things) {
    throwIfAborted('reset', signal);
    try {
      await remove(thing);
      done.push(name(thing));
    } catch (error) {
      if (isTspodError(error, missing)) done.push(name(thing));
      else failed.set(name(thing), error instanceof Error ? error : new Error(String(error)));
    }
  }
  return { done, failed };
}
