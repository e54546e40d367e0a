/** Users of this machine, from /etc/passwd. */
import { readFileSync } from 'node:fs';

export interface HostUser {
  readonly name: string;
  readonly uid: string;
  readonly gid: string;
  /** Full name of the person. */
  readonly fullName: string;
}

/** Returns the user with this name or number; undefined if there is none. */
export function findHostUser(nameOrUid: string): HostUser | undefined {
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name = '', , uid = '', gid = '', comment = ''] = line.split(':');
    if (name !== '' && (name === nameOrUid || uid === nameOrUid))
      return { name, uid, gid, fullName: comment.split(',', 1)[0] ?? '' };
  }
  return undefined;
}
