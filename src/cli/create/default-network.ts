/** What `--network` is where it was not given, and what a mode makes of flags that it has no use for. */
import { parsePublished } from '../../spec/network/ports.js';
import { CliError } from '../errors/cli-error.js';
import type { Context } from '../context.js';
import type { Draft } from '../flags/create/draft.js';
import { parseNetworks } from '../parse/networks.js';

/** The network mode of containers that choose none, where TSPOD_NETWORK does not say another one. */
const DEFAULT_MODE = 'bridge';

/** Fills the mode in; ports that cannot be published are left out with a word about it, or refused for a pod, as Podman has it; what is no port is refused. */
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
