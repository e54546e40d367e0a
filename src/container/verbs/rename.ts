/** Gives a container another name. */
import { barename } from '../../state/lookup.js';
import { checkName } from '../../spec/checks/names.js';
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { withContainer } from '../held.js';

/** Renames a container. Throws INVALID_ARGUMENT for a bad name, NAME_IN_USE. */
export async function renameContainer(context: EngineContext, id: string, name: string): Promise<void> {
  const wanted = checkName(barename(name));
  await withContainer(context, id, (held) => {
    held.require('rename');
    context.store.rename(held.seq, wanted);
    recordContainerEvent(context, { id, name: wanted, status: 'rename', attributes: { oldName: held.name } });
  });
}
