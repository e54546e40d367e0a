/**
 * Looks up paths inside a container's root. Each look-up begins at the root's descriptor, whatever the links on the way
 * say.
 */
import { TspodError } from '../../errors.js';
import {
  directoryEntry,
  isDirectory,
  openBeneath,
  type DirectoryEntry,
  type OwnedFd,
} from '../../native/directory-entries.js';
import { isNativeError } from '../../native/native-error.js';
import { toBinaryText, type BinaryText } from '../../util/binary-text.js';
import { O_DIRECTORY, O_PATH } from '../../util/file-bits.js';

/** Limit of symbolic links in a path, the same as the kernel's. */
const MAX_LINKS = 40;

/** A file beneath a root: its directory, held open, and its name in that. */
export interface Place extends Disposable {
  /** Descriptor of the directory. */
  readonly fd: number;
  /** '.' for the root itself. */
  readonly name: BinaryText;
  /** The whole path, absolute. */
  readonly path: BinaryText;
  readonly entry: DirectoryEntry;
}

export interface FindOptions {
  /** Follow a symbolic link at the end. @default true */
  readonly follow?: boolean;
}

/**
 * Returns the components of a path without '.'. A '..' stays, since what it leads to depends on links, which are the
 * kernel's business.
 */
function splitPath(path: BinaryText): BinaryText[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/** Finds a file beneath a root. Throws NO_SUCH_FILE, INVALID_ARGUMENT for what is no path. */
export async function findInside(root: number, typed: string, options: FindOptions = {}): Promise<Place> {
  if (typed === '' || typed.includes('\0'))
    throw new TspodError('INVALID_ARGUMENT', 'a path in a container must not be empty');
  let path = toBinaryText(typed);
  // A slash at the end asks for a directory, also behind a link.
  const wantsDirectory = /\/\.?$/.test(path);
  for (let links = 0; links <= MAX_LINKS; links += 1) {
    const parts = splitPath(path);
    const name = parts.at(-1);
    if (name === undefined || name === '..') return directoryPlace(root, typed, path);
    const above = parts.slice(0, -1).join('/');
    const directory = openDirectory(root, typed, above);
    const entry = await directoryEntry(directory.fd, name);
    if (entry === undefined) {
      directory.close();
      throw noSuchFile(typed);
    }
    const follows = (options.follow ?? true) || wantsDirectory;
    if (entry.target === '' || !follows) {
      if (wantsDirectory && !isDirectory(entry)) {
        directory.close();
        throw new TspodError('INVALID_ARGUMENT', `"${typed}" is not a directory`, { details: { path: typed } });
      }
      return { fd: directory.fd, name, path: `/${parts.join('/')}`, entry, [Symbol.dispose]: () => directory.close() };
    }
    directory.close();
    path = entry.target.startsWith('/') ? entry.target : `${above}/${entry.target}`;
  }
  throw new TspodError('INVALID_ARGUMENT', `"${typed}": too many symbolic links`, { details: { path: typed } });
}

/** Returns the place of the root itself, or of a path that ends with '..'. */
async function directoryPlace(root: number, typed: string, path: BinaryText): Promise<Place> {
  const directory = openDirectory(root, typed, path);
  const entry = await directoryEntry(directory.fd, '.');
  if (entry === undefined) throw noSuchFile(typed);
  return {
    fd: directory.fd,
    name: '.',
    path: path.startsWith('/') ? path : `/${path}`,
    entry,
    [Symbol.dispose]: () => directory.close(),
  };
}

function openDirectory(root: number, typed: string, path: BinaryText): OwnedFd {
  try {
    return openBeneath(root, path, O_PATH | O_DIRECTORY, { links: true });
  } catch (error) {
    if (isNativeError(error, 'ENOENT') || isNativeError(error, 'ENOTDIR')) throw noSuchFile(typed);
    if (isNativeError(error, 'ELOOP'))
      throw new TspodError('INVALID_ARGUMENT', `"${typed}": too many symbolic links`, { details: { path: typed } });
    throw error;
  }
}

function noSuchFile(path: string): TspodError {
  return new TspodError('NO_SUCH_FILE', `"${path}" could not be found in the container: no such file or directory`, {
    details: { path },
  });
}
