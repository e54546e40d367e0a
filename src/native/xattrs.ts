/** Extended attributes (xattr(7)) of files, and of symbolic links themselves. */
import { requireAbsolutePath, requireKey, requireText } from './arguments.js';
import { binding } from './binding.js';
import { unwrap } from './native-error.js';
import { requireOptions, type OptionsOf } from './options.js';

/** Modes of setXattr(): XATTR_CREATE and XATTR_REPLACE. */
const MODES = { create: 1, replace: 2 } as const;

/** Limits of the kernel (xattr(7)). */
const MAX_NAME_BYTES = 255;
const MAX_VALUE_BYTES = 64 * 1024;

export interface SetXattrOptions {
  /** `create`: EEXIST if the attribute exists; `replace`: ENODATA if it does not. @default either */
  readonly mode?: 'create' | 'replace';
}

const SET: OptionsOf<SetXattrOptions> = { mode: 'any' };

/**
 * Returns the value of an attribute (lgetxattr(2)). NativeError ENODATA if the file has none of this name, EOPNOTSUPP
 * if the file system has none; TypeError for a relative path, or a name without a class (`user.`) or of more than 255
 * bytes.
 */
export async function getXattr(path: string, name: string): Promise<Uint8Array> {
  return unwrap(await binding().getXattr(requireAbsolutePath(path), requireName(name)));
}

/**
 * Sets an attribute (lsetxattr(2)); text is written as UTF-8. NativeError EOPNOTSUPP, ENOSPC, EPERM, and those of
 * `mode`; TypeError as for getXattr(), and for a value of more than 64 KiB.
 */
export async function setXattr(
  path: string,
  name: string,
  value: Uint8Array | string,
  options: SetXattrOptions = {},
): Promise<void> {
  requireOptions('setXattr options', options, SET);
  const flags = options.mode === undefined ? 0 : MODES[requireKey(MODES, options.mode, 'a mode of setXattr')];
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  if (!(bytes instanceof Uint8Array)) throw new TypeError('the value of an attribute is text or bytes');
  if (bytes.length > MAX_VALUE_BYTES)
    throw new TypeError(`attribute of ${bytes.length} bytes, at most ${MAX_VALUE_BYTES}`);
  unwrap(await binding().setXattr(requireAbsolutePath(path), requireName(name), bytes, flags));
}

/**
 * Removes an attribute (lremovexattr(2)). NativeError ENODATA if the file has none of this name; TypeError as for
 * getXattr().
 */
export async function removeXattr(path: string, name: string): Promise<void> {
  unwrap(await binding().removeXattr(requireAbsolutePath(path), requireName(name)));
}

/**
 * Returns the names of all attributes that this process may see (llistxattr(2)). NativeError EOPNOTSUPP if the file
 * system has none.
 */
export async function listXattrs(path: string): Promise<string[]> {
  const names = unwrap(await binding().listXattrs(requireAbsolutePath(path)));
  return names.toString('utf8').split('\0').slice(0, -1);
}

function requireName(name: string): string {
  if (
    !requireText(name, 'the name of an extended attribute').includes('.') ||
    Buffer.byteLength(name) > MAX_NAME_BYTES
  ) {
    throw new TypeError(`not the name of an extended attribute: "${name}" (like "user.comment")`);
  }
  return name;
}
