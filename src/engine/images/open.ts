/** Where a reference leads: the door to the transports. */
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
  /** With registry and tag or digest: what the image is called in the store; undefined where the transport does not say. */
  readonly name: string | undefined;
  /** Registry and repository. */
  readonly repository: string | undefined;
}

/** A short name is looked for in the registries that registries.conf says, in their order. INVALID_ARGUMENT for what is no reference. */
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

/** What each registry says. The code is that of the first which did not just lack it. */
function noneHas(name: string, failures: readonly Error[]): TspodError {
  const worst = failures.find((error) => !isTspodError(error, 'NO_SUCH_IMAGE')) ?? failures[0];
  const words = failures.map(({ message }) => message).join('; ');
  return new TspodError(isTspodError(worst) ? worst.code : 'NO_SUCH_IMAGE', `find ${JSON.stringify(name)}: ${words}`, {
    details: isTspodError(worst) ? worst.details : {},
    cause: worst,
  });
}

/** What is pulled by its digest is known by it; a tag beside it says nothing then. */
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
