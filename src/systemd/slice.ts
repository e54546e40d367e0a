/** Slices (systemd.slice(5)): groups in which scopes lie. */
import { TspodError } from '../errors.js';
import { connectManager, ManagerError } from './manager.js';

const UNIT_EXISTS = 'org.freedesktop.systemd1.UnitExists';
const NO_SUCH_UNIT = 'org.freedesktop.systemd1.NoSuchUnit';

/** Resolves when systemd has made it, or has it already. Throws LAUNCH_FAILED, UNSUPPORTED_HOST where systemd cannot be reached. */
export async function startSlice(name: string, description: string): Promise<void> {
  using manager = connectManager(name);
  try {
    const properties = [
      ['Description', ['s', description]],
      ['DefaultDependencies', ['b', false]],
    ];
    await manager.call('StartTransientUnit', 'ssa(sv)a(sa(sv))', [name, 'fail', properties, []]);
  } catch (error) {
    if (error instanceof ManagerError && error.refusal === UNIT_EXISTS) return;
    if (error instanceof TspodError) throw error;
    throw new TspodError('LAUNCH_FAILED', `systemd does not make ${name}: ${(error as Error).message}`, {
      cause: error,
      details: { unit: name },
    });
  }
}

/** With all that is in it. One that there is not is success. */
export async function stopSlice(name: string): Promise<void> {
  using manager = connectManager(name);
  try {
    await manager.call('StopUnit', 'ss', [name, 'replace']);
  } catch (error) {
    if (error instanceof ManagerError && error.refusal === NO_SUCH_UNIT) return;
    throw error;
  }
}
