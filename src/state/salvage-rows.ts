/** Restores consistency between rows after damage has destroyed some of them. */
import { FRESH_STATE } from './records.js';
import { STATE_COLUMN_NAMES, stateValues } from './rows.js';

/** Tables whose rows belong to a container, each with the column that refers to it. */
const OF_CONTAINERS = {
  container_config: 'seq',
  container_state: 'seq',
  host_port: 'seq',
  member: 'owner',
  container_volume: 'container',
  container_secret: 'container',
  pod_member: 'container',
} as const;

/**
 * Rebuilds image_user: a container's summary names the image that it is made from, its configuration those that it
 * mounts.
 */
export const RELINK_IMAGES = `INSERT OR IGNORE INTO image_user
  SELECT c.seq, i.seq FROM container c JOIN image i ON i.id = json_extract(c.summary, '$.imageId')
  UNION
  SELECT c.seq, i.seq FROM container_config c JOIN json_each(iif(json_valid(c.config), c.config, '{}'), '$.mounts') m
    JOIN image i ON i.id = json_extract(m.value, '$.image.id');`;

const OF_IMAGES = ['image_name', 'image_digest', 'image_blob', 'image_layer', 'image_mount'] as const;

/** State of a container whose row is lost. It may have a process: the next observation finds out (observe.ts). */
const UNKNOWN_STATE = stateValues({ ...FRESH_STATE, status: 'active' })
  .map((value) => (typeof value === 'string' ? `'${value}'` : String(value)))
  .join(', ');

/**
 * Removes rows whose owner is lost, and rows with invalid content. A container without its configuration is kept: its
 * files can be saved, and it can be removed. An image that lacks one of its layers or its manifest is removed: it is
 * re-created from what is on the disk.
 */
export const TIDY_UP = `
  DELETE FROM manifest_list WHERE NOT json_valid(content);
  DELETE FROM manifest_list_name WHERE list NOT IN (SELECT id FROM manifest_list);
  DELETE FROM container WHERE length(id) != 64 OR id GLOB '*[^0-9a-f]*' OR name = '' OR NOT json_valid(summary);
  ${Object.entries(OF_CONTAINERS)
    .map(([table, column]) => `DELETE FROM ${table} WHERE ${column} NOT IN (SELECT seq FROM container);`)
    .join('\n')}
  DELETE FROM address WHERE owner != 0 AND owner NOT IN (SELECT seq FROM container);
  DELETE FROM dependency WHERE seq NOT IN (SELECT seq FROM container) OR donor_seq NOT IN (SELECT seq FROM container);
  DELETE FROM host_ids WHERE id NOT IN (SELECT id FROM container);
  UPDATE container_config SET config = '' WHERE NOT json_valid(config);
  INSERT INTO container_config SELECT seq, '' FROM container WHERE seq NOT IN (SELECT seq FROM container_config);
  INSERT INTO container_state (seq, ${STATE_COLUMN_NAMES.join(', ')})
    SELECT seq, ${UNKNOWN_STATE} FROM container WHERE seq NOT IN (SELECT seq FROM container_state);
  DELETE FROM image WHERE CASE WHEN json_valid(config) AND json_valid(summary) THEN
      json_array_length(config, '$.rootfs.diff_ids') IS NOT (SELECT count(*) FROM image_layer WHERE image = seq)
      OR NOT EXISTS (SELECT 1 FROM image_blob WHERE image = seq AND kind = 'manifest')
      OR NOT EXISTS (SELECT 1 FROM image_blob WHERE image = seq AND kind = 'config')
      OR EXISTS (SELECT 1 FROM image_layer WHERE image = seq)
        AND NOT EXISTS (SELECT 1 FROM image_blob WHERE image = seq AND kind = 'layer')
    ELSE true END;
  ${OF_IMAGES.map((table) => `DELETE FROM ${table} WHERE image NOT IN (SELECT seq FROM image);`).join('\n')}
  DELETE FROM image_user;
  ${RELINK_IMAGES}
  DELETE FROM image_lease_item WHERE lease NOT IN (SELECT id FROM image_lease);
  DELETE FROM volume WHERE NOT json_valid(labels) OR NOT json_valid(options);
  DELETE FROM secret WHERE NOT json_valid(labels) OR NOT json_valid(driver_options);
  DELETE FROM image_suspect;
  DELETE FROM pod WHERE length(id) != 64 OR id GLOB '*[^0-9a-f]*' OR name = '' OR NOT json_valid(config);
  INSERT OR IGNORE INTO pod_member SELECT c.seq, p.seq FROM container c JOIN pod p ON p.id = json_extract(c.summary, '$.pod');
  DELETE FROM pod_member WHERE pod NOT IN (SELECT seq FROM pod);
  UPDATE pod SET infra = '' WHERE infra NOT IN (SELECT id FROM container);
`;
