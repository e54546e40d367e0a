/** Create options -> configuration, with what the engine adds to it: hooks of its directories, mounts of other containers. */
import type { ContainerConfig, PodMembership } from '../../spec/config.js';
import type { CreateOptions } from '../../spec/create-options.js';
import type { ContainerImage } from '../../spec/image.js';
import { addHooks } from '../../spec/hooks.js';
import { normalizeCreateOptions } from '../../spec/normalize.js';
import { isHostImage } from '../../spec/files/root.js';
import type { EngineContext } from '../context.js';
import { containerImage } from './find-image.js';
import { withMountedImages } from './mounted-images.js';
import { readHooks } from './hook-directories.js';
import { joinPod } from '../pod/join.js';
import { withVolumesFrom } from './volumes-from.js';

/** Throws as normalizeCreateOptions() and findImage(); INVALID_ARGUMENT for a file in a hooks directory, NO_SUCH_CONTAINER for one whose mounts are wanted, NO_SUCH_POD. */
export function configure(context: EngineContext, given: CreateOptions): ContainerConfig {
  return configureWith(context, given, undefined);
}

/** Says nothing, so that nothing of what it says is wrong. */
const STAND_IN: ContainerImage = { id: '', name: '', layers: [], config: { Cmd: ['true'] }, annotations: {} };

/** Throws for what is wrong with the options whatever their image says: before that is fetched. */
export function checkWithoutImage(context: EngineContext, options: CreateOptions): void {
  configureWith(context, options, STAND_IN);
}

function configureWith(
  context: EngineContext,
  given: CreateOptions,
  image: ContainerImage | undefined,
): ContainerConfig {
  const joined = joinPod(context, given);
  return configureFor(context, joined?.options ?? given, joined?.pod, image);
}

/** As configure(), with its place in a pod decided, and with the image where that is known. */
export function configureFor(
  context: EngineContext,
  options: CreateOptions,
  pod: PodMembership | undefined,
  known?: ContainerImage,
): ContainerConfig {
  const whole = options.volumesFrom === undefined ? options : withVolumesFrom(context, options);
  const { image, rootfs } = whole;
  const isStored = typeof image === 'string' && image !== '' && rootfs === undefined && !isHostImage(image);
  const config = normalizeCreateOptions(whole, context.facts(), {
    cgroupManager: context.cgroupManager,
    pod,
    image: isStored ? (known ?? containerImage(context, image)) : undefined,
  });
  const { volumesFrom = [] } = options;
  const recorded = withMountedImages(context, volumesFrom.length === 0 ? config : { ...config, volumesFrom });
  return context.hooksDirectories.length === 0 ? recorded : withHooks(context.hooksDirectories, recorded);
}

function withHooks(directories: readonly string[], config: ContainerConfig): ContainerConfig {
  const hooks = readHooks(directories, {
    annotations: config.annotations,
    program: config.args[0] ?? '',
    // A volume is mounted as one.
    hasBindMounts: config.mounts.some(({ type }) => type === 'bind' || type === 'volume'),
  });
  return { ...config, hooks: addHooks(config.hooks, hooks) };
}
