/** Reads create options from the command lines of create, run and explain. */
import type { RegistryAccess } from '../../engine/images/types.js';
import type { CreateOptions } from '../../spec/create-options.js';
import { invalid } from '../errors/cli-error.js';
import type { Invocation } from '../command-parts/definition.js';
import type { Context } from '../context.js';
import { applyNetworkMode } from './default-network.js';
import { applyFlags, type Draft } from '../flags/create/draft.js';
import { setRootfs } from '../flags/create/files.js';
import { createFlags, createOnlyFlags } from '../flags/create/all.js';
import { platformText } from '../flags/platform.js';
import { registryAccess } from '../flags/registry.js';
import { isTerminal } from '../../host/is-terminal.js';
import type { Caller } from '../parse/caller.js';
import { checkDescriptors } from '../parse/descriptors.js';

export interface CreateRequest {
  readonly options: CreateOptions;
  /** Whether to remove a container of the same name first. */
  readonly replace: boolean;
  /** Access to registries. */
  readonly registry: RegistryAccess;
  /** Whether to hide the progress of a pull. */
  readonly quiet: boolean;
}

/** Refuses a command line without an image. */
export function checkCreate({ flags, args }: Invocation): void {
  const needed = flags.has('rootfs') && flags.text('rootfs') !== '' ? 0 : 1;
  if (args.length < needed) throw invalid(`requires at least ${needed} arg(s), only received ${args.length}`);
}

/** Reads the create options. Throws CliError for flags that are invalid by themselves; the engine checks the rest. */
export async function readCreateRequest(context: Context, invocation: Invocation): Promise<CreateRequest> {
  const { flags, args, commandLine } = invocation;
  const draft: Draft = { httpProxy: true, log: { driver: 'k8s-file' }, createCommand: commandLine };
  applyFlags([...createFlags, ...createOnlyFlags], flags, { draft, caller: context.caller });
  const isPod = draft.pod?.startsWith('new:') === true;
  if (!(await isNetworkOfPod(context, draft))) await applyNetworkMode(context, draft, { isPod });
  const rest = takeRoot(draft, invocation, context.caller);
  if (rest.length > 0) draft.command = rest;
  // --rmi implies --rm: the image can be removed only after the container.
  if (flags.bool('rmi')) draft.autoRemove = true;
  checkCombination(draft, args);
  checkPassthrough(draft);
  if (flags.has('preserve-fds')) draft.preserveFds = checkDescriptors(flags.number('preserve-fds') ?? 0);
  const { runtime, runtimeFlags } = context.globals;
  if (runtime !== undefined) draft.runtime = runtime;
  if (runtimeFlags !== undefined) draft.runtimeFlags = runtimeFlags;
  const replace = flags.bool('replace');
  if (replace && draft.name === undefined) throw invalid('cannot replace container without --name being set');
  const platform = platformText(flags);
  if (platform !== undefined) draft.platform = platform;
  return { options: draft, replace, registry: registryAccess(flags), quiet: flags.bool('quiet') };
}

/** Whether the container uses the network of its pod: that shares it, and no other network was chosen. */
async function isNetworkOfPod(context: Context, { pod = '', network, networks }: Draft): Promise<boolean> {
  if (pod === '' || pod.startsWith('new:') || network !== undefined || networks !== undefined) return false;
  const { pods } = await context.engine();
  return pods.get(pod).summary().share.includes('net');
}

/** Takes the image, or with a bare --rootfs the directory, from the arguments, and returns the rest: the command. */
function takeRoot(draft: Draft, { flags, args }: Invocation, caller: Caller): readonly string[] {
  if (draft.rootfs !== undefined) return args;
  const [first = '', ...rest] = args;
  if (flags.has('rootfs')) setRootfs(draft, first, caller);
  else draft.image = first;
  return rest;
}

/**
 * Refuses log driver passthrough on a terminal: the container could type into it, and the caller's shell would execute
 * that.
 */
function checkPassthrough({ log }: Draft): void {
  if (log?.driver === 'passthrough' && [0, 1, 2].some(isTerminal))
    throw invalid("the '--log-driver passthrough' option cannot be used on a TTY");
}

function checkCombination(draft: Draft, args: readonly string[]): void {
  if (draft.userns !== undefined && draft.pod !== undefined && !draft.pod.startsWith('new:'))
    throw invalid('--userns and --pod cannot be set together');
  if (draft.autoRemove === true && draft.restart !== undefined && draft.restart.policy !== 'no') {
    throw invalid('the --rm option conflicts with --restart, when the restartPolicy is not "" and "no"');
  }
  const resources = draft.resources ?? {};
  if (resources.cpus !== undefined && resources.cpuPeriodUs !== undefined)
    throw invalid('--cpu-period and --cpus cannot be set together');
  if (resources.cpus !== undefined && resources.cpuQuotaUs !== undefined)
    throw invalid('--cpu-quota and --cpus cannot be set together');
  if (args[0] === '' && draft.rootfs === undefined) throw invalid('the name of the image is empty');
}
