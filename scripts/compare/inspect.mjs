/** Fields of inspect, one by one. */

/** They name this run, or this store: no two are the same. */
const OWN = [
  '.Id',
  '.Created',
  '.StaticDir',
  '.State.Pid',
  '.State.ConmonPid',
  '.State.StartedAt',
  '.State.CgroupPath',
  '.HostnamePath',
  '.HostsPath',
  '.ResolvConfPath',
  '.PidFile',
  '.ConmonPidFile',
  '.OCIConfigPath',
  '.Config.CreateCommand',
  '.HostConfig.LogConfig.Path',
  '.NetworkSettings.SandboxKey',
  '.GraphDriver.Data.UpperDir',
  '.GraphDriver.Data.WorkDir',
];

export function differencesOfInspect(podman, tspod) {
  const [want, got] = [flatten(podman), flatten(tspod)];
  return [...new Set([...want.keys(), ...got.keys()])]
    .sort()
    .filter((path) => !(want.has(path) && got.has(path) && OWN.includes(path)))
    .flatMap((path) => {
      const key = !got.has(path)
        ? `inspect: only Podman has ${path}`
        : !want.has(path)
          ? `inspect: only tspod has ${path}`
          : `inspect: value of ${path}`;
      return want.has(path) && got.has(path) && want.get(path) === got.get(path)
        ? []
        : [{ key, podman: want.get(path), tspod: got.get(path) }];
    });
}

/** Paths and JSON of what is no object. Lists that have no order are sorted. */
function flatten(value, path = '', into = new Map()) {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) flatten(inner, `${path}.${key}`, into);
  } else {
    into.set(path, JSON.stringify(/Caps$/.test(path) && Array.isArray(value) ? value.toSorted() : value));
  }
  return into;
}
