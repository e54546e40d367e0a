/** Platforms of images, with Go's names, as in indexes and configs. */
import { TspodError } from '../errors.js';
import type { Descriptor, ImageIndex, Platform } from './image.js';
import { INDEX_TYPES, MANIFEST_TYPES, OCI_INDEX } from './media-types.js';

/** A requested platform; absent fields are the machine's. */
export interface WantedPlatform {
  readonly os?: string;
  readonly architecture?: string;
  readonly variant?: string;
}

/** Go's names of architectures by Node's, where they differ. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  mipsel: 'mipsle',
  ppc64: 'ppc64le',
};

/** Names that people and uname(1) use. */
const ALIASES: Readonly<Record<string, Pick<Platform, 'architecture' | 'variant'>>> = {
  x86_64: { architecture: 'amd64' },
  x64: { architecture: 'amd64' },
  i386: { architecture: '386' },
  aarch64: { architecture: 'arm64' },
  armhf: { architecture: 'arm', variant: 'v7' },
  armel: { architecture: 'arm', variant: 'v6' },
};

/** Variants that run on each variant, best first. */
const VARIANTS: Readonly<Record<string, readonly string[]>> = {
  'arm v8': ['v8', 'v7', 'v6', 'v5'],
  'arm v7': ['v7', 'v6', 'v5'],
  'arm v6': ['v6', 'v5'],
};

/** Returns the platform of a machine with this `process.arch`. */
export function platformOf(arch: string): Platform {
  if (arch === 'arm') return { os: 'linux', architecture: 'arm', variant: 'v7' };
  return { os: 'linux', architecture: ARCHITECTURES[arch] ?? arch };
}

/** Parses `OS`, `OS/ARCH` or `OS/ARCH/VARIANT`. Throws INVALID_ARGUMENT. */
function parsePlatform(text: string): WantedPlatform {
  const parts = text.split('/');
  const [os, architecture, variant] = parts;
  if (parts.length > 3 || parts.some((part) => !/^[A-Za-z0-9_.-]{1,64}$/.test(part)) || os === undefined)
    throw new TspodError(
      'INVALID_ARGUMENT',
      `invalid platform syntax for ${JSON.stringify(text)} (use OS/ARCH[/VARIANT])`,
    );
  return {
    os,
    ...(architecture === undefined ? {} : { architecture }),
    ...(variant === undefined ? {} : { variant }),
  };
}

/** Completes a requested platform with the machine's values. */
export function fullPlatform(wanted: WantedPlatform, machine: Platform): Platform {
  const given = wanted.architecture?.toLowerCase();
  const alias = given === undefined ? undefined : ALIASES[given];
  const architecture = alias?.architecture ?? given ?? machine.architecture;
  const own = architecture === machine.architecture ? machine.variant : undefined;
  const variant = wanted.variant ?? alias?.variant ?? own;
  return { os: wanted.os ?? machine.os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** Returns the platform that a user asks for, completed with this machine's values. Throws INVALID_ARGUMENT. */
export function wantedPlatform(text?: string): Platform {
  return fullPlatform(text === undefined ? {} : parsePlatform(text), platformOf(process.arch));
}

export function platformText({ os, architecture, variant }: Platform): string {
  const words = [
    os || 'unknown',
    architecture || 'unknown',
    ...(variant === undefined || variant === '' ? [] : [variant]),
  ];
  return words.join('/');
}

/** Whether an image of one platform satisfies a request for the other. */
export function isPlatform(image: Platform, wanted: Platform): boolean {
  if (image.os !== wanted.os || image.architecture !== wanted.architecture) return false;
  const isAny = wanted.variant === undefined || image.variant === undefined || image.variant === '';
  return isAny || image.variant === wanted.variant || hasImpliedVariant(wanted) || hasImpliedVariant(image);
}

/** Whether the variant follows from the architecture: arm64 is always v8. */
function hasImpliedVariant({ architecture, variant }: Platform): boolean {
  return architecture === 'arm64' && (variant === 'v8' || variant === undefined);
}

/**
 * Returns the entry of an index for a platform, or else, in an OCI index, whose entries need not have a platform, the
 * first entry without one. Throws NO_SUCH_IMAGE, which lists the available platforms.
 */
export function chooseImage(index: ImageIndex, wanted: Platform, what: string): Descriptor {
  const images = index.manifests.filter(
    ({ mediaType }) => MANIFEST_TYPES.includes(mediaType) || INDEX_TYPES.includes(mediaType),
  );
  const fits = images.filter(
    ({ platform }) => platform?.os === wanted.os && platform.architecture === wanted.architecture,
  );
  const preferred = VARIANTS[`${wanted.architecture} ${wanted.variant ?? ''}`] ?? [wanted.variant ?? ''];
  for (const variant of preferred) {
    const exact = fits.find(({ platform }) => (platform?.variant ?? '') === variant);
    if (exact !== undefined) return exact;
  }
  const [first] = fits.filter(({ platform }) => platform !== undefined && isPlatform(platform, wanted));
  if (first !== undefined) return first;
  const untold = images.find(({ platform }) => platform === undefined);
  if (index.mediaType === OCI_INDEX && untold !== undefined) return untold;
  const there = images.flatMap(({ platform }) => (platform === undefined ? [] : [platformText(platform)]));
  throw new TspodError(
    'NO_SUCH_IMAGE',
    `${what}: no image for ${platformText(wanted)} in the index; available: ${there.slice(0, 20).join(', ') || 'none with a platform'}`,
    { details: { platform: platformText(wanted), available: there } },
  );
}
