/** Builds one line of `pod ps`. Takes no lock. */
import type { EngineContext } from '../container/context.js';
import { membersOf } from '../container/pod/members.js';
import { podCgroupPath, podParent } from '../spec/limits/cgroup-path.js';
import { noSuchPod } from '../state/lookup.js';
import type { StoredPod } from '../state/pods.js';
import type { PodMember, PodSummary } from './api.js';
import { podStatus } from './status.js';

/** Returns the pod's record. Throws NO_SUCH_POD. */
export function storedPod({ store }: EngineContext, id: string): StoredPod {
  const pod = store.pods.get(id);
  if (pod === undefined) throw noSuchPod(id);
  return pod;
}

export function summarizePod(context: EngineContext, pod: StoredPod): PodSummary {
  const containers: readonly PodMember[] = membersOf(context, pod);
  const { id, name, createdUs, infraId, config } = pod;
  return {
    id,
    name,
    createdAt: new Date(createdUs / 1000),
    status: podStatus(containers),
    labels: config.labels,
    containers,
    infraId,
    share: config.share,
    networks: networksOf(context, infraId),
    cgroup: cgroupOf(pod),
    restartPolicy: config.restart?.policy ?? '',
  };
}

function networksOf({ store }: EngineContext, infraId: string): readonly string[] {
  if (infraId === '') return [];
  try {
    return store.config(infraId)?.networking.networks.map(({ name }) => name) ?? [];
  } catch {
    return []; // the container's record is damaged
  }
}

function cgroupOf({ id, config }: StoredPod): string {
  if (!config.shareParent) return '';
  return config.cgroupManager === 'systemd' ? podParent(config, id) : podCgroupPath(config, id);
}
