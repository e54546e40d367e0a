/** What `inspect` says of a container's user namespace, in Podman's words. */
import type { ContainerConfig } from '../../spec/config.js';
import type { IdMap } from '../../spec/create-options.js';
import { isPrivate } from '../../spec/namespaces.js';

export interface InspectIdMappings {
  /** CONTAINER:HOST:SIZE, as the two kinds of flags take them. */
  readonly UidMap: readonly string[];
  readonly GidMap: readonly string[];
}

export function inspectUserns(config: ContainerConfig): {
  readonly UsernsMode: string;
  readonly IDMappings?: InspectIdMappings;
} {
  const { uidMaps, gidMaps } = config;
  const mappings = { UidMap: uidMaps.map(mapText), GidMap: gidMaps.map(mapText) };
  return {
    UsernsMode: modeText(config.namespaces.user),
    ...(uidMaps.length === 0 ? {} : { IDMappings: mappings }),
  };
}

/** How the ids were chosen does not matter any more. */
function modeText(mode: string): string {
  if (mode === 'host') return '';
  return isPrivate(mode) ? 'private' : mode.replace(/^path:/, 'ns:');
}

function mapText({ containerId, hostId, size }: IdMap): string {
  return `${String(containerId)}:${String(hostId)}:${String(size)}`;
}
