/** Resolves a name written by a user to the places where the image may be, as Podman does. Pure functions. */
import { TspodError } from '../../errors.js';
import {
  formatName,
  normalizeName,
  parseImageName,
  parseReference,
  withDefaultTag,
  type ImageName,
  type ImageReference,
} from '../reference.js';
import type { RegistriesConfig, RegistryRule } from './config.js';

/** The registry and repository that a name resolves to. */
export interface RegistryLocation {
  readonly registry: string;
  readonly repository: string;
  /** Plain HTTP, or any certificate, is accepted. */
  readonly insecure: boolean;
}

/**
 * Returns the full names (with tag or digest) that a name may stand for, in the order in which they are tried: the name
 * itself if it has a registry, an alias, or one per registry that is searched. Throws INVALID_ARGUMENT for an invalid
 * name, NO_SUCH_IMAGE if no registry is searched, AMBIGUOUS if a short name could be several images and
 * `short-name-mode` is `enforcing`.
 */
export function resolveImageName(text: string, config: RegistriesConfig): readonly ImageReference[] {
  const name = parseImageName(text);
  if (name.registry !== undefined) return [withDefaultTag(normalizeName(name))];
  const { repository, ...rest } = name;
  const alias = config.aliases.get(repository);
  if (alias !== undefined) return [withDefaultTag({ ...parseReference(alias), ...rest })];
  const searched = config.searched ?? [];
  if (searched.length === 0) throw unresolved(text, name, config);
  const candidates = searched.map((registry) => candidate(registry, name));
  if (candidates.length > 1 && config.shortNameMode === 'enforcing')
    throw new TspodError(
      'AMBIGUOUS',
      `${JSON.stringify(text)} could be ${candidates.map(formatName).join(', ')}: short-name resolution is enforced, give the full name`,
    );
  return candidates;
}

/** Joins a searched registry, which may have a path (quay.io/team), and a short name. */
function candidate(registry: string, name: ImageName): ImageReference {
  return withDefaultTag(parseReference(`${registry}/${formatName(name)}`));
}

function unresolved(text: string, name: ImageName, { files }: RegistriesConfig): TspodError {
  const [file] = files;
  const where =
    file === undefined ? 'no registries.conf was found' : `no unqualified-search registries are defined in "${file}"`;
  const full = formatName(normalizeName(name));
  return new TspodError(
    'NO_SUCH_IMAGE',
    `short-name ${JSON.stringify(text)} did not resolve to an alias and ${where}: give the full name, such as ${full}`,
  );
}

/**
 * Returns the locations that an image may be pulled from: mirrors first, then its registry. Throws REGISTRY_ERROR if it
 * is blocked.
 */
export function pullLocations(reference: ImageReference, config: RegistriesConfig): readonly RegistryLocation[] {
  const { registry, repository } = reference;
  const rule = ruleFor(reference, config);
  if (rule === undefined) return [{ registry, repository, insecure: false }];
  refuseBlocked(reference, rule);
  const kind = reference.digest === undefined ? 'tag-only' : 'digest-only';
  const mirrors = rule.mirrors.filter(({ pullFrom }) => pullFrom === 'all' || pullFrom === kind);
  return [...mirrors, rule].map(({ location, insecure }) =>
    moved(reference, { prefix: rule.prefix, location, insecure }),
  );
}

/** Returns the location that an image is pushed to, which is never a mirror. */
export function pushLocation(reference: ImageReference, config: RegistriesConfig): RegistryLocation {
  const { registry, repository } = reference;
  const rule = ruleFor(reference, config);
  if (rule === undefined) return { registry, repository, insecure: false };
  refuseBlocked(reference, rule);
  return moved(reference, rule);
}

/** Whether the registry itself may be contacted without TLS. */
export function isInsecure(registry: string, config: RegistriesConfig): boolean {
  return ruleMatching(registry, config)?.insecure ?? false;
}

function refuseBlocked(reference: ImageReference, { blocked, prefix }: RegistryRule): void {
  if (blocked)
    throw new TspodError(
      'REGISTRY_ERROR',
      `${formatName(reference)}: registry ${prefix} is blocked by registries.conf`,
      {
        details: { blocked: prefix },
      },
    );
}

function ruleFor(reference: ImageReference, config: RegistriesConfig): RegistryRule | undefined {
  return ruleMatching(formatName(reference), config);
}

/** Returns the matching rule with the longest prefix. */
function ruleMatching(name: string, { rules }: RegistriesConfig): RegistryRule | undefined {
  const matching = rules.filter(({ prefix }) => matchedLength(name, prefix) !== undefined);
  return matching.sort((one, other) => other.prefix.length - one.prefix.length)[0];
}

/** Returns how many characters of the name the prefix covers; undefined if it does not match. */
function matchedLength(name: string, prefix: string): number | undefined {
  if (prefix.startsWith('*.')) {
    const host = name.split('/')[0] ?? '';
    return host.replace(/:\d+$/, '').endsWith(prefix.slice(1)) ? host.length : undefined;
  }
  if (!name.startsWith(prefix)) return undefined;
  const next = name[prefix.length];
  return next === undefined || '/:@'.includes(next) ? prefix.length : undefined;
}

function moved(
  reference: ImageReference,
  { prefix, location, insecure }: { prefix: string; location: string; insecure: boolean },
): RegistryLocation {
  const name = `${reference.registry}/${reference.repository}`;
  if (location === '') return { registry: reference.registry, repository: reference.repository, insecure };
  const text = `${location}${name.slice(Math.min(matchedLength(name, prefix) ?? 0, name.length))}`;
  const { registry, repository } = hostAndPath(text, reference);
  return { registry, repository, insecure };
}

/** Splits the rewritten name, which must be a valid name too. */
function hostAndPath(text: string, original: ImageReference): { registry: string; repository: string } {
  const slash = text.indexOf('/');
  if (slash === -1)
    throw new TspodError(
      'INVALID_ARGUMENT',
      `registries.conf rewrites ${formatName(original)} to ${JSON.stringify(text)}, which is not a valid name`,
    );
  const name = normalizeName(parseImageName(text));
  const registry = text.slice(0, slash);
  return name.registry === registry || registry === 'index.docker.io'
    ? { registry: name.registry, repository: name.repository }
    : { registry, repository: text.slice(slash + 1) };
}
