/** Compiles the health checks of a container for its monitor. */
import type { OciSpec } from '../../oci/spec.js';
import type { CgroupPlacement, LaunchContext } from '../../plan/context.js';
import type { CheckContext } from '../../plan/health.js';
import type { ContainerConfig } from '../../spec/config.js';
import { execRequest } from '../../spec/exec.js';
import { testCommand, type CheckConfig } from '../../spec/health/health.js';
import { identityOf } from '../../spec/users/identity.js';
import type { EngineContext } from '../context.js';
import { seccompFilter } from '../launch/seccomp-filter.js';

export interface Checked {
  readonly id: string;
  readonly config: ContainerConfig;
  readonly spec: OciSpec;
  readonly cgroup: CgroupPlacement | undefined;
}

/**
 * Returns the checks of a container. A check is an exec without a terminal and with no more rights than the container
 * has.
 */
export function healthOf(context: EngineContext, checked: Checked): Pick<LaunchContext, 'health'> {
  const { id, config, spec, cgroup } = checked;
  const { health } = config;
  const { process } = spec;
  if (health === undefined || process === undefined) return {};
  const facts = context.facts();
  const check = (wanted: CheckConfig, successes: number, graceMs: number): CheckContext => ({
    process: execRequest({ command: testCommand(wanted.test) }, { config, facts, container: process }).process,
    intervalMs: wanted.intervalMs,
    timeoutMs: wanted.timeoutMs,
    failures: wanted.retries,
    successes,
    graceMs,
  });
  const { startup } = health;
  const seccomp = seccompFilter(context, spec);
  return {
    health: {
      regular: check(health, 1, health.startPeriodMs),
      ...(startup === undefined ? {} : { startup: check(startup, startup.successes, 0) }),
      onFailure: health.onFailure,
      stopSignal: config.stopSignal,
      stopTimeoutMs: config.stopTimeoutSec * 1000,
      logEntries: health.maxLogCount,
      outputBytes: health.maxLogBytes,
      join: {
        id,
        cgroup,
        namespaces: (spec.linux?.namespaces ?? []).map(({ type }) => type),
        identity: identityOf(config, facts),
        ...(seccomp === undefined ? {} : { seccomp }),
      },
    },
  };
}
