/** Merges the settings of an image into create options, below those of the user. */
import { invalid, isTspodError } from '../errors.js';
import type { ImageHealthcheck, ImageRunConfig } from '../oci/image.js';
import { cleanPath } from '../util/paths.js';
import type { RootConfig } from './config.js';
import type { CreateOptions } from './create-options.js';
import type { HealthOptions } from './health/health-options.js';
import { parseExposed } from './network/ports.js';
import { quote } from './checks/quote.js';

/** An image that a container is made from. */
export interface ContainerImage {
  /** Hexadecimal digits of its config's digest. */
  readonly id: string;
  /** Name with registry and tag, which is recorded as the container's image. */
  readonly name: string;
  /** Chain ids of its layers, from the lowest up. */
  readonly layers: readonly string[];
  readonly config: ImageRunConfig;
  /** Annotations of the manifest. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Part of a container's configuration that only an image sets. */
export interface ImagePart {
  /** Whether the working directory is made if it is missing. */
  readonly createWorkdir?: boolean;
}

const IMAGE_VOLUMES = ['bind', 'tmpfs', 'ignore'] as const;

export function imageRoot({ id, layers }: ContainerImage): RootConfig {
  return { kind: 'image', id, layers };
}

/**
 * Returns the options with the image's command, user, labels and so on where the options have none. Throws
 * INVALID_ARGUMENT.
 */
export function withImage(options: CreateOptions, { config, annotations }: ContainerImage): CreateOptions {
  const { User, WorkingDir, StopSignal, Labels = {}, ExposedPorts = {} } = config;
  const health = healthOf(options.health, config.Healthcheck);
  return {
    ...options,
    ...commandOf(options, config),
    ...(options.user === undefined && User !== undefined && User !== '' ? { user: User } : {}),
    ...(options.workdir === undefined && WorkingDir !== undefined && WorkingDir !== ''
      ? { workdir: absolute(WorkingDir) }
      : {}),
    labels: { ...Labels, ...options.labels },
    annotations: { ...annotations, ...options.annotations },
    ...(options.stopSignal === undefined && StopSignal !== undefined && StopSignal !== ''
      ? { stopSignal: StopSignal }
      : {}),
    ...(health === undefined ? {} : { health }),
    expose: [...(options.expose ?? []), ...Object.keys(ExposedPorts).filter(isExposable)],
    ...imageVolumes(options, config),
  };
}

/**
 * Returns entrypoint and command. The image's command is meant for the image's entrypoint: with another entrypoint it
 * is not used.
 */
function commandOf(options: CreateOptions, { Entrypoint = [], Cmd = [] }: ImageRunConfig) {
  const isOwn = options.entrypoint !== undefined;
  const given = options.command ?? [];
  return {
    entrypoint: (options.entrypoint ?? Entrypoint).filter((word, _, all) => all.length > 1 || word !== ''),
    command: given.length > 0 || isOwn ? given : Cmd,
  };
}

/**
 * Shortest interval and timeout that an image's health check may have, in ms. The monitor starts and ends the checks,
 * outside the container's limits: without a pause between them an image would use the host's CPU time.
 */
const MIN_CHECK_MS = 100;

/** Returns the health options. The user may set an interval or a number of retries for the image's test. */
function healthOf(given: HealthOptions | undefined, image: ImageHealthcheck | undefined): HealthOptions | undefined {
  const { Test = [], Interval = 0, Timeout = 0, StartPeriod = 0, Retries = 0 } = image ?? {};
  const [kind] = Test;
  if (kind === undefined || given?.test !== undefined) return given;
  const isKnown = ['NONE', 'CMD', 'CMD-SHELL'].includes(kind);
  return {
    test: isKnown ? Test : ['CMD', ...Test],
    ...(Interval === 0 ? {} : { intervalMs: Math.max(MIN_CHECK_MS, milliseconds(Interval)) }),
    ...(Timeout === 0 ? {} : { timeoutMs: Math.max(MIN_CHECK_MS, milliseconds(Timeout)) }),
    ...(StartPeriod === 0 ? {} : { startPeriodMs: milliseconds(StartPeriod) }),
    ...(Retries === 0 ? {} : { retries: Math.max(Retries, 1) }),
    ...given,
  };
}

/** Whether the text is a port, or a range of ports. An image that exposes anything else can be used all the same. */
export function isExposable(text: string): boolean {
  try {
    return parseExposed(text).length > 0;
  } catch (error) {
    if (isTspodError(error, 'INVALID_ARGUMENT')) return false;
    throw error;
  }
}

function milliseconds(nanoseconds: number): number {
  return Math.max(1, Math.round(nanoseconds / 1e6));
}

function imageVolumes(options: CreateOptions, config: ImageRunConfig): Pick<CreateOptions, 'mounts'> {
  const { imageVolume = 'bind', mounts = [] } = options;
  if (!IMAGE_VOLUMES.includes(imageVolume))
    throw invalid(`imageVolume must be one of ${IMAGE_VOLUMES.join(', ')}, not ${quote(imageVolume)}`);
  if (imageVolume === 'ignore') return {};
  const type = imageVolume === 'tmpfs' ? 'tmpfs' : 'volume';
  const own = volumesOf(options, config).map((target) => ({ type, target }) as const);
  return own.length === 0 ? {} : { mounts: [...mounts, ...own] };
}

/** Returns settings that have no place in the options. `given`: the options as the user gave them. */
export function imagePart(given: CreateOptions): ImagePart {
  return given.workdir === undefined ? { createWorkdir: true } : {};
}

/**
 * Returns the targets of the image's volumes, except those where the user mounts something. Throws INVALID_ARGUMENT for
 * a target at / or in /proc, /sys or /dev.
 */
function volumesOf(options: CreateOptions, { Volumes = {} }: ImageRunConfig): readonly string[] {
  const mounted = new Set((options.mounts ?? []).map(({ target }) => cleanPath(target)));
  const targets = new Set(Object.keys(Volumes).map(absolute));
  for (const target of targets) {
    const isRefused = target === '/' || /^\/(proc|sys|dev)(\/|$)/.test(target);
    if (isRefused) throw invalid(`the image has a volume at ${quote(target)}, which is refused: see imageVolume`);
  }
  return [...targets].filter((target) => !mounted.has(target)).sort();
}

function absolute(path: string): string {
  return cleanPath(path.startsWith('/') ? path : `/${path}`);
}

/** Returns the image's KEY=value items as a record; items without a name are skipped. */
export function imageEnvironment({ Env = [] }: ImageRunConfig): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Env.flatMap((item) => {
      const equals = item.indexOf('=');
      if (equals === 0 || item === '' || item.includes('\0')) return [];
      return [equals === -1 ? ([item, ''] as const) : ([item.slice(0, equals), item.slice(equals + 1)] as const)];
    }),
  );
}
