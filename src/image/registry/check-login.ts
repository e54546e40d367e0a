/** Checks whether a registry accepts a login. */
import { RegistryClient, type RegistryClientOptions } from './client.js';

/** Throws UNAUTHORIZED with the registry's message if it does not. */
export async function checkLogin(
  registry: string,
  options: RegistryClientOptions,
  signal?: AbortSignal,
): Promise<void> {
  await using client = new RegistryClient(registry, options);
  const response = await client.call({
    method: 'GET',
    target: '/v2/',
    expect: [200],
    doing: `log in to ${registry}`,
    signal,
  });
  await response.discard();
}
