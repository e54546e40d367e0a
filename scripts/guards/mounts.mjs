/** Mounts, links of a root, /proc, masks. */
import { edit, tests } from './entry.mjs';

/** Paths begin at the root all the same: only links, and "..", lead out. */
export const FOLLOW_LINKS = edit(
  'native/core/path.cc',
  'return open_patiently(root, path, {flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, 0});',
  'while (*path == \'/\') ++path;\n  return open_patiently(root, *path == 0 ? "." : path, {flags, 0, 0});',
);

/** Where no link should be followed at all. */
export const FOLLOW_ALL_LINKS = edit(
  'native/core/path.cc',
  '{flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS, 0}',
  '{flags & ~O_NOFOLLOW, 0, 0}',
);

export const MOUNTS = [
  {
    name: 'links of a root stay in it',
    edits: [FOLLOW_LINKS],
    tests: [
      ...tests(
        'security/mounts.test.ts',
        'mounts: a sibling that swaps the targets',
        'mounts: what lies in /proc and /sys',
        'mounts: links of the root',
        'volumes of an image begin with what lies in it',
      ),
      ...tests('system/networks/names.test.ts', 'an image whose /etc or /run leads'),
      ...tests('system/containers/accounts.test.ts', '/etc/mtab of an image whose /etc leads'),
    ],
  },
  {
    name: 'links of a root stay in it, and /dev is a mount of its own',
    edits: [
      FOLLOW_LINKS,
      edit('src/spec/files/default-mounts.ts', '[procMount(config), devMount(config), ', '[procMount(config), '),
    ],
    tests: tests('security/mounts.test.ts', 'mounts: devices are not made where'),
  },
  {
    name: 'a source where the container writes is looked up in there',
    edits: [edit('src/container/launch/source-places.ts', 'if (tops.size === 0)', 'if (tops.size >= 0)')],
    tests: tests('security/mounts.test.ts', 'mounts: a source in a directory that the container writes'),
  },
  {
    name: 'the old root is unmounted',
    edits: [edit('native/ops/root.cc', 'TRY(sys::umount2(".", MNT_DETACH));', '')],
    tests: tests('launch/mounts.test.ts', 'pivotRoot: of the host nothing is left'),
  },
  {
    name: 'nothing is mounted over files of procfs',
    edits: [
      edit(
        'native/ops/mounts.cc',
        'if (status.f_type != PROC_SUPER_MAGIC) return {};',
        'if (status.f_type != 0) return {};',
      ),
    ],
    tests: tests('launch/mounts.test.ts', 'attachInRoot: nothing goes over a file of procfs'),
  },
  {
    name: 'an image has no volume, and a container no mount, over the kernel’s file systems',
    edits: [
      edit('src/spec/image.ts', 'if (isRefused) throw', "if (target === '') throw"),
      edit('src/spec/files/mounts.ts', "isWithin(target, '/proc') && !PROC_FILES.has(target)", "target === ''"),
    ],
    tests: tests('system/images/images.test.ts', 'run: a volume that would cover the kernel is refused'),
  },
  {
    name: 'files of procfs are the host’s procfs’s, which nobody covers',
    edits: [
      edit(
        'native/ops/procfs.cc',
        'flags, RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS, 0}',
        'flags, 0, 0}',
      ),
      edit('native/ops/procfs.cc', 'if (!root_) TRY(open());', 'TRY(open());'),
    ],
    tests: tests('launch/process.test.ts', 'sysctl: what the container has put over its /proc/sys'),
  },
  {
    name: 'the file that hides others is the host’s /dev/null',
    edits: [
      edit(
        'native/ops/masks.cc',
        'TRY(take_null_file(context));\n  return attach',
        'const UniqueFd own = TRY(open_in_root(root, "dev/null", O_PATH));\n' +
          '  context.null_file.mount = TRY(sys::clone_tree(own.get(), "", false));\n' +
          '  context.null_file.attached = false;\n  return attach',
      ),
    ],
    tests: [
      ...tests('launch/masks.test.ts', 'maskPath: what the container calls /dev/null'),
      ...tests('security/mounts.test.ts', 'masks: what hides is not of the container'),
    ],
  },
  {
    name: 'the console is the descriptor’s terminal, on a file of the root',
    edits: [
      FOLLOW_LINKS,
      edit(
        'native/ops/terminal.cc',
        'TRY(sys::clone_tree(terminal, "", /*recursive=*/false));',
        'TRY(sys::clone_tree(TRY(open_in_root(root, "dev/pts/0", O_PATH)).get(), "", terminal < 0));',
      ),
    ],
    rounds: 50,
    tests: tests('security/mounts.test.ts', 'terminal: the console is the container’s own'),
  },
  {
    name: 'a user namespace does not write to cgroups that it does not own',
    edits: [edit('src/spec/files/default-mounts.ts', "ownsCgroups ? access : 'ro'", 'access')],
    tests: tests('system/containers/userns.test.ts', 'the host’s cgroups are read-only'),
  },
  {
    name: 'lengths in a plan are of 32 bits, and are checked',
    edits: [
      edit(
        'src/util/wire-encode.ts',
        'strs(values: readonly string[]): void {\n    this.u32(values.length);\n    for (const value of values) this.str(value);',
        'strs(values: readonly string[]): void {\n    this.u32(values.length);\n    for (const value of values) this.str(value.slice(0, value.length & 0xffff));',
      ),
    ],
    tests: tests('security/mounts.test.ts', 'mounts: more of all than anybody needs'),
  },
  {
    name: 'another runtime gets shared memory that was taken in the container which has it',
    edits: [
      edit(
        'src/container/launch/compile.ts',
        '{ config, root, paths, stdio }: CompileRequest,',
        '{ config, root, paths, stdio, donors }: CompileRequest,',
      ),
      edit(
        'src/container/launch/compile.ts',
        'undefined ? undefined : sharedMemoryDirectory(',
        "undefined ? undefined : donors.paths.ipc?.replace('ns/ipc', 'root/dev/shm') ?? sharedMemoryDirectory(",
      ),
    ],
    tests: tests('security/mounts.test.ts', 'mounts: with another runtime the shared memory'),
  },
];
