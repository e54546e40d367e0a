/** Root file systems as archives, for images. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './measure.mjs';

/** Answers the path of an archive of the tree, in a new directory. */
export async function packRoot(directory, rootfs) {
  const archive = join(mkdtempSync(join(directory, 'archive-')), 'root.tar');
  await runProgram('tar', ['--numeric-owner', '-C', rootfs, '-cf', archive, '.']);
  return archive;
}

/** An archive of a minimal Debian: some 8,000 files. Needs debootstrap and Debian's mirror. */
export async function packDebian(directory) {
  const root = mkdtempSync(join(directory, 'debian-'));
  await runProgram('debootstrap', ['--variant=minbase', '--include=perl,python3-minimal', 'bookworm', root]);
  return packRoot(directory, root);
}
