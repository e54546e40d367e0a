/** Reads pod options from the command line of pod create. */

import {
  DEFAULT_SHARE,
  EXIT_POLICIES,
  POD_NAMESPACES,
  type PodCreateOptions,
  type PodNamespace,
} from '../../spec/pod/pod-options.js';
import { invalid } from '../errors/cli-error.js';
import type { Invocation } from '../command-parts/definition.js';
import type { FlagValues } from '../command-parts/flag-values.js';
import type { Context } from '../context.js';
import type { Caller } from '../parse/caller.js';
import { applyNetworkMode } from './default-network.js';
import { applyFlags, type Draft } from '../flags/create/draft.js';
import { podSharedFlags } from '../flags/create/pod.js';
import { parseEntrypoint } from '../flags/create/process.js';

/** Reads the options of a pod. Throws CliError for flags that are invalid by themselves; the engine checks the rest. */
export async function readPodOptions(context: Context, { flags, commandLine }: Invocation): Promise<PodCreateOptions> {
  const draft: Draft = {};
  applyFlags(podSharedFlags, flags, { draft, caller: context.caller });
  const own = readOwnOptions(flags, context.caller);
  const { infra = true, share = infra ? DEFAULT_SHARE : [] } = own;
  const isOnNetworks = draft.network !== undefined || draft.networks !== undefined;
  if (infra && (isOnNetworks || share.includes('net'))) await applyNetworkMode(context, draft, { isPod: true });
  // The options that these flags set have the same names for pods.
  return { ...draft, ...own, createCommand: commandLine };
}

/** Reads the options of the pod itself. */
function readOwnOptions(flags: FlagValues, caller: Caller): PodCreateOptions {
  const share = flags.has('share') ? parseShare(flags.text('share') ?? '') : undefined;
  // If nothing is shared, no infra container is needed to keep it, unless --infra asks for one.
  const infra = flags.has('infra') ? flags.bool('infra') : share === undefined || share.length > 0;
  const monitorPidFile = flags.text('infra-conmon-pidfile') ?? '';
  const texts = {
    exitPolicy: readExitPolicy(flags.text('exit-policy')),
    infraCommand: flags.has('infra-command') ? parseEntrypoint(flags.text('infra-command') ?? '') : undefined,
    infraImage: flags.text('infra-image'),
    infraMonitorPidFile: monitorPidFile === '' ? undefined : caller.resolve(monitorPidFile),
    infraName: flags.text('infra-name'),
    share,
    shareParent: flags.has('share-parent') ? flags.bool('share-parent') : undefined,
  };
  const given = Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined && value !== ''));
  return { ...given, infra };
}

function readExitPolicy(text: string | undefined): PodCreateOptions['exitPolicy'] {
  if (text === undefined || text === '') return undefined;
  const policy = EXIT_POLICIES.find((known) => known === text);
  if (policy === undefined)
    throw invalid(`running pod create option: invalid pod exit policy: ${JSON.stringify(text)}`);
  return policy;
}

/** Parses --share: names separated by commas, or `none`; a leading + adds the names to the default. */
export function parseShare(text: string): readonly PodNamespace[] {
  const beside = text.startsWith('+');
  const names = (beside ? text.slice(1) : text).split(',').filter((name) => name !== '' && name !== 'none');
  const share = names.map((name) => {
    if (isNamespace(name)) return name;
    throw invalid(`invalid kernel namespace to share: ${name}. Options are: cgroup, ipc, net, pid, uts or none`);
  });
  return [...new Set([...(beside ? DEFAULT_SHARE : []), ...share])];
}

function isNamespace(name: string): name is PodNamespace {
  return Object.hasOwn(POD_NAMESPACES, name);
}
