/** Who a container's command runs as, where another runtime needs it in numbers: looked up in the layers of its root. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';

import { TspodError } from '../../errors.js';

/** The directories that the root is made of, the one that counts first. */
export type RootLayers = readonly string[];

export interface FoundUser {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary ones, the primary one among them (CVE-2022-2995). */
  readonly groups: readonly number[];
  readonly home: string;
}

/** What is longer is no file of users. */
const MAX_BYTES = 8 * 1024 * 1024;

/** `user` is user[:group], names or numbers; '' is root. Throws NO_SUCH_USER. */
export function lookUpUser(layers: RootLayers, user: string, extraGroups: readonly string[]): FoundUser {
  const [wanted = '', wantedGroup] = user.split(':');
  const passwd = lines(layers, 'passwd');
  const group = lines(layers, 'group');
  const byName = wanted === '' ? ['root', 'x', '0', '0', '', '/root'] : passwd.find(([name]) => name === wanted);
  const entry = isNumber(wanted) ? passwd.find((fields) => fields[2] === wanted) : byName;
  if (entry === undefined && !isNumber(wanted)) throw missing('user', wanted, 'passwd');
  const uid = isNumber(wanted) ? Number(wanted) : id(entry?.[2]);
  const gid = wantedGroup === undefined ? id(entry?.[3]) : groupId(group, wantedGroup);
  // A group that was given takes the place of those that the files name.
  const memberOf =
    wantedGroup === undefined && entry !== undefined
      ? group.filter((fields) => (fields[3] ?? '').split(',').includes(entry[0] ?? '')).map((fields) => id(fields[2]))
      : [];
  const groups = new Set([gid, ...memberOf, ...extraGroups.map((name) => groupId(group, name))]);
  return { uid, gid, groups: [...groups], home: entry?.[5] === undefined || entry[5] === '' ? '/' : entry[5] };
}

function groupId(group: readonly (readonly string[])[], wanted: string): number {
  if (isNumber(wanted)) return Number(wanted);
  const entry = group.find(([name]) => name === wanted);
  if (entry === undefined) throw missing('group', wanted, 'group');
  return id(entry[2]);
}

function missing(kind: string, name: string, file: string): TspodError {
  return new TspodError('NO_SUCH_USER', `unable to find ${kind} ${name}: no matching entries in ${file} file`);
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

/** A line with something else in place of a number counts as root's nowhere: it is passed over before. */
function id(text: string | undefined): number {
  return text === undefined || !isNumber(text) ? 0 : Number(text);
}

/** The lines of a file in /etc with numbers where numbers belong. */
function lines(layers: RootLayers, name: string): readonly (readonly string[])[] {
  for (const layer of layers) {
    const text = readPlainFile(`${layer}/etc`, name);
    if (text === undefined) continue;
    return text
      .split('\n')
      .map((line) => line.split(':'))
      .filter((fields) => isNumber(fields[2] ?? '') && Number(fields[2]) <= 0x7fffffff);
  }
  return [];
}

/** Undefined if the layer has no such file. A link is none: where it leads only the mounted root could tell. */
function readPlainFile(directory: string, name: string): string | undefined {
  let fd;
  try {
    if (!lstatSync(directory).isDirectory()) return undefined;
    fd = openSync(`${directory}/${name}`, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    // A whiteout: a lower layer's file was deleted.
    return (error as NodeJS.ErrnoException).code === 'ENXIO' ? '' : undefined;
  }
  try {
    const { size } = fstatSync(fd);
    if (!fstatSync(fd).isFile() || size > MAX_BYTES) return '';
    const content = Buffer.alloc(size);
    return content.toString('utf8', 0, readSync(fd, content, 0, size, 0));
  } finally {
    closeSync(fd);
  }
}
