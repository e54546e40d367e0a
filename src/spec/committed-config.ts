/**
 * The config of an image that is made from a container: that of the container's own image, with the container's
 * settings in its place.
 */
import type { ImageRunConfig } from '../oci/image.js';
import { signalName } from '../util/signals.js';
import type { ContainerConfig } from './config.js';
import { isExposable } from './image.js';

const DEFAULT_STOP_SIGNAL = 15;

export function committedConfig(
  config: ContainerConfig,
  base: ImageRunConfig,
  { includeVolumes }: { readonly includeVolumes: boolean },
): ImageRunConfig {
  const { user, workdir, stopSignal, labels, command, entrypoint } = config;
  // The container's ports include those of its image, except texts that are no ports.
  const noPorts = Object.keys(base.ExposedPorts ?? {}).filter((text) => !isExposable(text));
  const ports = [...noPorts, ...listenedPorts(config)];
  const { Entrypoint: _entrypoint, Cmd: _command, StopSignal: _stopSignal, ...others } = base;
  const volumes = config.mounts
    .filter(({ type, anonymous }) => anonymous === true || (includeVolumes && (type === 'bind' || type === 'volume')))
    .map(({ target }) => target);
  return {
    ...others,
    Env: Object.entries(config.env).map(([name, value]) => `${name}=${value}`),
    ...(entrypoint.length === 0 ? {} : { Entrypoint: entrypoint }),
    ...(command.length === 0 ? {} : { Cmd: command }),
    ...(user === '' ? {} : { User: user }),
    WorkingDir: workdir,
    ...(Object.keys(labels).length === 0 ? {} : { Labels: labels }),
    ...(ports.length === 0 ? {} : { ExposedPorts: keysOf(ports) }),
    ...(volumes.length === 0 ? {} : { Volumes: { ...base.Volumes, ...keysOf(volumes) } }),
    ...(stopSignal === DEFAULT_STOP_SIGNAL ? {} : { StopSignal: signalName(stopSignal) }),
  };
}

/** Returns the ports that the container exposes or publishes, one by one, like `80/tcp`. */
function listenedPorts({ networking: { expose, ports } }: ContainerConfig): readonly string[] {
  const published = ports.map(({ containerPort, protocol, range }) => ({ port: containerPort, protocol, range }));
  return [...expose, ...published].flatMap(({ port, protocol, range }) =>
    Array.from({ length: range }, (_, index) => `${port + index}/${protocol}`),
  );
}

function keysOf(names: readonly string[]): Readonly<Record<string, object>> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}
