import { writeFileSync } from 'node:fs';

import type { CommitOptions } from '../../../engine/images/types.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { CHANGE_FLAG } from '../../flags/platform.js';
import { selectOne } from '../../targets/containers.js';
import { showTransfer } from '../../transfer/display.js';

const FORMATS = ['oci', 'docker'] as const;

export const command: Command = {
  name: 'commit',
  summary: 'Create an image from a container',
  description:
    'Creates an image from the changes of a container, on top of the layers of its image, and prints its id. A container with a root directory becomes an image of one layer; so does one of `host:`, which needs --squash.',
  usage: '[options] CONTAINER [IMAGE]',
  examples: [
    'commit web web:changed',
    'commit --change \'CMD ["serve"]\' --author Me web web:2',
    'commit --squash web flat',
  ],
  flags: [
    { name: 'author', short: 'a', kind: 'text', value: 'text', help: 'Author of the image' },
    CHANGE_FLAG,
    {
      name: 'format',
      short: 'f',
      kind: 'text',
      value: 'format',
      default: 'oci',
      completion: FORMATS,
      help: 'Format of the manifest: oci, docker',
    },
    { name: 'iidfile', kind: 'text', value: 'file', completion: 'file', help: 'Write the id of the image to a file' },
    { name: 'include-volumes', kind: 'bool', help: 'Make the mounts of the container volumes of the image' },
    { name: 'message', short: 'm', kind: 'text', value: 'text', help: 'Comment in the history of the image' },
    { name: 'pause', short: 'p', kind: 'bool', help: 'Pause the container during the commit' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print only the id' },
    { name: 'squash', short: 's', kind: 'bool', help: 'Squash all files into one layer' },
  ],
  completion: ['containers', []],
  check: ({ args, flags }) => {
    if (args.length < 1) throw invalid(`requires at least 1 arg(s), only received ${args.length}`);
    if (args.length > 2) throw invalid(`accepts between 1 and 2 arg(s), received ${args.length}`);
    const format = flags.text('format');
    if (format !== undefined && !FORMATS.some((known) => known === format))
      throw invalid(`unrecognized image format "${format}"`);
  },
  run: async (context, { args, flags }) => {
    const container = await selectOne(context, args[0]);
    const engine = await context.engine();
    const [, name] = args;
    const [author, message] = [flags.text('author'), flags.text('message')];
    const options: CommitOptions = {
      ...(name === undefined ? {} : { name }),
      ...(author === undefined ? {} : { author }),
      ...(message === undefined ? {} : { message }),
      changes: flags.list('change'),
      format: flags.text('format') === 'docker' ? 'docker' : 'oci',
      includeVolumes: flags.bool('include-volumes'),
      pause: flags.bool('pause'),
      squash: flags.bool('squash'),
    };
    const image = await showTransfer(context, flags.bool('quiet'), (shown) =>
      engine.images.commit(container.id, { ...options, ...shown }),
    );
    const file = flags.text('iidfile');
    if (file !== undefined) writeFileSync(file, image.id);
    await context.out(`${image.id}\n`);
    return 0;
  },
};
