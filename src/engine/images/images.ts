/**
 * `engine.images`, bound to one engine. Modules that read or write layers are loaded on use, because most commands need
 * none of them.
 */
import { tracked, type EngineContext } from '../../container/context.js';
import { findImage, lookUp, lookUpOnlyList } from '../../container/create/find-image.js';
import { requirePathOrBytes } from '../../util/source-errors.js';
import { removeNamed, summarizeList, tagList, untagList } from '../manifests/names.js';
import { imagePredicate } from './filters.js';
import { imageHistory, inspectImage } from './inspect.js';
import { checkedCheck } from '../call-options.js';
import {
  checkedCommit,
  checkedImageDiff,
  checkedImageList,
  checkedImagePrune,
  checkedImageRemove,
  checkedImageTree,
  checkedImageUnmount,
  checkedImport,
  checkedLoad,
  checkedPull,
  checkedPush,
  checkedSave,
} from './call-options.js';
import { diffImage } from '../diff.js';
import { mountedImages, mountImage, unmountImage } from './mount.js';
import { imageTree } from './tree.js';
import { pullImage } from './pull.js';
import { pruneImages, removeImage } from './remove.js';
import { summarize } from './summary.js';
import { tagImage, untagImage } from './tag.js';
import type { ImageListOptions, Images, ImageSummary } from './types.js';

export function makeImages(context: EngineContext): Images {
  const { store } = context;
  const get = (nameOrId: string) => summarize(store, findImage(store, nameOrId).image);
  return {
    pull: async (from, options) => summarize(store, await pullImage(context, from, checkedPull(options))),
    pullAllTags: (repository, options) =>
      tracked(context, async () =>
        (await import('./pull-all-tags.js')).pullAllTags(context, repository, checkedPull(options)),
      ),
    push: (nameOrId, to, options) =>
      tracked(context, async () => (await import('./push.js')).pushImage(context, nameOrId, to, checkedPush(options))),
    load: async (from, options) => {
      requirePathOrBytes('the archive', from);
      return tracked(context, async () => (await import('./load.js')).loadImages(context, from, checkedLoad(options)));
    },
    save: (nameOrIds, to, options) =>
      tracked(context, async () =>
        (await import('./save.js')).saveImages(context, nameOrIds, to, checkedSave(options)),
      ),
    import: async (from, options) => {
      requirePathOrBytes('the archive', from);
      return tracked(context, async () =>
        (await import('./import.js')).importImage(context, from, checkedImport(options)),
      );
    },
    commit: (container, options) =>
      tracked(context, async () =>
        (await import('./commit.js')).commitContainer(context, container, checkedCommit(options)),
      ),
    list: (options) => listImages(context, checkedImageList(options)),
    get,
    exists: (nameOrId) => lookUp(store, nameOrId) !== undefined,
    inspect: (nameOrId) => inspectImage(context, nameOrId),
    history: (nameOrId) => imageHistory(context, nameOrId),
    tag: (nameOrId, ...names) => {
      const found = lookUpOnlyList(store, nameOrId);
      return found === undefined ? tagImage(context, nameOrId, names) : tagList(context, found.list, names);
    },
    untag: (nameOrId, ...names) => {
      const found = lookUpOnlyList(store, nameOrId);
      return found === undefined ? untagImage(context, nameOrId, names) : untagList(context, found.list, names);
    },
    remove: (nameOrId, given) =>
      tracked(context, async () => {
        const options = checkedImageRemove(given) ?? {};
        const removed = store.transaction(() => {
          const found = lookUpOnlyList(store, nameOrId);
          return found && removeNamed(context, found, options.force ?? false);
        });
        return removed ?? removeImage(context, nameOrId, options);
      }),
    prune: (options) => tracked(context, async () => pruneImages(context, checkedImagePrune(options))),
    mount: (nameOrId) => tracked(context, () => mountImage(context, nameOrId)),
    unmount: (nameOrId, options) =>
      tracked(context, async () => unmountImage(context, nameOrId, checkedImageUnmount(options))),
    mounted: () => mountedImages(context),
    diff: (nameOrId, against, options) =>
      tracked(context, async () => diffImage(context, nameOrId, against, checkedImageDiff(options))),
    tree: (nameOrId, options) => imageTree(context, nameOrId, checkedImageTree(options)),
    check: (options) =>
      tracked(context, async () => (await import('./check.js')).checkImages(context, checkedCheck(options))),
  };
}

function listImages(
  { store }: EngineContext,
  { filters = {}, manifestLists = false }: ImageListOptions = {},
): readonly ImageSummary[] {
  const find = (wanted: string) => summarize(store, findImage(store, wanted).image);
  const matches = imagePredicate(filters, { now: new Date(), find });
  const images = store.images.list().map((image) => summarize(store, image));
  const lists = manifestLists ? store.manifestLists.list().map(summarizeList) : [];
  return [...images, ...lists].filter(matches);
}
