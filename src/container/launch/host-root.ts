/**
 * The root of a `host:` container: the host's file system, above it a layer that hides its secrets, above that the
 * container's own.
 */
import { withOwners, type HideList } from '../../host/hide-list.js';
import type { ContainerConfig } from '../../spec/config.js';
import { ensureHideLayer, hideLayerPath } from '../../storage/hide-layer.js';
import { ownerOrNobody } from '../../storage/owners.js';
import type { ContainerPaths } from '../../storage/paths.js';
import type { EngineContext, HostRootConfig } from '../context.js';
import type { InspectHostView } from '../inspect/types.js';
import { overlayOver, type PreparedRoot } from './prepare.js';

interface Subject {
  readonly config: ContainerConfig;
  readonly paths: ContainerPaths;
}

/** Returns the root as it will be; makes nothing. */
export function hostRoot(context: EngineContext, host: HostRootConfig, subject: Subject): PreparedRoot {
  return rootBehind(context, listFor(context, host, subject), subject);
}

/**
 * Returns what the root hides. With a user namespace, the directories of the hiding layer belong to the namespace's
 * users from the beginning: the layer lies on a tmpfs, which has identity-mapped mounts only since Linux 6.3.
 */
function listFor(context: EngineContext, host: HostRootConfig, { config }: Subject): HideList {
  const list = context.hideList(host);
  if (config.namespaces.user === 'host') return list;
  const { uidMaps, gidMaps } = config;
  const key = JSON.stringify([uidMaps, gidMaps]);
  const known = shifted.get(list) ?? new Map<string, HideList>();
  shifted.set(list, known);
  const found = known.get(key) ?? withOwners(list, (owner) => ownerOrNobody(config, owner));
  known.set(key, found);
  return found;
}

/** For each list, its variants with other owners, by the id maps. */
const shifted = new WeakMap<HideList, Map<string, HideList>>();

function rootBehind(context: EngineContext, list: HideList, subject: Subject): PreparedRoot {
  const layer = hideLayerPath(context.paths, list);
  const overlay = overlayOver([layer, '/'], subject);
  return { root: { ...overlay, redirects: list.redirects, ownMapped: [layer] }, hostCovers: list.covers };
}

/** Makes the hiding layer if no container has needed it yet. */
export async function prepareHostRoot(
  context: EngineContext,
  host: HostRootConfig,
  subject: Subject,
): Promise<PreparedRoot> {
  // Read once: the host may change between two readings, and only this list's layer is there.
  const list = listFor(context, host, subject);
  await ensureHideLayer(context.paths, list);
  return rootBehind(context, list, subject);
}

/** Returns for `inspect` what is hidden now, and what options asked to show. */
export function hostView(context: EngineContext, host: HostRootConfig): InspectHostView {
  return { Image: host.all ? 'host:all' : 'host:', Hidden: hiddenPaths(context, host), Shown: host.show };
}

/**
 * Returns the hidden paths, or only those that options named: one that was hidden or shown at the creation may be gone
 * by now.
 */
function hiddenPaths(context: EngineContext, host: HostRootConfig): HideList['hidden'] {
  try {
    return context.hideList(host).hidden;
  } catch {
    return host.hide;
  }
}
