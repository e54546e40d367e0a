/** Records a new container with the configuration of one that exists. */
import { invalid, isTspodError } from '../../errors.js';
import { throwIfAborted } from '../../native/abort.js';
import type { ContainerConfig, MountConfig } from '../../spec/config.js';
import type { ResourceOptions } from '../../spec/create-options.js';
import { checkName } from '../../spec/checks/names.js';
import { resolveHostPaths } from '../../spec/files/host-paths.js';
import { updatedConfig } from '../../spec/update.js';
import { barename, noSuchContainer } from '../../state/lookup.js';
import type { SignalOption } from '../api/container.js';
import { readConfig } from '../config.js';
import type { EngineContext } from '../context.js';
import { newId } from '../ids.js';
import { movedToPod } from '../pod/join.js';
import { defined } from '../../util/defined.js';
import { recordContainer, type Recorded } from './create.js';
import { removeContainer } from './remove.js';

export interface CloneOptions extends SignalOption {
  /** Name of the clone. @default the name of the original and `-clone`, followed by a number if that is taken */
  readonly name?: string;
  /** Limits that differ from the original's. @default none */
  readonly resources?: ResourceOptions;
  /** Remove the original once the clone is recorded; the clone is removed again if that is refused. @default false */
  readonly destroy?: boolean;
  /**
   * The pod of the clone, which shares what the other members share, and loses what contradicts that. @default the
   * original's
   */
  readonly pod?: string;
  /** With `destroy`: remove the original even if it runs. @default false */
  readonly force?: boolean;
}

/** How many names may be taken before giving up. */
const NAME_ATTEMPTS = 10_000;

/**
 * Clones a container. Throws NO_SUCH_CONTAINER, NO_SUCH_POD, NAME_IN_USE, INVALID_ARGUMENT, and what create() and, with
 * `destroy`, remove() throw.
 */
export async function cloneContainer(context: EngineContext, id: string, options: CloneOptions): Promise<Recorded> {
  throwIfAborted('clone', options.signal);
  const original = context.store.get(id);
  if (original === undefined) throw noSuchContainer(id);
  const known = readConfig(context, id);
  if (known.pod?.infra === true) throw invalid(`container ${id} is the infra container of a pod, and cannot be cloned`);
  const cloned = clonedConfig(context, known, options);
  const config = options.pod === undefined ? cloned : movedToPod(context, cloned, options.pod);
  resolveHostPaths(config);
  const clone = record(context, config, namesFor(original.name, options.name));
  if (options.destroy !== true) return clone;
  try {
    await removeContainer(context, id, { force: options.force === true, ...defined({ signal: options.signal }) });
  } catch (error) {
    await removeContainer(context, clone.id, { volumes: true });
    throw error;
  }
  return clone;
}

/**
 * Returns the configuration without what belongs to the original alone: files that tell its id and pids, its log, its
 * automatic ids.
 */
function clonedConfig(context: EngineContext, config: ContainerConfig, { resources }: CloneOptions): ContainerConfig {
  const { name: _name, cidFile: _cid, pidFile: _pid, monitorPidFile: _monitor, ...rest } = config;
  const { path: _path, ...log } = rest.log;
  const changed = resources === undefined ? {} : updatedConfig(config, { resources }, context.facts());
  return { ...rest, log, ...changed, ...ownIds(config), mounts: config.mounts.map(nameless) };
}

/** Returns the mount of an anonymous volume without its name: the clone gets a volume of its own. */
function nameless(mount: MountConfig): MountConfig {
  if (mount.anonymous !== true) return mount;
  const { source: _source, ...rest } = mount;
  return rest;
}

/**
 * Returns what differs in the user namespace: ids that were chosen for the original are its own; those that were looked
 * up by a user's name are known by now.
 */
function ownIds({ namespaces, userns }: ContainerConfig): Partial<ContainerConfig> {
  if (namespaces.user === 'auto') return { uidMaps: [], gidMaps: [] };
  const { subuidName: _uid, subgidName: _gid, ...rest } = userns ?? {};
  return userns === undefined ? {} : { userns: rest };
}

function* namesFor(original: string, wanted: string | undefined): Iterable<string> {
  if (wanted !== undefined) {
    yield checkName(barename(wanted));
    return;
  }
  yield `${original}-clone`;
  for (let number = 1; number < NAME_ATTEMPTS; number++) yield `${original}-clone${String(number)}`;
}

/** Records the clone under the first name that is free. */
function record(context: EngineContext, config: ContainerConfig, names: Iterable<string>): Recorded {
  let taken: unknown;
  for (const name of names) {
    try {
      return recordContainer(context, newId(), { config: { ...config, name }, state: {} });
    } catch (error) {
      if (!isTspodError(error, 'NAME_IN_USE')) throw error;
      taken = error;
    }
  }
  throw taken;
}
