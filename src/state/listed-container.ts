/** A container as a listing returns it. */
import type { StoredContainer, StoredState, StoredSummary } from './records.js';
import { summaryTextOf, toContainer, type ListedRow } from './rows.js';
import { parseUpdates } from './updates.js';

/**
 * Parses the container's summary only when it is read: most listed containers are filtered out or shown by id alone.
 */
export class ListedContainer implements StoredContainer {
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  readonly createdUs: number;
  readonly state: StoredState;
  readonly #text: string;
  #summary: StoredSummary | undefined;

  constructor(row: ListedRow) {
    const { seq, id, name, createdUs, state } = toContainer(row);
    this.seq = seq;
    this.id = id;
    this.name = name;
    this.createdUs = createdUs;
    this.state = state;
    this.#text = summaryTextOf(row);
  }

  get summary(): StoredSummary {
    return (this.#summary ??= summaryOf(this.#text, this.state.updates));
  }
}

function summaryOf(text: string, updates: string): StoredSummary {
  const summary = JSON.parse(text) as StoredSummary;
  if (updates === '') return summary;
  const { restart, networking } = parseUpdates(updates);
  return {
    ...summary,
    ...(restart === undefined ? {} : { restartPolicy: restart.policy }),
    ...(networking === undefined ? {} : { networks: networking.networks.map(({ name }) => name) }),
  };
}
