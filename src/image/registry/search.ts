/**
 * Searches registries for images: by version 1 of the registry API (docker.io), else in the list of all repositories.
 */
import { isTspodError } from '../../errors.js';
import { RegistryClient, type RegistryClientOptions } from './client.js';
import { readJson } from './read-body.js';
import { listRepositories } from './tags.js';

export interface FoundImage {
  /** The registry that was searched. */
  readonly index: string;
  /** Name with registry: docker.io/library/alpine. */
  readonly name: string;
  readonly description: string;
  readonly stars: number;
  readonly official: boolean;
  readonly automated: boolean;
}

export interface SearchOptions {
  readonly term: string;
  /** Maximum number of results. */
  readonly limit: number;
  readonly signal?: AbortSignal;
}

const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
const MAX_DESCRIPTION = 4096;
/** docker.io's search is on another host than its images. */
const SEARCH_HOSTS: Readonly<Record<string, string>> = { 'docker.io': 'index.docker.io' };

/** Returns matching images of one registry; an empty term matches all. Throws the registry's errors. */
export async function searchRegistry(
  registry: string,
  search: SearchOptions,
  options: RegistryClientOptions,
): Promise<readonly FoundImage[]> {
  const host = SEARCH_HOSTS[registry];
  await using client = new RegistryClient(host ?? registry, options);
  // docker.io's search knows official images without library/.
  const term = host === undefined ? search.term : search.term.replace(/^library\//, '');
  const found = await searchIndex(client, { registry, ...search, term });
  return found ?? (await searchCatalog(client, { registry, ...search }));
}

type RegistrySearch = SearchOptions & { readonly registry: string };

/** Searches by version 1 of the API; undefined if the registry does not support it. */
async function searchIndex(
  client: RegistryClient,
  { registry, term, limit, signal }: RegistrySearch,
): Promise<readonly FoundImage[] | undefined> {
  const query = new URLSearchParams({ q: term, n: String(limit) });
  try {
    const call = {
      method: 'GET',
      expect: [200],
      doing: `search ${registry}`,
      notFound: 'NO_SUCH_IMAGE',
      signal,
    } as const;
    const response = await client.call({ ...call, target: `/v1/search?${query.toString()}` });
    const answer = await readJson(response, { maxBytes: MAX_ANSWER_BYTES, what: 'the search', signal });
    const results = (answer as { results?: unknown } | null)?.results;
    if (!Array.isArray(results)) return undefined;
    return results.slice(0, limit).flatMap((result: unknown) => foundImage(registry, result));
  } catch (error) {
    // Most registries only have version 2 of the API, and their errors differ.
    if (isTspodError(error, 'ABORTED') || isTspodError(error, 'REGISTRY_UNREACHABLE') || registry in SEARCH_HOSTS)
      throw error;
    return undefined;
  }
}

function foundImage(index: string, result: unknown): readonly FoundImage[] {
  if (typeof result !== 'object' || result === null) return [];
  const read = result as Readonly<Record<string, unknown>>;
  const name = read['name'];
  if (typeof name !== 'string' || name === '' || name.length > 512) return [];
  const full = index === 'docker.io' && !name.includes('/') ? `library/${name}` : name;
  const text = read['description'];
  return [
    {
      index,
      name: full.startsWith(`${index}/`) ? full : `${index}/${full}`,
      description: typeof text === 'string' ? text.slice(0, MAX_DESCRIPTION) : '',
      stars: typeof read['star_count'] === 'number' ? Math.trunc(read['star_count']) : 0,
      official: read['is_official'] === true,
      automated: read['is_automated'] === true,
    },
  ];
}

async function searchCatalog(
  client: RegistryClient,
  { registry, term, limit, signal }: RegistrySearch,
): Promise<readonly FoundImage[]> {
  const found: FoundImage[] = [];
  const facts = { index: registry, description: '', stars: 0, official: false, automated: false };
  for await (const repositories of listRepositories(client, signal)) {
    for (const name of repositories) {
      if (!name.includes(term)) continue;
      if (found.length >= limit) return found;
      found.push({ ...facts, name: `${registry}/${name}` });
    }
    if (found.length >= limit) return found;
  }
  return found;
}
