/** Creation of namespaces. */
import { TspodError } from '../errors.js';
import { requireArray } from './arguments.js';
import { binding } from './binding.js';
import { setPropagation } from './mounts.js';
import { holdNamespace, requireKind } from './namespace-handle.js';
import type { NamespaceHandle } from './namespace-handle.js';
import { CLONE_FLAGS } from './namespace-kinds.js';
import type { NamespaceKind } from './namespace-kinds.js';
import { unwrap } from './native-error.js';
import { requireOptions, type OptionsOf } from './options.js';

/** A range of ids of a user namespace: `size` ids from `inside` on are mapped to those from `outside` on. */
export interface IdRange {
  /** First id inside the namespace. */
  readonly inside: number;
  /** First id outside the namespace. */
  readonly outside: number;
  /** Number of ids. */
  readonly size: number;
}

export interface CreateNamespaceOptions {
  /** User namespaces: map of user ids. @default the effective user is 0 inside, and no other user is mapped */
  readonly uidMap?: readonly IdRange[];
  /** User namespaces: map of group ids. @default the effective group is 0 inside */
  readonly gidMap?: readonly IdRange[];
  /** Time namespaces: whole seconds by which CLOCK_MONOTONIC differs inside. @default 0 */
  readonly monotonicOffsetSeconds?: number;
  /** Time namespaces: whole seconds by which CLOCK_BOOTTIME differs inside. @default 0 */
  readonly boottimeOffsetSeconds?: number;
}

const OPTIONS: OptionsOf<CreateNamespaceOptions> = {
  uidMap: 'any',
  gidMap: 'any',
  monotonicOffsetSeconds: 'any',
  boottimeOffsetSeconds: 'any',
};

const KIND_OF_OPTION: Readonly<Record<keyof CreateNamespaceOptions, NamespaceKind>> = {
  uidMap: 'user',
  gidMap: 'user',
  monotonicOffsetSeconds: 'time',
  boottimeOffsetSeconds: 'time',
};

/** Highest number of lines in a map that the kernel takes (user_namespaces(7)). */
const MAX_ID_RANGES = 340;
const MAX_ID = 0xffffffff;

/**
 * Makes a namespace and holds it. A mount namespace begins as a copy of this process's, with all its mounts private.
 *
 * TspodError NOT_SUPPORTED for `pid`: such a namespace lives as long as its first process (see runInNamespaces()).
 * NativeError EPERM without the right to make one, ENOSPC at the limit of /proc/sys/user, EINVAL if the kernel lacks
 * the kind, and for ranges that overlap, go beyond the last id or take a page of text (4 KiB), ERANGE for an offset
 * that would put a clock before 0 or after some hundred years. TypeError for another kind, more than 340 ranges,
 * offsets that are no whole numbers, or an option of another kind of namespace.
 */
export async function createNamespace(
  kind: NamespaceKind,
  options: CreateNamespaceOptions = {},
): Promise<NamespaceHandle> {
  requireKind(kind);
  requireOptions('createNamespace options', options, OPTIONS);
  if (kind === 'pid') {
    throw new TspodError(
      'NOT_SUPPORTED',
      'a pid namespace cannot be kept without a process: start one with runInNamespaces({ namespaces: { pid: "new" }, ... })',
    );
  }
  requireFitting(kind, options);
  if (kind === 'user') return createUserNamespace(options);
  const offsets = kind === 'time' ? timeOffsets(options) : '';
  // The process that makes a time namespace does not enter it: only its children do.
  const name = kind === 'time' ? 'time_for_children' : kind;
  const handle = holdNamespace(kind, unwrap(await binding().createNamespace(CLONE_FLAGS[kind], name, offsets)));
  try {
    if (kind === 'mnt') await setPropagation('/', 'private', { recursive: true, inside: { mnt: handle } });
    return handle;
  } catch (error) {
    handle.close();
    throw error;
  }
}

/** Throws TypeError for an option of another kind of namespace, which would have no effect. */
function requireFitting(kind: NamespaceKind, options: CreateNamespaceOptions): void {
  for (const name of Object.keys(KIND_OF_OPTION) as (keyof CreateNamespaceOptions)[]) {
    const owner = KIND_OF_OPTION[name];
    if (options[name] !== undefined && owner !== kind) throw new TypeError(`"${name}" is for ${owner} namespaces`);
  }
}

async function createUserNamespace(options: CreateNamespaceOptions): Promise<NamespaceHandle> {
  const uid = process.geteuid?.() ?? 0;
  const gid = process.getegid?.() ?? 0;
  const uidMap = idLines(options.uidMap ?? [{ inside: 0, outside: uid, size: 1 }]);
  const gidMap = idLines(options.gidMap ?? [{ inside: 0, outside: gid, size: 1 }]);
  // Without privilege the kernel takes a group map only from a process that has given up setgroups(2).
  const fd = unwrap(await binding().createUserNamespace(uidMap, gidMap, uid !== 0));
  return holdNamespace('user', fd);
}

/**
 * Returns ranges as lines of /proc/PID/uid_map. TypeError for more ranges than the kernel takes, or an invalid range.
 */
export function idLines(ranges: readonly IdRange[]): string {
  requireArray(ranges, 'an array of id ranges');
  if (ranges.length > MAX_ID_RANGES) throw new TypeError(`${ranges.length} id ranges, at most ${MAX_ID_RANGES}`);
  for (const range of ranges) requireIdRange(range);
  return ranges.map(({ inside, outside, size }) => `${inside} ${outside} ${size}\n`).join('');
}

function requireIdRange({ inside, outside, size }: IdRange): void {
  const valid = [inside, outside, size].every((number) => Number.isInteger(number) && number >= 0 && number <= MAX_ID);
  if (!valid || size === 0) throw new TypeError(`not an id range: ${inside} ${outside} ${size}`);
}

function timeOffsets(options: CreateNamespaceOptions): string {
  const offsets = [
    ['monotonic', options.monotonicOffsetSeconds],
    ['boottime', options.boottimeOffsetSeconds],
  ] as const;
  return offsets
    .filter(([, seconds]) => seconds !== undefined)
    .map(([clock, seconds]) => {
      if (!Number.isSafeInteger(seconds)) throw new TypeError(`not a whole number of seconds: ${seconds}`);
      return `${clock} ${seconds} 0\n`;
    })
    .join('');
}
