/** Extended attributes (xattr(7)) of files, and of links themselves. */
import { binding } from './binding.js';
import { unwrap } from './native-error.js';

const XATTR_CREATE = 1;
const XATTR_REPLACE = 2;

/** The kernel's limits (xattr(7)). */
const MAX_NAME_BYTES = 255;
const MAX_VALUE_BYTES = 64 * 1024;

export interface SetXattrOptions {
  /** `create`: EEXIST if it is there; `replace`: ENODATA if not. @default either */
  readonly mode?: 'create' | 'replace';
}

/** The value of an attribute. NativeError ENODATA if the file has none of this name, EOPNOTSUPP where there are none. */
export async function getXattr(path: string, name: string): Promise<Uint8Array> {
  return unwrap(await binding().getXattr(path, requireName(name)));
}

export async function setXattr(
  path: string,
  name: string,
  value: Uint8Array | string,
  options: SetXattrOptions = {},
): Promise<void> {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  if (bytes.length > MAX_VALUE_BYTES)
    throw new TypeError(`attribute of ${bytes.length} bytes, at most ${MAX_VALUE_BYTES}`);
  const flags = options.mode === 'create' ? XATTR_CREATE : options.mode === 'replace' ? XATTR_REPLACE : 0;
  unwrap(await binding().setXattr(path, requireName(name), bytes, flags));
}

/** NativeError ENODATA if the file has none of this name. */
export async function removeXattr(path: string, name: string): Promise<void> {
  unwrap(await binding().removeXattr(path, requireName(name)));
}

/** The names of all attributes that this process may see. */
export async function listXattrs(path: string): Promise<string[]> {
  const names = unwrap(await binding().listXattrs(path));
  return names.toString('utf8').split('\0').slice(0, -1);
}

function requireName(name: string): string {
  if (!name.includes('.') || Buffer.byteLength(name) > MAX_NAME_BYTES || name.includes('\0')) {
    throw new TypeError(`not the name of an extended attribute: "${name}" (like "user.comment")`);
  }
  return name;
}
