/**
 * The bundle that another OCI runtime reads: the container's spec with everything added that our own monitor finds out
 * itself.
 */
import { mkdirSync, writeFileSync } from 'node:fs';

import { stringifyExactly } from '../../oci/exact-json.js';
import type { OciMount, OciProcess, OciSpec } from '../../oci/spec.js';
import type { LaunchContext, StdioContext } from '../../plan/context.js';
import { layerOptions } from '../../plan/root.js';
import type { ContainerConfig } from '../../spec/config.js';
import type { ContainerPaths } from '../../storage/paths.js';
import { bundleDirectory } from './command.js';
import { bundleSeccomp } from './seccomp.js';
import { lookUpUser, type RootLayers } from './users.js';

/**
 * Version of the spec in a bundle. Runtimes refuse a version that they do not know, and ignore what a spec of ours has
 * beyond this one.
 */
const BUNDLE_VERSION = '1.0.2';

export interface BundleRequest {
  readonly config: ContainerConfig;
  readonly layers: RootLayers;
  /** Where the runtime finds the root. */
  readonly rootPath: string;
  /** Where the launch mounts the /dev/shm of another container; undefined unless it is shared. */
  readonly sharedMemory: string | undefined;
  readonly mountLayers: LaunchContext['mountLayers'];
  /** Initial size of the terminal. */
  readonly terminalSize: StdioContext['terminalSize'];
}

/** Returns the spec for the bundle. Throws NO_SUCH_USER. */
export function bundleSpec(spec: OciSpec, request: BundleRequest): OciSpec {
  const { rootPath, mountLayers } = request;
  return {
    ...spec,
    ociVersion: BUNDLE_VERSION,
    root: { ...spec.root, path: rootPath },
    ...(spec.process === undefined ? {} : { process: bundleProcess(spec.process, request) }),
    ...(spec.linux?.seccomp === undefined
      ? {}
      : { linux: { ...spec.linux, seccomp: bundleSeccomp(spec.linux.seccomp) } }),
    mounts: (spec.mounts ?? []).map((mount) => withLayers(sharedMemory(mount, request.sharedMemory), mountLayers)),
  };
}

function bundleProcess(process: OciProcess, { config, layers, terminalSize }: BundleRequest): OciProcess {
  const user = lookUpUser(layers, config.user, config.groups);
  const hasHome = process.env?.some((item) => item.startsWith('HOME=')) === true;
  return {
    ...process,
    ...(terminalSize === undefined ? {} : { consoleSize: { height: terminalSize.rows, width: terminalSize.columns } }),
    user: { ...process.user, uid: user.uid, gid: user.gid, additionalGids: user.groups },
    env: hasHome ? process.env : [...(process.env ?? []), `HOME=${user.home}`],
  };
}

function sharedMemory(mount: OciMount, source: BundleRequest['sharedMemory']): OciMount {
  if (source === undefined || mount.destination !== '/dev/shm') return mount;
  return {
    destination: '/dev/shm',
    type: 'bind',
    source,
    options: ['rbind', 'nosuid', 'noexec', 'nodev', 'rw'],
  };
}

function withLayers(mount: OciMount, mountLayers: LaunchContext['mountLayers']): OciMount {
  const layers = mountLayers?.get(mount.destination);
  if (layers === undefined || mount.type !== 'overlay') return mount;
  return { ...mount, options: [...(mount.options ?? []), ...layerOptions(layers)] };
}

/** Writes config.json, readable by root only, since it may hold secrets that the container was given. */
export function writeBundle(paths: Pick<ContainerPaths, 'run'>, spec: OciSpec): void {
  const bundle = bundleDirectory(paths);
  mkdirSync(bundle, { recursive: true, mode: 0o700 });
  writeFileSync(`${bundle}/config.json`, bundleText(spec), { mode: 0o600 });
}

/**
 * Returns the text of a spec as the specification wants it: an unlimited resource limit is the highest 64-bit number,
 * which a JavaScript number cannot hold.
 */
export function bundleText(spec: OciSpec): string {
  const text = stringifyExactly(spec);
  return text.replaceAll(/"(soft|hard)":"unlimited"/g, '"$1":18446744073709551615');
}
