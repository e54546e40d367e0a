/**
 * Binds the verbs about files to an id. Their modules are loaded at their first use: running containers needs none of
 * them.
 */
import { requireString } from '../../util/require-string.js';
import { requireBytes } from '../../util/source-errors.js';
import type { EngineContext } from '../context.js';
import type { ContainerFiles } from '../api/files.js';
import {
  checkedCopyIn,
  checkedCopyOut,
  checkedDiff,
  checkedExport,
  checkedStat,
  checkedUnmount,
} from './call-options.js';

export function fileVerbs(context: EngineContext, id: string): ContainerFiles {
  return {
    sizes: async () => (await import('../verbs/sizes.js')).containerSizes(context, id),
    export: async (options) =>
      (await import('../verbs/export.js')).exportContainer(context, id, checkedExport(options)),
    copyOut: async (path, options) => {
      requireString('the path', path);
      return (await import('../verbs/copy.js')).copyOut(context, id, path, checkedCopyOut(options));
    },
    copyIn: async (directory, content, options) => {
      requireString('the directory', directory);
      requireBytes('the archive', content);
      return (await import('../verbs/copy.js')).copyIn(context, id, { directory, content }, checkedCopyIn(options));
    },
    diff: async (options) => (await import('../verbs/diff.js')).diffContainer(context, id, checkedDiff(options)),
    mount: async () => (await import('../verbs/mount.js')).mountContainer(context, id),
    unmount: async (options) =>
      (await import('../verbs/mount.js')).unmountContainer(context, id, checkedUnmount(options)),
    addArtifact: async (name, data) => (await import('../verbs/artifacts.js')).addArtifact(context, id, { name, data }),
    getArtifact: async (name) => (await import('../verbs/artifacts.js')).getArtifact(context, id, name),
    removeArtifact: async (name) => (await import('../verbs/artifacts.js')).removeArtifact(context, id, name),
    stat: async (path, options) => {
      requireString('the path', path);
      return (await import('../verbs/copy.js')).statInside(context, id, path, checkedStat(options));
    },
  };
}
