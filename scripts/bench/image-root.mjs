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

/** An archive of a minimal Debian: some 8,000 files. Needs debootstrap and Debian's mirror, which only the machine's own network has. */
export async function packDebian(directory) {
  const root = mkdtempSync(join(directory, 'debian-'));
  const make = ['debootstrap', '--variant=minbase', '--include=perl,python3-minimal', 'bookworm', root];
  await runProgram('nsenter', [`--net=/proc/${process.env.TSPOD_BENCH}/ns/net`, ...make]);
  return packRoot(directory, root);
}
