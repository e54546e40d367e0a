/** `engine.containers`: creates, finds, lists and removes the containers of one engine. */
import type { Container } from '../../container/api/container.js';
import { checkedClone, checkedRemove } from '../../container/call-options.js';
import { tracked, type EngineContext } from '../../container/context.js';
import { containerHandle } from '../../container/handle.js';
import { cloneContainer } from '../../container/verbs/clone.js';
import { createContainer } from '../../container/verbs/create.js';
import { removeContainer } from '../../container/verbs/remove.js';
import { checkCreateOptions } from '../../spec/option-shapes.js';
import { checkedContainerList, checkedPrune } from '../call-options.js';
import { doesNotThrow } from '../does-not-throw.js';
import { checkedFetch } from '../images/call-options.js';
import { ensureImage } from '../images/pull.js';
import { latestId, listContainers } from './list.js';
import { withNewPod } from '../pods/pods.js';
import { pruneContainers } from './prune.js';
import type { Containers } from '../types.js';
import { snapshot } from '../../util/snapshot.js';

export function makeContainers(context: EngineContext): Containers {
  const { store } = context;
  const get = (nameOrId: string): Container => containerHandle(context, store.find(nameOrId));
  return {
    create: async (options, fetching) => {
      checkCreateOptions(options);
      checkedFetch(fetching);
      return withNewPod(context, snapshot(options), async (wanted) => {
        await ensureImage(context, wanted, fetching);
        return containerHandle(context, createContainer(context, wanted));
      });
    },
    clone: async (nameOrId, options) => {
      const checked = checkedClone(options) ?? {};
      return containerHandle(context, await cloneContainer(context, store.find(nameOrId).id, checked));
    },
    get,
    exists: (nameOrId) => doesNotThrow(() => store.find(nameOrId), 'NO_SUCH_CONTAINER'),
    list: (options) => listContainers(context, checkedContainerList(options)),
    latest: () => get(latestId(context)),
    remove: async (nameOrId, options) => {
      const { id } = store.find(nameOrId);
      return tracked(context, async () => removeContainer(context, id, checkedRemove(options)));
    },
    prune: async (options) => pruneContainers(context, checkedPrune(options)),
  };
}
