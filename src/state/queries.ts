/** Queries over many containers; the store's other statements stand where they are used. */
import { ROW_COLUMNS } from './rows.js';

export const FROM_CONTAINER = 'FROM container c JOIN container_state s ON s.seq = c.seq';
/** Scans the states by an index, then looks up the containers found: the cross join fixes this order. */
const FROM_STATE = 'FROM container_state s CROSS JOIN container c ON c.seq = s.seq';
const LIVE = "s.status NOT IN ('created', 'exited')";
const LISTED = `${ROW_COLUMNS}, c.summary`;

export const LIST = {
  all: `SELECT ${LISTED} ${FROM_CONTAINER} ORDER BY c.seq`,
  // Without INDEXED BY, SQLite prefers to scan all containers rather than sort the few that match.
  live: `SELECT ${LISTED} FROM container_state s INDEXED BY container_live CROSS JOIN container c ON c.seq = s.seq WHERE ${LIVE} ORDER BY s.seq`,
} as const;

export const UNSETTLED = [LIVE, "s.auto_remove = 1 AND s.status = 'exited'", 's.mounted = 1 AND s.mounts = 0']
  .map((condition) => `SELECT ${ROW_COLUMNS} ${FROM_STATE} WHERE ${condition}`)
  .join(' UNION ');
