import type { Container } from '../../../container/api/container.js';
import type { ExecOptions } from '../../../spec/create-options.js';
import { attach } from '../../streams/attached.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import type { Context } from '../../context.js';
import { statusOfCommand } from '../../errors/end-status.js';
import { execFailure, EXIT_UNKNOWN, StatusError } from '../../errors/exit-status.js';
import { checkDetachKeys } from '../../parse/detach-keys.js';
import { detachKeysFlag } from '../../flags/attach.js';
import { isTerminal } from '../../../host/is-terminal.js';
import { checkDescriptor, checkDescriptors } from '../../parse/descriptors.js';
import { parseEnv, readEnvFile } from '../../parse/key-values.js';
import { cidfileFlag, latestFlag, selectContainers } from '../../targets/containers.js';

export const command: Command = {
  name: 'exec',
  summary: 'Run a process in a running container',
  description:
    'Runs a command in the namespaces and the cgroup of a running container, with its privileges; the exit status is that of the command.',
  usage: '[options] CONTAINER COMMAND [ARG...]',
  examples: ['exec -it web sh', 'exec --user nobody --workdir /tmp web pwd', 'exec -e KEY=value web env'],
  flags: [
    cidfileFlag,
    { name: 'detach', short: 'd', kind: 'bool', help: 'Run the command in the background' },
    detachKeysFlag,
    {
      name: 'env',
      short: 'e',
      kind: 'items',
      value: 'key[=value]',
      help: "Set an environment variable; without a value take the caller's",
    },
    {
      name: 'env-file',
      kind: 'list',
      value: 'file',
      completion: 'file',
      help: 'Read environment variables from a file',
    },
    { name: 'interactive', short: 'i', kind: 'bool', help: 'Forward stdin to the command' },
    latestFlag,
    { name: 'no-session', kind: 'bool', help: 'With --detach: keep no record of the command, and print no id' },
    {
      name: 'preserve-fd',
      kind: 'items',
      value: 'number',
      help: 'Pass these file descriptors, under the same numbers',
    },
    { name: 'preserve-fds', kind: 'uint', value: 'number', help: 'Pass additional file descriptors: 3, 4, ...' },
    { name: 'privileged', kind: 'bool', help: 'Give the command all capabilities' },
    { name: 'tty', short: 't', kind: 'bool', help: 'Allocate a terminal' },
    { name: 'user', short: 'u', kind: 'text', value: 'user[:group]', help: 'User, and group, by name or number' },
    { name: 'workdir', short: 'w', kind: 'text', value: 'directory', help: 'Working directory inside the container' },
  ],
  passThrough: true,
  completion: ['containers', []],
  check: ({ flags, args }) => {
    if (args.length === 0 && !flags.bool('latest') && !flags.has('cidfile')) {
      throw invalid('exec requires the name or ID of a container or the --latest flag');
    }
    if (flags.bool('latest') && flags.has('cidfile')) throw invalid('--latest and --cidfile cannot be used together');
    checkDescriptors(flags.number('preserve-fds') ?? 0);
    flags.list('preserve-fd').forEach(checkDescriptor);
  },
  run: async (context, invocation) => {
    const { container, words } = await findTarget(context, invocation);
    if (container.state().status !== 'running') {
      throw new StatusError(
        new Error('can only create exec sessions on running containers: container state improper'),
        EXIT_UNKNOWN,
      );
    }
    const { flags } = invocation;
    if (words.length === 0) {
      const none = invalid('must provide a non-empty command to start an exec session: invalid argument');
      throw flags.bool('detach') ? none : new StatusError(none, EXIT_UNKNOWN);
    }
    const options = readExecOptions(context, invocation, words);
    checkDetachKeys(flags, (error) => new StatusError(error, EXIT_UNKNOWN));
    if (flags.bool('detach'))
      return execDetached(context, container, { options, hasSession: !flags.bool('no-session') });
    if (flags.bool('tty')) return execTerminal(context, container, { options, detachKeys: flags.text('detach-keys') });
    return execPlain(context, container, options);
  },
};

