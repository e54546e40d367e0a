/** Containers whose namespaces another one joins. */
import { TspodError } from '../../errors.js';
import type { NamespaceType } from '../../oci/spec.js';
import type { Donor } from '../../plan/context.js';
import type { ContainerConfig, NamespaceConfig } from '../../spec/config.js';
import { donorOf, NAMESPACE_KINDS, type NamespacePaths } from '../../spec/namespaces.js';
import type { StoredContainer } from '../../state/records.js';
import { containerPaths } from '../../storage/paths.js';
import { readConfig } from '../config.js';
import type { EngineContext } from '../context.js';
import { findRequired } from './dependencies.js';
import { requireShareableIpc } from './shm.js';
import type { LiveRecord } from '../monitor/run-record.js';
import { observe, statusOf } from '../observe.js';

/** The containers to join, and the paths by which the OCI spec names the namespaces that they have now. */
export interface Donors {
  readonly containers: { readonly [T in NamespaceType]?: Donor };
  readonly paths: NamespacePaths;
}

const NO_DONORS: Donors = { containers: {}, paths: {} };

/**
 * Returns the configuration with donors and required containers named by their ids, and all of these containers. Throws
 * NO_SUCH_CONTAINER, AMBIGUOUS.
 */
export function resolveDonors(
  context: EngineContext,
  config: ContainerConfig,
): { readonly config: ContainerConfig; readonly donors: readonly StoredContainer[] } {
  const found = new Map<string, StoredContainer>();
  const namespaces: Partial<Record<keyof NamespaceConfig, string>> = {};
  for (const { key } of NAMESPACE_KINDS) {
    const wanted = donorOf(config.namespaces[key]);
    if (wanted === undefined) continue;
    const donor = context.store.find(wanted);
    if (key === 'ipc') requireShareableIpc(donor.id, readConfig(context, donor.id));
    found.set(donor.id, donor);
    namespaces[key] = `container:${donor.id}`;
  }
  const required = findRequired(context, config.requires);
  for (const container of required) found.set(container.id, container);
  if (found.size === 0) return { config, donors: [] };
  const requires = required.map((container) => container.id);
  const shared = { ...config, namespaces: { ...config.namespaces, ...namespaces }, requires };
  return { config: withDonorsUserns(context, shared), donors: [...found.values()] };
}

/**
 * Gives a container that shares a user namespace the maps of its donor; a donor without a user namespace shares the
 * host's.
 */
function withDonorsUserns(context: EngineContext, config: ContainerConfig): ContainerConfig {
  const donorId = donorOf(config.namespaces.user);
  if (donorId === undefined) return config;
  const { namespaces, uidMaps, gidMaps } = readConfig(context, donorId);
  if (namespaces.user === 'host') return { ...config, namespaces: { ...config.namespaces, user: 'host' } };
  return { ...config, uidMaps, gidMaps };
}

/** Returns the donors that run. Throws STATE_INVALID with the ids of donors and required containers that do not run. */
export function liveDonors(context: EngineContext, id: string, config: ContainerConfig): Donors {
  const containers: { [T in NamespaceType]?: Donor } = {};
  const paths: { [T in NamespaceType]?: string } = {};
  const missing = new Set(config.requires.filter((required) => liveRecord(context, required) === undefined));
  for (const { key, type, proc } of NAMESPACE_KINDS) {
    const donorId = donorOf(config.namespaces[key]);
    if (donorId === undefined) continue;
    const live = liveRecord(context, donorId);
    if (live === undefined) {
      missing.add(donorId);
      continue;
    }
    containers[type] = { id: donorId, state: containerPaths(context.directories, donorId).state };
    paths[type] = `/proc/${String(live.init.pid)}/ns/${proc}`;
  }
  if (missing.size > 0) throw notStarted(id, [...missing]);
  return Object.keys(containers).length === 0 ? NO_DONORS : { containers, paths };
}

function notStarted(id: string, missing: readonly string[]): TspodError {
  return new TspodError(
    'STATE_INVALID',
    `some dependencies of container ${id} are not started: ${missing.join(', ')}: container state improper`,
    { details: { id, missing } },
  );
}

/** Returns the live record of a container; undefined unless the container runs or is paused. */
export function liveRecord(context: EngineContext, id: string): LiveRecord | undefined {
  const stored = context.store.get(id);
  if (stored === undefined) return undefined;
  const observation = observe(stored.state, containerPaths(context.directories, id));
  const status = statusOf(stored.state, observation);
  if (observation.kind !== 'live' || (status !== 'running' && status !== 'paused')) return undefined;
  return observation.live;
}
