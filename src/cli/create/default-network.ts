/** Applies the default of `--network`, and drops flags that a network mode does not support. */
import { parsePublished } from '../../spec/network/ports.js';
import { CliError } from '../errors/cli-error.js';
import type { Context } from '../context.js';
import type { Draft } from '../flags/create/draft.js';
import { parseNetworks } from '../parse/networks.js';

/** Network mode of containers that choose none, unless TSPOD_NETWORK says another. */
const DEFAULT_MODE = 'bridge';

/**
 * Sets the network mode if none was chosen. Ports that the mode cannot publish are dropped with a message, as in
 * Podman; for a pod they are an error. Throws for an invalid port in any case.
 */
export async function applyNetworkMode(
  context: Context,
  draft: Draft,
  { isPod }: { readonly isPod: boolean },
): Promise<void> {
  if (draft.network === undefined && draft.networks === undefined) {
    const parsed = parseNetworks([context.caller.env['TSPOD_NETWORK'] ?? '']);
    draft.network = parsed?.mode ?? DEFAULT_MODE;
    if (parsed !== undefined && parsed.networks.length > 0) draft.networks = parsed.networks;
  }
  if (draft.network === 'bridge') return;
  const published = (draft.publish ?? []).filter((text) => text !== '');
  published.forEach(parsePublished);
  if (isPod && published.length > 0)
    throw new CliError(`ports can only be published when the network mode is bridge, not ${draft.network}`);
  const isPublished = published.length > 0 || draft.publishAll === true;
  delete draft.publish;
  delete draft.publishAll;
  if (isPublished)
    await context.err(
      'Port mappings have been discarded as one of the Host, Container, Pod, and None network modes are in use\n',
    );
}
