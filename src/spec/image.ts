/** What an image says of its containers, put below what the user says: create options as if they had been given in full. */
import { invalid, isTspodError } from '../errors.js';
import type { ImageHealthcheck, ImageRunConfig } from '../oci/image.js';
import { cleanPath } from '../util/paths.js';
import type { RootConfig } from './config.js';
import type { CreateOptions } from './create-options.js';
import type { HealthOptions } from './health/health-options.js';
import { parseExposed } from './network/ports.js';
import { quote } from './checks/quote.js';

/** An image, as a container is made of it. */
export interface ContainerImage {
  /** Hexadecimal digits of its config's digest. */
  readonly id: string;
  /** With registry and tag; what the container is said to be made of. */
  readonly name: string;
  /** Chain ids of its layers, from the lowest up. */
  readonly layers: readonly string[];
  readonly config: ImageRunConfig;
  /** Of its manifest. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** What of a container's configuration only an image brings. */
export interface ImagePart {
  /** The working directory is made where it is missing. */
  readonly createWorkdir?: boolean;
}

const IMAGE_VOLUMES = ['bind', 'tmpfs', 'ignore'] as const;

export function imageRoot({ id, layers }: ContainerImage): RootConfig {
  return { kind: 'image', id, layers };
}

/** The options with the image's command, user, labels and so on, where the options have none. Throws INVALID_ARGUMENT. */
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

/** The image's command is made for its entrypoint: with another one it does not count. */
function commandOf(options: CreateOptions, { Entrypoint = [], Cmd = [] }: ImageRunConfig) {
  const isOwn = options.entrypoint !== undefined;
  const given = options.command ?? [];
  return {
    entrypoint: (options.entrypoint ?? Entrypoint).filter((word, _, all) => all.length > 1 || word !== ''),
    command: given.length > 0 || isOwn ? given : Cmd,
  };
}

/** The user's interval or number of retries may be for the image's test. */
function healthOf(given: HealthOptions | undefined, image: ImageHealthcheck | undefined): HealthOptions | undefined {
  const { Test = [], Interval = 0, Timeout = 0, StartPeriod = 0, Retries = 0 } = image ?? {};
  const [kind] = Test;
  if (kind === undefined || given?.test !== undefined) return given;
  const isKnown = ['NONE', 'CMD', 'CMD-SHELL'].includes(kind);
  return {
    test: isKnown ? Test : ['CMD', ...Test],
    ...(Interval === 0 ? {} : { intervalMs: milliseconds(Interval) }),
    ...(Timeout === 0 ? {} : { timeoutMs: milliseconds(Timeout) }),
    ...(StartPeriod === 0 ? {} : { startPeriodMs: milliseconds(StartPeriod) }),
    ...(Retries === 0 ? {} : { retries: Math.max(Retries, 1) }),
    ...given,
  };
}

/** What is no port does not keep an image from being used. */
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

/** What has no place in the options. `given`: as the user gave them. */
export function imagePart(given: CreateOptions): ImagePart {
  return given.workdir === undefined ? { createWorkdir: true } : {};
}

/** A mount of the user's takes the place of a volume. */
function volumesOf(options: CreateOptions, { Volumes = {} }: ImageRunConfig): readonly string[] {
  const mounted = new Set((options.mounts ?? []).map(({ target }) => cleanPath(target)));
  const targets = new Set(Object.keys(Volumes).map(absolute));
  for (const target of targets) {
    const isRefused = target === '/' || /^\/(proc|sys|dev)(\/|$)/.test(target);
    if (isRefused) throw invalid(`the image wants a volume at ${quote(target)}, which cannot be: see imageVolume`);
  }
  return [...targets].filter((target) => !mounted.has(target)).sort();
}

function absolute(path: string): string {
  return cleanPath(path.startsWith('/') ? path : `/${path}`);
}

/** KEY=value items as a record; what has no name is passed over. */
export function imageEnvironment({ Env = [] }: ImageRunConfig): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Env.flatMap((item) => {
      const equals = item.indexOf('=');
      if (equals === 0 || item === '' || item.includes('\0')) return [];
      return [equals === -1 ? ([item, ''] as const) : ([item.slice(0, equals), item.slice(equals + 1)] as const)];
    }),
  );
}
