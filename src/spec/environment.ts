/** Environment variables of the container's first process. */
import { invalid } from '../errors.js';
import type { HostFacts } from '../host/facts.js';
import type { CreateOptions } from './create-options.js';
import { quote } from './checks/quote.js';
import { defined } from '../util/defined.js';

/** Default PATH: Podman's value, in Debian's order, local programs first. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Size limit of all variables, in bytes: what execve(2) takes with the usual stack limit, less room for the arguments.
 */
const MAX_ENVIRONMENT_BYTES = 1536 * 1024;

type EnvironmentOptions = Pick<CreateOptions, 'env' | 'envMerge' | 'unsetEnv' | 'unsetEnvAll' | 'httpProxy' | 'tty'>;

export interface Environment {
  readonly env: Readonly<Record<string, string>>;
  /** Whether HOSTNAME is added when the host name is known. */
  readonly hostnameEnv: boolean;
}

/**
 * Returns the environment: defaults (PATH, container, with a terminal TERM), the caller's proxy settings if requested,
 * the image's variables, then the user's. `unsetEnv` removes defaults, never what the user set. `unsetEnvAll` keeps
 * HOSTNAME, as with Podman.
 */
export function normalizeEnvironment(
  options: EnvironmentOptions,
  facts: Pick<HostFacts, 'proxyVariables'>,
  image: Readonly<Record<string, string>> = {},
): Environment {
  const given = withoutUndefined(options.env ?? {});
  checkNames({ ...given, ...options.envMerge });
  const proxies = options.httpProxy === true ? facts.proxyVariables : {};
  const defaults: Record<string, string> = { PATH: DEFAULT_PATH, container: 'tspod', ...proxies };
  if (options.tty === true) defaults['TERM'] = 'xterm';
  Object.assign(defaults, image);
  const unset = new Set(options.unsetEnvAll === true ? Object.keys(defaults) : options.unsetEnv);
  for (const name of unset) delete defaults[name];
  const env = merged({ ...defaults, ...given }, options.envMerge ?? {});
  checkEnvironmentSize(env);
  return { env, hostnameEnv: !unset.has('HOSTNAME') && !Object.hasOwn(given, 'HOSTNAME') };
}

/** Returns the variables with some added or changed, and others removed. */
export function changeEnvironment(
  env: Readonly<Record<string, string>>,
  { set: given = {}, unset = [] }: { readonly set?: CreateOptions['env']; readonly unset?: readonly string[] },
): Readonly<Record<string, string>> {
  const set = withoutUndefined(given);
  checkNames(set);
  const changed = Object.fromEntries(
    Object.entries({ ...env, ...set }).filter(([name]) => Object.hasOwn(set, name) || !unset.includes(name)),
  );
  checkEnvironmentSize(changed);
  return changed;
}

/** Removes variables whose value is undefined, so that a caller can pass process.env with some of them unset. */
export function withoutUndefined(env: NonNullable<CreateOptions['env']>): Readonly<Record<string, string>> {
  return defined(env) as Readonly<Record<string, string>>;
}

function checkNames(env: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(env)) {
    if (!/^[^=\0]+$/.test(name)) throw invalid(`invalid name of an environment variable: ${quote(name)}`);
  }
}

/** Adds variables whose values refer to others. An unknown variable expands to nothing, as in a shell. */
function merged(
  env: Readonly<Record<string, string>>,
  templates: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const known = new Map(Object.entries(env));
  const expand = (text: string): string =>
    text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced: string | undefined, bare: string | undefined) => {
      return known.get(braced ?? bare ?? '') ?? '';
    });
  const added = Object.entries(templates).map(([name, text]) => [name, expand(text)] as const);
  return added.length === 0 ? env : { ...env, ...Object.fromEntries(added) };
}

/** Throws INVALID_ARGUMENT if the environment is larger than a program can be started with. */
export function checkEnvironmentSize(env: Readonly<Record<string, string>>): void {
  let bytes = 0;
  for (const [name, value] of Object.entries(env)) bytes += name.length + value.length + 2;
  if (bytes > MAX_ENVIRONMENT_BYTES)
    throw invalid(`the environment is ${bytes} bytes, at most ${MAX_ENVIRONMENT_BYTES} are allowed`);
}

/** Returns the variables as KEY=value items. */
export function environmentItems(env: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}
