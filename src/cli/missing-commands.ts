/** Commands of Podman that tspod does not have, with the reason and an alternative. */
import type { Group } from './command-table.js';

export interface MissingCommand {
  /** Name without `tspod`; its subcommands are missing as well. */
  readonly path: string;
  readonly why: string;
  /** Nearest alternative; '' if there is none. */
  readonly instead: string;
}

const BUILD = {
  why: 'images cannot be built',
  instead: '`tspod load` or `tspod pull` of one that was built elsewhere, or `tspod commit`',
};
const KUBE = {
  why: 'Kubernetes YAML can neither be read nor written',
  instead: '`tspod pod create`, then `tspod run --pod`',
};
const REMOTE = { why: 'there is no remote service', instead: '`ssh HOST tspod`' };
const CHECKPOINT = {
  why: 'containers cannot be checkpointed',
  instead: '`tspod pause` and `tspod unpause`, which keep them in memory',
};
const SIGNATURES = {
  why: 'signatures are neither created nor checked: images that policy.json requires to be signed are refused',
  instead: 'names with a digest',
};

/** The missing commands in alphabetical order. */
export const MISSING_COMMANDS: readonly MissingCommand[] = [
  {
    path: 'auto-update',
    why: 'systemd units of containers are not supported',
    instead: '`tspod run --pull newer --replace`',
  },
  { path: 'build', ...BUILD },
  { path: 'buildx', ...BUILD },
  { path: 'compose', why: 'compose files are not supported', instead: KUBE.instead },
  { path: 'container checkpoint', ...CHECKPOINT },
  { path: 'container restore', ...CHECKPOINT },
  {
    path: 'container runlabel',
    why: 'commands in labels are not run',
    instead: '`tspod image inspect`, which shows the label',
  },
  {
    path: 'generate',
    why: 'neither systemd units nor Kubernetes YAML can be generated',
    instead: 'a unit file of your own that calls `tspod run`',
  },
  { path: 'image build', ...BUILD },
  {
    path: 'image scp',
    why: 'images cannot be copied between machines directly',
    instead: '`tspod save IMAGE | ssh HOST tspod load`',
  },
  { path: 'image sign', ...SIGNATURES },
  { path: 'image trust', ...SIGNATURES },
  { path: 'kube', ...KUBE },
  { path: 'machine', why: 'containers run directly on this machine, not in a virtual machine', instead: '' },
  { path: 'play', ...KUBE },
  { path: 'pod clone', why: 'pods cannot be cloned', instead: '`tspod container clone --pod`, for each container' },
  { path: 'system connection', ...REMOTE },
  { path: 'system migrate', why: 'a new version has nothing to migrate', instead: '' },
  { path: 'system renumber', why: 'there are no numbered locks', instead: '' },
  { path: 'system service', ...REMOTE },
  { path: 'unshare', why: 'it is for rootless containers, which are not supported', instead: 'unshare(1)' },
  { path: 'volume reload', why: 'volumes have one driver, local', instead: '' },
];

export function missingCommand(group: Group, name: string): MissingCommand | undefined {
  const wanted = `${group} ${name}`.trim();
  return MISSING_COMMANDS.find(({ path }) => path === wanted);
}
