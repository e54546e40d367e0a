import { writeFileSync } from 'node:fs';

import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { missingFlag, missingSwitch } from '../../flags/missing.js';
import { REGISTRY_FLAGS, registryAccess, RETRY_FLAGS } from '../../flags/registry.js';
import { showTransfer } from '../../transfer/display.js';

export const command: Command = {
  name: 'push',
  summary: 'Push an image to a registry',
  description: 'Sends an image byte for byte as it is in the store, so that its digest stays the same.',
  usage: '[options] IMAGE [DESTINATION]',
  examples: ['push registry.local/app:2', 'push app:tested registry.local/app:2'],
  flags: [
    ...REGISTRY_FLAGS,
    ...RETRY_FLAGS,
    { name: 'digestfile', kind: 'text', value: 'path', completion: 'file', help: 'Write the digest to a file' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Do not show progress' },
    {
      name: 'disable-content-trust',
      kind: 'bool',
      hidden: true,
      help: 'Accepted for compatibility with Docker; no effect',
    },
    { name: 'remove-signatures', kind: 'bool', hidden: true, help: 'Do not send signatures (there are none)' },
    missingFlag('format', 'an image is sent in the format that it has'),
    missingFlag('compression-format', 'layers are sent as they are'),
    missingSwitch('compress', 'layers are sent as they are'),
    missingFlag('sign-by', 'images are not signed'),
    missingFlag('encryption-key', 'layers are not encrypted'),
    missingFlag('encrypt-layer', 'layers are not encrypted'),
  ],
  completion: ['images', []],
  check: ({ args, flags }) => {
    registryAccess(flags);
    if (args.length < 1 || args.length > 2) throw invalid(`accepts between 1 and 2 arg(s), received ${args.length}`);
  },
  run: async (context, { flags, args }) => {
    const [image = '', destination] = args;
    const engine = await context.engine();
    const { digest } = await showTransfer(context, flags.bool('quiet'), (shown) =>
      engine.images.push(image, destination, { registry: registryAccess(flags), ...shown }),
    );
    const file = flags.text('digestfile');
    if (file !== undefined) writeFileSync(file, digest);
    return 0;
  },
};
