/** A root file system made from Debian's static busybox. */
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const APPLETS = ['true', 'sh', 'ls', 'cat', 'id', 'sleep', 'echo', 'hostname', 'ps', 'yes', 'head', 'dd', 'env'];

/** Makes the tree in a new directory and returns its path. */
export function makeBusyboxRoot(directory) {
  for (const name of ['bin', 'dev', 'etc', 'proc', 'root', 'run', 'sys', 'tmp', 'usr/bin', 'var']) {
    mkdirSync(join(directory, name), { recursive: true });
  }
  copyFileSync('/bin/busybox', join(directory, 'bin/busybox'));
  for (const applet of APPLETS) symlinkSync('busybox', join(directory, 'bin', applet));
  writeFileSync(join(directory, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(directory, 'etc/group'), 'root:x:0:\n');
  return directory;
}
