/** Archives, layers, copies, names. */
import { edit, tests } from './entry.mjs';
import { FOLLOW_ALL_LINKS, FOLLOW_LINKS } from './mounts.mjs';

const MAY_CHANGE = 'src/container/files/may-change.ts';
const UNPACK = 'src/storage/images/unpack-layer.ts';

export const STORAGE = [
  {
    name: 'links in trees are followed within them, or not at all',
    edits: [FOLLOW_LINKS, FOLLOW_ALL_LINKS],
    rounds: 20,
    tests: [
      ...tests(
        'security/storage.test.ts',
        'archives: nothing of a layer, an import or a copy',
        'files: copies, exports, diffs and commits',
        'files: sizes while the container swaps',
      ),
      ...tests(
        'system/files/copy.test.ts',
        'copy: a racer that swaps',
        'copy: no link leads out of a ${state} container',
      ),
      ...tests(
        'system/files/volumes.test.ts',
        'what an image has at the place of a volume',
        'export and import: archives out of a volume',
      ),
    ],
  },
  {
    name: 'paths of a layer have no ".."',
    edits: [edit(UNPACK, "if (parts.includes('..') || path.includes('\\0')) throw", "if (path.includes('\\0')) throw")],
    tests: tests('system/images/unpack.test.ts', 'unpack: ".." is refused'),
  },
  {
    name: 'attributes of overlayfs are not taken from a layer',
    edits: [edit(UNPACK, "isKept(name) && !name.startsWith('user.overlay.')", "name !== ''")],
    tests: tests('system/images/unpack.test.ts', 'unpack: attributes by which overlayfs'),
    isQuick: true,
  },
  {
    name: 'the entries of a layer are limited',
    edits: [edit(UNPACK, 'if (this.#entries > this.#limits.entries) throw', 'if (this.#entries < 0) throw')],
    tests: tests('system/images/unpack.test.ts', 'unpack: too many entries'),
  },
  {
    name: 'directories that no entry of a layer brings count as well',
    edits: [edit('native/core/path.cc', 'if (*left == 0) return', 'if (name == nullptr) return')],
    tests: tests(
      'system/images/unpack.test.ts',
      'unpack: directories that no entry brings count',
      'unpack: a directory counts once',
    ),
  },
  {
    name: 'the memory for directory paths of a layer is limited',
    edits: [
      edit(
        'native/addon/tree_writer.cc',
        'if (path.size() > left_.path_bytes) return',
        'if (path.empty() && false) return',
      ),
    ],
    tests: tests('system/images/unpack.test.ts', 'unpack: paths of directories that are too long together'),
  },
  {
    name: 'files of a layout are no links',
    edits: [edit('src/image/layout/file-set.ts', '{ follow: false, missing', '{ follow: true, missing')],
    tests: tests('unit/image/archives.test.ts', 'oci: links in a layout are not followed'),
    isQuick: true,
  },
  {
    name: 'the size that an archive of images unpacks to is limited',
    edits: [edit('src/image/archive/archive-file.ts', 'if (length > maxBytes) done(', 'if (length < 0) done(')],
    tests: tests('unit/image/archives.test.ts', 'archive: a compressed one that grows without end'),
  },
  {
    name: 'the headers of one file in an archive are limited',
    edits: [edit('src/tar/read.ts', 'if (extensions > MAX_EXTENSIONS) throw', 'if (extensions > 10_000) throw')],
    tests: tests('unit/tar/hostile.test.ts', 'pax headers without an end'),
  },
  {
    name: 'an abandoned layer is removed',
    edits: [
      edit(
        'src/storage/images/layers.ts',
        'await removeTree(unreadyLayerPath(paths, chain));',
        'await Promise.resolve(paths);',
      ),
    ],
    tests: tests('security/storage.test.ts', 'layers: one that grows beyond the disk'),
  },
  {
    name: 'what cannot be decompressed is a bad image',
    edits: [
      edit(
        'src/native/decompress.ts',
        'if (!isData || isTspodError(error)) return error;',
        'if (isData || !isData) return error;',
      ),
    ],
    tests: tests('security/storage.test.ts', 'layers: damaged ones are refused at once'),
  },
  {
    name: 'nothing is run for the processes of a container',
    edits: [
      edit(
        'src/container/verbs/top.ts',
        'const accounts = await readAccounts(state.pid);',
        "process.getBuiltinModule('node:child_process').execFileSync('true');\n  const accounts = await readAccounts(state.pid);",
      ),
    ],
    tests: tests('security/storage.test.ts', 'files: no program or library of the container'),
  },
  {
    name: 'a tree is removed through no link',
    edits: [
      edit(
        'native/core/remove_tree.cc',
        'O_RDONLY | O_DIRECTORY | O_NOFOLLOW, RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS, 0}',
        'O_RDONLY | O_DIRECTORY, 0, 0}',
      ),
    ],
    tests: tests('system/native/tree.test.ts', 'a directory that is swapped for a link meanwhile'),
  },
  {
    name: 'a container’s name is letters, digits and a few signs',
    edits: [edit('src/spec/checks/names.ts', 'const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;', 'const NAME = /^[^]*$/;')],
    tests: tests('security/storage.test.ts', 'names: what is no plain name'),
  },
  {
    name: 'the name of an artifact is no path',
    edits: [edit('src/container/verbs/artifacts.ts', '/^[a-zA-Z0-9_][a-zA-Z0-9_.-]*$/.test(name)', "name !== ''")],
    tests: tests('system/files/artifacts.test.ts', 'artifacts: a name leads nowhere else'),
  },
  {
    name: 'a copy changes only files whose ids are mapped in the container',
    edits: [edit(MAY_CHANGE, 'if (!isMapped(idMaps)) return', "if (!isMapped(idMaps) || asked !== '') return")],
    tests: tests('security/copy.test.ts', 'cp: what a container mounts or links', 'cp: the same by the command line'),
  },
  {
    name: 'mounts of the caller are matched by the paths that were given',
    edits: [edit(MAY_CHANGE, 'isWithin(path, target))', 'path !== target)')],
    tests: tests('security/copy.test.ts', 'cp: what a container mounts or links', 'cp: the same by the command line'),
  },
  {
    name: 'copied files belong to the user that they were copied for',
    edits: [
      edit('src/storage/unpack-tree.ts', 'fstatSync(made.fd).uid === entry.owner.uid', 'fstatSync(made.fd).uid >= 0'),
    ],
    rounds: 150,
    tests: tests('security/copy.test.ts', 'cp: a racer that puts a directory of the host'),
  },
  {
    name: 'what cp brings out has no set-uid bits and capabilities',
    edits: [edit('src/cli/streams/host-files.ts', 'const dropRights = options.chown;', 'const dropRights = false;')],
    tests: tests('security/storage.test.ts', 'copy: what comes out of a container has no rights'),
  },
  {
    name: 'a volume that is not empty is not filled from the image',
    edits: [
      edit(
        'src/container/launch/fill-volumes.ts',
        "if (volume.stage === 'done') return;\n  const isFull = !isEmptyDirectory(paths.data);",
        "const isFull = paths.data === '';",
      ),
      edit('src/container/launch/fill-volumes.ts', "if (volume.stage === 'done' || localMount", 'if (localMount'),
    ],
    tests: tests('system/files/volumes.test.ts', 'an empty volume gets what the image has'),
  },
  {
    name: 'a file of hosts that a container has made too long is not read',
    edits: [edit('src/storage/hosts-section.ts', 'if (size > MAX_BYTES) return;', 'if (size < 0) return;')],
    says: 'ERR_OUT_OF_RANGE|ERR_STRING_TOO_LONG|Invalid typed array length|Array buffer allocation failed',
    tests: tests('system/networks/names.test.ts', 'a shared network: a file of hosts without measure'),
  },
  {
    name: 'files that a container may change are opened without waiting for it',
    edits: [
      edit(
        'src/storage/hosts-section.ts',
        'constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW',
        'constants.O_RDWR',
      ),
      edit(
        'src/logs/log-file.ts',
        'constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK',
        'constants.O_RDONLY',
      ),
    ],
    tests: tests('security/engine-files.test.ts', 'names: a container that holds', 'logs: where the container'),
    says: 'it does not end',
  },
  {
    name: 'a pid file is a regular file',
    edits: [
      edit(
        'native/monitor/record_files.cc',
        'O_WRONLY | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK',
        'O_WRONLY | O_CREAT | O_NOCTTY',
      ),
      edit('native/monitor/record_files.cc', 'if (!S_ISREG(status.st_mode)) return', 'if (status.st_size < 0) return'),
    ],
    tests: tests('security/engine-files.test.ts', 'pidfile: where the container'),
    says: 'it does not end',
  },
  {
    name: 'the ids of an automatic user namespace are limited',
    edits: [edit('src/spec/users/userns.ts', 'if (size <= MAX_AUTO_SIZE) return', 'if (size > 0) return')],
    tests: tests('unit/spec/userns.test.ts', 'no image makes an automatic'),
  },
  {
    name: 'health checks of an image have a shortest interval and timeout',
    edits: [edit('src/spec/image.ts', 'const MIN_CHECK_MS = 100', 'const MIN_CHECK_MS = 1')],
    tests: tests('unit/spec/image.test.ts', 'health: checks of an image'),
  },
];
