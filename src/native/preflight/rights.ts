/** Checks of the rights of this process: capabilities and resource limits. */
import { CAPABILITIES } from '../../util/capabilities.js';
import type { Capability } from '../../util/capabilities.js';
import { found, lacking } from './check.js';
import type { PreflightCheck } from './check.js';
import { effectiveCapabilities, readSmall } from './proc.js';

/** Capabilities that the engine needs for containers of root; others are only passed on to them. */
const NEEDED: readonly Capability[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_KILL',
  'CAP_MKNOD',
  'CAP_NET_ADMIN',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
  'CAP_SYS_ADMIN',
  'CAP_SYS_CHROOT',
];

const WITHOUT: Partial<Readonly<Record<Capability, string>>> = {
  CAP_SYS_RESOURCE:
    'limits cannot be raised and oom_score_adj cannot be lowered: defaults adapt, explicit requests fail',
  CAP_SYS_PTRACE: 'containers of other users cannot be looked into',
};

/** Sufficient limit of open files: a container's monitor, its streams and its log take about ten descriptors. */
const COMFORTABLE_FILES = 1024;

export function checkCapabilities(privileged: boolean): PreflightCheck[] {
  if (!privileged) {
    const detail = `running as user ${String(process.geteuid?.())}`;
    return [lacking('root', true, { detail, remedy: 'run as root (sudo): rootless containers are not supported yet' })];
  }
  const mask = effectiveCapabilities();
  const has = (name: Capability) => ((mask >> BigInt(CAPABILITIES.indexOf(name))) & 1n) === 1n;
  const remedy = 'run with it (in a container: --cap-add, or --privileged)';
  const needed = NEEDED.map((name) =>
    has(name)
      ? found(`capability ${name}`, true, 'effective')
      : lacking(`capability ${name}`, true, { detail: 'not effective', remedy }),
  );
  const useful = (Object.entries(WITHOUT) as [Capability, string][]).map(([name, detail]) =>
    has(name)
      ? found(`capability ${name}`, false, 'effective')
      : lacking(`capability ${name}`, false, { detail, remedy }),
  );
  return [...needed, ...useful];
}

export function checkLimits(): PreflightCheck[] {
  const limits = readSmall('/proc/self/limits') ?? '';
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  const name = 'limit nofile';
  if (soft === undefined) return [];
  if (soft === 'unlimited' || Number(soft) >= COMFORTABLE_FILES) return [found(name, false, `${soft} open files`)];
  const detail = `only ${soft} open files: fewer than a hundred containers at once`;
  return [lacking(name, false, { detail, remedy: `ulimit -n ${COMFORTABLE_FILES}, or LimitNOFILE= of the service` })];
}
