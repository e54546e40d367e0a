/** Turns exec options into the process that joins a running container. */
import { invalid } from '../errors.js';
import type { HostFacts } from '../host/facts.js';
import type { OciProcess } from '../oci/spec.js';
import { CAPABILITIES } from '../util/capabilities.js';
import { cleanPath } from '../util/paths.js';
import { boundingCapabilities, capabilitySets } from './confinement/capabilities.js';
import type { ContainerConfig } from './config.js';
import type { ExecOptions } from './create-options.js';
import { checkEnvironmentSize, environmentItems, withoutUndefined } from './environment.js';
import { identityOf } from './users/identity.js';
import type { Identity } from './users/identity.js';
import { checkAbsolutePath } from './checks/names.js';
import { checkInteger, checkTimeoutMs } from './checks/numbers.js';
import { checkExecOptions } from './option-shapes.js';
import { quote } from './checks/quote.js';
import { checkUser } from './users/users.js';

const MAX_FDS = 256;

export interface ExecRequest {
  readonly process: OciProcess;
  readonly identity: Identity;
  readonly tty: boolean;
  readonly interactive: boolean;
  readonly preserveFds: number;
  /** Descriptors of the caller that the command gets under the same numbers. */
  readonly preserveFd: readonly number[];
  /** Time limit of the command, in ms; 0: no limit. */
  readonly timeoutMs: number;
}

export interface ExecDetails {
  readonly config: ContainerConfig;
  readonly facts: HostFacts;
  /** The process of the container's spec, which supplies what the options leave out. */
  readonly container: OciProcess;
  /** Environment variables that are secrets. @default none */
  readonly secretEnv?: Readonly<Record<string, string>>;
}

/**
 * Returns the process of an exec: it has the container's environment, user and directory unless the options say
 * otherwise, and never more capabilities than the container, except with `privileged`. Capabilities that were added by
 * name are for the container's user: another user (root apart) holds none. Throws TypeError for misuse,
 * INVALID_ARGUMENT for invalid values.
 */
export function execRequest(options: ExecOptions, details: ExecDetails): ExecRequest {
  const { config, facts, container, secretEnv = {} } = details;
  checkExecOptions(options);
  if (options.command.length === 0) throw invalid('exec requires a command');
  const user = options.user === undefined ? config.user : checkUser(options.user);
  const privileged = options.privileged ?? false;
  const effective = { ...config, user, capAdd: user === config.user ? config.capAdd : [] };
  const bounding = privileged ? givenCapabilities(facts) : boundingCapabilities(config, facts);
  return {
    process: {
      ...container,
      terminal: options.tty ?? false,
      args: options.command,
      env: mergeEnvironment(container.env ?? [], secretEnv, options),
      cwd: options.workdir === undefined ? container.cwd : cleanPath(checkAbsolutePath('workdir', options.workdir)),
      capabilities: capabilitySets(effective, bounding),
    },
    identity: identityOf(effective, facts),
    tty: options.tty ?? false,
    interactive: options.interactive ?? false,
    preserveFds: checkInteger('preserveFds', options.preserveFds ?? 0, { min: 0, max: MAX_FDS }),
    preserveFd: checkFds(options.preserveFd ?? []),
    timeoutMs: checkTimeoutMs(options.timeoutMs),
  };
}

/** Returns the descriptors if they are valid. 0 to 2 are the standard streams, which have options of their own. */
function checkFds(fds: readonly number[]): readonly number[] {
  if (fds.length > MAX_FDS) throw invalid(`preserveFd: at most ${String(MAX_FDS)} descriptors`);
  return fds.map((fd) => checkInteger('preserveFd', fd, { min: 3, max: 2 ** 20 }));
}

function givenCapabilities(facts: Pick<HostFacts, 'boundingCapabilities'>): readonly string[] {
  return CAPABILITIES.filter((name) => facts.boundingCapabilities.has(name));
}

function mergeEnvironment(
  items: readonly string[],
  secrets: Readonly<Record<string, string>>,
  options: ExecOptions,
): readonly string[] {
  const merged: Record<string, string> = Object.fromEntries(
    items.map((item) => [item.slice(0, item.indexOf('=')), item.slice(item.indexOf('=') + 1)]),
  );
  Object.assign(merged, secrets);
  if (options.tty === true && !Object.hasOwn(merged, 'TERM')) merged['TERM'] = 'xterm';
  for (const [name, value] of Object.entries(withoutUndefined(options.env ?? {}))) {
    if (!/^[^=]+$/.test(name)) throw invalid(`invalid name of an environment variable: ${quote(name)}`);
    merged[name] = value;
  }
  checkEnvironmentSize(merged);
  return environmentItems(merged);
}
