/** Flags of create and run: namespaces and identities. */
import { parseIdMap } from '../parse/limits.js';
import { parseIpc, parseNamespace, parseNetwork, parseUserns } from '../parse/namespaces.js';
import type { CreateFlag } from './draft.js';

const ISOLATION = 'Isolation';
const MODES = ['private', 'host', 'container:', 'ns:'] as const;

export const isolationFlags: readonly CreateFlag[] = [
  {
    name: 'hostname',
    short: 'h',
    kind: 'text',
    value: 'name',
    group: ISOLATION,
    help: 'Set the host name',
    set: (draft, value) => {
      draft.hostname = value;
    },
  },
  {
    name: 'domainname',
    kind: 'text',
    value: 'name',
    group: ISOLATION,
    help: 'Set the NIS domain name',
    set: (draft, value) => {
      draft.domainname = value;
    },
  },
  {
    name: 'network',
    aliases: ['net'],
    kind: 'text',
    value: 'mode',
    completion: ['none', 'private', 'host', 'container:', 'ns:'],
    group: ISOLATION,
    help: 'Network: none, host, container:NAME, ns:PATH',
    set: (draft, value) => {
      const mode = parseNetwork(value);
      if (mode !== undefined) draft.network = mode;
    },
  },
  {
    name: 'pid',
    kind: 'text',
    value: 'mode',
    completion: MODES,
    group: ISOLATION,
    help: 'Process namespace: private, host, container:NAME, ns:PATH',
    set: (draft, value) => {
      const mode = parseNamespace(value);
      if (mode !== undefined) draft.pid = mode;
    },
  },
  {
    name: 'ipc',
    kind: 'text',
    value: 'mode',
    completion: [...MODES, 'shareable', 'none'],
    group: ISOLATION,
    help: 'IPC namespace: private, shareable, none, host, container:NAME, ns:PATH',
    set: (draft, value) => {
      const mode = parseIpc(value);
      if (mode !== undefined) draft.ipc = mode;
    },
  },
  {
    name: 'uts',
    kind: 'text',
    value: 'mode',
    completion: MODES,
    group: ISOLATION,
    help: 'Host name namespace: private, host, container:NAME, ns:PATH',
    set: (draft, value) => {
      const mode = parseNamespace(value);
      if (mode !== undefined) draft.uts = mode;
    },
  },
  {
    name: 'cgroupns',
    kind: 'text',
    value: 'mode',
    completion: MODES,
    group: ISOLATION,
    help: 'Cgroup namespace: private, host, container:NAME, ns:PATH',
    set: (draft, value) => {
      const mode = parseNamespace(value);
      if (mode !== undefined) draft.cgroupns = mode;
    },
  },
  {
    name: 'uidmap',
    kind: 'list',
    value: 'container:host:size',
    group: ISOLATION,
    help: 'Map user ids of a new user namespace',
    set: (draft, items) => {
      draft.uidMaps = items.map((item) => parseIdMap('UID', item));
      draft.gidMaps ??= draft.uidMaps;
      draft.userns = 'private';
    },
  },
  {
    name: 'gidmap',
    kind: 'list',
    value: 'container:host:size',
    group: ISOLATION,
    help: 'Map group ids of a new user namespace',
    set: (draft, items) => {
      draft.gidMaps = items.map((item) => parseIdMap('GID', item));
      draft.uidMaps ??= draft.gidMaps;
      draft.userns = 'private';
    },
  },
  {
    name: 'userns',
    kind: 'text',
    value: 'mode',
    completion: MODES,
    group: ISOLATION,
    help: 'User namespace: host, private (with --uidmap), container:NAME, ns:PATH',
    set: (draft, value) => {
      const mode = parseUserns(value);
      if (mode !== undefined) draft.userns = mode;
    },
  },
];
