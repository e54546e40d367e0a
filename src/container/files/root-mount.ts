/** The mount of a container's root that mount() makes on the host: where it is, whether it exists, and its removal. */
import { rmdirSync, statSync } from 'node:fs';

import { isMountPoint } from '../../host/mount-point.js';
import { execute } from '../../native/execute.js';
import type { RootSource } from '../../plan/context.js';
import { encodePlan } from '../../plan/encode.js';
import { teardownPlan } from '../../plan/teardown.js';
import { containerPaths } from '../../storage/paths.js';
import { readConfig } from '../config.js';
import type { EngineContext } from '../context.js';
import { failpoint } from '../failpoint.js';
import type { HeldContainer } from '../held.js';

/**
 * Returns where the root appears on the host. A root directory that is used without an overlay needs no mount: it is
 * its own place.
 */
export function mountPointOf(context: EngineContext, id: string): string {
  const { root } = readConfig(context, id);
  return root.kind === 'directory' && !root.overlay ? root.path : containerPaths(context.directories, id).mountPoint;
}

/** Returns the root where it is mounted already; undefined if it is not mounted. */
export function mountedRoot(held: HeldContainer): RootSource | undefined {
  if (!held.state.mounted || !isMountPoint(held.paths.mountPoint)) return undefined;
  // The layers were shifted when the root was mounted.
  return { kind: 'directory', path: held.paths.mountPoint, mapped: false };
}

/** Unmounts the root, also after a crash during this or during the mounting. Files that are still open stay usable. */
export async function unmountRoot(held: HeldContainer): Promise<void> {
  const { mountPoint } = held.paths;
  await execute(encodePlan(teardownPlan({ id: held.id, cgroup: undefined, unmounts: [mountPoint] })));
  failpoint('unmounted');
  if (statSync(mountPoint, { throwIfNoEntry: false }) !== undefined) rmdirSync(mountPoint);
  held.save({ mounted: false });
}
