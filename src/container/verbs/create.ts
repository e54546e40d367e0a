/** Records a new container. Nothing of it exists in the kernel; its directories are made when it is first started. */
import { configure } from '../create/configure.js';
import { closeSync, openSync, unlinkSync, writeFileSync } from 'node:fs';

import { TspodError, isTspodError } from '../../errors.js';
import type { ContainerConfig, PodMembership } from '../../spec/config.js';
import type { CreateOptions } from '../../spec/create-options.js';
import { checkNamespaceFiles, resolveHostPaths } from '../../spec/files/host-paths.js';
import { FRESH_STATE, type ChosenPort, type StoredState, type StoredSummary } from '../../state/records.js';
import { imagesOf } from '../create/mounted-images.js';
import { randomName } from '../create/random-name.js';
import { requireProfile } from '../launch/apparmor.js';
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { hasOpenPorts, isRemovable, requireNetworks, withChosenPorts, withNetworkNames } from '../network/choose.js';
import { failpoint } from '../failpoint.js';
import { resolveDonors } from '../namespaces/donors.js';
import { newId } from '../ids.js';
import { requireRuntime } from '../oci-runtime/command.js';
import { refuseInitDependency, requireTimeForInit } from '../pod/init.js';
import { requireSamePod } from '../pod/join.js';
import { requirePrivileges } from '../create/privileges.js';
import { copySecrets, hasSecrets, withSecretNames } from '../launch/secrets.js';
import { defined } from '../../util/defined.js';
import { hostIdsOf, withChosenIds, withHostMaps } from '../namespaces/userns.js';
import { announceVolumes, hasVolumes, tryToPrepareVolume, useVolumes, withVolumeNames } from '../files/volumes.js';

/** How many made-up names may be taken before giving up: each attempt draws from ten times as many. */
const NAME_ATTEMPTS = 8;

export interface Recorded {
  readonly id: string;
  readonly name: string;
  readonly seq: number;
  readonly config: ContainerConfig;
}

/**
 * Records a container. Throws INVALID_ARGUMENT, NAME_IN_USE, NO_SUCH_IMAGE, NO_SUCH_CONTAINER (a donor of namespaces),
 * NO_SUCH_NETWORK, NO_FREE_PORT, NO_SUCH_SECRET.
 */
export function createContainer(context: EngineContext, options: CreateOptions): Recorded {
  const config = configure(context, options);
  // What the host lacks is reported now, and not at the start.
  resolveHostPaths(config);
  checkNamespaceFiles(config);
  requireProfile(config);
  return recordContainer(context, newId(), { config, state: {} });
}

export interface Recording {
  readonly config: ContainerConfig;
  /** What differs from the state of a container that was never started. */
  readonly state: Partial<StoredState>;
}

/** Writes the record, and the id to the file that was asked for. */
export function recordContainer(context: EngineContext, id: string, recording: Recording): Recorded {
  requirePrivileges(context.facts());
  if (recording.config.runtime !== undefined) requireRuntime(recording.config.runtime);
  const { config: shared, donors } = resolveDonors(context, withNetworkNames(context, recording.config));
  requireSamePod(context, id, { pod: shared.pod, donors });
  refuseInitDependency(context, shared.pod, donors);
  const config = withSecretNames(context, withVolumeNames(withHostMaps(context, shared)));
  const cidFile = config.cidFile === undefined ? undefined : writeCidFile(config.cidFile, id);
  try {
    const { state } = recording;
    let made: readonly string[] = [];
    const { networks } = config.networking;
    const record = () => {
      requireNetworks(context, networks);
      requireTimeForInit(context, config.pod);
      const inserted = insert(context, id, {
        ...withChosenPorts(context, withChosenIds(context, config)),
        state,
        donors: donors.map(({ seq }) => seq),
      });
      if (hasVolumes(config)) made = useVolumes(context, inserted.seq, config);
      copySecrets(context, inserted.seq, config);
      return inserted;
    };
    const takesMore =
      config.namespaces.user === 'auto' ||
      config.pod?.init !== undefined ||
      networks.some(isRemovable) ||
      hasOpenPorts(config) ||
      hasVolumes(config) ||
      hasSecrets(config);
    const recorded = takesMore ? context.store.transaction(record) : record();
    announceVolumes(context, made, tryToPrepareVolume);
    return recorded;
  } catch (error) {
    if (cidFile !== undefined) unlinkSync(cidFile);
    throw error;
  }
}

