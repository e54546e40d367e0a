/** Flags of create and run: what the container may do. */
import { parsePairs } from '../../parse/key-values.js';
import { parseUlimits } from '../../parse/limits.js';
import { parseSecurityOptions } from '../../parse/security.js';
import type { CreateFlag } from './draft.js';

const SECURITY = 'Security';

export const securityFlags: readonly CreateFlag[] = [
  {
    name: 'privileged',
    kind: 'bool',
    group: SECURITY,
    help: 'Give the container all capabilities and devices, and hide nothing of the kernel',
    set: (draft, value) => {
      draft.privileged = value;
    },
  },
  {
    name: 'cap-add',
    kind: 'list',
    value: 'capability',
    group: SECURITY,
    help: 'Add a capability, or ALL',
    set: (draft, values) => {
      draft.capAdd = values;
    },
  },
  {
    name: 'cap-drop',
    kind: 'list',
    value: 'capability',
    group: SECURITY,
    help: 'Drop a capability, or ALL',
    set: (draft, values) => {
      draft.capDrop = values;
    },
  },
  {
    name: 'security-opt',
    kind: 'items',
    value: 'option',
    group: SECURITY,
    help: 'no-new-privileges, seccomp=FILE, apparmor=PROFILE, label=..., mask=PATH, unmask=PATH, proc-opts=...',
    set: (draft, items, caller) => {
      draft.security = parseSecurityOptions(items, caller);
    },
  },
  {
    name: 'sysctl',
    kind: 'list',
    value: 'name=value',
    group: SECURITY,
    help: "Set a kernel parameter of the container's namespaces",
    set: (draft, items) => {
      draft.sysctls = parsePairs(items, (item) => `${item} is invalid, sysctl values must be in the form of KEY=VALUE`);
    },
  },
  {
    name: 'ulimit',
    kind: 'list',
    value: 'name=soft[:hard]',
    group: SECURITY,
    help: "Set a resource limit; -1 is unlimited; host takes all of the caller's",
    set: (draft, items, caller) => {
      draft.ulimits = parseUlimits(items, caller);
    },
  },
  {
    name: 'oom-score-adj',
    kind: 'int',
    value: 'score',
    group: SECURITY,
    help: 'Preference of the OOM killer for the container: -1000 to 1000',
    set: (draft, value) => {
      draft.oomScoreAdj = value;
    },
  },
];
