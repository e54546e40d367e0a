/** What has to be on the disk before a launch: layers, run directory, files. Everything may be repeated. */
import { mkdirSync, statSync } from 'node:fs';

import type { HideList } from '../../host/hide-list.js';
import type { ExtendedFile, RootSource } from '../../plan/context.js';
import type { ContainerConfig } from '../../spec/config.js';
import type { ContainerFiles } from '../../spec/files/file-mounts.js';
import { isPrivate, pathOf } from '../../spec/namespaces.js';
import { mayBeRelaunched } from '../../spec/relaunch.js';
import { hasOtherIds, rootIds } from '../../spec/users/userns.js';
import {
  aroundImageHosts,
  containerFiles,
  type AttachedNames,
  writeContainerFiles,
  writeEmptyFile,
  type FileRequest,
} from '../../storage/files.js';
import { ensureContainerDirectory, ensureLayer, removeVolatileMark } from '../../storage/layers.js';
import { emptyLayer, lowerDirectories } from '../../storage/images/layers.js';
import { containerPaths, type ContainerPaths } from '../../storage/paths.js';
import type { EngineContext, ImageRootConfig } from '../context.js';
import { extendedFiles } from './extended-files.js';
import { hostRoot, prepareHostRoot } from './host-root.js';
import { hostnameSeenIn, namespaceOwner } from '../namespaces/owners.js';

export interface PreparedRoot {
  readonly root: RootSource;
  /** What is mounted on the root of a `host:` container. */
  readonly hostCovers: HideList['covers'];
}

export interface PreparedFiles {
  readonly files: ContainerFiles;
  /** Files that the launch itself writes. */
  readonly extended: readonly ExtendedFile[];
}

interface Subject {
  readonly id: string;
  readonly config: ContainerConfig;
  readonly paths: ContainerPaths;
}

export interface NamedSubject extends Subject {
  readonly name: string;
  /** Names and addresses on its networks; undefined if the container is on none. */
  readonly attached?: AttachedNames | undefined;
}

/** Returns the root file system as it will be; makes nothing. */
export function rootOf(context: EngineContext, { config, paths }: Subject): PreparedRoot {
  if (config.root.kind === 'host') return hostRoot(context, config.root, { config, paths });
  if (config.root.kind === 'image')
    return { root: overlayOver(mountLayers(context, config.root), { config, paths }), hostCovers: [] };
  if (config.root.kind === 'empty')
    return { root: overlayOver([emptyLayer(context.paths.images)], { config, paths }), hostCovers: [] };
  const { path, overlay } = config.root;
  if (!overlay) return { root: { kind: 'directory', path, mapped: isShifted(config, path) }, hostCovers: [] };
  return { root: overlayOver([path], { config, paths }), hostCovers: [] };
}

/**
 * Returns the container's overlay. It is volatile if the container is removed at its end, so that its layer needs no
 * sync, unless the container may be launched again: the kernel refuses to mount a volatile layer again.
 */
export function overlayOver(
  lowerDirs: readonly string[],
  { config, paths }: Pick<Subject, 'config' | 'paths'>,
): Extract<RootSource, { kind: 'overlay' }> {
  return {
    kind: 'overlay',
    lowerDirs,
    upperDir: paths.upper,
    workDir: paths.work,
    volatile: config.autoRemove && !mayBeRelaunched(config),
    mapped: isShifted(config, lowerDirs.at(-1) ?? '/'),
  };
}

/**
 * Whether the files of a root directory are shown to a user namespace as if its ids were the host's. A directory that
 * somebody has already given to the container's root is taken as it is, unless options say otherwise.
 */
function isShifted(config: ContainerConfig, root: string): boolean {
  if (!hasOtherIds(config)) return false;
  if (config.root.kind !== 'directory') return true;
  if (config.root.idmap !== undefined) return config.root.idmap;
  const { uid } = rootIds(config);
  return uid === 0 || statSync(root, { throwIfNoEntry: false })?.uid !== uid;
}

