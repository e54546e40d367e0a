/** Detects the format of an image archive or directory whose transport was not given. */
import { statSync } from 'node:fs';

import { TspodError } from '../errors.js';
import { openArchive, type ArchiveOptions } from './archive/archive-file.js';
import { directoryFiles, type FileSet } from './layout/file-set.js';

export type FileTransport = 'oci-archive' | 'docker-archive' | 'oci' | 'dir';

/**
 * Returns the transport. Docker writes archives that are both oci-archive and docker-archive; oci-archive is preferred
 * because the names there are complete. Throws NO_SUCH_FILE, BAD_ARCHIVE.
 */
export async function detectTransport(path: string, options: ArchiveOptions): Promise<FileTransport> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new TspodError('NO_SUCH_FILE', `stat ${path}: no such file or directory`);
  if (stat.isFile() && stat.size === 0)
    throw new TspodError('BAD_ARCHIVE', `${path}: it is empty, not an archive of images`);
  const isDirectory = stat.isDirectory();
  using files = isDirectory ? directoryFiles(path) : await openArchive(path, options);
  if (hasFile(files, 'index.json')) return isDirectory ? 'oci' : 'oci-archive';
  if (hasFile(files, 'manifest.json')) return isDirectory ? 'dir' : 'docker-archive';
  if (!isDirectory && hasFile(files, 'repositories')) return 'docker-archive';
  throw new TspodError(
    'BAD_ARCHIVE',
    `${path}: payload does not match any of the supported image formats (oci, oci-archive, docker-archive, dir)`,
  );
}

function hasFile(files: FileSet, name: string): boolean {
  const file = files.open(name);
  file?.[Symbol.dispose]();
  return file !== undefined;
}
