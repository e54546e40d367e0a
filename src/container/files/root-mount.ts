/** The mount of a container's root on the host, which mount() makes: whether it is there, and its end. */
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

/** A root directory that is used as it is needs no mount: it is where it is. */
export function mountPointOf(context: EngineContext, id: string): string {
  const { root } = readConfig(context, id);
  return root.kind === 'directory' && !root.overlay ? root.path : containerPaths(context.directories, id).mountPoint;
}

/** The root where it is mounted already; undefined where it is not. */
export function mountedRoot(held: HeldContainer): RootSource | undefined {
  if (!held.state.mounted || !isMountPoint(held.paths.mountPoint)) return undefined;
  // Its layers were shifted when it was mounted.
  return { kind: 'directory', path: held.paths.mountPoint, mapped: false };
}

/** Also after a crash in the middle of it, or of the mounting. Who uses it still keeps what is open. */
export async function unmountRoot(held: HeldContainer): Promise<void> {
  const { mountPoint } = held.paths;
  await execute(encodePlan(teardownPlan({ id: held.id, cgroup: undefined, unmounts: [mountPoint] })));
  failpoint('unmounted');
  if (statSync(mountPoint, { throwIfNoEntry: false }) !== undefined) rmdirSync(mountPoint);
  held.save({ mounted: false });
}
