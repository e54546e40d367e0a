/** Columns of top: AIX format descriptors of ps(1), and those that Podman adds. */
import type { ContainerProcessInfo } from '../../container/api/stats.js';
import { CAPABILITIES } from '../../util/capabilities.js';
import { goDuration } from '../format/go-duration.js';
import { goString } from '../format/print.js';

export interface TopColumn {
  readonly name: string;
  /** Short form, such as %C. */
  readonly code?: string;
  readonly heading: string;
  readonly cell: (process: ContainerProcessInfo) => string;
}

const NS_PER_MS = 1e6;

export const DEFAULT_TOP = ['user', 'pid', 'ppid', 'pcpu', 'etime', 'tty', 'time', 'args'] as const;

export const TOP_COLUMNS: readonly TopColumn[] = [
  { name: 'args', code: '%a', heading: 'COMMAND', cell: argsText },
  { name: 'capamb', heading: 'AMBIENT CAPS', cell: ({ capabilities }) => capabilityText(capabilities.ambient) },
  { name: 'capbnd', heading: 'BOUNDING CAPS', cell: ({ capabilities }) => capabilityText(capabilities.bounding) },
  { name: 'capeff', heading: 'EFFECTIVE CAPS', cell: ({ capabilities }) => capabilityText(capabilities.effective) },
  { name: 'capinh', heading: 'INHERITED CAPS', cell: ({ capabilities }) => capabilityText(capabilities.inheritable) },
  { name: 'capprm', heading: 'PERMITTED CAPS', cell: ({ capabilities }) => capabilityText(capabilities.permitted) },
  { name: 'comm', code: '%c', heading: 'COMMAND', cell: ({ name }) => name },
  { name: 'etime', code: '%t', heading: 'ELAPSED', cell: ({ elapsedMs }) => goDuration(elapsedMs * NS_PER_MS) },
  { name: 'group', code: '%G', heading: 'GROUP', cell: ({ group }) => group },
  { name: 'groups', heading: 'GROUPS', cell: ({ groups }) => groups.join(',') },
  { name: 'hgroup', heading: 'HGROUP', cell: ({ host }) => host.group },
  { name: 'hgroups', heading: 'HGROUPS', cell: ({ host }) => host.groups.join(',') },
  { name: 'hpid', heading: 'HPID', cell: ({ host }) => String(host.pid) },
  { name: 'huid', heading: 'HUID', cell: ({ host }) => String(host.uid) },
  { name: 'huser', heading: 'HUSER', cell: ({ host }) => host.user },
  { name: 'label', heading: 'LABEL', cell: ({ label }) => label ?? '?' },
  { name: 'nice', code: '%n', heading: 'NI', cell: ({ nice }) => String(nice) },
  { name: 'pcpu', code: '%C', heading: '%CPU', cell: ({ cpuPercent }) => cpuPercent.toFixed(3) },
  { name: 'pgid', code: '%r', heading: 'PGID', cell: ({ processGroup }) => String(processGroup) },
  { name: 'pid', code: '%p', heading: 'PID', cell: ({ pid }) => String(pid) },
  { name: 'ppid', code: '%P', heading: 'PPID', cell: ({ parentPid }) => String(parentPid) },
  { name: 'rgroup', code: '%g', heading: 'RGROUP', cell: ({ realGroup }) => realGroup },
  { name: 'rss', heading: 'RSS', cell: ({ residentBytes }) => kibibytes(residentBytes) },
  { name: 'ruser', code: '%u', heading: 'RUSER', cell: ({ realUser }) => realUser },
  { name: 'seccomp', heading: 'SECCOMP', cell: ({ seccomp }) => seccomp },
  { name: 'state', heading: 'STATE', cell: ({ state }) => state },
  { name: 'stime', heading: 'STIME', cell: startText },
  { name: 'time', code: '%x', heading: 'TIME', cell: ({ cpuMs }) => goDuration(Math.floor(cpuMs / 1000) * 1e9) },
  { name: 'tty', code: '%y', heading: 'TTY', cell: ({ terminal }) => terminal ?? '?' },
  { name: 'uid', heading: 'UID', cell: ({ uid }) => String(uid) },
  { name: 'user', code: '%U', heading: 'USER', cell: ({ user }) => user },
  { name: 'vsz', code: '%z', heading: 'VSZ', cell: ({ virtualBytes }) => kibibytes(virtualBytes) },
];

/** Finds the columns of descriptors; undefined if a word is none, since all words are then arguments for ps(1). */
export function findColumns(words: readonly string[]): readonly TopColumn[] | undefined {
  const names = words.flatMap((word) => word.split(',')).map((word) => word.trim());
  const found = names.map((name) => TOP_COLUMNS.find((column) => column.name === name || column.code === name));
  return found.every((column) => column !== undefined) ? found : undefined;
}

/** Returns the command line of a process, or its name in brackets if it has none, as a zombie. */
function argsText({ args, name }: ContainerProcessInfo): string {
  // A title that a process has set itself may end with spaces.
  return args.length === 0 ? `[${name}]` : args.join(' ').trimEnd();
}

function capabilityText(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  if (names.length === CAPABILITIES.length) return 'full';
  return names
    .map((name) => name.replace(/^CAP_/, ''))
    .sort()
    .join(',');
}

function kibibytes(bytes: number): string {
  return String(Math.floor(bytes / 1024));
}

function startText({ startedAt }: ContainerProcessInfo): string {
  return goString({ kind: 'time', text: `${startedAt.toISOString().slice(0, 19)}Z` });
}
