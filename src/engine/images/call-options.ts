/**
 * Checks the options of calls on images and manifest lists: a misspelt option must not select other images or be
 * ignored.
 */
import { SIGNAL } from '../../container/call-options.js';
import type { SignalOption } from '../../container/api/container.js';
import { checkedCall, checkShape, type ShapeOf } from '../../spec/checks/shape.js';
import { LIST, PRUNE } from '../call-options.js';
import type {
  ManifestAddOptions,
  ManifestCreateOptions,
  ManifestEntryOptions,
  ManifestFetchOptions,
  ManifestPushOptions,
} from '../manifests/types.js';
import type {
  CommitOptions,
  FetchOptions,
  ImageListOptions,
  ImagePruneOptions,
  ImageRemoveOptions,
  ImageUnmountOptions,
  ImportOptions,
  LoadOptions,
  PullOptions,
  PushOptions,
  RegistryAccess,
  SaveOptions,
} from './types.js';

const REGISTRY: ShapeOf<RegistryAccess> = {
  tlsVerify: 'boolean',
  certDir: 'string',
  authFile: 'string',
  credentials: 'string',
  chunkBytes: 'number',
  retries: 'number',
  retryDelayMs: 'number',
};

/** Checks options as checkedCall() does, and also those in `registry`. */
function checkedTransfer<T extends { readonly registry?: RegistryAccess }>(
  call: string,
  options: T | undefined,
  shape: ShapeOf<T>,
): T | undefined {
  checkedCall(call, options, shape);
  if (options?.registry !== undefined) checkShape(`${call} options.registry`, options.registry, REGISTRY);
  return options;
}

const LIST_IMAGES: ShapeOf<ImageListOptions> = { ...LIST, manifestLists: 'boolean' };
const PRUNE_IMAGES: ShapeOf<ImagePruneOptions> = { ...PRUNE, all: 'boolean' };
const REMOVE: ShapeOf<ImageRemoveOptions> = { force: 'boolean', signal: 'signal' };
const UNMOUNT: ShapeOf<ImageUnmountOptions> = { force: 'boolean' };

const LOAD: ShapeOf<LoadOptions> = { onProgress: 'function', signal: 'signal' };
const FETCH: ShapeOf<FetchOptions> = { ...LOAD, registry: 'object' };
const PULL: ShapeOf<PullOptions> = { ...FETCH, platform: 'string', policy: 'string', name: 'string' };
const PUSH: ShapeOf<PushOptions> = FETCH;
const SAVE: ShapeOf<SaveOptions> = { ...LOAD, format: 'string', names: 'strings' };

const MAKE: ShapeOf<Pick<ImportOptions & CommitOptions, 'name' | 'message' | 'changes' | 'onProgress' | 'signal'>> = {
  ...LOAD,
  name: 'string',
  message: 'string',
  changes: 'strings',
};
const IMPORT: ShapeOf<ImportOptions> = { ...MAKE, platform: 'string' };
const COMMIT: ShapeOf<CommitOptions> = {
  ...MAKE,
  author: 'string',
  pause: 'boolean',
  squash: 'boolean',
  includeVolumes: 'boolean',
  format: 'string',
};

const ENTRY: ShapeOf<ManifestEntryOptions> = {
  os: 'string',
  architecture: 'string',
  variant: 'string',
  osVersion: 'string',
  osFeatures: 'strings',
  annotations: 'record',
};
const FETCH_MANIFEST: ShapeOf<ManifestFetchOptions> = { registry: 'object', signal: 'signal' };
const ADD_ENTRY: ShapeOf<ManifestAddOptions> = { ...ENTRY, ...FETCH_MANIFEST, all: 'boolean' };
const CREATE_LIST: ShapeOf<ManifestCreateOptions> = { ...ADD_ENTRY, images: 'strings', amend: 'boolean' };
const PUSH_LIST: ShapeOf<ManifestPushOptions> = { ...FETCH, all: 'boolean', format: 'string' };

/** Each of these functions returns the options it was given, or throws TypeError as checkShape() does. */
export const checkedImageList = (options?: ImageListOptions) => checkedCall('list', options, LIST_IMAGES);
export const checkedImagePrune = (options?: ImagePruneOptions) => checkedCall('prune', options, PRUNE_IMAGES);
export const checkedImageRemove = (options?: ImageRemoveOptions) => checkedCall('remove', options, REMOVE);
export const checkedImageUnmount = (options?: ImageUnmountOptions) => checkedCall('unmount', options, UNMOUNT);
export const checkedImageTree = (options?: { readonly children?: boolean }) =>
  checkedCall('tree', options, { children: 'boolean' });
export const checkedImageDiff = (options?: SignalOption) => checkedCall('diff', options, SIGNAL);
export const checkedFetch = (options?: FetchOptions) => checkedTransfer('fetch', options, FETCH);
export const checkedPull = (options?: PullOptions) => checkedTransfer('pull', options, PULL);
export const checkedPush = (options?: PushOptions) => checkedTransfer('push', options, PUSH);
export const checkedLoad = (options?: LoadOptions) => checkedCall('load', options, LOAD);
export const checkedSave = (options?: SaveOptions) => checkedCall('save', options, SAVE);
export const checkedImport = (options?: ImportOptions) => checkedCall('import', options, IMPORT);
export const checkedCommit = (options?: CommitOptions) => checkedCall('commit', options, COMMIT);
export const checkedManifestCreate = (options?: ManifestCreateOptions) =>
  checkedTransfer('create', options, CREATE_LIST);
export const checkedManifestAdd = (options?: ManifestAddOptions) => checkedTransfer('add', options, ADD_ENTRY);
export const checkedManifestFetch = (options?: ManifestFetchOptions) =>
  checkedTransfer('fetch', options, FETCH_MANIFEST);
export const checkedManifestPush = (options?: ManifestPushOptions) => checkedTransfer('push', options, PUSH_LIST);
export function checkedAnnotate(options: ManifestEntryOptions): ManifestEntryOptions {
  checkShape('annotate options', options, ENTRY);
  return options;
}
