/**
 * Looks up "user[:group]" in the text of a root's /etc/passwd and /etc/group, for decisions that are made outside the
 * container.
 */
import { TspodError } from '../../errors.js';

export interface AccountFiles {
  /** Text of /etc/passwd; '' if there is none. */
  readonly passwd: string;
  /** Text of /etc/group; '' if there is none. */
  readonly group: string;
}

export interface Account {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, with the primary group among them (CVE-2022-2995). */
  readonly groups: readonly number[];
  readonly home: string;
}

/**
 * Looks up an account. `user` is user[:group], names or numbers; '' is root. A number is never looked up as a name
 * (CVE-2016-3697). Throws NO_SUCH_USER.
 */
export function lookUpAccount(files: AccountFiles, user: string, extraGroups: readonly string[] = []): Account {
  const [wanted = '', wantedGroup] = user.split(':');
  const passwd = entries(files.passwd);
  const group = entries(files.group);
  const byName = wanted === '' ? ['root', 'x', '0', '0', '', '/root'] : passwd.find(([name]) => name === wanted);
  const entry = isNumber(wanted) ? passwd.find((fields) => fields[2] === wanted) : byName;
  if (entry === undefined && !isNumber(wanted)) throw missing('user', wanted, 'passwd');
  const uid = isNumber(wanted) ? Number(wanted) : id(entry?.[2]);
  const gid = wantedGroup === undefined ? id(entry?.[3]) : groupId(group, wantedGroup);
  // A group that was given replaces those that the files list for the user.
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

/** Returns an id from a file; 0 if it is missing or no number, as for a user without a line. */
function id(text: string | undefined): number {
  return text === undefined || !isNumber(text) ? 0 : Number(text);
}

/** Returns the fields of the lines whose third field is a valid id. */
function entries(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => isNumber(fields[2] ?? '') && Number(fields[2]) <= 0x7fffffff);
}
