/** A small root file system of busybox alone. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { requires } from './requires.js';
import { temporaryDirectory } from './temp.js';
import { ownTurn } from './turn.js';

/** Programs that tests call. */
const APPLETS =
  'sh cat echo env id ls sleep true false pwd hostname mount stat touch mkdir rm readlink grep ps kill tty stty seq head wc test printf ' +
  'nproc chmod chown dd sync date ulimit ip ifconfig nc trap yes uname domainname';

const PROGRAMS = ['/bin/busybox', '/usr/bin/busybox'];

/** Asked for with requires(t, 'root', 'busybox') first. */
export function busyboxRoot(t: ExecutionContext<unknown>): string {
  const root = temporaryDirectory(t, 'tspod-rootfs-');
  // for users of the container who are not its root
  chmodSync(root, 0o755);
  for (const name of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'run', 'root', 'usr/bin']) {
    mkdirSync(join(root, name), { recursive: true });
  }
  copyFileSync(PROGRAMS.find((path) => existsSync(path)) ?? '/bin/busybox', join(root, 'bin/busybox'));
  for (const name of APPLETS.split(' ')) symlinkSync('busybox', join(root, 'bin', name));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n');
  writeFileSync(join(root, 'etc/motd'), 'welcome\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nalice:x:1000:\ndisk:x:6:alice\naudio:x:29:\n');
  return root;
}

/** A test on such a root. */
export function onBusybox(title: string, body: (t: ExecutionContext, root: string) => Promise<void>): void {
  test(title, async (t) => {
    if (!requires(t, 'root', 'busybox')) return;
    await ownTurn(t);
    await body(t, busyboxRoot(t));
  });
}
