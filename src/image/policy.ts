/** policy.json (containers-policy.json(5)): which images may be taken at all. Signatures are not looked at, so that what needs one is refused. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { TspodError } from '../errors.js';
import { member, optional, parseJson, readList, readObject, readWord, wrong, type Place } from '../oci/check.js';
import { formatName, type ImageReference } from './reference.js';
import type { Environment } from './registry/environment.js';

const MAX_BYTES = 4 * 1024 * 1024;
const TYPES = ['insecureAcceptAnything', 'reject', 'signedBy', 'signedBaseLayer', 'sigstoreSigned'] as const;

/** All that are named must be met. */
export type Requirements = readonly (typeof TYPES)[number][];

export interface ImagePolicy {
  readonly path: string;
  readonly default: Requirements;
  /** By transport, then by scope; '' is whatever has no scope of its own. */
  readonly transports: ReadonlyMap<string, ReadonlyMap<string, Requirements>>;
}

/** Throws INVALID_ARGUMENT for what makes no sense: an error in it must not let anything through. */
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

/** What is demanded of an image: by the nearest scope of its name, if it comes from a registry, then of its transport, then of all. */
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

/** h.io:5/a/b:1, h.io:5/a/b, h.io:5/a, h.io:5, *.io */
function scopesOf(name: ImageReference): readonly string[] {
  const parts = [name.registry, ...name.repository.split('/')];
  const above = parts.map((_, index) => parts.slice(0, parts.length - index).join('/'));
  const labels = name.registry.replace(/:\d+$/, '').split('.');
  const domains = labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`);
  return [formatName(name), ...above, ...domains];
}

/** The user's file, or else the machine's; undefined where there is neither. */
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
  /** Of an image in a registry. */
  readonly name?: ImageReference;
  /** For the error. */
  readonly reference: string;
}

/** Throws REGISTRY_ERROR for what is rejected, NOT_SUPPORTED for what would need a signature. */
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
