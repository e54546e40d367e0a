/** Volumes as templates see them. */
import type { VolumeInspect } from '../../engine/volumes/types.js';
import { fromJson, type JsonShape } from '../format/from-json.js';
import type { GoStruct } from '../format/values.js';

export const VOLUME_HEADINGS: Readonly<Record<string, string>> = {
  Name: 'VOLUME NAME',
  Driver: 'DRIVER',
  Mountpoint: 'MOUNTPOINT',
  CreatedAt: 'CREATED AT',
  Labels: 'LABELS',
  Scope: 'SCOPE',
  Options: 'OPTIONS',
};

const SHAPE: JsonShape = {
  maps: new Set(['Labels', 'Options']),
  times: new Set(['CreatedAt']),
  typeOf: () => 'define.InspectVolumeData',
};

/** Fields that templates may access even if they are omitted because they are empty. */
const EMPTY = { UID: 0, GID: 0, Anonymous: false, NeedsCopyUp: false, NeedsChown: false };

export function volumeStruct(volume: VolumeInspect): GoStruct {
  return fromJson({ ...EMPTY, ...volume }, SHAPE) as GoStruct;
}
