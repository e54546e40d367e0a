import { pipeline } from 'node:stream/promises';
import { basename, dirname } from 'node:path';
import { createReadStream } from 'node:fs';

import type { Container } from '../../../container/api/container.js';
import type { FileStat } from '../../../container/api/files.js';
import { isTspodError } from '../../../errors.js';
import { CliError, invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import type { Context } from '../../context.js';
import { findOnHost, packHost, unpackOnHost, type HostFile } from '../../streams/host-files.js';
import { isTerminal } from '../../../host/is-terminal.js';
import { outputStream } from '../../streams/output.js';
import { withoutSlash } from '../../targets/containers.js';

export const command: Command = {
  name: 'cp',
  summary: 'Copy files/folders between a container and the local filesystem',
  description:
    'Copies files and directories into a container, out of it, or from one to another. `-` is a tar archive on stdin or stdout. A directory is copied into an existing directory under its own name, or to the new name if the destination does not exist; of `DIRECTORY/.` only the contents are copied. A path in a container that does not begin with a slash is relative to its working directory.',
  usage: '[options] [CONTAINER:]SRC_PATH [CONTAINER:]DEST_PATH',
  examples: [
    'cp config.json web:/etc/app/',
    'cp web:/var/log/. logs',
    'cp web:/data - | tar -t',
    'cp web:/data db:/data',
  ],
  flags: [
    {
      name: 'archive',
      short: 'a',
      kind: 'bool',
      default: 'true',
      help: "Make the container's user the owner of what is copied in, and the caller the owner of what is copied out, without set-uid bits and file capabilities; false keeps the ids of the source",
    },
    { name: 'pause', kind: 'bool', hidden: true, help: 'Accepted for compatibility with Podman; no effect' },
    { name: 'extract', kind: 'bool', hidden: true, help: 'Accepted for compatibility with Podman; no effect' },
    {
      name: 'overwrite',
      kind: 'bool',
      help: 'Allow directories to replace files, and files to replace directories',
    },
  ],
  completion: ['containers', 'containers', []],
  check: ({ args }) => {
    if (args.length !== 2) throw invalid(`accepts 2 arg(s), received ${args.length}`);
  },
  run: async (context, invocation) => {
    const [from, to] = [await parseSide(context, invocation, 0), await parseSide(context, invocation, 1)];
    const options: CopyOptions = {
      overwrite: invocation.flags.bool('overwrite'),
      chown: !invocation.flags.has('archive') || invocation.flags.bool('archive'),
    };
    if (to.container !== undefined) await copyInto(to.container, { from, to, options });
    else if (from.container !== undefined) await copyToHost(context, from.container, { from, to: to.path, options });
    return 0;
  },
};

interface CopyOptions {
  readonly overwrite: boolean;
  readonly chown: boolean;
}

interface Side {
  /** undefined for a path on the host. */
  readonly container: Container | undefined;
  readonly path: string;
  /** The path as the user gave it. */
  readonly shown: string;
}

/**
 * Parses an argument as CONTAINER:PATH, or as a path of the host if it begins with a slash or a dot, as a path with a
 * colon in a file name must.
 */
async function parseSide(context: Context, { args }: Invocation, index: 0 | 1): Promise<Side> {
  const words = args.map(splitSide);
  if (words.every(({ name }) => name === undefined))
    throw invalid(`invalid arguments "${args[0]}", "${args[1]}": you must specify at least one container`);
  if (words.some(({ path }) => path === ''))
    throw invalid(`invalid arguments "${args[0]}", "${args[1]}": you must specify paths`);
  const { name, path = '' } = words[index] ?? {};
  if (name === undefined) return { container: undefined, path, shown: path };
  const engine = await context.engine();
  try {
    const container = engine.containers.get(withoutSlash(name));
    return { container, path: path.startsWith('/') ? path : belowWorkdir(container, path), shown: path };
  } catch (error) {
    if (isTspodError(error, 'NO_SUCH_CONTAINER')) throw new CliError(`container "${name}" does not exist`);
    throw error;
  }
}

/** Makes a path absolute below the working directory; keeps its end, since `/` and `/.` have a meaning there. */
function belowWorkdir(container: Container, path: string): string {
  const { WorkingDir } = container.inspect().Config;
  return `${WorkingDir.replace(/\/+$/, '')}/${path}`;
}

function splitSide(word: string): { readonly name: string | undefined; readonly path: string } {
  const colon = word.indexOf(':');
  if (colon <= 0 || word.startsWith('.') || word.startsWith('/')) return { name: undefined, path: word };
  return { name: word.slice(0, colon), path: word.slice(colon + 1) };
}

/** Something to copy; `open` is given the name that it gets, '' for the contents of a directory. */
interface Source {
  readonly type: FileStat['type'] | HostFile['type'];
  readonly name: string;
  /** Whether only the contents of the directory are meant, as in `DIRECTORY/.`. */
  readonly contents: boolean;
  readonly open: (as: string) => Promise<AsyncIterable<Uint8Array>>;
}

function isContents(path: string): boolean {
  return /(^|\/)\.$/.test(path);
}

async function sourceOf({ container, path, shown }: Side): Promise<Source> {
  if (container === undefined) {
    const file = await findOnHost(path);
    if (file === undefined || file.type === 'nameless')
      throw new CliError(`"${path}" could not be found on the host: no such file or directory`);
    return {
      type: file.type,
      name: nameOf(path, file.path),
      contents: isContents(path),
      open: async (as) => packHost(file, as),
    };
  }
  const file = await statIn(container, path);
  if (file === undefined) throw notInContainer(container, shown);
  return {
    type: file.type,
    name: nameOf(path, file.path),
    contents: isContents(path) || file.path === '/',
    // The name in the path counts: the target of a link at its end is copied under the link's name.
    open: (as) => (as === '' ? container.copyOut(`${path}/.`) : container.copyOut(path, { as })),
  };
}

/**
 * Returns the name under which something is copied: the last part of the path, or of the real path if that is a dot or
 * two.
 */
function nameOf(path: string, real: string): string {
  const name = basename(path);
  return name === '..' || name === '.' || name === '' ? basename(real) : name;
}

async function statIn(container: Container, path: string): Promise<FileStat | undefined> {
  try {
    return await container.stat(path);
  } catch (error) {
    if (isTspodError(error, 'NO_SUCH_FILE')) return undefined;
    throw error;
  }
}

function notInContainer(container: Container, shown: string): CliError {
  return new CliError(`"${shown}" could not be found on container ${container.name}: no such file or directory`);
}

interface IntoContainer {
  readonly from: Side;
  readonly to: Side;
  readonly options: CopyOptions;
}

async function copyInto(container: Container, { from, to, options }: IntoContainer): Promise<void> {
  const { path, shown } = to;
  if (from.container === undefined && from.path === '-') {
    const there = await statIn(container, path);
    if (there?.type !== 'directory') throw new CliError('destination must be a directory when copying from stdin');
    const { decompressed } = await import('../../../native/decompress.js');
    const archive = checkedArchive(decompressed(createReadStream('', { fd: 0 }), { what: 'archive' }));
    await container.copyIn(path, archive, options);
    return;
  }
  const source = await sourceOf(from);
  const there = await statIn(container, path);
  if (there === undefined) {
    if (path.endsWith('/') && source.type !== 'directory') throw notInContainer(container, shown);
    const above = await statIn(container, dirname(path.replace(/\/+$/, '')));
    if (above?.type !== 'directory') throw notInContainer(container, shown);
    const asked = dirname(path.replace(/\/+$/, ''));
    await container.copyIn(above.path, await source.open(basename(path)), { ...options, asked });
  } else if (there.type === 'directory') {
    const archive = await source.open(source.type === 'directory' && source.contents ? '' : source.name);
    await container.copyIn(there.path, archive, { ...options, asked: path });
  } else {
    if (source.type === 'directory' && !options.overwrite)
      throw new CliError('destination must be a directory when copying a directory');
    const above = { ...options, asked: dirname(path.replace(/\/+$/, '')) };
    await container.copyIn(dirname(there.path), await source.open(basename(there.path)), above);
  }
}

/** Passes an archive through; throws if it is empty, which could be taken for the end of an archive. */
async function* checkedArchive(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let isEmpty = true;
  for await (const chunk of archive) {
    isEmpty &&= chunk.length === 0;
    yield chunk;
  }
  if (isEmpty) throw new CliError('source must be a (compressed) tar archive when copying from stdin');
}

interface ToHost {
  readonly from: Side;
  readonly to: string;
  readonly options: CopyOptions;
}

async function copyToHost(context: Context, container: Container, { from, to, options }: ToHost): Promise<void> {
  if (to === '-') {
    const { stdout } = context.globals;
    if (stdout === undefined) return;
    if (isTerminal(stdout)) throw new CliError('refusing to write an archive to a terminal: redirect stdout');
    if ((await statIn(container, from.path)) === undefined) throw notInContainer(container, from.shown);
    await pipeline(await container.copyOut(from.path), outputStream(stdout));
    return;
  }
  const source = await sourceOf(from);
  refuseDevice(container, source, from);
  const there = await findOnHost(to);
  // A copied file replaces the file at its destination: a device would be lost for everybody, and a pipe's reader would
  // get nothing.
  if (there?.type === 'node' || there?.type === 'nameless')
    throw new CliError(`invalid destination: "${there.path}" must be a directory or a regular file`);
  // Root could keep any owner, but by default files copied out of a container belong to the caller.
  const unpack = async (directory: string, as: string): Promise<void> =>
    unpackOnHost(await source.open(as), { directory, ...options });
  if (there === undefined) {
    const parent = await findOnHost(dirname(to.replace(/\/+$/, '')));
    if (parent?.type !== 'directory' || (to.endsWith('/') && source.type !== 'directory'))
      throw new CliError(`"${to}" could not be found on the host: no such file or directory`);
    await unpack(parent.path, basename(to));
  } else if (there.type === 'directory') {
    await unpack(there.path, source.type === 'directory' && source.contents ? '' : source.name);
  } else {
    if (source.type === 'directory' && !options.overwrite)
      throw new CliError('destination must be a directory when copying a directory');
    await unpack(dirname(there.path), basename(there.path));
  }
}

/** Refuses to copy a device to the host. Devices inside a copied directory are skipped. */
function refuseDevice(container: Container, { type }: Source, { shown }: Side): void {
  if (type === 'character' || type === 'block')
    throw new CliError(`"${shown}" in container ${container.name} is a device: devices are not copied to the host`);
}
