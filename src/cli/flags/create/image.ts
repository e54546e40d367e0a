/** Flags of create and run about the image and where it comes from. */
import { PLATFORM_FLAGS } from '../platform.js';
import { PULL_POLICIES } from '../../../spec/pull-policy.js';
import { pullPolicy } from '../pull-policy.js';
import { REGISTRY_FLAGS, RETRY_FLAGS } from '../registry.js';
import { invalid } from '../../errors/cli-error.js';
import type { CreateFlag } from './draft.js';

const VOLUMES = ['bind', 'tmpfs', 'ignore'] as const;
const group = 'Image';

export const imageFlags: readonly CreateFlag[] = [
  {
    name: 'pull',
    kind: 'text',
    value: 'policy',
    default: 'missing',
    completion: PULL_POLICIES,
    group,
    help: 'When to pull the image: always, missing, never, newer',
    set: (draft, value) => {
      draft.pull = pullPolicy(value);
    },
  },
  {
    name: 'image-volume',
    kind: 'text',
    value: 'mode',
    default: 'bind',
    completion: VOLUMES,
    group,
    help: 'How to handle the volumes of the image: bind, tmpfs, ignore',
    set: (draft, value) => {
      const mode = VOLUMES.find((known) => known === (value === 'anonymous' ? 'bind' : value));
      if (mode === undefined)
        throw invalid(`invalid image-volume type ${JSON.stringify(value)}. Pick one of bind, tmpfs, or ignore`);
      draft.imageVolume = mode;
    },
  },
  ...[...PLATFORM_FLAGS, ...REGISTRY_FLAGS, ...RETRY_FLAGS].map((flag): CreateFlag => ({
    ...flag,
    group,
    ofCommand: true,
  })),
  { name: 'quiet', short: 'q', kind: 'bool', group, help: 'Do not show the progress of a pull', ofCommand: true },
  {
    name: 'disable-content-trust',
    kind: 'bool',
    hidden: true,
    help: 'Accepted for compatibility with Docker; no effect',
    ofCommand: true,
  },
];
