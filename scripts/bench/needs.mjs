/** What a run needs of the machine, by the names of Debian's packages. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SECCOMP_PROFILE } from './bundle.mjs';

const TOOLS = { busybox: 'busybox-static', cc: 'gcc' };
const PEERS = { crun: 'crun', runc: 'runc', podman: 'podman', conmon: 'conmon' };
const PROFILE_PACKAGE = 'golang-github-containers-common';

const SEARCH_PATH = ['usr/local/sbin', 'usr/local/bin', 'usr/sbin', 'usr/bin', 'sbin', 'bin'];

/** How to get what is missing; undefined if nothing is. */
export function missingPeers(peerRoot) {
  const tools = missingPackages(TOOLS);
  const peers = peerRoot === undefined ? missingPackages(PEERS) : missingIn(peerRoot);
  if (!existsSync(join(peerRoot ?? '/', SECCOMP_PROFILE))) peers.push(PROFILE_PACKAGE);
  const here = peerRoot === undefined ? [...tools, ...peers] : tools;
  const there = peerRoot === undefined ? [] : peers;
  const words = [
    here.length > 0 ? `apt-get install ${here.join(' ')}` : undefined,
    there.length > 0 ? `debootstrap --variant=minbase --include=${there.join(',')} trixie ${peerRoot}` : undefined,
  ].filter((text) => text !== undefined);
  return words.length > 0 ? words.join('; ') : undefined;
}

export function missingPackages(programs) {
  return Object.entries(programs)
    .filter(([program]) => spawnSync('sh', ['-c', 'command -v "$0"', program]).status !== 0)
    .map(([, debianPackage]) => debianPackage);
}

function missingIn(root) {
  return Object.entries(PEERS)
    .filter(([program]) => !SEARCH_PATH.some((directory) => existsSync(join(root, directory, program))))
    .map(([, debianPackage]) => debianPackage);
}
