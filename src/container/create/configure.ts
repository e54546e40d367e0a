/**
 * Turns create options into a configuration, and adds what the engine provides: hooks of its directories, mounts of
 * other containers.
 */
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

/**
 * Returns the configuration of a new container. Throws as normalizeCreateOptions() and findImage(); INVALID_ARGUMENT
 * for a bad file in a hooks directory, NO_SUCH_CONTAINER for `volumesFrom`, NO_SUCH_POD.
 */
export function configure(context: EngineContext, given: CreateOptions): ContainerConfig {
  return configureWith(context, given, undefined);
}

/**
 * Stands in for an image that is not there yet: it sets only a command, so that none of its settings can be at fault.
 */
const STAND_IN: ContainerImage = { id: '', name: '', layers: [], config: { Cmd: ['true'] }, annotations: {} };

/** Checks the options before their image is fetched. Throws for what is wrong with them whatever the image says. */
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

/** Like configure(), with the container's pod decided, and with the image if it is known. */
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
    // A volume is mounted as a bind mount.
    hasBindMounts: config.mounts.some(({ type }) => type === 'bind' || type === 'volume'),
  });
  return { ...config, hooks: addHooks(config.hooks, hooks) };
}
