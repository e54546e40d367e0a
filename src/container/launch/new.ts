/** Creates and starts a container in one call: it is first recorded as one that is being launched. */
import { lock, removeLockFile, tryLock } from '../../native/file-lock.js';
import type { ContainerConfig } from '../../spec/config.js';
import { containerPaths } from '../../storage/paths.js';
import type { ExitStatus } from '../api/container.js';
import { removeEnded } from '../settle/auto-remove.js';
import type { EngineContext } from '../context.js';
import { destroy } from '../settle/destroy.js';
import { HeldContainer } from '../held.js';
import { newId } from '../ids.js';
import { launch, type Launch, type LaunchOptions } from './launch.js';
import { withInfra } from '../pod/infra.js';
import { startContainer } from '../verbs/start.js';
import { recordContainer } from '../verbs/create.js';

export interface NewLaunch extends Launch {
  readonly id: string;
}

/** Creates and starts a container. After a failure nothing is left, whatever `autoRemove` says: nobody has the id. */
export async function launchNew(
  context: EngineContext,
  config: ContainerConfig,
  options: LaunchOptions,
): Promise<NewLaunch> {
  const { signal } = options;
  return withInfra(context, config, {
    signal,
    start: (inner, infra) => startContainer(inner, infra, signal === undefined ? {} : { signal }),
    launch: (inner) => createAndLaunch(inner, config, options),
  });
}

async function createAndLaunch(
  context: EngineContext,
  config: ContainerConfig,
  options: LaunchOptions,
): Promise<NewLaunch> {
  const id = newId();
  // The lock is taken before anybody can know the id, so it is free. It is held until the process runs, so that nobody
  // takes the launch for one that was cut off.
  const path = containerPaths(context.directories, id).lock;
  using held = tryLock(path) ?? (await lock(path));
  try {
    const recorded = recordContainer(context, id, { config, state: { status: 'active' } });
    const stored = context.store.get(id);
    if (stored === undefined) throw new TypeError('a new container has no record');
    const container = new HeldContainer(context, stored);
    try {
      const onEnd = (exit: ExitStatus | undefined) => removeEnded(context, { id }, exit);
      return { id, ...(await launch(container, { onEnd, ...options })) };
    } catch (error) {
      beginUndoing(container, recorded.config);
      await destroy(container);
      throw error;
    }
  } catch (error) {
    removeLockFile(held);
    throw error;
  }
}

/**
 * Marks the container for removal, with the anonymous volumes that were made for it, and no others: those may be known
 * by their names.
 */
function beginUndoing(container: HeldContainer, { mounts }: ContainerConfig): void {
  const { store } = container.context;
  store.transaction(() => {
    store.volumes.spare(container.seq);
    for (const { type, source, anonymous } of mounts) {
      if (type === 'volume' && anonymous === true && source !== undefined) store.volumes.doomOne(container.seq, source);
    }
    container.save({ status: 'removing' });
  });
}
