/** Flags that describe an image in a manifest list. */
import type { ManifestEntryOptions } from '../../engine/manifests/types.js';
import { invalid } from '../errors/cli-error.js';
import type { FlagValues } from '../command-parts/flag-values.js';
import type { Flag } from '../command-parts/flag.js';
import { splitPair } from '../parse/key-values.js';
import { missingFlag } from './missing.js';

export const ENTRY_FLAGS: readonly Flag[] = [
  { name: 'annotation', kind: 'items', value: 'key=value', help: 'Annotation of the image in the list' },
  { name: 'arch', kind: 'text', value: 'name', help: "Architecture, instead of the image's" },
  missingFlag('features', 'images are not selected by it'),
  { name: 'os', kind: 'text', value: 'name', help: "Operating system, instead of the image's" },
  {
    name: 'os-version',
    kind: 'text',
    value: 'version',
    help: "Version of the operating system, instead of the image's",
  },
  { name: 'variant', kind: 'text', value: 'name', help: "Variant of the architecture, instead of the image's" },
];

export const OS_FEATURES_FLAG: Flag = {
  name: 'os-features',
  kind: 'items',
  value: 'feature',
  help: 'Features of the operating system that the image needs',
};

export function entryOptions(flags: FlagValues): ManifestEntryOptions {
  const features = flags.list('os-features').flatMap((item) => item.split(','));
  const annotations = flags.list('annotation').map((item) => {
    const [key, value] = splitPair(item);
    if (value === undefined) throw invalid(`no value given for annotation ${JSON.stringify(key)}`);
    return [key, value] as const;
  });
  const text = (name: string, key: keyof ManifestEntryOptions) => {
    const value = flags.text(name);
    return value === undefined ? {} : { [key]: value };
  };
  return {
    ...text('arch', 'architecture'),
    ...text('os', 'os'),
    ...text('os-version', 'osVersion'),
    ...text('variant', 'variant'),
    ...(features.length === 0 ? {} : { osFeatures: features }),
    ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
  };
}
