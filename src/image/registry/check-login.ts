/** Checks whether a registry accepts a login. */
import { RegistryClient, type RegistryClientOptions } from './client.js';

/** Throws UNAUTHORIZED with the registry's message if the registry does not accept the login. */
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
