/** Options about users: lines that the engine adds to /etc/passwd and /etc/group if the image has none for the user. */
import { invalid } from '../../errors.js';
import { quote } from '../checks/quote.js';
import type { ShapeOf } from '../checks/shape.js';

export interface AccountOptions {
  /**
   * Whether lines are added for a user and a group that are given by number and that the container's files do not have.
   * @default true
   */
  readonly passwd?: boolean;
  /**
   * Template of the line in /etc/passwd: $USERNAME, $UID, $GID, $NAME and $HOME are replaced.
   * @default '$USERNAME:*:$UID:$GID:$NAME:$HOME:/bin/sh'
   */
  readonly passwdEntry?: string;
  /**
   * Template of the line in /etc/group: $GROUPNAME, $GID and $USERLIST are replaced.
   * @default '$GROUPNAME:x:$GID:$USERLIST'
   */
  readonly groupEntry?: string;
  /** Users of the host, by name or number, that are added to the container's /etc/passwd. @default none */
  readonly hostUsers?: readonly string[];
}

export const ACCOUNT_SHAPE: ShapeOf<AccountOptions> = {
  passwd: 'boolean',
  passwdEntry: 'string',
  groupEntry: 'string',
  hostUsers: 'strings',
};

export interface AccountConfig {
  readonly passwd: boolean;
  readonly passwdEntry: string;
  readonly groupEntry: string;
  readonly hostUsers: readonly string[];
}

const PASSWD_ENTRY = '$USERNAME:*:$UID:$GID:$NAME:$HOME:/bin/sh';
const GROUP_ENTRY = '$GROUPNAME:x:$GID:$USERLIST';

export function normalizeAccounts(options: AccountOptions): AccountConfig {
  return {
    passwd: options.passwd ?? true,
    passwdEntry: checkLine('passwdEntry', options.passwdEntry ?? PASSWD_ENTRY),
    groupEntry: checkLine('groupEntry', options.groupEntry ?? GROUP_ENTRY),
    hostUsers: (options.hostUsers ?? []).map((user) => checkHostUser(user)),
  };
}

/** Returns a template if it is a single line of at most 1000 characters: many programs read no longer lines. */
function checkLine(what: string, line: string): string {
  if (line !== '' && line.length <= 1000 && !/\p{Cc}/u.test(line)) return line;
  throw invalid(`${what} must be one line of at most 1000 characters, not ${quote(line)}`);
}

function checkHostUser(user: string): string {
  if (/^[^:\s\p{Cc}]{1,255}$/u.test(user)) return user;
  throw invalid(`hostUsers: invalid name ${quote(user)}`);
}
