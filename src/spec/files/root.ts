/** Source of the root file system: `host:`, a directory or an image. */
import { invalid, TspodError } from '../../errors.js';
import { cleanPath } from '../../util/paths.js';
import type { RootConfig } from '../config.js';
import type { CreateOptions } from '../create-options.js';
import { imageRoot, type ContainerImage } from '../image.js';
import { checkAbsolutePath } from '../checks/names.js';
import { quote } from '../checks/quote.js';

/** Command of a `host:` container if none is given. */
const HOST_COMMAND = ['/bin/sh'];

type RootOptions = Pick<CreateOptions, 'image' | 'rootfs' | 'rootfsOverlay' | 'rootfsIdmap' | 'hide' | 'show'>;

/**
 * Returns the root of a container. Throws INVALID_ARGUMENT unless exactly one of image and rootfs is given,
 * NO_SUCH_IMAGE for an image that has not been found.
 */
export function normalizeRoot(options: RootOptions, found: ContainerImage | undefined): RootConfig {
  const { image, rootfs } = options;
  if (image !== undefined && rootfs !== undefined) throw invalid('image and rootfs cannot both be given');
  if (rootfs !== undefined) return directoryRoot(options, rootfs);
  if (image === undefined || image === '') throw invalid('an image or a rootfs must be given');
  if (options.rootfsOverlay !== undefined) throw invalid('rootfsOverlay needs rootfs');
  if (options.rootfsIdmap !== undefined) throw invalid('rootfsIdmap needs rootfs');
  if (found === undefined) return hostRoot(options, image);
  if (options.hide !== undefined || options.show !== undefined)
    throw invalid('hide and show are for the image host: only');
  return imageRoot(found);
}

/** Whether an image's name stands for the host's own root file system. */
export function isHostImage(image: string): boolean {
  return image.startsWith('host:');
}

function directoryRoot(options: RootOptions, rootfs: string): RootConfig {
  if (options.hide !== undefined || options.show !== undefined)
    throw invalid('hide and show are for the image host: only');
  return {
    kind: 'directory',
    path: cleanPath(checkAbsolutePath('rootfs', rootfs)),
    overlay: options.rootfsOverlay ?? false,
    ...(options.rootfsIdmap === undefined ? {} : { idmap: options.rootfsIdmap }),
  };
}

function hostRoot(options: RootOptions, image: string): RootConfig {
  if (image !== 'host:' && image !== 'host:all') {
    if (image.startsWith('host:')) throw invalid(`image must be host: or host:all, not ${quote(image)}`);
    throw new TspodError('NO_SUCH_IMAGE', `${image}: image not known`, { details: { name: image } });
  }
  return {
    kind: 'host',
    all: image === 'host:all',
    hide: checkPaths('hide', options.hide),
    show: checkPaths('show', options.show),
  };
}

function checkPaths(what: string, paths: readonly string[] = []): readonly string[] {
  const checked = paths.map((path) => cleanPath(checkAbsolutePath(what, path)));
  if (checked.includes('/'))
    throw invalid(`${what}: / cannot be ${what === 'hide' ? 'hidden' : 'shown: use host:all'}`);
  return [...new Set(checked)];
}

export interface Command {
  readonly args: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

/** Returns entrypoint and command, separately and as one. Throws INVALID_ARGUMENT if there is nothing to run. */
export function normalizeCommand(options: Pick<CreateOptions, 'entrypoint' | 'command'>, root: RootConfig): Command {
  const entrypoint = options.entrypoint ?? [];
  const given = options.command ?? [];
  const command = given.length === 0 && entrypoint.length === 0 && root.kind === 'host' ? HOST_COMMAND : given;
  const args = [...entrypoint, ...command];
  if (args.length === 0) {
    const image = root.kind === 'image' ? ', and no CMD or ENTRYPOINT from image' : '';
    throw invalid(`no command or entrypoint provided${image}`);
  }
  return { args, entrypoint, command };
}
