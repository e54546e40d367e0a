/** Flags of create and run: the user namespace. */
import { invalid } from '../../errors/cli-error.js';
import { parseIdMaps, parseUserns } from '../../parse/id-maps.js';
import type { UsernsOptions } from '../../../spec/create-options.js';
import type { CreateFlag, Draft } from './draft.js';

const ISOLATION = 'Isolation';

/** The order matters: a single map applies to both kinds of ids, and --userns excludes the other flags. */
export const usernsFlags: readonly CreateFlag[] = [
  {
    name: 'uidmap',
    kind: 'list',
    value: 'map',
    group: ISOLATION,
    help: 'Map user ids of a new user namespace: [+ug]CONTAINER:[@]HOST[:SIZE]',
    set: (draft, items) => {
      draft.uidMaps = parseIdMaps('uid', items);
      draft.gidMaps = parseIdMaps('gid', items);
      draft.userns = 'private';
    },
  },
  {
    name: 'gidmap',
    kind: 'list',
    value: 'map',
    group: ISOLATION,
    help: 'Map group ids of a new user namespace: [+ug]CONTAINER:[@]HOST[:SIZE]',
    set: (draft, items) => {
      draft.uidMaps ??= parseIdMaps('uid', items);
      draft.gidMaps = parseIdMaps('gid', items);
      draft.userns = 'private';
    },
  },
  {
    name: 'subuidname',
    kind: 'text',
    value: 'name',
    group: ISOLATION,
    help: 'Map the user ids that /etc/subuid gives to this name',
    set: (draft, subuidName) => {
      addOptions(draft, { subuidName });
    },
  },
  {
    name: 'subgidname',
    kind: 'text',
    value: 'name',
    group: ISOLATION,
    help: 'Map the group ids that /etc/subgid gives to this name',
    set: (draft, subgidName) => {
      addOptions(draft, { subgidName });
    },
  },
  {
    name: 'userns',
    kind: 'text',
    value: 'mode',
    completion: ['private', 'host', 'auto', 'auto:', 'keep-id', 'keep-id:', 'container:', 'ns:'],
    group: ISOLATION,
    help: 'User namespace: host, private, auto[:size=N,...], keep-id[:uid=N,gid=N], container:NAME, ns:PATH',
    set: (draft, value) => {
      const parsed = parseUserns(value);
      if (parsed === undefined) return;
      if (draft.userns !== undefined && parsed.mode !== 'private')
        throw invalid('--userns and --uidmap/--gidmap/--subuidname/--subgidname are mutually exclusive');
      draft.userns = parsed.mode;
      if (parsed.options !== undefined) draft.usernsOptions = parsed.options;
      if (parsed.uidMaps !== undefined) draft.uidMaps = parsed.uidMaps;
      if (parsed.gidMaps !== undefined) draft.gidMaps = parsed.gidMaps;
    },
  },
];

function addOptions(draft: Draft, options: UsernsOptions): void {
  draft.usernsOptions = { ...draft.usernsOptions, ...options };
  draft.userns = 'private';
}
