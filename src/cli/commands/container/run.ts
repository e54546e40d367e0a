import type { Container, RemoveOptions, StartOptions } from '../../../container/api/container.js';
import { isTspodError } from '../../../errors.js';
import type { CreateOptions } from '../../../spec/create-options.js';
import { attach } from '../../streams/attached.js';
import { OutputClosed } from '../../streams/output.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import type { Context } from '../../context.js';
import { checkCreate, readCreateRequest } from '../../create/container.js';
import { statusOfContainer } from '../../errors/end-status.js';
import { startFailure, StatusError } from '../../errors/exit-status.js';
import { listeningDescriptors } from '../../parse/descriptors.js';
import { checkDetachKeys } from '../../parse/detach-keys.js';
import { createFlags, runFlags } from '../../flags/create/all.js';
import { isTerminal } from '../../../host/is-terminal.js';
import { createContainer } from './create.js';

export const command: Command = {
  name: 'run',
  summary: 'Run a command in a new container',
  description:
    "Creates a container, starts it and, without --detach, shows its output until it ends; the exit status is that of its command. The image host: is the file system of this machine without its secrets, under a layer of the container's own: what the container changes stays in that layer.",
  usage: '[options] IMAGE [COMMAND [ARG...]]',
  examples: [
    "run --rm host: sh -c 'id; hostname; ps ax'",
    'run --rm -it --network none host: bash',
    'run -d --name web --memory 256m -v /srv/site:/site:ro host: python3 -m http.server --directory /site',
    'run --rm --rootfs /srv/alpine:O /bin/sh -c date',
  ],
  flags: [...runFlags, ...createFlags],
  passThrough: true,
  completion: ['roots'],
  check: (invocation) => {
    checkCreate(invocation);
    readStreams(invocation);
    checkDetachKeys(invocation.flags, startFailure);
    if (invocation.flags.bool('rmi') && invocation.flags.bool('detach'))
      throw invalid('--rmi and --detach cannot be used together: nothing would remove the image at the end');
  },
  run: async (context, invocation) => {
    const rmi = invocation.flags.bool('rmi');
    const request = await readCreateRequest(context, invocation);
    if (request.options.tty === true && request.options.interactive === true) await warnWithoutTerminal(context);
    const given = await givenDescriptors(context, request.options);
    const container = await createContainer(context, request);
    try {
      if (invocation.flags.bool('detach')) return await runDetached(context, container, given);
      const status = await runAttached(context, container, { invocation, options: request.options, given });
      if (rmi && request.options.image !== undefined) await removeImage(context, request.options.image);
      return status;
    } catch (error) {
      // After an error of the container itself, --rm removes it as if it had ended.
      if (request.options.autoRemove === true && error instanceof StatusError)
        await removeQuietly(container, { timeoutSec: 0 });
      throw error;
    }
  },
};

/** Removes the image of --rmi; if it is still in use, only warns. */
async function removeImage(context: Context, image: string): Promise<void> {
  const engine = await context.engine();
  try {
    await engine.images.remove(image);
  } catch (error) {
    if (isTspodError(error, 'NO_SUCH_IMAGE')) return;
    if (!isTspodError(error)) throw error;
    await context.log('warning', error.message);
  }
}

async function warnWithoutTerminal(context: Context): Promise<void> {
  if (isTerminal(0)) return;
  await context.log(
    'warning',
    'The input device is not a TTY. The --tty and --interactive flags might not work properly',
  );
}

/** Returns the descriptors of the caller that the container's process gets directly. */
async function givenDescriptors(context: Context, options: CreateOptions): Promise<StartOptions> {
  const listenFds = listeningDescriptors(context.caller);
  const preserves = (options.preserveFds ?? 0) > 0;
  if (listenFds !== undefined && preserves)
    await context.log('warning', 'Ignoring LISTEN_FDS to preserve custom user-specified FDs');
  return {
    ...(passesStdio(options) ? OWN_STDIO : {}),
    ...(listenFds === undefined || preserves ? {} : { listenFds }),
  };
}

