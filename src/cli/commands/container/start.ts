import type { Container, StartOptions } from '../../../container/api/container.js';
import { isTspodError, messageOf, TspodError } from '../../../errors.js';
import { attach } from '../../streams/attached.js';
import { actOnAll } from '../../targets/act-on-containers.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import type { Context } from '../../context.js';
import { statusOfContainer } from '../../errors/end-status.js';
import { listeningDescriptors } from '../../parse/descriptors.js';
import { detachKeysFlag } from '../../flags/attach.js';
import { filterFlag, latestFlag, selectContainers } from '../../targets/containers.js';
import { sendSignal } from './run.js';

export const command: Command = {
  name: 'start',
  summary: 'Start one or more containers',
  description: 'Starts containers that were created or have stopped.',
  usage: '[options] CONTAINER [CONTAINER...]',
  examples: ['start web db', 'start --attach --interactive shell', 'start --latest'],
  flags: [
    { name: 'all', kind: 'bool', help: 'Start all containers that are not running' },
    { name: 'attach', short: 'a', kind: 'bool', help: 'Show the output, and exit with the status of the container' },
    detachKeysFlag,
    filterFlag,
    { name: 'interactive', short: 'i', kind: 'bool', help: 'With --attach: forward stdin' },
    latestFlag,
    { name: 'sig-proxy', kind: 'bool', help: 'Forward signals to the container', default: 'true with --attach' },
  ],
  completion: ['containers'],
  check: checkStart,
  run: async (context, invocation) => {
    const { flags } = invocation;
    const selection = await selectContainers(context, invocation, { matchesAll: ({ status }) => status !== 'running' });
    const [target] = selection.targets;
    const listenFds = listeningDescriptors(context.caller);
    const options = { recursive: true, ...(listenFds === undefined ? {} : { listenFds }) };
    const act = (container: Container): Promise<void> => startOne(container, options);
    if (!isAttached(flags)) return actOnAll(context, selection, { act });
    if (selection.targets.length > 1) throw invalid(ATTACH_MANY);
    if (target === undefined || selection.errors.length > 0) return actOnAll(context, selection, { act });
    return startAttached(context, target.container, { invocation, options });
  },
};

const ATTACH_MANY = 'you cannot start and attach multiple containers at once';

/** Whether to attach; --interactive implies that. */
function isAttached(flags: Invocation['flags']): boolean {
  return flags.bool('attach') || flags.bool('interactive');
}

function checkStart({ flags, args }: Invocation): void {
  if (flags.bool('all') && (args.length > 0 || flags.bool('latest'))) {
    throw invalid('either start all containers or the container(s) provided in the arguments');
  }
  if (args.length === 0 && !flags.bool('latest') && !flags.bool('all') && !flags.has('filter')) {
    throw invalid('start requires at least one argument');
  }
  if (args.length > 0 && flags.bool('latest')) throw invalid('--latest and containers cannot be used together');
  if (args.length > 1 && isAttached(flags)) throw invalid(ATTACH_MANY);
  if (flags.has('sig-proxy') && flags.bool('sig-proxy') && !flags.bool('attach')) {
    throw invalid('you cannot use sig-proxy without --attach: invalid argument');
  }
}

/** Starts a container; does nothing if it runs. */
async function startOne(container: Container, options: StartOptions): Promise<void> {
  try {
    await container.start(options);
  } catch (error) {
    if (isTspodError(error, 'STATE_RUNNING')) return;
    throw named(container, error);
  }
}

function named(container: Container, error: unknown): unknown {
  if (!isTspodError(error)) return error;
  return new TspodError(error.code, `unable to start container ${JSON.stringify(container.id)}: ${messageOf(error)}`, {
    cause: error,
  });
}

interface AttachedStart {
  readonly invocation: Invocation;
  readonly options: StartOptions;
}

async function startAttached(
  context: Context,
  container: Container,
  { invocation: { flags }, options: startOptions }: AttachedStart,
): Promise<number> {
  const { Config } = container.inspect();
  const running = container.state().status === 'running';
  const keys = flags.text('detach-keys');
  const proxies = !flags.has('sig-proxy') || flags.bool('sig-proxy');
  const end = await attach(context, {
    stdin: flags.bool('interactive') && Config.OpenStdin,
    stdout: true,
    stderr: true,
    tty: Config.Tty,
    redraws: running,
    ...(keys === undefined ? {} : { detachKeys: keys }),
    ...(proxies ? { sendSignal: (signal) => sendSignal(container, signal) } : {}),
    open: (options) =>
      (running ? container.attach(options) : container.startAttached({ ...options, ...startOptions })).catch(
        (error: unknown) => {
          throw named(container, error);
        },
      ),
  });
  return statusOfContainer(context, container, end);
}
