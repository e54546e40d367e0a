/** Records of containers, as plain as can be. */
import { FRESH_STATE, type NewContainer, type StoredSummary } from '../../src/state/records.js';

export function plainSummary(differences: Partial<StoredSummary> = {}): StoredSummary {
  return {
    image: '',
    rootfs: '/',
    command: [],
    labels: {},
    mounts: [],
    network: 'none',
    networks: [],
    ports: [],
    restartPolicy: 'no',
    cidFile: '',
    checked: false,
    ...differences,
  };
}

/** `id`: the beginning; the rest is zeros. */
export function plainContainer(id: string, differences: Partial<NewContainer> = {}): NewContainer {
  return {
    id: id.padEnd(64, '0'),
    name: id,
    createdUs: 1,
    summary: plainSummary(),
    config: '{}',
    state: FRESH_STATE,
    donors: [],
    ...differences,
  };
}