async function runDetached(context: Context, container: Container, given: StartOptions): Promise<number> {
  await container.start({ ...given, recursive: true }).catch(failStart);
  await context.out(`${container.id}\n`);
  return 0;
}

function failStart(error: unknown): never {
  throw startFailure(error);
}

const OWN_STDIO = { stdio: { stdin: 0, stdout: 1, stderr: 2 } } as const;

/** Whether the container's process gets the caller's stdio descriptors directly. */
function passesStdio(options: CreateOptions): boolean {
  return options.log?.driver === 'passthrough' && options.tty !== true;
}

interface Attached {
  readonly invocation: Invocation;
  readonly options: CreateOptions;
  readonly given: StartOptions;
}

async function runAttached(
  context: Context,
  container: Container,
  { invocation, options, given }: Attached,
): Promise<number> {
  const { flags } = invocation;
  const passthrough = passesStdio(options);
  const keys = flags.text('detach-keys');
  const proxies = !flags.has('sig-proxy') || flags.bool('sig-proxy');
  const attached = attach(context, {
    // With passthrough, the process has the streams itself, and there is nothing to copy.
    ...(passthrough ? { stdin: false, stdout: false, stderr: false } : readStreams(invocation)),
    tty: options.tty === true,
    ...(keys === undefined ? {} : { detachKeys: keys }),
    ...(proxies ? { sendSignal: (signal) => sendSignal(container, signal) } : {}),
    open: (attachOptions) => container.startAttached({ ...attachOptions, ...given, recursive: true }).catch(failStart),
  });
  const end = await attached.catch(async (error: unknown) => {
    // Nobody reads the output any more, and nobody else would end what --rm is to remove.
    if (options.autoRemove === true && error instanceof OutputClosed) await removeQuietly(container, {});
    throw error;
  });
  const status = await statusOfContainer(context, container, end);
  if (options.autoRemove === true && end.reason !== 'detached') await removeEnded(container);
  return status;
}

/**
 * Sends a signal; returns false if the container does not run (any more). Other failures are ignored, because they must
 * not end the display of the output.
 */
export async function sendSignal(container: Container, signal: NodeJS.Signals): Promise<boolean> {
  try {
    await container.kill(signal);
    return true;
  } catch (error) {
    if (!isTspodError(error)) throw error;
    return error.code !== 'STATE_INVALID' && error.code !== 'NO_SUCH_CONTAINER';
  }
}

async function removeEnded(container: Container): Promise<void> {
  await container.remove().catch((error: unknown) => {
    // The container has been restarted meanwhile; it is removed at its next end.
    if (!isTspodError(error, 'NO_SUCH_CONTAINER') && !isTspodError(error, 'STATE_INVALID')) throw error;
  });
}

/** Stops and removes a container, ignoring failures, since another error is being reported. */
async function removeQuietly(container: Container, time: Pick<RemoveOptions, 'timeoutSec'>): Promise<void> {
  await container.remove({ force: true, ...time }).catch(() => undefined);
}

/** Returns the streams that --attach and --interactive ask for. Throws INVALID_ARGUMENT for an unknown stream. */
function readStreams({ flags }: Invocation): { stdin: boolean; stdout: boolean; stderr: boolean } {
  const given = flags.list('attach').map((stream) => stream.toLowerCase());
  for (const stream of given) {
    if (stream !== 'stdin' && stream !== 'stdout' && stream !== 'stderr') {
      throw invalid(
        `invalid stream ${JSON.stringify(stream)} for --attach - must be one of stdin, stdout, or stderr: invalid argument`,
      );
    }
  }
  const interactive = flags.bool('interactive');
  if (given.length === 0) return { stdin: interactive, stdout: true, stderr: true };
  return {
    stdin: interactive,
    stdout: given.includes('stdout'),
    stderr: given.includes('stderr'),
  };
}
