/** Steps that run OCI hooks, and the state that they read (runtime-spec, "POSIX-platform Hooks" and "State"). */
import { OCI_VERSION } from '../oci/spec.js';
import type { OciHook } from '../oci/spec.js';
import type { PlanBuilder } from './builder.js';
import type { Stage } from './ops.js';

export interface HookState {
  readonly id: string;
  /** The directory of the container's bundle. */
  readonly bundle: string;
  readonly annotations: Readonly<Record<string, string>>;
}

type Status = 'creating' | 'created' | 'running' | 'stopped';

/** Adds the hooks in their order. The monitor puts the pid between the two parts of the state when it is known. */
export function addHooks(
  builder: PlanBuilder,
  hooks: readonly OciHook[] | undefined,
  at: { stage: Stage; status: Status; state: HookState },
): void {
  for (const hook of hooks ?? []) builder.add(at.stage, 'hook', hookOperands(hook, at.status, at.state));
}

/** Adds hooks like addHooks(), but as optional steps: their failure comes too late to change anything. */
export function tryHooks(
  builder: PlanBuilder,
  hooks: readonly OciHook[] | undefined,
  at: { stage: Stage; status: Status; state: HookState },
): void {
  for (const hook of hooks ?? []) builder.try(at.stage, 'hook', hookOperands(hook, at.status, at.state));
}

function hookOperands(hook: OciHook, status: Status, { id, bundle, annotations }: HookState) {
  const before = `{"ociVersion":${JSON.stringify(OCI_VERSION)},"id":${JSON.stringify(id)},"status":"${status}","pid":`;
  const after = `,"bundle":${JSON.stringify(bundle)},"annotations":${JSON.stringify(annotations)}}`;
  return {
    path: hook.path,
    args: hook.args ?? [],
    env: hook.env ?? [],
    timeoutMs: (hook.timeout ?? 0) * 1000,
    stateBefore: Buffer.from(before),
    stateAfter: Buffer.from(after),
  };
}
