/** The database's tables, as a list of migrations; the file's `user_version` is the number of those applied. */

/** "tspd": distinguishes a tspod database from any other file. */
export const APPLICATION_ID = 0x74737064;

/**
 * Each migration is applied once, in order, in one transaction with all others that are due. A released migration never
 * changes.
 *
 * `container` is written once (except for the name), `container_state` often, so that a change of state rewrites one
 * small row. `updates` holds later changes to `config`: a JSON object whose fields replace those there; '' for none.
 * `container_config` is separate because a listing does not need it, and so finds a dozen containers per page. Times
 * are microseconds since 1970: a JavaScript number holds them exactly.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE container (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    created_us INTEGER NOT NULL,
    summary TEXT NOT NULL
  ) STRICT;
  CREATE TABLE container_config (seq INTEGER PRIMARY KEY, config TEXT NOT NULL) STRICT;
  CREATE TABLE container_state (
    seq INTEGER PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('created', 'initialized', 'active', 'paused', 'stopping', 'exited', 'removing')),
    auto_remove INTEGER NOT NULL,
    stopped_by_user INTEGER NOT NULL,
    exit_code INTEGER NOT NULL,
    exit_signal INTEGER NOT NULL,
    oom_killed INTEGER NOT NULL,
    timed_out INTEGER NOT NULL,
    started_us INTEGER NOT NULL,
    finished_us INTEGER NOT NULL,
    restarts INTEGER NOT NULL,
    error TEXT NOT NULL,
    updates TEXT NOT NULL,
    updating INTEGER NOT NULL,
    mounts INTEGER NOT NULL,
    mounted INTEGER NOT NULL,
    split_from TEXT NOT NULL
  ) STRICT;
  CREATE INDEX container_unused_mount ON container_state (seq) WHERE mounted = 1 AND mounts = 0;
  CREATE INDEX container_live ON container_state (status) WHERE status NOT IN ('created', 'exited');
  CREATE INDEX container_ended ON container_state (seq) WHERE auto_remove = 1 AND status = 'exited';
  CREATE TABLE dependency (
    seq INTEGER NOT NULL,
    donor_seq INTEGER NOT NULL,
    PRIMARY KEY (seq, donor_seq)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX dependency_donor ON dependency (donor_seq);
  CREATE TABLE host_ids (
    id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('uid', 'gid')),
    first INTEGER NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (id, kind, first)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE exit_code (
    id TEXT PRIMARY KEY,
    code INTEGER NOT NULL,
    removed_us INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX exit_code_age ON exit_code (removed_us);
  `,
  // `owner`: seq of a container that may have a process; 0: the address has been free since `freed_us`. `next`: the
  // first address that was never given out.
  // `network` is an id. `host_port`: ports that were chosen for a container, which has them for as long as it is
  // recorded.
  // `member`: containers on a network whose members find each other by name, with their names. `stale_names`: networks
  // whose members have not been informed of a change yet.
  `
  CREATE TABLE address (
    network TEXT NOT NULL,
    subnet TEXT NOT NULL,
    address BLOB NOT NULL,
    owner INTEGER NOT NULL,
    freed_us INTEGER NOT NULL,
    PRIMARY KEY (network, subnet, address)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX address_owner ON address (owner) WHERE owner != 0;
  CREATE INDEX address_free ON address (network, subnet, freed_us) WHERE owner = 0;
  CREATE TABLE address_pool (
    network TEXT NOT NULL,
    subnet TEXT NOT NULL,
    next BLOB NOT NULL,
    PRIMARY KEY (network, subnet)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE host_port (
    protocol TEXT NOT NULL,
    port INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (protocol, port)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX host_port_seq ON host_port (seq);
  CREATE TABLE member (
    network TEXT NOT NULL,
    owner INTEGER NOT NULL,
    id TEXT NOT NULL,
    entries TEXT NOT NULL,
    PRIMARY KEY (network, owner)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX member_owner ON member (owner);
  CREATE TABLE stale_names (network TEXT PRIMARY KEY, turn INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `,
  // What an image needs is derived from rows: a blob or a layer that no row names is garbage.
  // `image_lease`: work on the content that it names is under way, or was until a crash. `image_suspect`: content to be
  // removed unless something needs it by then.
  `
  CREATE TABLE image (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    created_us INTEGER NOT NULL,
    added_us INTEGER NOT NULL,
    size INTEGER NOT NULL,
    summary TEXT NOT NULL,
    config TEXT NOT NULL
  ) STRICT;
  CREATE TABLE image_name (
    name TEXT PRIMARY KEY,
    image INTEGER NOT NULL,
    manifest TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX image_name_image ON image_name (image);
  CREATE TABLE image_digest (
    image INTEGER NOT NULL,
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (image, repository, digest)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX image_digest_digest ON image_digest (digest);
  CREATE TABLE image_blob (
    image INTEGER NOT NULL,
    digest TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('index', 'manifest', 'config', 'layer')),
    media_type TEXT NOT NULL,
    PRIMARY KEY (image, digest)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX image_blob_digest ON image_blob (digest);
  CREATE TABLE image_layer (
    image INTEGER NOT NULL,
    position INTEGER NOT NULL,
    chain TEXT NOT NULL,
    PRIMARY KEY (image, position)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX image_layer_chain ON image_layer (chain);
  CREATE TABLE image_use (
    container INTEGER PRIMARY KEY,
    image INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX image_use_image ON image_use (image);
  CREATE TABLE image_lease (id TEXT PRIMARY KEY, made_us INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE image_lease_item (
    lease TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('blob', 'layer')),
    key TEXT NOT NULL,
    PRIMARY KEY (lease, kind, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX image_lease_item_key ON image_lease_item (kind, key);
  CREATE TABLE image_suspect (
    kind TEXT NOT NULL CHECK (kind IN ('blob', 'layer')),
    key TEXT NOT NULL,
    PRIMARY KEY (kind, key)
  ) STRICT, WITHOUT ROWID;
  `,
  // `mounts`: by how much mounts of the image outnumber unmounts; 0: it is being unmounted. Whether it is mounted only
  // the kernel can tell.
  `
  CREATE TABLE image_mount (image INTEGER PRIMARY KEY, mounts INTEGER NOT NULL) STRICT;
  `,
  // Manifest lists that are assembled here; `content` is JSON.
  `
  CREATE TABLE manifest_list (
    name TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // A row exists before the volume's directory does, and as long as that does. `stage`: what a container that mounts
  // the volume still has to do (storage/volumes.ts). `doomed`: an anonymous volume that is removed with its container.
  `
  CREATE TABLE volume (
    name TEXT PRIMARY KEY,
    created_us INTEGER NOT NULL,
    anonymous INTEGER NOT NULL,
    removing INTEGER NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('new', 'owned', 'filling', 'done')),
    labels TEXT NOT NULL,
    options TEXT NOT NULL,
    uid INTEGER NOT NULL,
    gid INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX volume_removing ON volume (name) WHERE removing = 1;
  CREATE TABLE container_volume (
    container INTEGER NOT NULL,
    volume TEXT NOT NULL,
    doomed INTEGER NOT NULL,
    PRIMARY KEY (container, volume)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX container_volume_volume ON container_volume (volume);
  `,
  // `position`: index of the secret in the container's configuration. The container has its own copy of the data.
  `
  CREATE TABLE secret (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_us INTEGER NOT NULL,
    updated_us INTEGER NOT NULL,
    labels TEXT NOT NULL,
    driver_options TEXT NOT NULL,
    data BLOB NOT NULL
  ) STRICT;
  CREATE TABLE container_secret (
    container INTEGER NOT NULL,
    position INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (container, position)
  ) STRICT;
  `,
  // `infra`: id of the infra container, or ''. `stops`: the pod stops once only its infra container is running.
  // `removing`: whoever finds it set completes the removal; no container can join any more.
  `
  CREATE TABLE pod (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    created_us INTEGER NOT NULL,
    infra TEXT NOT NULL,
    stops INTEGER NOT NULL,
    removing INTEGER NOT NULL,
    config TEXT NOT NULL
  ) STRICT;
  CREATE INDEX pod_removing ON pod (seq) WHERE removing = 1;
  CREATE INDEX pod_stops ON pod (seq) WHERE stops = 1;
  CREATE TABLE pod_member (container INTEGER PRIMARY KEY, pod INTEGER NOT NULL) STRICT;
  CREATE INDEX pod_member_pod ON pod_member (pod);
  `,
  // Names of manifest lists: any number per list, including none. Since then manifest_list has the id in place of the
  // name.
  `
  CREATE TABLE manifest_list_name (name TEXT PRIMARY KEY, list TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX manifest_list_name_list ON manifest_list_name (list);
  INSERT INTO manifest_list_name SELECT name, id FROM manifest_list;
  UPDATE manifest_list SET name = id;
  ALTER TABLE manifest_list ADD COLUMN created_us INTEGER NOT NULL DEFAULT 0;
  `,
  // A container uses the image that it is made from and the images that it mounts.
  `
  CREATE TABLE image_user (
    container INTEGER NOT NULL,
    image INTEGER NOT NULL,
    PRIMARY KEY (container, image)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX image_user_image ON image_user (image);
  INSERT INTO image_user SELECT container, image FROM image_use;
  DROP TABLE image_use;
  `,
  // Ids of networks whose files this store has written.
  `
  CREATE TABLE made_network (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  `,
];