/** Finds the container and the command. With --latest or --cidfile, all arguments are the command. */
export async function findTarget(
  context: Context,
  invocation: Invocation,
): Promise<{ container: Container; words: readonly string[] }> {
  const { flags, args } = invocation;
  const named = !flags.bool('latest') && !flags.has('cidfile');
  const { targets, errors } = await selectContainers(context, { ...invocation, args: named ? args.slice(0, 1) : [] });
  const [target] = targets;
  if (target === undefined)
    throw errors[0] instanceof Error ? errors[0] : invalid('no container to run the command in');
  return { container: target.container, words: named ? args.slice(1) : args };
}

export function readExecOptions(context: Context, { flags }: Invocation, command: readonly string[]): ExecOptions {
  const { caller } = context;
  const files = flags.list('env-file').map((file) => readEnvFile(file, caller));
  const [user, workdir, preserveFds] = [flags.text('user'), flags.text('workdir'), flags.number('preserve-fds')];
  return {
    command,
    env: Object.assign({}, ...files, parseEnv(flags.list('env'), caller)) as Record<string, string>,
    tty: flags.bool('tty'),
    interactive: flags.bool('interactive'),
    privileged: flags.bool('privileged'),
    ...(user === undefined || user === '' ? {} : { user }),
    ...(workdir === undefined || workdir === '' ? {} : { workdir }),
    ...(preserveFds === undefined ? {} : { preserveFds }),
    preserveFd: flags.list('preserve-fd').map(Number),
  };
}

function failExec(error: unknown): never {
  throw execFailure(error);
}

interface DetachedExec {
  readonly options: ExecOptions;
  readonly hasSession: boolean;
}

async function execDetached(
  context: Context,
  container: Container,
  { options, hasSession }: DetachedExec,
): Promise<number> {
  try {
    if (hasSession) {
      const session = await container.startExec({ ...options, attachStdout: false, attachStderr: false });
      await context.out(`${session.id}\n`);
    } else {
      await container.spawnExec({ ...options, stdin: 'ignore', stdout: 'ignore', stderr: 'ignore', detach: true });
    }
    return 0;
  } catch (error) {
    throw new StatusError(error, 125);
  }
}

/**
 * Runs a command with the caller's own descriptors, so that nothing is copied. If one of them is a terminal, the
 * streams go through the monitor instead: a process that has the terminal could read what is typed there and inject
 * input (CVE-2017-5226).
 */
async function execPlain(context: Context, container: Container, options: ExecOptions): Promise<number> {
  const streams = [...(options.interactive === true ? [0] : []), context.globals.stdout ?? -1, 2];
  if (streams.some(isTerminal)) return execCopied(context, container, options);
  const child = await container
    .spawnExec({
      ...options,
      stdin: options.interactive === true ? 'inherit' : 'ignore',
      stdout: context.globals.stdout ?? 'ignore',
      stderr: 2,
    })
    .catch(failExec);
  return statusOfCommand(container, await child.ended);
}

async function execCopied(context: Context, container: Container, options: ExecOptions): Promise<number> {
  const end = await attach(context, {
    stdin: options.interactive === true,
    stdout: true,
    stderr: true,
    tty: false,
    detachKeys: '',
    open: (attachOptions) => container.execAttached({ ...options, ...attachOptions }).catch(failExec),
  });
  return statusOfCommand(container, end.reason === 'exited' ? end : undefined);
}

interface TerminalExec {
  readonly options: ExecOptions;
  readonly detachKeys: string | undefined;
}

async function execTerminal(
  context: Context,
  container: Container,
  { options, detachKeys }: TerminalExec,
): Promise<number> {
  const end = await attach(context, {
    stdin: options.interactive === true,
    stdout: true,
    stderr: false,
    tty: true,
    ...(detachKeys === undefined ? {} : { detachKeys }),
    open: (attachOptions) => container.execAttached({ ...options, ...attachOptions }).catch(failExec),
  });
  if (end.reason === 'detached') return 0;
  return statusOfCommand(container, end.reason === 'exited' ? end : undefined);
}
