/** Flags of Podman's create and run that tspod does not have, each with the reason. */
import { missingFlag, NO_GPUS } from '../missing.js';
import type { CreateFlag } from './draft.js';

export const missingFlags: readonly CreateFlag[] = [
  missingFlag('decryption-key', 'layers are not decrypted'),
  missingFlag('gpus', NO_GPUS),
  missingFlag('kernel-memory', 'kernels since 5.16 have no such limit'),
  missingFlag('init-path', "--init runs tspod's own init"),
  { ...missingFlag('sdnotify', 'readiness is not passed on to systemd'), harmless: ['ignore'] },
  { ...missingFlag('seccomp-policy', 'choose a profile with --security-opt seccomp=FILE'), harmless: ['default'] },
];
