/** `images.pull()`: fetches images that are missing from the store or outdated in it. */
import type { EngineContext } from '../../container/context.js';
import { recordImageEvent } from '../../container/events.js';
import { checkWithoutImage } from '../../container/create/configure.js';
import { lookUp } from '../../container/create/find-image.js';
import { tracked } from '../../container/context.js';
import { isTspodError, TspodError } from '../../errors.js';
import { throwIfAborted } from '../../native/abort.js';
import type { ImageSource } from '../../image/transport.js';
import { isPlatform, wantedPlatform } from '../../oci/platform.js';
import { PULL_POLICIES } from '../../spec/pull-policy.js';
import { isHostImage } from '../../spec/files/root.js';
import type { CreateOptions } from '../../spec/create-options.js';
import type { StoredImage } from '../../state/image-rows.js';
import { noSuchImage } from '../../state/images.js';
import type { OpenedSource } from './open.js';
import { localName } from './tag.js';
import type { FetchOptions, PullOptions } from './types.js';
import { requireString } from '../../util/require-string.js';
import { isTagged } from '../../util/stored-name.js';

export async function pullImage(
  context: EngineContext,
  from: string | ImageSource,
  options: PullOptions = {},
  beforeFetch?: () => void,
): Promise<StoredImage> {
  const { policy = 'always', platform } = options;
  if (!PULL_POLICIES.includes(policy))
    throw new TspodError(
      'INVALID_ARGUMENT',
      `the pull policy must be one of ${PULL_POLICIES.join(', ')}, not ${policy}`,
    );
  const wanted = wantedPlatform(platform);
  if (typeof from !== 'object') requireString('the name of an image', from);
  if (typeof from !== 'string') return tracked(context, () => fetch(context, sourceOf(from, options), options));
  const here = lookUp(context.store, from)?.image;
  const fits = here !== undefined && (platform === undefined || isPlatform(here.summary, wanted));
  if (policy === 'never') {
    if (fits) return here;
    throw noSuchImage(from);
  }
  if (policy === 'missing' && fits) return here;
  // An image without a name that is given by its id can be found only here.
  if (here !== undefined && fits && here.names.length === 0 && here.id.startsWith(from)) return here;
  beforeFetch?.();
  return tracked(context, async () => {
    options.onProgress?.({ kind: 'image', state: 'resolving', reference: from });
    try {
      // The code for registries is loaded only when one is contacted.
      const { openSource } = await import('./open.js');
      const opened = await openSource(from, options.registry, options.signal);
      await using _source = opened.source;
      return await fetch(context, opened, options);
    } catch (error) {
      // With policy `newer`, the stored image is good enough if no newer one can be fetched.
      if (policy === 'newer' && fits && options.signal?.aborted !== true) return here;
      throw from === 'host' ? withoutColon(error) : error;
    }
  });
}

function sourceOf(source: ImageSource, { name }: PullOptions): OpenedSource {
  return { source, name: name === undefined ? undefined : localName(name), repository: undefined };
}

async function fetch(context: EngineContext, opened: OpenedSource, options: PullOptions): Promise<StoredImage> {
  const { platform, signal, onProgress, name } = options;
  const { fetchImage } = await import('./fetch-image.js');
  const image = await fetchImage({
    store: context.store,
    paths: context.paths.images,
    source: opened.source,
    platform: wantedPlatform(platform),
    isPlatformWanted: platform !== undefined,
    name: name === undefined || (opened.name !== undefined && isTagged(opened.name)) ? opened.name : localName(name),
    repository: opened.repository,
    signal,
    onProgress,
  });
  recordImageEvent(context, { status: 'pull', id: image.id, name: opened.source.reference });
  return image;
}

/**
 * Ensures that the image named by the options of a container is in the store. Throws as pullImage() does; ABORTED also
 * where nothing has to be fetched; and for options that cannot be right, before anything is fetched.
 */
export async function ensureImage(
  context: EngineContext,
  options: CreateOptions,
  more: FetchOptions = {},
): Promise<void> {
  throwIfAborted('create', more.signal);
  const { image, rootfs, pull = 'missing', platform } = options;
  if (typeof image !== 'string' || image === '' || rootfs !== undefined || isHostImage(image)) return;
  await pullImage(context, image, { ...more, policy: pull, ...(platform === undefined ? {} : { platform }) }, () => {
    checkWithoutImage(context, options);
  });
}

/** Adds a hint to an error: a user who named the image `host` may have meant `host:`. */
function withoutColon(error: unknown): unknown {
  if (!isTspodError(error) || error.code === 'ABORTED') return error;
  const { code, message, details } = error;
  return new TspodError(code, `${message}; for the machine's own system, use "host:", with a colon`, {
    details,
    cause: error,
  });
}