interface Insertion extends Recording {
  readonly hostPorts: readonly ChosenPort[];
  readonly donors: readonly number[];
}

function insert(context: EngineContext, id: string, { config, hostPorts, state, donors }: Insertion): Recorded {
  const json = JSON.stringify(config);
  const hostIds = hostIdsOf(config);
  const summary = summaryOf(config);
  for (let attempt = 0; ; attempt += 1) {
    const name = config.name ?? randomName(attempt);
    try {
      const seq = context.store.insert({
        id,
        name,
        createdUs: Date.now() * 1000,
        summary,
        config: json,
        state: { ...FRESH_STATE, autoRemove: config.autoRemove, ...state },
        ...(hostIds === undefined ? {} : { hostIds }),
        hostPorts,
        donors,
        pod: config.pod === undefined ? undefined : { id: config.pod.id, infra: config.pod.infra ? id : undefined },
        imageIds: imagesOf(config),
      });
      context.store.rememberConfig(id, config);
      failpoint('recorded');
      recordContainerEvent(context, { id, name, status: 'create' });
      return { id, name, seq, config };
    } catch (error) {
      const again = config.name === undefined && attempt < NAME_ATTEMPTS && isTspodError(error, 'NAME_IN_USE');
      if (!again) throw error;
    }
  }
}

function summaryOf(config: ContainerConfig): StoredSummary {
  return {
    image: config.image,
    ...(config.root.kind === 'image' ? { imageId: config.root.id } : {}),
    rootfs: config.root.kind === 'directory' ? config.root.path : '',
    command: config.args,
    labels: config.labels,
    mounts: config.mounts.map((mount) => mount.target),
    ...(config.mounts.length === 0 ? {} : { mountSources: config.mounts.map(({ source = '' }) => source) }),
    network: config.namespaces.network,
    networks: config.networking.networks.map(({ name }) => name),
    ports: config.networking.ports,
    ...(config.networking.expose.length === 0 ? {} : { expose: config.networking.expose }),
    restartPolicy: config.restart.policy,
    cidFile: config.cidFile ?? '',
    checked: config.health !== undefined,
    ...(config.pod === undefined ? {} : membershipSummary(config.pod)),
  };
}

function membershipSummary({ id, infra, init }: PodMembership): Partial<StoredSummary> {
  return { pod: id, isInfra: infra, ...defined({ init }) };
}

/**
 * Writes the id to a new file, and returns the file's path. This comes before the record: a container whose id cannot
 * be told to anybody is not recorded. An existing file is refused, since it may name another container.
 */
function writeCidFile(path: string, id: string): string {
  let fd;
  try {
    fd = openSync(path, 'wx', 0o644);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new TspodError(
        'INVALID_ARGUMENT',
        `container id file ${path} exists: ensure another container is not using it, or remove it`,
      );
    }
    throw cidFileError(path, error);
  }
  try {
    writeFileSync(fd, id);
    return path;
  } catch (error) {
    unlinkSync(path);
    throw cidFileError(path, error);
  } finally {
    closeSync(fd);
  }
}

function cidFileError(path: string, cause: unknown): TspodError {
  const code = (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'DISK_FULL' : 'INVALID_ARGUMENT';
  return new TspodError(code, `container id file ${path}: ${(cause as Error).message}`, { cause });
}
