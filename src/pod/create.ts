/**
 * Records a new pod with its infra container. The kernel holds nothing of the pod until one of its containers is
 * started.
 */
import { configureFor } from '../container/create/configure.js';
import type { EngineContext } from '../container/context.js';
import { recordEngineEvent } from '../container/events.js';
import { failpoint } from '../container/failpoint.js';
import { newId } from '../container/ids.js';
import { membershipOf } from '../container/pod/join.js';
import { recordContainer } from '../container/verbs/create.js';
import { isTspodError } from '../errors.js';
import type { ContainerConfig } from '../spec/config.js';
import type { CreateOptions } from '../spec/create-options.js';
import { checkNamespaceFiles, resolveHostPaths } from '../spec/files/host-paths.js';
import { podParent } from '../spec/limits/cgroup-path.js';
import { infraOptions, normalizePodOptions } from '../spec/pod/pod-normalize.js';
import type { PodConfig, PodCreateOptions } from '../spec/pod/pod-options.js';
import { randomName } from '../container/create/random-name.js';

/** Number of generated names to try; each attempt draws from ten times as many names. */
const NAME_ATTEMPTS = 8;

export interface RecordedPod {
  readonly id: string;
  readonly name: string;
}

/** Creates a pod. Throws INVALID_ARGUMENT, NAME_IN_USE, and the errors of creating the infra container. */
export function createPod(context: EngineContext, options: PodCreateOptions): RecordedPod {
  const config = normalizePodOptions(options, context.facts(), { cgroupManager: context.cgroupManager });
  const id = newId();
  for (let attempt = 0; ; attempt += 1) {
    const name = options.name ?? randomName(attempt);
    try {
      const infra = config.infra ? infraConfig(context, { id, name, config, options }) : undefined;
      record(context, { id, name, config }, infra);
      failpoint('pod-recorded');
      recordEngineEvent(context, { type: 'pod', status: 'create', id, name, attributes: config.labels });
      return { id, name };
    } catch (error) {
      const again = options.name === undefined && attempt < NAME_ATTEMPTS && isTspodError(error, 'NAME_IN_USE');
      if (!again) throw error;
    }
  }
}

interface NewPod {
  readonly id: string;
  readonly name: string;
  readonly config: PodConfig;
}

/** Records the pod and its infra container in one transaction. */
function record(context: EngineContext, pod: NewPod, infra: ContainerConfig | undefined): void {
  const { store } = context;
  store.transaction(() => {
    store.pods.insert({ ...pod, createdUs: Date.now() * 1000 });
    if (infra !== undefined) recordContainer(context, newId(), { config: infra, state: {} });
  });
}

function infraConfig(
  context: EngineContext,
  { id, name, config, options }: NewPod & { readonly options: PodCreateOptions },
): ContainerConfig {
  const own: CreateOptions = infraOptions(options, { id, name, share: config.share });
  const place = config.shareParent ? { cgroupParent: podParent(config, id) } : {};
  const infra = configureFor(context, { ...own, ...place }, { ...membershipOf({ id, config }), infra: true });
  resolveHostPaths(infra);
  checkNamespaceFiles(infra);
  return infra;
}
