/** Flags of create and run: lines in /etc/passwd and /etc/group. */
import type { CreateFlag } from './draft.js';

const PROCESS = 'Process';

export const accountFlags: readonly CreateFlag[] = [
  {
    name: 'passwd',
    kind: 'bool',
    default: 'true',
    group: PROCESS,
    help: 'Add a user and a group given by number to /etc/passwd and /etc/group',
    set: (draft, value) => {
      draft.passwd = value;
    },
  },
  {
    name: 'passwd-entry',
    kind: 'text',
    value: 'line',
    group: PROCESS,
    help: 'Template of the /etc/passwd line: $USERNAME, $UID, $GID, $NAME and $HOME are replaced',
    set: (draft, value) => {
      draft.passwdEntry = value;
    },
  },
  {
    name: 'group-entry',
    kind: 'text',
    value: 'line',
    group: PROCESS,
    help: 'Template of the /etc/group line: $GROUPNAME, $GID and $USERLIST are replaced',
    set: (draft, value) => {
      draft.groupEntry = value;
    },
  },
  {
    name: 'hostuser',
    kind: 'list',
    value: 'user',
    group: PROCESS,
    help: 'Add a user of the host to /etc/passwd',
    set: (draft, items) => {
      draft.hostUsers = items;
    },
  },
];
