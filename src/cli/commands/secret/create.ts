import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { readInput } from '../../streams/input.js';
import { parseLabels, parsePairs } from '../../parse/key-values.js';

export const command: Command = {
  name: 'create',
  summary: 'Create a secret',
  description:
    'Stores the content of a file, of stdin (-), or of an environment variable (--env) for containers that are given it with --secret, and prints its id.',
  usage: '[options] NAME FILE|-',
  examples: [
    'secret create password password.txt',
    'secret create token - < token.txt',
    'secret create --env --replace token TOKEN',
  ],
  flags: [
    {
      name: 'driver',
      short: 'd',
      kind: 'text',
      value: 'name',
      default: 'file',
      completion: ['file'],
      help: "Where it is stored: file (the store's database)",
    },
    { name: 'driver-opts', kind: 'items', value: 'key=value', help: 'Driver option: recorded, but without effect' },
    { name: 'env', kind: 'bool', help: 'Read from the environment variable of this name instead of a file' },
    { name: 'ignore', kind: 'bool', help: 'Keep an existing secret of this name as it is' },
    { name: 'label', short: 'l', kind: 'items', value: 'key=value', help: 'Set metadata on the secret' },
    { name: 'replace', kind: 'bool', help: 'Replace the content of an existing secret of this name' },
  ],
  completion: [[], 'file'],
  check: ({ args, flags }) => {
    if (args.length !== 2) throw invalid(`accepts 2 arg(s), received ${args.length}`);
    if ((flags.text('driver') ?? 'file') !== 'file') throw invalid('invalid driver');
    if (flags.bool('ignore') && flags.bool('replace')) throw invalid('--ignore and --replace cannot be used together');
  },
  run: async (context, { flags, args }) => {
    const [name = '', source = ''] = args;
    const data = flags.bool('env') ? variable(source) : await readInput(source);
    const engine = await context.engine();
    const { id } = await engine.secrets.create(name, data, {
      labels: parseLabels(flags.list('label')),
      driverOptions: parsePairs(
        flags.list('driver-opts'),
        (item) => `option ${JSON.stringify(item)} must be formatted KEY=VALUE`,
      ),
      replace: flags.bool('replace'),
      ignoreExisting: flags.bool('ignore'),
    });
    await context.out(`${id}\n`);
    return 0;
  },
};

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw invalid(`cannot create store secret data: environment variable ${name} is not set`);
  return value;
}
