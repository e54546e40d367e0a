/** Flags of create and run: the container itself. */

import { invalid } from '../../errors/cli-error.js';
import { readPodIdFile } from '../../parse/pod-id-file.js';
import { parseLabels, parsePairs, readLabelFile } from '../../parse/key-values.js';
import type { CreateFlag } from './draft.js';

const CONTAINER = 'Container';

export const containerFlags: readonly CreateFlag[] = [
  {
    name: 'name',
    kind: 'text',
    group: CONTAINER,
    help: 'Assign a name to the container',
    set: (draft, value) => {
      // An empty name, as from an empty variable of a script, counts as no name.
      if (value !== '') draft.name = value;
    },
  },
  {
    name: 'label-file',
    kind: 'list',
    value: 'file',
    completion: 'file',
    group: CONTAINER,
    help: 'Read labels from a file, one KEY=VALUE a line',
    set: (draft, files, caller) => {
      for (const file of files) draft.labels = { ...draft.labels, ...readLabelFile(file, caller) };
    },
  },
  {
    name: 'label',
    short: 'l',
    kind: 'items',
    value: 'key=value',
    group: CONTAINER,
    help: 'Set metadata on the container',
    set: (draft, items) => {
      draft.labels = { ...draft.labels, ...parseLabels(items) };
    },
  },
  {
    name: 'annotation',
    kind: 'items',
    value: 'key=value',
    group: CONTAINER,
    help: 'Add an annotation',
    set: (draft, items) => {
      draft.annotations = parsePairs(items, () => 'annotations must be formatted KEY=VALUE');
    },
  },
  {
    name: 'pod',
    kind: 'text',
    value: 'pod',
    completion: 'pods',
    group: CONTAINER,
    help: 'Create the container in a pod, whose namespaces it shares; new:NAME creates the pod',
    set: (draft, value) => {
      if (value !== '') draft.pod = value;
    },
  },
  {
    name: 'pod-id-file',
    kind: 'text',
    value: 'file',
    completion: 'file',
    group: CONTAINER,
    help: 'Read the id of the pod from a file',
    set: (draft, value, caller) => {
      if (draft.pod !== undefined) throw invalid('cannot specify both --pod and --pod-id-file');
      draft.pod = readPodIdFile(caller, value);
    },
  },
  {
    name: 'cidfile',
    kind: 'text',
    value: 'file',
    completion: 'file',
    group: CONTAINER,
    help: 'Write the id of the container to a file',
    set: (draft, value, caller) => {
      draft.cidFile = caller.resolve(value);
    },
  },
  {
    name: 'pidfile',
    kind: 'text',
    value: 'file',
    completion: 'file',
    group: CONTAINER,
    help: 'Write the pid of the first process to a file',
    set: (draft, value, caller) => {
      draft.pidFile = caller.resolve(value);
    },
  },
  {
    name: 'conmon-pidfile',
    kind: 'text',
    value: 'file',
    completion: 'file',
    group: CONTAINER,
    help: "Write the pid of the container's monitor to a file",
    set: (draft, value, caller) => {
      draft.monitorPidFile = caller.resolve(value);
    },
  },
  {
    name: 'replace',
    kind: 'bool',
    group: CONTAINER,
    help: 'Remove a container of the same name first',
    ofCommand: true,
  },
  {
    name: 'rm',
    kind: 'bool',
    group: CONTAINER,
    help: 'Remove the container when it ends',
    set: (draft, value) => {
      draft.autoRemove = value;
    },
  },
];
