/** The events of a command in a container. Its end is recorded by who started it, if that is still there. */
import type { EngineContext } from './context.js';
import { recordContainerEvent } from './events.js';
import type { MonitorTalk } from './monitor-talk.js';

interface Named {
  readonly id: string;
  readonly name: string;
}

export function recordExec(context: EngineContext, { id, name }: Named, talk: MonitorTalk): void {
  if (context.events === undefined) return;
  recordContainerEvent(context, { id, name, status: 'exec' });
  void talk.exited().then(() => {
    if (talk.exit === undefined) return;
    const attributes = { containerExitCode: String(talk.exit.exitCode) };
    recordContainerEvent(context, { id, name, status: 'exec_died', attributes });
  });
}
