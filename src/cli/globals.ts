/** Reads the global flags. */
import { openSync } from 'node:fs';

import { messageOf } from '../errors.js';
import { CliError, invalid, unsupported } from './errors/cli-error.js';
import type { FlagValues } from './command-parts/flag-values.js';
import type { Caller } from './parse/caller.js';
import { LOG_LEVELS, type Globals, type LogLevel } from './context.js';

/** Reads the global flags. Throws CliError. */
export function readGlobals(flags: FlagValues, resolve: Caller['resolve']): Globals {
  onlyValue(flags, 'storage-driver', 'overlay');
  const manager = flags.text('cgroup-manager');
  if (manager !== undefined && manager !== 'cgroupfs' && manager !== 'systemd') {
    throw invalid('configuring runtime: cgroup manager must be one of cgroupfs and systemd: invalid argument');
  }
  const [root, runRoot, networks] = [flags.text('root'), flags.text('runroot'), flags.text('network-config-dir')];
  return {
    ...(root === undefined ? {} : { root: resolve(root) }),
    ...(manager === undefined ? {} : { cgroupManager: manager }),
    ...(runRoot === undefined ? {} : { runRoot: resolve(runRoot) }),
    ...(networks === undefined ? {} : { networkConfigDir: resolve(networks) }),
    logLevel: flags.bool('debug') ? 'debug' : readLevel(flags.text('log-level') ?? 'warn'),
    eventsBackend: readEventsBackend(flags.text('events-backend') ?? 'file'),
    hooksDirectories: flags.list('hooks-dir').map((path) => resolve(path)),
    ...runtimeOf(flags),
    stdout: openOutput(flags),
  };
}

function runtimeOf(flags: FlagValues): Pick<Globals, 'runtime' | 'runtimeFlags'> {
  const runtime = flags.text('runtime');
  const runtimeFlags = flags.list('runtime-flag');
  return { ...(runtime === undefined ? {} : { runtime }), ...(runtimeFlags.length === 0 ? {} : { runtimeFlags }) };
}

function onlyValue(flags: FlagValues, name: string, value: string): void {
  const given = flags.text(name);
  if (given !== undefined && given !== value) throw unsupported(`--${name} ${given}`, `the only one is ${value}`);
}

function readEventsBackend(name: string): Globals['eventsBackend'] {
  if (name === 'file' || name === 'none') return name;
  if (name === 'journald')
    throw unsupported('--events-backend journald', 'events are written to a file below --runroot');
  throw invalid(`unknown event backend type: "${name}": invalid argument`);
}

/** Reads the log level. A wrong one is the only mistake with exit status 1, as in Podman. */
function readLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text.toLowerCase());
  if (level === undefined) {
    throw new CliError(`Log Level ${JSON.stringify(text)} is not supported, choose from: ${LOG_LEVELS.join(', ')}`, {
      exitCode: 1,
    });
  }
  return level;
}

function openOutput(flags: FlagValues): number | undefined {
  if (flags.bool('noout')) return undefined;
  const file = flags.text('out');
  if (file === undefined) return 1;
  try {
    return openSync(file, 'w');
  } catch (error) {
    throw invalid(`--out: ${messageOf(error)}`);
  }
}
