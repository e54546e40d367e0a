import { writeFileSync } from 'node:fs';

import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { missingFlag } from '../../flags/missing.js';
import { REGISTRY_FLAGS, registryAccess } from '../../flags/registry.js';
import { showTransfer } from '../../transfer/display.js';

const FORMATS = { oci: 'oci', v2s2: 'docker' } as const;

export const command: Command = {
  name: 'push',
  summary: 'Push a manifest list or image index to a registry',
  description:
    'Sends the images of a list, from the store or from where they were found, and then the list. Without a destination, the list is pushed to its name.',
  usage: '[options] LIST [DESTINATION]',
  examples: ['manifest push app:2 docker://quay.io/team/app:2', 'manifest push --rm quay.io/team/app:2'],
  flags: [
    { name: 'all', kind: 'bool', default: 'true', help: 'Also send the images' },
    { name: 'digestfile', kind: 'text', value: 'path', completion: 'file', help: 'Write the digest to a file' },
    {
      name: 'format',
      short: 'f',
      kind: 'text',
      value: 'format',
      choices: Object.keys(FORMATS),
      completion: Object.keys(FORMATS),
      help: 'Format of the list: oci or v2s2',
    },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Do not show progress' },
    { name: 'rm', kind: 'bool', help: 'Remove the list after it is pushed' },
    { name: 'remove-signatures', kind: 'bool', hidden: true, help: 'Do not send signatures (there are none)' },
    ...REGISTRY_FLAGS,
    missingFlag('compression-format', 'layers are sent as they are'),
    missingFlag('sign-by', 'images are not signed'),
    missingFlag('sign-by-sigstore-private-key', 'images are not signed'),
    missingFlag('sign-passphrase-file', 'images are not signed'),
  ],
  check: ({ args }) => {
    if (args.length < 1 || args.length > 2) throw invalid(`accepts between 1 and 2 arg(s), received ${args.length}`);
  },
  run: async (context, { args, flags }) => {
    const [list = '', given] = args;
    const engine = await context.engine();
    const format = flags.text('format') as keyof typeof FORMATS | undefined;
    const options = {
      all: !flags.has('all') || flags.bool('all'),
      registry: registryAccess(flags),
      ...(format === undefined ? {} : { format: FORMATS[format] }),
    };
    const { names } = engine.manifests.get(list);
    const target = given ?? names.find((name) => `/${name}`.endsWith(`/${list}`)) ?? names[0] ?? list;
    const { digest } = await showTransfer(context, flags.bool('quiet'), (shown) =>
      engine.manifests.push(list, target, { ...options, ...shown }),
    );
    const file = flags.text('digestfile');
    if (file !== undefined) writeFileSync(file, digest);
    if (flags.bool('rm')) engine.manifests.remove(list);
    return 0;
  },
};
