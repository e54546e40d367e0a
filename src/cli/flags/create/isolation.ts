/** Flags of create and run: namespaces and identities. */
import { parseIpc, parseNamespace } from '../../parse/namespaces.js';
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
];