/** Returns the directories of an image's layers. An image without layers is an empty directory. */
function mountLayers({ paths }: EngineContext, { layers }: ImageRootConfig): readonly string[] {
  return layers.length === 0 ? [emptyLayer(paths.images)] : lowerDirectories(paths.images, layers);
}

/** Makes the parts of the root file system. */
export async function prepareRoot(context: EngineContext, subject: Subject): Promise<PreparedRoot> {
  const { config, paths } = subject;
  const prepared =
    config.root.kind === 'host' ? await prepareHostRoot(context, config.root, subject) : rootOf(context, subject);
  const { root } = prepared;
  if (root.kind === 'overlay') {
    const looksLike = config.root.kind === 'image' ? root.lowerDirs[0] : root.lowerDirs.at(-1);
    const { isNew } = ensureLayer(subject, looksLike ?? '/', root.mapped === true ? config : undefined);
    if (!isNew && config.autoRemove) removeVolatileMark(paths);
  } else if (config.log.driver === 'k8s-file' || config.log.driver === 'json-file')
    ensureContainerDirectory(paths, config);
  return prepared;
}

/** Makes the run directory, which must not exist, and the files in it. */
export function prepareRunDirectory(context: EngineContext, subject: NamedSubject): PreparedFiles {
  const { paths } = subject;
  mkdirSync(paths.run, { mode: 0o700 });
  mkdirSync(paths.staging, { mode: 0o700 });
  const request = fileRequest(context, subject);
  const files = writeContainerFiles(request);
  const extended = extendedFilesOf(request, subject);
  for (const { file, mount } of extended) if (mount) writeEmptyFile(file, request.owner);
  return { files, extended };
}

/** Returns where the files will be; makes nothing. */
export function filesOf(context: EngineContext, subject: Subject & { readonly name: string }): ContainerFiles {
  return containerFiles(fileRequest(context, subject));
}

/** Returns what prepareRunDirectory() will return; makes nothing. */
export function preparedFiles(context: EngineContext, subject: NamedSubject): PreparedFiles {
  const request = fileRequest(context, subject);
  return { files: containerFiles(request), extended: extendedFilesOf(request, subject) };
}

function extendedFilesOf(request: FileRequest, { config }: Subject): readonly ExtendedFile[] {
  return extendedFiles({ config, run: request.run, aroundHosts: aroundImageHosts(request) });
}

function fileRequest(context: EngineContext, { id, config, paths, name, attached }: NamedSubject): FileRequest {
  return {
    run: paths.run,
    hostname: hostnameSeenIn(context, id, config),
    name,
    names: config,
    network: networkOf(context, config),
    namespacePath: pathOf(config.namespaces.network),
    attached,
    hostnameSharedWith: runDirectoryOf(context, namespaceOwner(context, config, 'uts')),
    containerenv: config.privileged ? containerenvText({ id, name, image: config.image }) : '',
    owner: rootIds(config),
  };
}

function networkOf(context: EngineContext, config: ContainerConfig): FileRequest['network'] {
  const sharedWith = runDirectoryOf(context, namespaceOwner(context, config, 'network'));
  if (sharedWith !== undefined) return { sharedWith };
  const { network } = config.namespaces;
  if (network === 'host') return 'host';
  if (network === 'bridge') return 'attached';
  return isPrivate(network) ? 'isolated' : 'joined';
}

function runDirectoryOf({ directories }: EngineContext, owner: { readonly id: string } | undefined) {
  return owner === undefined ? undefined : containerPaths(directories, owner.id).run;
}

/** Returns the text of .containerenv as Podman writes it: programs find out from it what they run in. */
function containerenvText({
  id,
  name,
  image,
}: {
  readonly id: string;
  readonly name: string;
  readonly image: string;
}): string {
  return `engine="tspod"\nname="${name}"\nid="${id}"\nimage="${image}"\nimageid=""\nrootless=0\n`;
}
