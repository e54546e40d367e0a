/** Details of an image as templates see them. */
import type { ImageInspect } from '../../engine/images/types.js';
import { fromJson, type JsonShape } from '../format/from-json.js';
import { NIL_LIST, nilMap, struct, type GoValue } from '../format/values.js';

/** The (empty) value of a port or volume in a config. */
const NOTHING = struct('struct {}', {});

/** Fields that templates may access even if the image does not set them. */
const OPTIONAL: Readonly<Record<string, Readonly<Record<string, GoValue>>>> = {
  '': { Healthcheck: null },
  Config: {
    User: '',
    ExposedPorts: nilMap(NOTHING),
    Env: NIL_LIST,
    Entrypoint: NIL_LIST,
    Cmd: NIL_LIST,
    Volumes: nilMap(NOTHING),
    WorkingDir: '',
    Labels: nilMap(),
    StopSignal: '',
  },
};

/** Names of fields in Podman's code, with the names that are printed. */
const ALIASES: Readonly<Record<string, string>> = { ID: 'Id', HealthCheck: 'Healthcheck' };

const SHAPE: JsonShape = {
  maps: new Set(['Labels', 'Annotations', 'Data', 'ExposedPorts', 'Volumes']),
  zeros: { ExposedPorts: NOTHING, Volumes: NOTHING },
  times: new Set(['Created', 'created']),
  typeOf: (parent) => (parent === '' ? '*define.ImageData' : `define.${parent}`),
  aliasesOf: () => ALIASES,
  optionalOf: (parent) => OPTIONAL[parent],
};

export function imageStruct(image: ImageInspect): GoValue {
  return fromJson(image, SHAPE);
}
