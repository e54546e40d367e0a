/** Lists containers, without taking a lock or waiting for anything. */
import type { EngineContext } from '../../container/context.js';
import { lookUp } from '../../container/create/find-image.js';
import { readHealth } from '../../container/health/record.js';
import { observe, SETTLED, isSettled, stateOf } from '../../container/observe.js';
import { ownerByMode } from '../../container/namespaces/owners.js';
import { mountPointOf } from '../../container/files/root-mount.js';
import { sizesOver } from '../../container/files/sizes.js';
import { isTspodError } from '../../errors.js';
import { donorOf } from '../../spec/namespaces.js';
import type { PublishedPort } from '../../spec/network/container-network.js';
import { noSuchContainer } from '../../state/lookup.js';
import type { ListedContainer } from '../../state/listed-container.js';
import type { StoredSummary } from '../../state/records.js';
import { containerPaths } from '../../storage/paths.js';
import { networkNamed } from '../name-and-label-filters.js';
import { filterPredicate } from './filters.js';
import type { ContainerSummary, ListOptions } from '../types.js';

/** Returns the containers that the options select, in order of creation. */
export function listContainers(context: EngineContext, options: ListOptions = {}): readonly ContainerSummary[] {
  const { store } = context;
  const matches = filterPredicate(options.filters ?? {}, {
    now: new Date(),
    imageId: (name) => lookUp(store, name)?.image.id,
    createdAt: (nameOrId) => new Date(store.find(nameOrId).createdUs / 1000),
    containerId: (nameOrId) => containerId(context, nameOrId),
    networkName: (nameOrId) => networkNamed(context.networks, nameOrId),
  });
  const all = options.all === true || options.last !== undefined || namesState(options);
  let known: ReadonlyMap<string, string> | undefined;
  const podNames = () => (known ??= store.pods.names());
  const listed = store.list(all ? 'all' : 'live').map((container) => summarize(context, container, podNames));
  const chosen = listed.filter((container) => (all || isUp(container)) && matches(container));
  const wanted = options.last === undefined ? chosen : chosen.slice(-Math.max(0, options.last));
  return options.size === true ? wanted.map((container) => withSize(context, container)) : wanted;
}

function containerId({ store }: EngineContext, nameOrId: string): string | undefined {
  try {
    return store.find(nameOrId).id;
  } catch (error) {
    if (isTspodError(error, 'NO_SUCH_CONTAINER')) return undefined;
    throw error;
  }
}

/** Whether a filter names a state or an id: then containers that do not run are listed as well. */
function namesState({ filters }: ListOptions): boolean {
  return (
    filters !== undefined && (['status', 'exited', 'id'] as const).some((name) => (filters[name]?.length ?? 0) > 0)
  );
}

/** Whether `ps` shows the container without --all. */
function isUp({ status }: Pick<ContainerSummary, 'status'>): boolean {
  return status === 'running' || status === 'paused' || status === 'stopping' || status === 'restarting';
}

/** Returns the id of the container created last. Throws NO_SUCH_CONTAINER if the store has no container. */
export function latestId({ store }: EngineContext): string {
  const latest = store.latest();
  if (latest === undefined) throw noSuchContainer('latest');
  return latest.id;
}

/** `podNames` returns the names of pods by id; called only if the container is in a pod. */
function summarize(
  context: EngineContext,
  container: ListedContainer,
  podNames: () => ReadonlyMap<string, string>,
): ContainerSummary {
  const { summary } = container;
  // Most containers are settled: for them no path is built and no file is read.
  const paths = isSettled(container.state) ? undefined : containerPaths(context.directories, container.id);
  const state = stateOf(container, paths === undefined ? SETTLED : observe(container.state, paths));
  return {
    status: state.status,
    pid: state.pid,
    monitorPid: state.monitorPid,
    exitCode: state.exitCode,
    oomKilled: state.oomKilled,
    startedAt: state.startedAt,
    finishedAt: state.finishedAt,
    restartCount: state.restartCount,
    stoppedByUser: state.stoppedByUser,
    error: state.error,
    id: container.id,
    name: container.name,
    image: summary.image,
    imageId: summary.imageId ?? '',
    rootfs: summary.rootfs,
    command: summary.command,
    createdAt: new Date(container.createdUs / 1000),
    labels: summary.labels,
    mounts: summary.mounts,
    mountSources: summary.mountSources ?? [],
    networks: networksOf(summary),
    ports: portsOf(context, summary),
    exposedPorts: summary.expose ?? [],
    pod: summary.pod ?? '',
    podName: summary.pod === undefined ? '' : (podNames().get(summary.pod) ?? ''),
    isInfra: summary.isInfra ?? false,
    autoRemove: container.state.autoRemove,
    restartPolicy: summary.restartPolicy,
    cidFile: summary.cidFile,
    health: summary.checked && paths !== undefined && isUp(state) ? readHealth(paths).status : null,
    mountPoint: container.state.mounts === 0 ? null : mountPointOf(context, container.id),
  };
}

/** Returns the names of a container's networks, or its network mode if it is on none; nothing for `none`. */
function networksOf({ network, networks }: StoredSummary): readonly string[] {
  if (networks.length > 0) return networks;
  return network === 'none' ? [] : [network];
}

/** Returns the published ports: those of the container whose network namespace it shares, if it does. */
function portsOf(context: EngineContext, { network, ports }: StoredSummary): readonly PublishedPort[] {
  if (donorOf(network) === undefined) return ports;
  try {
    return ownerByMode(context, network, 'network')?.config.networking.ports ?? [];
  } catch (error) {
    // The record of the other container is damaged.
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function withSize(context: EngineContext, container: ContainerSummary): ContainerSummary {
  return { ...container, size: sizesOver(context, container.id, container) };
}
