/**
 * policy.json (containers-policy.json(5)): which images may be pulled at all. Signatures are not verified, so an image
 * that requires one is refused.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { TspodError } from '../errors.js';
import { member, optional, parseJson, readList, readObject, readWord, wrong, type Place } from '../oci/check.js';
import { formatName, type ImageReference } from './reference.js';
import type { Environment } from './registry/environment.js';

const MAX_BYTES = 4 * 1024 * 1024;
const TYPES = ['insecureAcceptAnything', 'reject', 'signedBy', 'signedBaseLayer', 'sigstoreSigned'] as const;

/** All requirements must be met. */
export type Requirements = readonly (typeof TYPES)[number][];

export interface ImagePolicy {
  readonly path: string;
  readonly default: Requirements;
  /** By transport, then by scope; '' applies to everything without a scope of its own. */
  readonly transports: ReadonlyMap<string, ReadonlyMap<string, Requirements>>;
}

/**
 * Parses the file. Throws INVALID_ARGUMENT for anything invalid: an error in a policy must not let an image through.
 */
export function parsePolicy(path: string, text: string): ImagePolicy {
  const at = `policy ${JSON.stringify(path)}`;
  const object = readObject(parseJson(at, text, MAX_BYTES), at);
  return {
    path,
    default: readRequirements(member(object, 'default'), `${at}: default`),
    transports: new Map(
      Object.entries(optional(object, 'transports', at, readObject) ?? {}).map(([transport, scopes]) => [
        transport,
        readScopes(scopes, `${at}: transports.${transport}`),
      ]),
    ),
  };
}

function readScopes(value: unknown, at: Place): ReadonlyMap<string, Requirements> {
  const scopes = Object.entries(readObject(value, at));
  return new Map(
    scopes.map(([scope, requirements]) => [scope, readRequirements(requirements, `${at}[${JSON.stringify(scope)}]`)]),
  );
}

function readRequirements(value: unknown, at: Place): Requirements {
  const found = readList(value, at, (item, place) =>
    readWord(member(readObject(item, place), 'type'), `${place}.type`, TYPES),
  );
  if (found.length === 0) throw wrong(at, 'must not be empty');
  return found;
}

/**
 * Returns the requirements for an image: those of the most specific scope that matches its name (for a registry), else
 * those of its transport, else the default.
 */
export function requirementsFor(
  policy: ImagePolicy,
  transport: string,
  name?: ImageReference,
): { readonly scope: string; readonly requirements: Requirements } {
  const scopes = policy.transports.get(transport);
  for (const scope of [...(name === undefined ? [] : scopesOf(name)), '']) {
    const requirements = scopes?.get(scope);
    if (requirements !== undefined) return { scope: scope === '' ? transport : scope, requirements };
  }
  return { scope: 'default', requirements: policy.default };
}

/** Returns the scopes of a name, most specific first: h.io:5/a/b:1, h.io:5/a/b, h.io:5/a, h.io:5, *.io */
function scopesOf(name: ImageReference): readonly string[] {
  const parts = [name.registry, ...name.repository.split('/')];
  const above = parts.map((_, index) => parts.slice(0, parts.length - index).join('/'));
  const labels = name.registry.replace(/:\d+$/, '').split('.');
  const domains = labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`);
  return [formatName(name), ...above, ...domains];
}

/** Reads the user's file, else the system's; undefined if neither exists. */
export function readPolicy({ HOME = '' }: Environment): ImagePolicy | undefined {
  const users = HOME === '' ? [] : [join(HOME, '.config/containers/policy.json')];
  for (const path of [...users, '/etc/containers/policy.json']) {
    const text = textOf(path);
    if (text !== undefined) return parsePolicy(path, text);
  }
  return undefined;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new TspodError('INVALID_ARGUMENT', `read ${JSON.stringify(path)}: ${message}`, { cause: error });
  }
}

export interface PolicyQuestion {
  readonly policy: ImagePolicy | undefined;
  readonly transport: string;
  /** Name of an image in a registry. */
  readonly name?: ImageReference;
  /** The image as the user named it, for errors. */
  readonly reference: string;
}

/** Throws REGISTRY_ERROR if the policy rejects the image, NOT_SUPPORTED if it requires a signature. */
export function refuseByPolicy({ policy, transport, name, reference }: PolicyQuestion): void {
  if (policy === undefined) return;
  const { scope, requirements } = requirementsFor(policy, transport, name);
  const details = { policy: policy.path, scope };
  if (requirements.includes('reject'))
    throw new TspodError('REGISTRY_ERROR', `${reference} is rejected by ${policy.path} (${scope})`, { details });
  const signature = requirements.find((type) => type !== 'insecureAcceptAnything');
  if (signature !== undefined)
    throw new TspodError(
      'NOT_SUPPORTED',
      `${reference} needs a signature by ${policy.path} (${scope}: ${signature}), and tspod checks none`,
      { details },
    );
}
