/** A container's user namespace in `inspect`, with Podman's field names. */
import type { ContainerConfig } from '../../spec/config.js';
import type { IdMap } from '../../spec/create-options.js';
import { isPrivate } from '../../spec/namespaces.js';

export interface InspectIdMappings {
  /** CONTAINER:HOST:SIZE items, as the flags for uid and gid maps take them. */
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

/** Returns the mode in Podman's words: how the ids were chosen is not part of it. */
function modeText(mode: string): string {
  if (mode === 'host') return '';
  return isPrivate(mode) ? 'private' : mode.replace(/^path:/, 'ns:');
}

function mapText({ containerId, hostId, size }: IdMap): string {
  return `${String(containerId)}:${String(hostId)}:${String(size)}`;
}
