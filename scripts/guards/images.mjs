/** Images, registries, secrets, terminals. */
import { edit, tests } from './entry.mjs';

const BLOBS = 'src/storage/images/blobs.ts';
const CLIENT = 'src/image/registry/client.ts';

export const IMAGES = [
  {
    name: 'a digest is two words of letters and digits',
    edits: [
      edit(
        'src/image/reference.ts',
        'if (digest !== undefined && !isDigest(digest)) throw',
        "if (digest === '') throw",
      ),
    ],
    tests: tests('security/images.test.ts', 'run: a digest that is a path'),
  },
  {
    name: 'the bytes of a blob are those of its digest',
    edits: [
      edit(
        BLOBS,
        'if (found !== digest) throw otherBytes(digest, found);\n}',
        "if (found === '') throw otherBytes(digest, found);\n}",
      ),
    ],
    tests: tests('system/images/images.test.ts', 'pull: bytes that are not those of the digest'),
  },
  {
    name: 'a blob has the length that its manifest says',
    edits: [edit(BLOBS, 'if (there > descriptor.size) throw wrongSize(descriptor);', '')],
    tests: tests('system/images/images.test.ts', 'pull: more bytes than the manifest says'),
  },
  {
    name: 'a layer is the one of the config',
    edits: [edit('src/storage/images/layers.ts', 'if (splitDigest(diff).hex !== found)', "if (found === '')")],
    tests: tests('system/images/images.test.ts', 'pull: a layer that is not the one of the config'),
  },
  {
    name: 'a manifest cannot have fields of an index',
    edits: [edit('src/oci/parse-image.ts', 'if (wrongMember !== undefined) throw', "if (wrongMember === '') throw")],
    tests: tests('unit/oci/parse-image.test.ts', 'both (CVE-2021-41190)'),
  },
  {
    name: 'JSON keys become plain properties, whatever they are called',
    edits: [
      edit(
        'src/oci/check.ts',
        'return Object.fromEntries(\n    entries.map(([key, item]) => [readString(key, at), readString(item, `${at}.${key}`, 131072)]),\n  );',
        'const all = {};\n  for (const [key, item] of entries) all[key] = readString(item, at);\n  return all;',
      ),
    ],
    tests: tests('unit/oci/parse-image.test.ts', 'manifest: names that mean something to JavaScript'),
  },
  {
    name: 'nested indexes are followed only to a limit',
    edits: [edit('src/engine/images/fetch-image.ts', 'const MAX_INDEXES = 3;', 'const MAX_INDEXES = 3000;')],
    tests: tests('security/images.test.ts', 'pull: indexes that lead to indexes'),
  },
  {
    name: 'credentials are not sent to another host',
    edits: [edit(CLIENT, 'isSame && authorization !== undefined', 'url !== undefined && authorization !== undefined')],
    tests: tests('unit/image/registry/client.test.ts', 'redirect: followed, without who we are'),
  },
  {
    name: 'a redirected host cannot choose where the password is sent',
    edits: [edit(CLIENT, '|| response.url.origin !== origin.origin)', '|| url.origin !== origin.origin)')],
    tests: tests('unit/image/registry/client.test.ts', 'redirect: who answers there gets no password'),
  },
  {
    name: 'plain HTTP is not used unless it is allowed',
    edits: [edit(CLIENT, 'if (this.#options.insecure !== true) return secure;', '')],
    tests: tests('unit/image/registry/client.test.ts', 'client: without leave, nothing is said over HTTP'),
  },
  {
    name: 'the file of logins is for its owner',
    edits: [
      edit('src/image/auth/logins.ts', "openSync(temporary, 'wx', 0o600)", "openSync(temporary, 'wx', 0o644)"),
      edit('src/image/auth/logins.ts', 'chmodSync(temporary, 0o600)', 'chmodSync(temporary, 0o644)'),
    ],
    tests: [
      ...tests('unit/image/auth/logins.test.ts', 'logins: kept for the owner alone'),
      ...tests('security/images.test.ts', 'secrets: neither logs nor events'),
    ],
  },
  {
    name: 'each container’s environment is its own',
    edits: [
      edit(
        'src/spec/environment.ts',
        'const env = merged({ ...defaults, ...given }, options.envMerge ?? {});',
        'const env = Object.assign((globalThis.sharedEnvironment ??= {}), merged({ ...defaults, ...given }, options.envMerge ?? {}));',
      ),
    ],
    tests: tests('security/images.test.ts', 'create: of many at one time'),
  },
  {
    name: 'control characters are not sent to a terminal',
    edits: [edit('src/cli/make-context.ts', 'isTerminal(fd) ? escapeControls(text) : text', 'text')],
    tests: tests('security/images.test.ts', 'terminal: control characters of names'),
  },
];
