import { attach } from '../../streams/attached.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { statusOfContainer } from '../../errors/end-status.js';
import { detachKeysFlag } from '../../flags/attach.js';
import { latestFlag, selectOne } from '../../targets/containers.js';
import { sendSignal } from './run.js';

export const command: Command = {
  name: 'attach',
  summary: 'Attach to a running container',
  description:
    'Shows the output of a running container from now on, and passes input on if the container was made with --interactive.',
  usage: '[options] CONTAINER',
  examples: ['attach shell', 'attach --no-stdin web'],
  flags: [
    detachKeysFlag,
    latestFlag,
    { name: 'no-stdin', kind: 'bool', help: 'Do not attach stdin' },
    { name: 'sig-proxy', kind: 'bool', default: 'true', help: 'Forward signals to the container' },
  ],
  completion: ['containers', []],
  check: ({ flags, args }) => {
    const needed = flags.bool('latest') ? 0 : 1;
    if (args.length > 1) throw invalid('`tspod attach` accepts at most one argument');
    if (args.length < needed) throw invalid('"tspod attach" requires a name, id, or the "--latest" flag');
    if (args.length > needed) throw invalid('--latest and containers cannot be used together');
  },
  run: async (context, { flags, args }) => {
    const container = await selectOne(context, args[0], { latest: flags.bool('latest') });
    if (container.state().status !== 'running') throw invalid('you can only attach to running containers');
    const { Config } = container.inspect();
    const keys = flags.text('detach-keys');
    const proxies = !flags.has('sig-proxy') || flags.bool('sig-proxy');
    const end = await attach(context, {
      stdin: Config.OpenStdin && !flags.bool('no-stdin'),
      stdout: true,
      stderr: true,
      tty: Config.Tty,
      redraws: true,
      ...(keys === undefined ? {} : { detachKeys: keys }),
      ...(proxies ? { sendSignal: (signal) => sendSignal(container, signal) } : {}),
      open: (options) => container.attach(options),
    });
    await statusOfContainer(context, container, end);
    return 0;
  },
};
