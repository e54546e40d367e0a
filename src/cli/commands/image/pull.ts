import { EXIT_FAILURE, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import type { FlagValues } from '../../command-parts/flag-values.js';
import { PLATFORM_FLAGS, platformText } from '../../flags/platform.js';
import { PULL_POLICIES } from '../../../spec/pull-policy.js';
import { pullPolicy } from '../../flags/pull-policy.js';
import { REGISTRY_FLAGS, registryAccess, RETRY_FLAGS } from '../../flags/registry.js';
import { reportError } from '../../errors/report-error.js';
import { showTransfer } from '../../transfer/display.js';

const NONE_FAILED: ReadonlyMap<string, Error> = new Map();

export const command: Command = {
  name: 'pull',
  summary: 'Pull an image from a registry',
  description:
    'Fetches images into the store and prints their ids. What is already present is not fetched again; an interrupted pull is resumed.',
  usage: '[options] IMAGE [IMAGE...]',
  examples: [
    'pull docker.io/library/alpine',
    'pull --platform linux/arm64 quay.io/team/app:2',
    'pull quay.io/team/app@sha256:...',
  ],
  flags: [
    ...PLATFORM_FLAGS,
    ...REGISTRY_FLAGS,
    ...RETRY_FLAGS,
    {
      name: 'policy',
      kind: 'text',
      value: 'policy',
      default: 'always',
      completion: PULL_POLICIES,
      help: 'When to fetch the image: always, missing, never, newer',
    },
    { name: 'all-tags', short: 'a', kind: 'bool', help: 'Pull all tags of each repository' },
    {
      name: 'disable-content-trust',
      kind: 'bool',
      hidden: true,
      help: 'Accepted for compatibility with Docker; no effect',
    },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print ids only' },
  ],
  completion: ['images'],
  check: ({ args, flags }) => {
    if (args.length === 0) throw invalid('requires at least 1 arg(s), only received 0');
    platformText(flags);
    policyOf(flags);
    registryAccess(flags);
  },
  run: async (context, { flags, args }) => {
    const engine = await context.engine();
    const platform = platformText(flags);
    let failed = false;
    for (const reference of args) {
      try {
        const options = {
          registry: registryAccess(flags),
          policy: policyOf(flags),
          ...(platform === undefined ? {} : { platform }),
        };
        const { images, failed: missed } = await showTransfer(context, flags.bool('quiet'), async (shown) =>
          flags.bool('all-tags')
            ? engine.images.pullAllTags(reference, { ...options, ...shown })
            : { images: [await engine.images.pull(reference, { ...options, ...shown })], failed: NONE_FAILED },
        );
        await context.out(images.map(({ id }) => `${id}\n`).join(''));
        for (const error of missed.values()) {
          failed = true;
          await reportError(context, error);
        }
      } catch (error) {
        failed = true;
        await reportError(context, error);
      }
    }
    return failed ? EXIT_FAILURE : 0;
  },
};

function policyOf(flags: FlagValues): ReturnType<typeof pullPolicy> {
  return pullPolicy(flags.text('policy') ?? 'always');
}
