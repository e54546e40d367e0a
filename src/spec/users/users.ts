/** Checks of `user[:group]`, groups and umask. Names are looked up in the container's own files when it starts. */
import { invalid } from '../../errors.js';
import { quote } from '../checks/quote.js';

/** Highest id. The kernel takes (uid_t)-1 as "no change", and above 2^31-1 some programs see negative numbers. */
const MAX_ID = 0x7fffffff;

/**
 * Names of users and groups, roughly as useradd(8) and most systems allow them: no number, no separator, no control
 * character.
 */
const NAME = /^[a-zA-Z_][a-zA-Z0-9_.@-]*\$?$/;

/**
 * Returns the text if it is USER, USER:GROUP or :GROUP (root with that group), each a name or a number of 0 to 2^31-1.
 * Throws INVALID_ARGUMENT otherwise.
 */
export function checkUser(text: string): string {
  const [user = '', group, ...rest] = text.split(':');
  if (rest.length > 0 || (user === '' && group === undefined)) {
    throw invalid(`user must be USER, USER:GROUP or :GROUP, not ${quote(text)}`);
  }
  if (user !== '') checkPrincipal('user', user, text);
  if (group !== undefined) checkPrincipal('group', group, text);
  return text;
}

/** Returns supplementary groups, names or numbers, if they are valid. Throws INVALID_ARGUMENT otherwise. */
export function checkGroups(groups: readonly string[]): readonly string[] {
  for (const group of groups) {
    if (group === 'keep-groups') throw invalid('group "keep-groups" is for containers of users other than root only');
    checkPrincipal('group', group, group);
  }
  return [...groups];
}

/**
 * Throws INVALID_ARGUMENT for an invalid user or group. A text of digits must be a number in range: it is never looked
 * up as a name (CVE-2024-40635).
 */
function checkPrincipal(what: string, part: string, whole: string): void {
  if (/^\d+$/.test(part)) {
    if (part.length > 1 && part.startsWith('0')) throw invalid(`${what} number must not begin with 0: ${quote(whole)}`);
    if (part.length > 10 || Number(part) > MAX_ID)
      throw invalid(`${what} number must be 0 to ${MAX_ID}: ${quote(whole)}`);
    return;
  }
  if (part.length > 256 || !NAME.test(part)) throw invalid(`invalid ${what} ${quote(whole)}`);
}

/** Whether the user is certain to be root: only then does it hold capabilities that were not added by name. */
export function isRootUser(user: string): boolean {
  const name = user.split(':', 1)[0] ?? '';
  return name === '' || name === '0' || name === 'root';
}

/** Returns the ids of a user that is given by numbers only; undefined if something has to be looked up. */
export function numericUser(user: string): { readonly uid: number; readonly gid: number } | undefined {
  const [uid = '', gid] = user === '' ? ['0', '0'] : user.split(':');
  if (!/^\d+$/.test(uid) || gid === undefined || !/^\d+$/.test(gid)) return undefined;
  return { uid: Number(uid), gid: Number(gid) };
}

/** Parses an octal umask of 0 to 0777. */
export function parseUmask(text: string): number {
  if (/^0?o?[0-7]{1,3}$/.test(text) || /^0[0-7]{3}$/.test(text)) return Number.parseInt(text.replace('o', ''), 8);
  throw invalid(`umask must be an octal number of 0000 to 0777, not ${quote(text)}`);
}
