/** Parses /proc/self/mountinfo (proc_pid_mountinfo(5)). */

export interface HostMount {
  readonly id: number;
  readonly parentId: number;
  /** `major:minor` of the file system. */
  readonly device: string;
  /** The directory of the file system that is the root of this mount. */
  readonly root: string;
  /** Mount point, as seen from this process's root. */
  readonly target: string;
  readonly options: readonly string[];
  /** Propagation: shared:N, master:N and so on. */
  readonly tags: readonly string[];
  readonly type: string;
  readonly source: string;
  readonly superOptions: readonly string[];
}

/** Returns all mounts in the order of the file. Malformed lines are skipped. */
export function parseMountInfo(text: string): readonly HostMount[] {
  const mounts: HostMount[] = [];
  for (const line of text.split('\n')) {
    const mount = parseLine(line);
    if (mount !== undefined) mounts.push(mount);
  }
  return mounts;
}

function parseLine(line: string): HostMount | undefined {
  const fields = line.split(' ');
  const separator = fields.indexOf('-', 6);
  if (separator < 0 || fields.length < separator + 4) return undefined;
  const [id = '', parentId = '', device = '', root = '', target = '', options = ''] = fields;
  const [type = '', source = '', superOptions = ''] = fields.slice(separator + 1);
  return {
    id: Number(id),
    parentId: Number(parentId),
    device,
    root: unescape(root),
    target: unescape(target),
    options: options.split(','),
    tags: fields.slice(6, separator),
    type,
    source: unescape(source),
    superOptions: superOptions.split(','),
  };
}

/** Decodes the octal escapes by which the kernel writes space, tab, newline and backslash. */
function unescape(text: string): string {
  if (!text.includes('\\')) return text;
  const bytes = text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return bytes;
}
