/** What is known of an image as templates see it. */
import type { ImageInspect } from '../../engine/images/types.js';
import { fromJson, type JsonShape } from '../format/from-json.js';
import { stringMap, type GoValue } from '../format/values.js';

/** An image that says nothing of these has them all the same. */
const EMPTY_CONFIG: Readonly<Record<string, GoValue>> = {
  User: '',
  ExposedPorts: stringMap({}),
  Env: [],
  Entrypoint: [],
  Cmd: [],
  Volumes: stringMap({}),
  WorkingDir: '',
  Labels: stringMap({}),
  StopSignal: '',
};

const SHAPE: JsonShape = {
  maps: new Set(['Labels', 'Annotations', 'Data', 'ExposedPorts', 'Volumes']),
  times: new Set(['Created', 'created']),
  typeOf: (parent) => (parent === '' ? '*define.ImageData' : `define.${parent}`),
  aliasesOf: (names) => (names.includes('Id') ? { ID: 'Id' } : {}),
  optionalOf: (parent) => (parent === 'Config' ? EMPTY_CONFIG : undefined),
};

export function imageStruct(image: ImageInspect): GoValue {
  return fromJson({ ...image, Labels: image.Labels ?? {} }, SHAPE);
}
