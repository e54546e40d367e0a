import type { VolumeCreateOptions } from '../../../spec/files/volume-options.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import { parseLabels, parsePairs } from '../../parse/key-values.js';

export const command: Command = {
  name: 'create',
  summary: 'Create a volume',
  description: 'Creates a directory that containers can mount and share, and prints its name.',
  usage: '[options] [NAME]',
  examples: [
    'volume create data',
    'volume create --label app=web --uid 1000 data',
    'volume create -o type=none -o o=bind -o device=/srv/data data',
  ],
  flags: [
    {
      name: 'driver',
      short: 'd',
      kind: 'text',
      value: 'name',
      default: 'local',
      completion: ['local'],
      help: 'Volume driver: local',
    },
    { name: 'gid', kind: 'uint', value: 'id', help: 'Group of the directory' },
    { name: 'ignore', kind: 'bool', help: 'Accept an existing one of this name' },
    { name: 'label', short: 'l', kind: 'items', value: 'key=value', help: 'Set metadata on the volume' },
    {
      name: 'opt',
      short: 'o',
      kind: 'items',
      value: 'key=value',
      help: 'Driver option: device, type and o for a directory of the host; o also takes uid=, gid=, nocopy',
    },
    { name: 'uid', kind: 'uint', value: 'id', help: 'Owner of the directory' },
  ],
  completion: [[]],
  check: ({ args }) => {
    if (args.length > 1) throw invalid(`accepts at most 1 arg(s), received ${args.length}`);
  },
  run: async (context, invocation) => {
    const engine = await context.engine();
    const { name } = await engine.volumes.create(createOptions(invocation));
    await context.out(`${name}\n`);
    return 0;
  },
};

function createOptions({ flags, args }: Invocation): VolumeCreateOptions {
  const [name] = args;
  const [driver, uid, gid] = [flags.text('driver'), flags.number('uid'), flags.number('gid')];
  return {
    ...(name === undefined ? {} : { name }),
    ...(driver === undefined ? {} : { driver }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    labels: parseLabels(flags.list('label')),
    options: parsePairs(flags.list('opt'), (item) => `option ${JSON.stringify(item)} must be formatted KEY=VALUE`),
    ignoreExisting: flags.bool('ignore'),
  };
}
