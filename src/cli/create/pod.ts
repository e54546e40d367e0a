/** From the command line of pod create to the options of a pod. */
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
import { applyNetworkMode } from './default-network.js';
import { applyFlags, type Draft } from '../flags/create/draft.js';
import { podSharedFlags } from '../flags/create/pod.js';
import { parseEntrypoint } from '../flags/create/process.js';

/** Throws CliError for what makes no sense by itself; the engine checks the rest. */
export async function readPodOptions(context: Context, { flags, commandLine }: Invocation): Promise<PodCreateOptions> {
  const draft: Draft = {};
  applyFlags(podSharedFlags, flags, { draft, caller: context.caller });
  const own = readOwnOptions(flags);
  const { infra = true, share = infra ? DEFAULT_SHARE : [] } = own;
  const isOnNetworks = draft.network !== undefined || draft.networks !== undefined;
  if (infra && (isOnNetworks || share.includes('net'))) await applyNetworkMode(context, draft, { isPod: true });
  // what these flags set are options that a pod has under the same names
  return { ...draft, ...own, createCommand: commandLine };
}

/** Of the pod itself. */
function readOwnOptions(flags: FlagValues): PodCreateOptions {
  const share = flags.has('share') ? parseShare(flags.text('share') ?? '') : undefined;
  // nothing is shared: nobody is needed to keep it, unless that is asked for
  const infra = flags.has('infra') ? flags.bool('infra') : share === undefined || share.length > 0;
  const texts = {
    exitPolicy: readExitPolicy(flags.text('exit-policy')),
    infraCommand: flags.has('infra-command') ? parseEntrypoint(flags.text('infra-command') ?? '') : undefined,
    infraImage: flags.text('infra-image'),
    infraMonitorPidFile: flags.text('infra-conmon-pidfile'),
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

/** Names with commas, or `none`; with + in front of the first, beside the default. */
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
