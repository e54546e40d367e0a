/** Flags for the platform of an image and for changes of its configuration. */
import { platformOf } from '../../oci/platform.js';
import { invalid } from '../errors/cli-error.js';
import type { FlagValues } from '../command-parts/flag-values.js';
import type { Flag } from '../command-parts/flag.js';

export const PLATFORM_FLAGS = [
  { name: 'arch', kind: 'text', value: 'name', help: "Architecture, instead of the machine's" },
  { name: 'os', kind: 'text', value: 'name', help: "Operating system, instead of the machine's" },
  { name: 'platform', kind: 'text', value: 'OS/ARCH[/VARIANT]', help: "Platform, instead of the machine's" },
  { name: 'variant', kind: 'text', value: 'name', help: "Variant of the architecture, instead of the machine's" },
] as const satisfies readonly Flag[];

export const CHANGE_FLAG = {
  name: 'change',
  short: 'c',
  kind: 'items',
  value: 'instruction',
  help: 'CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME or WORKDIR, as in a Dockerfile',
} as const satisfies Flag;

/** Returns the platform that the flags choose; undefined for the machine's own, as with empty values. */
export function platformText(flags: FlagValues): string | undefined {
  const [whole, os, arch, variant] = ['platform', 'os', 'arch', 'variant'].map((name) => {
    const text = flags.text(name);
    return text === '' ? undefined : text;
  });
  if (whole !== undefined) {
    if (os !== undefined || arch !== undefined)
      throw invalid('--platform option can not be specified with --arch or --os');
    return whole;
  }
  if (os === undefined && arch === undefined && variant === undefined) return undefined;
  const own = platformOf(process.arch);
  return [os ?? own.os, arch ?? own.architecture, ...(variant === undefined ? [] : [variant])].join('/');
}
