/** What an image says that is made of a container: what its image said, with what the container was given in place of it. */
import type { ImageRunConfig } from '../oci/image.js';
import { signalName } from '../util/signals.js';
import type { ContainerConfig } from './config.js';

const DEFAULT_STOP_SIGNAL = 15;

export function committedConfig(
  config: ContainerConfig,
  base: ImageRunConfig,
  { includeVolumes }: { readonly includeVolumes: boolean },
): ImageRunConfig {
  const { user, workdir, stopSignal, labels, command, entrypoint, exposedPorts = [] } = config;
  const ports = [...Object.keys(base.ExposedPorts ?? {}), ...exposedPorts];
  const { Entrypoint: _entrypoint, Cmd: _command, ...others } = base;
  const volumes = includeVolumes
    ? config.mounts.filter(({ type }) => type === 'bind' || type === 'volume').map(({ target }) => target)
    : [];
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

function keysOf(names: readonly string[]): Readonly<Record<string, object>> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}
