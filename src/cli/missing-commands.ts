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
  why: 'images are not built yet',
  instead: '`tspod load` or `tspod pull` of one that was built elsewhere, or `tspod commit`',
};
const KUBE = {
  why: 'definitions for Kubernetes are neither read nor written',
  instead: '`tspod pod create`, then `tspod run --pod`',
};
const REMOTE = { why: 'there is no remote service', instead: '`ssh HOST tspod`' };
const CHECKPOINT = {
  why: 'processes are not written to files',
  instead: '`tspod pause` and `tspod unpause`, which keep them in memory',
};
const SIGNATURES = {
  why: 'signatures are neither made nor looked at: what policy.json wants signed is refused',
  instead: 'names with a digest',
};

/** The missing commands in alphabetical order. */
export const MISSING_COMMANDS: readonly MissingCommand[] = [
  { path: 'auto-update', why: 'no units of systemd are known', instead: '`tspod run --pull newer --replace`' },
  { path: 'build', ...BUILD },
  { path: 'buildx', ...BUILD },
  { path: 'compose', why: 'compose files are not read', instead: KUBE.instead },
  { path: 'container checkpoint', ...CHECKPOINT },
  { path: 'container restore', ...CHECKPOINT },
  { path: 'container runlabel', why: 'labels are not run', instead: '`tspod image inspect`, which shows the label' },
  {
    path: 'generate',
    why: 'neither units of systemd nor definitions for Kubernetes are written',
    instead: 'a unit of your own that calls `tspod run`',
  },
  { path: 'image build', ...BUILD },
  {
    path: 'image scp',
    why: 'images are not copied between machines',
    instead: '`tspod save IMAGE | ssh HOST tspod load`',
  },
  { path: 'image sign', ...SIGNATURES },
  { path: 'image trust', ...SIGNATURES },
  { path: 'kube', ...KUBE },
  { path: 'machine', why: 'containers run on this machine, not on a virtual one', instead: '' },
  { path: 'play', ...KUBE },
  { path: 'pod clone', why: 'pods are not copied', instead: '`tspod container clone --pod`, for each container' },
  { path: 'system connection', ...REMOTE },
  { path: 'system migrate', why: 'a new version has nothing to migrate', instead: '' },
  { path: 'system renumber', why: 'there are no numbered locks', instead: '' },
  { path: 'system service', ...REMOTE },
  { path: 'unshare', why: 'it is for users other than root, who cannot make containers yet', instead: 'unshare(1)' },
  { path: 'volume reload', why: 'volumes have one driver, local', instead: '' },
];

export function missingCommand(group: Group, name: string): MissingCommand | undefined {
  const wanted = `${group} ${name}`.trim();
  return MISSING_COMMANDS.find(({ path }) => path === wanted);
}
