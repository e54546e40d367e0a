/**
 * Creates the handle that library users hold: it binds each operation to the pod's id. No operation is implemented
 * here.
 */
import type { EngineContext } from '../container/context.js';
import { membersOf } from '../container/pod/members.js';
import { removeWholePod } from '../container/verbs/remove.js';
import type { Pod } from './api.js';
import { checkedRemove, checkedRestart, checkedStart, checkedStats, checkedStop } from './call-options.js';
import { inspectPod } from './inspect.js';
import { storedPod, summarizePod } from './summary.js';
import { killPod } from './verbs/kill.js';
import { podStats, podTop } from './verbs/observe.js';
import { pausePod, unpausePod } from './verbs/pause.js';
import { startPod } from './verbs/start.js';
import { restartPod, stopPod } from './verbs/stop.js';

export function podHandle(context: EngineContext, { id, name }: { readonly id: string; readonly name: string }): Pod {
  return {
    id,
    name,
    status: () => summarizePod(context, storedPod(context, id)).status,
    summary: () => summarizePod(context, storedPod(context, id)),
    containers: () => membersOf(context, storedPod(context, id)),
    inspect: () => inspectPod(context, storedPod(context, id)),
    start: async (options) => startPod(context, id, checkedStart(options)),
    stop: async (options) => stopPod(context, id, checkedStop(options)),
    restart: async (options) => restartPod(context, id, checkedRestart(options)),
    kill: (signal) => killPod(context, id, signal),
    pause: () => pausePod(context, id),
    unpause: () => unpausePod(context, id),
    remove: async (options) => void (await removeWholePod(context, id, checkedRemove(options))),
    stats: (options) => podStats(context, id, checkedStats(options)),
    top: () => podTop(context, id),
  };
}
