/** `images.pullAllTags()`: pulls all tags of a repository. */
import type { EngineContext } from '../../container/context.js';
import { invalid } from '../../errors.js';
import { parseImageName } from '../../image/reference.js';
import { parseTransportName } from '../../image/transport-name.js';
import { throwIfAborted } from '../../native/abort.js';
import { readingOptions } from '../registries/access.js';
import { pullImage } from './pull.js';
import { summarize } from './summary.js';
import type { ImageSummary, PulledTags, PullOptions } from './types.js';

export async function pullAllTags(
  context: EngineContext,
  repository: string,
  options: PullOptions = {},
): Promise<PulledTags> {
  const { kind, rest } = parseTransportName(repository);
  if (kind !== 'docker') throw invalid(`${repository}: only registries have tags`);
  const { tag, digest } = parseImageName(rest);
  if (tag !== undefined || digest !== undefined) throw invalid("tag can't be used with --all-tags/-a");
  const { tagsOf } = await import('../registries/registries.js');
  const { signal, registry } = options;
  const { name, tags } = await tagsOf(rest, { ...readingOptions(registry ?? {}), signal });
  const images: ImageSummary[] = [];
  const failed = new Map<string, Error>();
  for (const one of tags) {
    throwIfAborted('pull', signal);
    const full = `${name}:${one}`;
    try {
      images.push(summarize(context.store, await pullImage(context, full, options)));
    } catch (error) {
      throwIfAborted('pull', signal);
      failed.set(full, error instanceof Error ? error : new Error(String(error)));
    }
  }
  return { images, failed };
}
