/** All flags of create and run. */
import { INIT_KINDS } from '../../../spec/pod/pod-options.js';
import { invalid } from '../../errors/cli-error.js';
import type { CreateFlag } from './draft.js';
import { accountFlags } from './accounts.js';
import { fileFlags } from './files.js';
import { containerFlags } from './container.js';
import { imageFlags } from './image.js';
import { processFlags } from './process.js';
import { isolationFlags } from './isolation.js';
import { healthFlags } from './health.js';
import { usernsFlags } from './userns.js';
import { lifeFlags, logFlags } from './life.js';
import { missingFlags } from './missing.js';
import { nameFlags } from './names.js';
import { networkFlags } from './network.js';
import { resourceFlags } from './resources.js';
import { securityFlags } from './security.js';

/** Flags that create and run share. */
export const createFlags: readonly CreateFlag[] = [
  ...containerFlags,
  ...imageFlags,
  ...processFlags,
  ...accountFlags,
  ...fileFlags,
  ...isolationFlags,
  ...networkFlags,
  ...nameFlags,
  ...usernsFlags,
  ...securityFlags,
  ...resourceFlags,
  ...lifeFlags,
  ...logFlags,
  ...healthFlags,
  ...missingFlags,
  {
    name: 'attach',
    short: 'a',
    kind: 'list',
    value: 'stream',
    completion: ['stdin', 'stdout', 'stderr'],
    group: 'Process',
    help: 'Streams to attach to: stdin, stdout, stderr',
    ofCommand: true,
  },
];

/** Flags of create alone. */
export const createOnlyFlags: readonly CreateFlag[] = [
  {
    name: 'init-ctr',
    kind: 'text',
    value: 'when',
    completion: INIT_KINDS,
    group: 'Container',
    help: 'Run the container to its end at the start of its pod, before the others: always, once (and remove it)',
    set: (draft, value) => {
      if (draft.pod === undefined) throw invalid('must specify pod value with init-ctr');
      const kind = INIT_KINDS.find((each) => each === value);
      if (kind === undefined) throw invalid("init-ctr value must be 'always' or 'once'");
      draft.initContainer = kind;
    },
  },
];

/** Flags of run alone. */
export const runFlags: readonly CreateFlag[] = [
  {
    name: 'detach',
    short: 'd',
    kind: 'bool',
    group: 'Container',
    help: 'Run in the background and print the id',
    ofCommand: true,
  },
  {
    name: 'detach-keys',
    kind: 'text',
    value: 'keys',
    default: 'ctrl-p,ctrl-q',
    group: 'Process',
    help: "Key sequence that detaches: letters or ctrl-LETTER, separated by commas; '' for none",
    ofCommand: true,
  },
  {
    name: 'rmi',
    kind: 'bool',
    group: 'Image',
    help: 'Remove the container and its image when it ends, unless other containers use the image',
    ofCommand: true,
  },
  {
    name: 'sig-proxy',
    kind: 'bool',
    default: 'true',
    group: 'Process',
    help: 'Forward signals to the container',
    ofCommand: true,
  },
  {
    name: 'preserve-fds',
    kind: 'uint',
    value: 'number',
    group: 'Process',
    help: 'Pass additional file descriptors: 3, 4, ...',
    ofCommand: true,
  },
];
