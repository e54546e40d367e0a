/** Opens the source or destination that a reference names. */
import { isTspodError, TspodError } from '../../errors.js';
import { spoolDirectory } from '../../host/directories.js';
import { openRegistrySource, registriesOf, type RegistryAccessOptions } from '../../image/open-registry.js';
import { readPolicy, refuseByPolicy } from '../../image/policy.js';
import { formatName, repositoryName, type ImageReference } from '../../image/reference.js';
import { resolveImageName } from '../../image/registries/resolve.js';
import {
  openDestination as openAnyDestination,
  openSource as openAny,
  type OpenImageOptions,
} from '../../image/open.js';
import { parseTransportName } from '../../image/transport-name.js';
import type { ImageDestination, ImageSource } from '../../image/transport.js';
import { readingOptions } from '../registries/access.js';
import type { RegistryAccess } from './types.js';

export interface OpenedSource {
  readonly source: ImageSource;
  /** Name of the image in the store, with registry and tag or digest; undefined if the transport does not say. */
  readonly name: string | undefined;
  /** Registry and repository; undefined if the image is not from a registry. */
  readonly repository: string | undefined;
}

/**
 * Opens the source of an image. A short name is tried in the registries that registries.conf lists, in their order.
 * Throws INVALID_ARGUMENT for an invalid reference.
 */
export async function openSource(
  reference: string,
  access: RegistryAccess = {},
  signal?: AbortSignal,
): Promise<OpenedSource> {
  const { kind, rest } = parseTransportName(reference);
  const options = readingOptions(access);
  if (kind !== 'docker')
    return { source: await openAny(reference, archiveOptions(options)), name: undefined, repository: undefined };
  const policy = readPolicy(options.environment);
  const candidates = resolveImageName(rest, registriesOf(options));
  const failures: Error[] = [];
  for (const candidate of candidates) {
    const source = openRegistrySource(candidate, options);
    try {
      refuseByPolicy({ policy, transport: kind, name: candidate, reference: formatName(candidate) });
      if (candidates.length === 1) return opened(source, candidate);
      await source.manifest(undefined, signal === undefined ? {} : { signal });
      return opened(source, candidate);
    } catch (error) {
      await source[Symbol.asyncDispose]();
      if (candidates.length === 1 || !(error instanceof Error) || signal?.aborted === true) throw error;
      failures.push(error);
    }
  }
  throw noneHas(rest, failures);
}

/** Combines the errors of all registries. The code is that of the first error other than NO_SUCH_IMAGE. */
function noneHas(name: string, failures: readonly Error[]): TspodError {
  const worst = failures.find((error) => !isTspodError(error, 'NO_SUCH_IMAGE')) ?? failures[0];
  const words = failures.map(({ message }) => message).join('; ');
  return new TspodError(isTspodError(worst) ? worst.code : 'NO_SUCH_IMAGE', `find ${JSON.stringify(name)}: ${words}`, {
    details: isTspodError(worst) ? worst.details : {},
    cause: worst,
  });
}

/** Returns the opened source with its name: with a digest, that is the name, and a tag beside it is dropped. */
function opened(source: ImageSource, name: ImageReference): OpenedSource {
  const repository = repositoryName(name);
  return { source, name: name.digest === undefined ? formatName(name) : `${repository}@${name.digest}`, repository };
}

export async function openDestination(reference: string, access: RegistryAccess = {}): Promise<ImageDestination> {
  return openAnyDestination(reference, archiveOptions(readingOptions(access)));
}

function archiveOptions(options: RegistryAccessOptions): OpenImageOptions {
  return { ...options, temporaryDirectory: spoolDirectory() };
}
