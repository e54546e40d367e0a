/**
 * Image names in Docker's grammar, which OCI registries and engines share (https://github.com/distribution/reference).
 * `docker.io/library/alpine:3.20@sha256:...` is registry, repository, tag and digest.
 */
import { TspodError } from '../errors.js';
import { isDigest } from '../oci/digest.js';
import { requireString } from '../util/require-string.js';

/** A name as it was written; without a registry it is a short name. */
export interface ImageName {
  /** Host and port. */
  readonly registry?: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** A name with its registry. */
export interface ImageReference extends ImageName {
  readonly registry: string;
}

const DEFAULT_TAG = 'latest';
const DOCKER_HUB = 'docker.io';

/** Maximum length of registry and repository together. */
const MAX_NAME = 255;

const TAG = /^\w[\w.-]{0,127}$/;
const HOST =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]{1,5})?$/;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;

/** Parses a name as users write it. Throws INVALID_ARGUMENT with the name quoted. */
export function parseImageName(text: string): ImageName {
  requireString('the name of an image', text);
  if (text.length > 1024) throw invalid(text.slice(0, 64), 'it is too long');
  const [named, digest] = cutDigest(text);
  const [path, tag] = cutTag(named);
  const [registry, repository] = cutRegistry(path);
  if (tag !== undefined && !TAG.test(tag))
    throw invalid(text, 'a tag is at most 128 letters, digits, ".", "_" and "-"');
  if (digest !== undefined && !isDigest(digest)) throw invalid(text, 'the digest must be one of sha256 or sha512');
  if (registry !== undefined && !isHost(registry)) throw invalid(text, 'the registry is not a host name');
  checkRepository(text, repository);
  if (path.length > MAX_NAME) throw invalid(text, `repository name must not be more than ${MAX_NAME} characters`);
  return {
    ...(registry === undefined ? {} : { registry }),
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Parses a name; a short one gets the registry docker.io, as in Docker. */
export function parseReference(text: string): ImageReference {
  return normalizeName(parseImageName(text));
}

/** Adds docker.io if the name has no registry, and `library/` to a single-word repository of docker.io. */
export function normalizeName(name: ImageName): ImageReference {
  const written = name.registry ?? DOCKER_HUB;
  const registry = written === 'index.docker.io' ? DOCKER_HUB : written;
  const isOfficial = registry === DOCKER_HUB && !name.repository.includes('/');
  return { ...name, registry, repository: isOfficial ? `library/${name.repository}` : name.repository };
}

/** Adds the tag `latest` to a name without tag and digest. */
export function withDefaultTag<T extends ImageName>(name: T): T {
  return name.tag === undefined && name.digest === undefined ? { ...name, tag: DEFAULT_TAG } : name;
}

/** Formats a name with all its parts. */
export function formatName(name: ImageName): string {
  const tag = name.tag === undefined ? '' : `:${name.tag}`;
  const digest = name.digest === undefined ? '' : `@${name.digest}`;
  return `${repositoryName(name)}${tag}${digest}`;
}

/** Completes a name with registry and tag. Throws INVALID_ARGUMENT. */
export function fullName(text: string): string {
  return formatName(withDefaultTag(parseReference(text)));
}

/** Returns registry and repository: docker.io/library/alpine. */
export function repositoryName(name: ImageName): string {
  return name.registry === undefined ? name.repository : `${name.registry}/${name.repository}`;
}

function cutDigest(text: string): readonly [string, string | undefined] {
  const at = text.indexOf('@');
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** A colon that is followed by a slash separates a port, not a tag. */
function cutTag(text: string): readonly [string, string | undefined] {
  const at = text.lastIndexOf(':');
  return at === -1 || text.includes('/', at) ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** Splits a text after the first slash if what precedes that is a registry. The rest is not checked. */
export function splitRegistry(text: string): readonly [string | undefined, string] {
  const [registry, rest] = cutRegistry(text);
  return registry === undefined || isHost(registry) ? [registry, rest] : [undefined, text];
}

function cutRegistry(path: string): readonly [string | undefined, string] {
  const slash = path.indexOf('/');
  const first = path.slice(0, Math.max(slash, 0));
  return slash !== -1 && isRegistry(first) ? [first, path.slice(slash + 1)] : [undefined, path];
}

/** Whether the text is a host name, or an address in brackets, with or without a port. */
export function isHost(registry: string): boolean {
  return HOST.test(registry) && Number(/\]?:(\d+)$/.exec(registry)?.[1] ?? 0) <= 65535;
}

/** Whether the first component is a registry: it has a character that a repository cannot have, or is `localhost`. */
function isRegistry(first: string): boolean {
  return /[.:[]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
}

function checkRepository(text: string, repository: string): void {
  if (repository === '') throw invalid(text, 'it names no repository');
  if (repository.split('/').every((component) => COMPONENT.test(component))) {
    // It could not be distinguished from an image id.
    if (/^[0-9a-f]{64}$/.test(repository)) throw invalid(text, 'a name cannot be 64 hexadecimal digits');
    return;
  }
  const lower = repository.toLowerCase();
  throw lower !== repository && lower.split('/').every((component) => COMPONENT.test(component))
    ? invalid(text, 'repository name must be lowercase')
    : invalid(text, 'invalid reference format');
}

function invalid(text: string, why: string): TspodError {
  return new TspodError('INVALID_ARGUMENT', `invalid image name ${JSON.stringify(text)}: ${why}`);
}
