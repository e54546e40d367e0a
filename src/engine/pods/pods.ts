/** `engine.pods`: creates, lists and removes pods, and creates a pod together with its first container. */
import type { SignalOption } from '../../container/api/container.js';
import { tracked, type EngineContext } from '../../container/context.js';
import { removeWholePod } from '../../container/verbs/remove.js';
import { isTspodError, TspodError } from '../../errors.js';
import { throwIfAborted } from '../../native/abort.js';
import type { PodCreateOptions, PodSummary } from '../../pod/api.js';
import { createPod } from '../../pod/create.js';
import { podHandle } from '../../pod/handle.js';
import { summarizePod } from '../../pod/summary.js';
import type { CreateOptions } from '../../spec/create-options.js';
import { normalizePodOptions, splitPodOptions } from '../../spec/pod/pod-normalize.js';
import { defined } from '../../util/defined.js';
import { snapshot } from '../../util/snapshot.js';
import { checkedList, checkedPrune } from '../call-options.js';
import { networkNamed } from '../name-and-label-filters.js';
import { doesNotThrow } from '../does-not-throw.js';
import { checkedFetch } from '../images/call-options.js';
import { ensureImage } from '../images/pull.js';
import type { FetchOptions } from '../images/types.js';
import { podPredicate } from './filters.js';
import type { PodFilters, Pods } from './types.js';
import type { BatchResult } from '../types.js';

export function makePods(context: EngineContext): Pods {
  const { pods } = context.store;
  return {
    create: (options = {}, fetching) =>
      tracked(context, async () => podHandle(context, await make(context, snapshot(options), checkedFetch(fetching)))),
    get: (nameOrId) => podHandle(context, pods.find(nameOrId)),
    exists: (nameOrId) => doesNotThrow(() => pods.find(nameOrId), 'NO_SUCH_POD'),
    list: (options) => listPods(context, checkedList(options)?.filters ?? {}),
    latest: () => {
      const latest = pods.latest();
      if (latest === undefined) throw new TspodError('NO_SUCH_POD', 'no pods: no such pod');
      return podHandle(context, latest);
    },
    prune: (options) => tracked(context, async () => prunePods(context, checkedPrune(options))),
  };
}

async function make(context: EngineContext, options: PodCreateOptions, fetching?: FetchOptions) {
  normalizePodOptions(options, context.facts(), { cgroupManager: context.cgroupManager });
  const { infraImage } = options;
  await ensureImage(context, infraImage === undefined ? {} : { image: infraImage }, fetching);
  return createPod(context, options);
}

function listPods(context: EngineContext, filters: PodFilters): readonly PodSummary[] {
  const matches = podPredicate(filters, {
    now: new Date(),
    networkName: (nameOrId) => networkNamed(context.networks, nameOrId),
  });
  return context.store.pods
    .list()
    .map((pod) => summarizePod(context, pod))
    .filter(matches);
}

/** Statuses of pods that have run and do not run any more. */
const PRUNED: readonly PodSummary['status'][] = ['Exited', 'Stopped'];

export async function prunePods(
  context: EngineContext,
  { filters = {}, signal }: SignalOption & { readonly filters?: PodFilters } = {},
): Promise<BatchResult> {
  const done: string[] = [];
  const failed = new Map<string, Error>();
  for (const { id, status } of listPods(context, filters)) {
    throwIfAborted('prune pods', signal);
    if (!PRUNED.includes(status)) continue;
    try {
      await removeWholePod(context, id, defined({ signal }));
      done.push(id);
    } catch (error) {
      // Another process has removed the pod meanwhile.
      if (isTspodError(error, 'NO_SUCH_POD')) continue;
      failed.set(id, error instanceof Error ? error : new Error(String(error)));
    }
  }
  return { done, failed };
}

const NEW = 'new:';

/** Creates the pod that `pod: 'new:NAME'` asks for, and removes it again if `create` fails. */
export async function withNewPod<T, Options extends CreateOptions>(
  context: EngineContext,
  options: Options,
  create: (options: Options) => Promise<T>,
): Promise<T> {
  if (options.pod?.startsWith(NEW) !== true) return create(options);
  const name = options.pod.slice(NEW.length);
  if (name === '') throw new TspodError('INVALID_ARGUMENT', 'new pod name must be at least one character');
  const { pod, container } = splitPodOptions(options);
  const { id } = await tracked(context, () => make(context, { ...pod, name }));
  try {
    return await create({ ...container, pod: id });
  } catch (error) {
    await removeWholePod(context, id, { force: true });
    throw error;
  }
}
