/** What an image says that is made of a container: what its image said, with what the container was given in place of it. */
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
  // Those of its image are among the container's, but for what is no port.
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

/** `80/tcp`, each by itself: what it was said to listen on, and what is published. */
function listenedPorts({ networking: { expose, ports } }: ContainerConfig): readonly string[] {
  const published = ports.map(({ containerPort, protocol, range }) => ({ port: containerPort, protocol, range }));
  return [...expose, ...published].flatMap(({ port, protocol, range }) =>
    Array.from({ length: range }, (_, index) => `${port + index}/${protocol}`),
  );
}

function keysOf(names: readonly string[]): Readonly<Record<string, object>> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}
