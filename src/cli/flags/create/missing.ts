/** Flags of Podman's create and run that tspod does not have: each says what is missing. */
import type { CreateFlag } from './draft.js';

function missing(names: string, reason: string): CreateFlag[] {
  return names.split(' ').map((name) => ({ name, kind: 'items', help: '', hidden: true, missing: reason }));
}

export const missingFlags: readonly CreateFlag[] = [
  ...missing('decryption-key', 'layers are not decrypted'),
  ...missing('kernel-memory', 'kernels since 5.16 have no such limit'),
  { name: 'init-path', kind: 'text', help: '', hidden: true, missing: "--init runs tspod's own init" },
  {
    name: 'sdnotify',
    kind: 'text',
    help: '',
    hidden: true,
    missing: 'readiness is not passed on to systemd',
    harmless: ['ignore'],
  },
  { name: 'systemd', kind: 'text', help: '', hidden: true, missing: 'there is no systemd mode', harmless: ['false'] },
  {
    name: 'seccomp-policy',
    kind: 'text',
    help: '',
    hidden: true,
    missing: 'choose a profile with --security-opt seccomp=FILE',
    harmless: ['default'],
  },
];
