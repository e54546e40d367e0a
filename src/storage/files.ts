/** The files that the engine writes for a container and binds over its own: /etc/hosts and so on. They lie in its run directory. */
import { closeSync, fchmodSync, openSync, readFileSync, writeSync } from 'node:fs';

import type { ContainerFiles } from '../spec/default-mounts.js';

export interface FileRequest {
  /** The run directory. */
  readonly run: string;
  readonly hostname: string;
  readonly name: string;
  /** A UTS namespace of its own: the name is the container's. */
  readonly ownHostname: boolean;
  /**
   * `own`: a network namespace of its own; `host`: the host's; a run directory: that of the container whose network is shared,
   * whose files are shared with it.
   */
  readonly network: 'own' | 'host' | { readonly sharedWith: string };
  /** What /run/.containerenv tells; '' unless the container is privileged, as Podman has it. */
  readonly containerenv: string;
}

const LOCALHOST = '127.0.0.1\tlocalhost localhost.localdomain\n::1\tlocalhost localhost.localdomain\n';

/** Where they will lie. */
export function containerFiles(request: FileRequest): ContainerFiles {
  const { run, network } = request;
  const shared = typeof network === 'object' ? network.sharedWith : run;
  return {
    hosts: `${shared}/hosts`,
    ...(request.ownHostname ? { hostname: `${run}/hostname` } : {}),
    ...(network === 'host' ? { resolvConf: `${run}/resolv.conf` } : {}),
    containerenv: `${run}/containerenv`,
  };
}

/** Writes them. */
export function writeContainerFiles(request: FileRequest): ContainerFiles {
  const files = containerFiles(request);
  if (typeof request.network === 'string' && files.hosts !== undefined) write(files.hosts, hostsText(request));
  if (files.hostname !== undefined) write(files.hostname, `${request.hostname}\n`);
  if (files.resolvConf !== undefined) write(files.resolvConf, hostFile('/etc/resolv.conf'));
  if (files.containerenv !== undefined) write(files.containerenv, request.containerenv);
  return files;
}

/** With the host's network the host's names count as well; the container's own name always leads to itself. */
function hostsText({ network, hostname, name }: FileRequest): string {
  const base = network === 'host' ? hostFile('/etc/hosts') : LOCALHOST;
  const names = [...new Set([hostname, name])].join(' ');
  return `${base}${base.endsWith('\n') || base === '' ? '' : '\n'}127.0.1.1\t${names}\n`;
}

/** Read through links: the stub file of systemd-resolved lies below /run, which a `host:` container does not see. */
function hostFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Readable by every user of the container, whatever this process's umask is. */
function write(path: string, content: string): void {
  const fd = openSync(path, 'w', 0o644);
  try {
    fchmodSync(fd, 0o644);
    if (content !== '') writeSync(fd, content);
  } finally {
    closeSync(fd);
  }
}
