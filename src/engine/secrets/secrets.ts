/** `engine.secrets`: stores, lists, replaces and removes the secrets of one engine. */

import { tracked, type EngineContext } from '../../container/context.js';
import { recordEngineEvent } from '../../container/events.js';
import { TspodError } from '../../errors.js';
import { randomBytes } from '../../native/primitives.js';
import { checkSecretData, checkSecretName } from '../../spec/files/secret-options.js';
import { checkLabels } from '../../spec/checks/names.js';
import { secretExists, type StoredSecret } from '../../state/secrets.js';
import { checkedList, checkedSecretCreate } from '../call-options.js';
import { everyFilter, LABEL_FILTERS, NAME_FILTERS, type Test } from '../name-and-label-filters.js';
import { doesNotThrow } from '../does-not-throw.js';
import type { SecretCreateOptions, SecretFilters, Secrets, SecretSummary } from './types.js';

export function makeSecrets(context: EngineContext): Secrets {
  const { secrets } = context.store;
  return {
    create: (name, data, options) =>
      tracked(context, async () =>
        Promise.resolve(create(context, { name, data }, checkedSecretCreate(options) ?? {})),
      ),
    get: (nameOrId) => summarize(secrets.find(nameOrId)),
    read: (nameOrId) => secrets.data(secrets.find(nameOrId).id),
    list: (options) =>
      secrets
        .list()
        .map(summarize)
        .filter(secretPredicate(checkedList(options)?.filters ?? {})),
    exists: (nameOrId) => doesNotThrow(() => secrets.find(nameOrId), 'NO_SUCH_SECRET'),
    remove: (nameOrId) => tracked(context, () => Promise.resolve(remove(context, nameOrId))),
  };
}

interface Content {
  readonly name: string;
  readonly data: string | Uint8Array;
}

function create(context: EngineContext, { name, data }: Content, options: SecretCreateOptions): SecretSummary {
  const { replace = false, ignoreExisting = false, driverOptions = {} } = options;
  if (replace && ignoreExisting)
    throw new TspodError('INVALID_ARGUMENT', 'replace and ignoreExisting cannot be used together');
  checkSecretName(name);
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  checkSecretData(bytes);
  const labels = checkLabels('a label', options.labels ?? {});
  const { secrets } = context.store;
  const isNew = context.store.transaction(() => {
    const known = secrets.named(name);
    if (known === undefined) secrets.insert({ id: newSecretId(), name, labels, driverOptions, data: bytes });
    else if (replace) secrets.replace(known.id, { labels, driverOptions, data: bytes });
    else if (!ignoreExisting) throw secretExists(name);
    return known === undefined;
  });
  const secret = secrets.find(name);
  if (isNew || replace) recordEngineEvent(context, { type: 'secret', status: 'create', id: secret.id, name });
  return summarize(secret);
}

/** Returns a random id of 25 hexadecimal digits, as long as Podman's. */
function newSecretId(): string {
  return randomBytes(13).toString('hex').slice(0, 25);
}

function remove(context: EngineContext, nameOrId: string): string {
  const { store } = context;
  const { id, name } = store.transaction(() => {
    const secret = store.secrets.find(nameOrId);
    store.secrets.delete(secret.id);
    return secret;
  });
  recordEngineEvent(context, { type: 'secret', status: 'remove', id, name });
  return id;
}

function summarize({ createdUs, updatedUs, ...secret }: StoredSecret): SecretSummary {
  return { ...secret, createdAt: new Date(createdUs / 1000), updatedAt: new Date(updatedUs / 1000) };
}

const FILTERS: Readonly<Record<keyof SecretFilters, (values: readonly string[]) => Test<SecretSummary>>> = {
  ...NAME_FILTERS,
  ...LABEL_FILTERS,
};

function secretPredicate(filters: SecretFilters): Test<SecretSummary> {
  return everyFilter(filters, {
    makers: FILTERS,
    make: (maker, values) => maker(values),
    unknown: (name) => `${JSON.stringify(name)} is an invalid secret filter`,
  });
}
